"""The printed policies allow what runners call of EMR, and grant nothing that they do not call.

Calls are those recorded when jobs end, are found, and are stopped. That a whole day needs no more
is a check of the end-to-end tests.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from ml_insights.aws.policies.roles import dagster_role
from ml_insights.aws.policies.statements import Places, policy
from ml_insights.aws.s3 import Objects
from ml_insights.aws.spark_jobs import JobRequest
from ml_insights_tests.aws.calls import Call
from ml_insights_tests.aws.cluster_jobs import run_python_instead
from ml_insights_tests.aws.policy_check import granted, refused, used
from ml_insights_tests.aws.server import StandIn
from ml_insights_tests.aws.service import ACCOUNT_ID
from ml_insights_tests.runners.test_faults import FAIL, NAME, SLEEP, Service

PLACES = Places(
    partition="aws", region="us-east-1", account_id=ACCOUNT_ID, lake="s3://data/lake",
    sources=(), results="s3://data/lake/_athena", work="s3://data", database="ml_insights",
    workgroup="ml-insights", prefix="ml-insights", namespace="default", runner="emr",
    passed_roles=("EMR_DefaultRole", "EMR_EC2_DefaultRole"),
)  # fmt: skip


def everything(service: Service) -> list[Call]:
    """A job that fails, explained and costed; and one that is found running and stopped."""
    service.aws.calls.clear()
    service.jobs.check()
    service.run(FAIL)
    assert service.life.current
    service.jobs.usage(service.life.current)
    name = replace(NAME, attempt="attempt2")
    request = JobRequest(name, "s3://data/job.py", "s3://data/a.zip", (SLEEP,), {}, 600)
    service.jobs.start(request)
    assert service.life.join_running(NAME.work, "another digest") is None
    return [call for call in service.aws.calls if call.service == service.botocore_name]


def places_for(service: Service) -> Places:
    if service.kind == "serverless":
        (application,) = service.aws.service("emr-serverless").applications
        return replace(PLACES, runner="emr-serverless", application=application)
    if service.kind == "own cluster":
        return PLACES
    return replace(PLACES, cluster=vars(service.jobs)["cluster"])


@pytest.mark.parametrize("kind", ["own cluster", "running cluster", "serverless"])
def test_the_policy_of_a_runner_allows_its_calls_and_every_granted_action_is_used(
    kind: str, objects: Objects, aws: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_python_instead(monkeypatch)
    service = Service(kind, objects, aws)
    calls = everything(service)
    role = policy(dagster_role(places_for(service)))
    assert not refused(calls, {"testing": role})
    own = ("elasticmapreduce:", "emr-serverless:", "iam:")
    assert used(calls) == {action for action in granted(role) if action.startswith(own)}
