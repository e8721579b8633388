"""The printed policies allow every call of a full publication, and nothing that is not used."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from click.testing import CliRunner

from ml_insights.aws import athena
from ml_insights.aws.policies.roles import dagster_role, job_role, quicksight_role
from ml_insights.aws.policies.statements import policy
from ml_insights.aws.quicksight.dashboard import embed_url
from ml_insights.aws_deployment import lake_of, places_of, workgroup_of
from ml_insights.cli import main
from ml_insights.contracts import MODEL_QUALITY
from ml_insights.errors import MlInsightsError
from ml_insights_tests.aws.athena import CALLER
from ml_insights_tests.aws.calls import Call
from ml_insights_tests.aws.clock import FakeTime
from ml_insights_tests.aws.policy_check import (
    allows,
    granted,
    idle,
    needs,
    refused,
    used,
)
from ml_insights_tests.aws.quicksight_rows import SERVICE_ROLE
from ml_insights_tests.aws.service import ACCOUNT_ID
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
    with_athena = publication.scope.settings.quicksight.source == "athena"
    workgroup = replace(workgroup_of(publication.scope.settings), scan_limit=10**8)
    if with_athena:
        glue = publication.aws.service("glue", REGION).tables["ml_insights", "model_quality"]
        glue["Parameters"]["projection.endpoint.values"] = "other"
        athena.ensure_workgroup(workgroup)
    publication.data_sets(FIRST)
    publication.dashboard()
    embed_url(publication.account, f"ml-insights-{ENDPOINT}", "bob", 60)
    if with_athena:
        clock = FakeTime().clock
        sql = "SELECT count(*) FROM model_quality"
        athena.query(workgroup, "ml_insights", sql, athena.PACE, clock)
        faults.effect("athena", "hanging")
        fails(lambda: athena.query(workgroup, "ml_insights", sql, athena.PACE, clock))
    publication.lake.discard_staged(ENDPOINT, MODEL_QUALITY.name, THIRD)
    publication.lake._storage.replace(f"{ENDPOINT}/_staging/model_quality/dt={THIRD}/x", b"")
    publication.lake.discard_staged(ENDPOINT, MODEL_QUALITY.name, THIRD)
    return list(publication.aws.calls)


ROLE = f"arn:aws:iam::{ACCOUNT_ID}:role/quicksight-reads"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/1234"
ARN = f"arn:aws:quicksight:{REGION}:{ACCOUNT_ID}:"
NOT_CALLED = {
    ("s3:GetObject", "arn:aws:s3:::results/lake"): "asked for by Hadoop alone",
    ("s3:ListBucket", "arn:aws:s3:::captures"): "read by the steps before",
    ("s3:GetObject", f"arn:aws:s3:::captures/x/{ENDPOINT}/*"): "read by the steps before",
    ("s3:GetObject", f"arn:aws:s3:::captures/x/{ENDPOINT}"): "read by the steps before",
    ("s3:GetObject", "arn:aws:s3:::captures/labels/*"): "read by the steps before",
    ("s3:GetObject", "arn:aws:s3:::captures/labels"): "read by the steps before",
    ("quicksight:GenerateEmbedUrlForRegisteredUser", f"{ARN}dashboard/ml-insights-*"): (
        "AWS asks for the right on user and dashboard, the log of calls names the user"
    ),
    ("quicksight:PassDataSource", f"{ARN}datasource/ml-insights-*"): "needed by data sets' calls",
    ("quicksight:PassDataSet", f"{ARN}dataset/ml-insights-*"): "needed by the dashboard's calls",
}
"""What the Dagster role may do and no recorded call shows, each with its reason."""
OF_LONG_ANSWERS = {
    ("s3:ListBucketMultipartUploads", "arn:aws:s3:::results"),
    ("s3:AbortMultipartUpload", "arn:aws:s3:::results/lake/_athena/*"),
    ("s3:ListMultipartUploadParts", "arn:aws:s3:::results/lake/_athena/*"),
}
"""Likewise, with Athena alone: it writes long answers in parts, the stand-in's are short."""
NOT_CALLED_BY_QUICKSIGHT = {
    "athena": {"s3:PutObject", *(action for action, _ in OF_LONG_ANSWERS)},
    "s3": {"s3:ListBucket"},
}
"""What QuickSight does besides is its own affair and not called by the stand-in."""
INSTALLATIONS = {
    "bucket's encryption": ("athena", None, None),
    "key and role of its own": ("athena", KEY, ROLE),
    "files instead of Athena": ("s3", KEY, ROLE),
}
"""What QuickSight reads, the lake's key and the role with which QuickSight reads."""


@pytest.mark.parametrize(
    "installed",
    [
        "bucket's encryption",
        "files instead of Athena",
        pytest.param("key and role of its own", marks=pytest.mark.long),
    ],
)
def test_the_policies_allow_all_calls_and_every_granted_right_is_used(
    unpublished: Publication, tables: Tables, installed: str
) -> None:
    """By action, resource and condition; and each resource of each action is needed."""
    source, kms_key, role = INSTALLATIONS[installed]
    publication = unpublished
    publication.scope.settings.__dict__["aws"].__dict__["kms_key"] = kms_key
    section = publication.scope.settings.__dict__["quicksight"].__dict__
    section["source"], section["role"] = source, role
    # Objects that another test has copied would not be asked for.
    shutil.rmtree(publication.aws.account.folder / "athena", ignore_errors=True)
    publication.lake = lake_of(publication.scope.settings)
    publication.write(tables, days_of(3))
    calls = everything(publication, tables)
    places = places_of(publication.scope.settings)
    dagster, quicksight = policy(dagster_role(places)), policy(quicksight_role(places))
    roles = {UNDER_TEST: dagster, CALLER: dagster, SERVICE_ROLE: quicksight}
    assert not refused(calls, roles, kms_key=kms_key)
    ours = [call for call in calls if call.access_key in (UNDER_TEST, CALLER)]
    needed = [need for call in ours for need in needs(call, "ml-insights", "lake", kms_key)]
    of_athena = OF_LONG_ANSWERS if source == "athena" else set()
    assert idle(dagster, needed) == NOT_CALLED.keys() | of_athena
    kms = {action for action in granted(dagster) if action.startswith("kms:")}
    assert used(ours) == granted(dagster) - kms - {action for action, _ in of_athena}
    theirs = used(call for call in calls if call.access_key == SERVICE_ROLE)
    assert {
        action for action in granted(quicksight) - theirs if action[:4] not in ("athe", "kms:")
    } == NOT_CALLED_BY_QUICKSIGHT[source]


def test_a_role_is_passed_to_quicksight_and_to_nobody_else(unpublished: Publication) -> None:
    places = places_of(unpublished.scope.settings)
    assert "iam:PassRole" not in granted(policy(dagster_role(places)))
    role = policy(dagster_role(replace(places, quicksight_role=ROLE)))
    to_quicksight = {"iam:PassedToService": "quicksight.amazonaws.com"}
    assert allows(role, "iam:PassRole", ROLE, to_quicksight)
    assert not allows(role, "iam:PassRole", ROLE, {"iam:PassedToService": "ec2.amazonaws.com"})
    assert not allows(role, "iam:PassRole", f"{ROLE}-2", to_quicksight)


def test_without_athena_nobody_gets_rights_on_it_or_on_glue(unpublished: Publication) -> None:
    places = replace(places_of(unpublished.scope.settings), source="s3", kms_key=KEY)
    for build in (dagster_role, quicksight_role):
        assert not [one for one in granted(policy(build(places))) if one[:4] in ("athe", "glue")]
    assert "kms:GenerateDataKey" not in granted(policy(quicksight_role(places)))


@pytest.mark.parametrize(
    ("region", "partition"),
    [("us-gov-west-1", "aws-us-gov"), ("cn-north-1", "aws-cn"), (REGION, "aws")],
)
def test_names_are_those_of_the_regions_partition(
    unpublished: Publication, region: str, partition: str
) -> None:
    """Also where the account is in the settings, so that nobody is asked who calls."""
    unpublished.scope.settings.__dict__["aws"].__dict__["region"] = region
    unpublished.aws.calls.clear()
    places = places_of(unpublished.scope.settings)
    assert not unpublished.aws.calls.of("sts")
    for build in (dagster_role, job_role, quicksight_role):
        for statement in build(places):
            for one in statement.resources:
                assert one.split(":")[1] == partition


def test_a_right_that_lacks_its_resource_or_condition_is_missed() -> None:
    """The check itself: another resource, another prefix and no prefix are refused."""
    lists = {
        "Action": ["s3:ListBucket"], "Resource": ["arn:aws:s3:::data"],
        "Condition": {"StringLike": {"s3:prefix": ["lake/*", "lake"]}},
    }  # fmt: skip
    document = {"Statement": [lists]}
    bucket = "arn:aws:s3:::data"
    assert allows(document, "s3:ListBucket", bucket, {"s3:prefix": "lake/x/"})
    for prefix in ({"s3:prefix": "lakes/x"}, {"s3:prefix": ""}, {}):
        assert not allows(document, "s3:ListBucket", bucket, prefix)
    assert not allows(document, "s3:ListBucket", "arn:aws:s3:::other", {"s3:prefix": "lake/x/"})
    lists["Condition"] = {"Null": {"s3:prefix": "true"}}
    assert allows(document, "s3:ListBucket", bucket, {})
    assert not allows(document, "s3:ListBucket", bucket, {"s3:prefix": "lake/x/"})


@pytest.mark.parametrize("runner", ["emr", "emr-serverless"])
def test_on_emr_dagster_may_look_at_captures_and_buckets_but_not_read_captures(
    unpublished: Publication, runner: str
) -> None:
    places = replace(places_of(unpublished.scope.settings), runner=runner, application="00abc")
    role = policy(dagster_role(places))
    captured = {"s3:prefix": f"x/{ENDPOINT}/AllTraffic/2026/11/09/"}
    for bucket in ("results", "captures"):
        assert allows(role, "s3:ListBucket", f"arn:aws:s3:::{bucket}", {})
    assert allows(role, "s3:ListBucket", "arn:aws:s3:::captures", captured)
    assert not allows(role, "s3:ListBucket", "arn:aws:s3:::captures", {"s3:prefix": "y/"})
    assert not allows(role, "s3:GetObject", f"arn:aws:s3:::captures/x/{ENDPOINT}/a", {})


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
    assert allows(jobs, "s3:PutObject", "arn:aws:s3:::results/lake/x", {})
    assert allows(jobs, "s3:GetObject", f"arn:aws:s3:::captures/x/{ENDPOINT}/a", {})
    assert not allows(jobs, "s3:PutObject", f"arn:aws:s3:::captures/x/{ENDPOINT}/a", {})
    assert not allows(jobs, "s3:GetObject", "arn:aws:s3:::captures/x/other/a", {})


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


@pytest.mark.parametrize("command", [["migrate"], ["query", "SELECT 1 AS one"]])
def test_credentials_of_another_account_query_and_change_nothing(
    unpublished: Publication, command: list[str]
) -> None:
    text = unpublished.file.read_text().replace(ACCOUNT_ID, "999999999999")
    unpublished.file.write_text(text)
    arguments = [*command, "--settings", str(unpublished.file)]
    refusal = CliRunner().invoke(main, arguments)
    assert refusal.exit_code == 1
    assert "`aws.account_id` is 999999999999" in refusal.output
    calls = unpublished.aws.calls
    assert not [*calls.of("glue"), *calls.of("athena"), *calls.of("s3")]
