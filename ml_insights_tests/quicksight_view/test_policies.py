"""The printed policies allow every call of a full publication, and nothing that is not used."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from click.testing import CliRunner

from ml_insights.aws import athena
from ml_insights.aws.policies import dagster_role, job_role, policy, quicksight_role
from ml_insights.aws.quicksight.dashboard import embed_url
from ml_insights.aws_deployment import places_of, workgroup_of
from ml_insights.cli import main
from ml_insights.contracts import MODEL_QUALITY
from ml_insights.errors import MlInsightsError
from ml_insights_tests.aws.athena import CALLER
from ml_insights_tests.aws.calls import Call
from ml_insights_tests.aws.clock import FakeTime
from ml_insights_tests.aws.policy_check import allows, granted, refused, used
from ml_insights_tests.aws.quicksight_rows import SERVICE_ROLE
from ml_insights_tests.dashboard.synthetic import Tables, build_tables
from ml_insights_tests.quicksight_view.publication import (
    ENDPOINT,
    REGION,
    Publication,
    days_of,
)

FIRST, SECOND, THIRD = days_of(3)
UNDER_TEST = "testing"


def fails(call: Callable[[], Any]) -> None:
    with pytest.raises(MlInsightsError):
        call()


def everything(publication: Publication, tables: Tables) -> list[Call]:
    """Publish, restate, change, fail, repair, query: every call the product can make."""
    faults, service = publication.aws.account.faults, publication.service
    publication.data_sets(SECOND)
    publication.dashboard()
    publication.data_sets(THIRD)
    faults.effect("quicksight", "hanging_ingestion")
    publication.write(build_tables(days=8, slices=("all",), points=20, seed=9), [THIRD])
    fails(lambda: publication.data_sets(THIRD))
    faults.error("quicksight", "CreateIngestion", "LimitExceededException", times=99)
    publication.write(tables, [THIRD])
    fails(lambda: publication.data_sets(THIRD))
    faults.clear()
    service.groups["ml-insights-readers"] = {"mallory"}
    grants = service.permissions
    for arn in grants:
        grants[arn][publication.account.principal("user/mallory")] = {"quicksight:Whatever"}
    service.dashboards[f"ml-insights-{ENDPOINT}"]["versions"][0]["Description"] = "by hand"
    for kept in service.sets.values():
        kept["Name"] = "by hand"
    for kept in service.sources.values():
        kept["Name"] = "by hand"
    glue = publication.aws.service("glue", REGION).tables["ml_insights", "model_quality"]
    glue["Parameters"]["projection.endpoint.values"] = "other"
    workgroup = replace(workgroup_of(publication.scope.settings), scan_limit=10**8)
    athena.ensure_workgroup(workgroup)
    publication.data_sets(FIRST)
    publication.dashboard()
    embed_url(publication.account, f"ml-insights-{ENDPOINT}", "bob", 60)
    clock = FakeTime().clock
    sql = "SELECT count(*) FROM model_quality"
    athena.query(workgroup, "ml_insights", sql, athena.PACE, clock)
    faults.effect("athena", "hanging")
    fails(lambda: athena.query(workgroup, "ml_insights", sql, athena.PACE, clock))
    publication.lake.discard_staged(ENDPOINT, MODEL_QUALITY.name, THIRD)
    publication.lake._storage.replace(f"{ENDPOINT}/_staging/model_quality/dt={THIRD}/x", b"")
    publication.lake.discard_staged(ENDPOINT, MODEL_QUALITY.name, THIRD)
    return list(publication.aws.calls)


def test_the_policies_allow_all_calls_and_every_granted_action_is_used(
    publication: Publication, tables: Tables
) -> None:
    calls = everything(publication, tables)
    places = places_of(publication.scope.settings)
    dagster, quicksight = policy(dagster_role(places)), policy(quicksight_role(places))
    roles = {UNDER_TEST: dagster, CALLER: dagster, SERVICE_ROLE: quicksight}
    assert not refused(calls, roles)
    own = used(call for call in calls if call.access_key in (UNDER_TEST, CALLER))
    assert own == granted(dagster)
    # What QuickSight asks of Athena besides is its own affair and not called by the stand-in.
    theirs = used(call for call in calls if call.access_key == SERVICE_ROLE)
    assert {action for action in granted(quicksight) - theirs if "athena:" not in action} == {
        "s3:PutObject"
    }


def test_resources_are_narrow_except_where_aws_has_none(unpublished: Publication) -> None:
    places = replace(places_of(unpublished.scope.settings), passed_roles=("Jobs",))
    for runner in ("local", "emr", "emr-serverless"):
        for build in (dagster_role, job_role, quicksight_role):
            for statement in build(replace(places, runner=runner, application="00abc")):
                assert all(statement.why.values())
                wide = [one for one in statement.resources if one == "*"]
                assert not wide or "no narrower resource" in " ".join(statement.why.values())
                assert not any("*" in action for action in statement.why)
                assert statement.resources


def test_jobs_may_read_sources_and_write_the_lake_alone(unpublished: Publication) -> None:
    places = places_of(unpublished.scope.settings)
    jobs = policy(job_role(places))
    assert allows(jobs, "s3:PutObject", "arn:aws:s3:::results/lake/x")
    assert allows(jobs, "s3:GetObject", f"arn:aws:s3:::captures/x/{ENDPOINT}/a")
    assert not allows(jobs, "s3:PutObject", f"arn:aws:s3:::captures/x/{ENDPOINT}/a")
    assert not allows(jobs, "s3:GetObject", "arn:aws:s3:::captures/x/other/a")


@pytest.mark.parametrize("role", ["dagster", "jobs", "quicksight"])
def test_the_command_prints_the_policy_or_its_reasons(unpublished: Publication, role: str) -> None:
    arguments = ["iam-policy", "--settings", str(unpublished.file), "--role", role]
    printed = CliRunner().invoke(main, arguments, catch_exceptions=False)
    statements = json.loads(printed.output)["Statement"]
    explained = CliRunner().invoke(main, [*arguments, "--explain"], catch_exceptions=False)
    for statement in statements:
        assert len(statement["Sid"]) == len(re.sub("[^A-Za-z0-9]", "", statement["Sid"]))
        for action in statement["Action"]:
            assert f"| `{action}` | " in explained.output


@pytest.mark.usefixtures("two_sets")
def test_a_query_is_printed_as_csv(publication: Publication) -> None:
    publication.data_sets(THIRD)
    sql = "SELECT dt, count(*) AS n FROM model_quality GROUP BY 1 ORDER BY 1"
    arguments = ["query", "--settings", str(publication.file), sql]
    printed = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert printed.stdout.splitlines() == ["dt,n", *(f"{day},4" for day in days_of(3))]
    assert "MB read" in printed.stderr
    assert date.fromisoformat(printed.stdout.splitlines()[1].split(",")[0]) == FIRST
    migrated = CliRunner().invoke(main, ["migrate", "--settings", str(publication.file)])
    assert migrated.output == "The tables have all columns.\n"
