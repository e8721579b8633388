"""What clusters do to a job, on the stand-in: each fault ends in an error that says what happened.

Jobs are small Python programs here; the end-to-end tests run Spark.
"""

from __future__ import annotations

import time
from dataclasses import replace
from threading import Event
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ml_insights.aws.emr_clusters import ClusterPerJob
from ml_insights.aws.emr_serverless import ServerlessJobs
from ml_insights.aws.emr_steps import StepsOnCluster
from ml_insights.aws.s3 import Objects
from ml_insights.aws.spark_jobs import JobName, JobRequest, SparkJobs
from ml_insights.aws.waiting import Clock, Pace
from ml_insights.errors import (
    AwsPermanentError,
    DeadlineExceededError,
    MlInsightsError,
    SparkJobError,
)
from ml_insights.runners.life_cycle import LifeCycle
from ml_insights.runners.message_reader import FolderMessageReader
from ml_insights_tests.aws.cluster_jobs import run_python_instead
from ml_insights_tests.aws.server import StandIn
from ml_insights_tests.aws.test_emr_jobs import SHAPE

NAME = JobName("fraud.raw_predictions.2026-10-01", "digest", "attempt1")
LOGS = "s3://data/logs"
SLEEP = "import time; time.sleep(600)"
FAIL = "import sys; sys.stderr.write('first\\nModuleNotFoundError: ml_insights\\n'); sys.exit(3)"
SUCCEED = "print('done, and told nobody')"


class Time:
    """A clock on which the long pauses of the product pass quickly, but programs get to run."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.clock = Clock(lambda: self.seconds, self._sleep, lambda: 0.0)

    def _sleep(self, seconds: float) -> None:
        self.seconds += seconds
        time.sleep(0.05)


class Service:
    """One of the three ways to run a job on the stand-in."""

    def __init__(self, kind: str, objects: Objects, aws: StandIn) -> None:
        self.aws, self.kind = aws, kind
        self.jobs = self._jobs(objects)
        self.shown: list[str] = []
        self.life = LifeCycle(self.jobs, Pace(deadline=1200), self.shown.append, Time().clock)

    def _jobs(self, objects: Objects) -> SparkJobs:
        if self.kind == "serverless":
            made = self.aws.client("emr-serverless").create_application(
                releaseLabel=SHAPE.release_label, type="SPARK"
            )
            role = "arn:aws:iam::123456789012:role/EMRServerlessJobRole"
            return ServerlessJobs(objects.session, made["applicationId"], role, LOGS)
        if self.kind == "own cluster":
            return ClusterPerJob(objects.session, LOGS, SHAPE, "client")
        wanted = {**SHAPE.request("shared", {}, LOGS), "Steps": []}
        wanted["Instances"]["KeepJobFlowAliveWhenNoSteps"] = True
        cluster = self.aws.client("emr").run_job_flow(**wanted)["JobFlowId"]
        return StepsOnCluster(objects.session, LOGS, cluster, "client")

    @property
    def botocore_name(self) -> str:
        return "emr-serverless" if self.kind == "serverless" else "emr"

    def effect(self, name: str, **detail: Any) -> None:
        self.aws.account.faults.effect(self.botocore_name, name, detail=detail)

    def run(self, program: str, *, heard: bool = True) -> MlInsightsError:
        """Run a program to its end; returns the error that users see."""
        with pytest.raises(MlInsightsError) as caught, self.life.stopping(NAME):
            self._to_its_end(program, heard=heard)
        return caught.value

    def _to_its_end(self, program: str, *, heard: bool) -> None:
        request = JobRequest(NAME, "s3://data/job.py", "s3://data/a.zip", (program,), {}, 600)
        reader = cast("FolderMessageReader", SimpleNamespace(reported=Event()))
        job = self.life.start(request)
        seen = self.life.watch(job, reader)
        self.life.outcome_of(job, seen, None, heard=heard)


@pytest.fixture(params=["own cluster", "running cluster", "serverless"])
def service(
    request: pytest.FixtureRequest, objects: Objects, aws: StandIn, monkeypatch: pytest.MonkeyPatch
) -> Service:
    run_python_instead(monkeypatch)
    return Service(request.param, objects, aws)


@pytest.fixture(params=["own cluster", "running cluster"])
def on_ec2(
    request: pytest.FixtureRequest, objects: Objects, aws: StandIn, monkeypatch: pytest.MonkeyPatch
) -> Service:
    run_python_instead(monkeypatch)
    return Service(request.param, objects, aws)


def test_a_program_that_fails_shows_its_last_lines_and_where_to_look(service: Service) -> None:
    error = service.run(FAIL, heard=False)
    assert isinstance(error, SparkJobError)
    assert "FAILED" in str(error)
    assert "ModuleNotFoundError: ml_insights" in str(error)
    assert "its program did not start" in str(error)
    assert not error.retryable
    assert error.details["log"].startswith(f"{LOGS}/")
    assert error.details["EMR console"].startswith("https://us-east-1.console.aws.amazon.com/")


def test_a_program_that_succeeds_but_tells_nothing_has_failed(service: Service) -> None:
    error = service.run(SUCCEED)
    assert "without telling a result" in str(error)
    assert error.retryable


@pytest.mark.parametrize("service", ["own cluster", "serverless"], indirect=True)
def test_a_slow_start_is_waited_for(service: Service) -> None:
    service.effect("slow_start", polls=20)
    assert "ModuleNotFoundError" in str(service.run(FAIL))


def test_logs_that_are_late_are_waited_for_and_missing_ones_are_named(service: Service) -> None:
    service.effect("missing_log")
    error = service.run(FAIL)
    assert "no log has arrived yet" in str(error)
    assert error.details["log"].startswith(f"{LOGS}/")


LOOKS = {
    "own cluster": "DescribeCluster",
    "running cluster": "DescribeStep",
    "serverless": "GetJobRun",
}


@pytest.mark.parametrize("throttled", [0, 12])
def test_a_service_is_asked_at_most_once_in_ten_seconds(service: Service, throttled: int) -> None:
    look, moved = LOOKS[service.kind], Time()
    service.life.clock = moved.clock
    service.aws.account.faults.throttle(service.botocore_name, look, after=3, times=throttled)
    request = JobRequest(NAME, "s3://data/job.py", "s3://data/a.zip", (SLEEP,), {}, 600)
    job = service.life.start(request)
    started = len(service.aws.calls)
    service.life.pace = Pace(deadline=1000)
    reader = cast("FolderMessageReader", SimpleNamespace(reported=Event()))
    with pytest.raises(DeadlineExceededError):
        service.life.watch(job, reader)
    calls = list(service.aws.calls)[started:]
    assert {call.operation for call in calls} == {look}
    assert sum(call.error != "" for call in calls) == throttled
    assert 1000 / 30 / 1.2 <= len(calls) <= moved.seconds / 10 + 1


def test_throttled_looks_do_not_end_the_job(service: Service) -> None:
    look = LOOKS[service.kind]
    slow = service.aws.account.faults.throttle(service.botocore_name, look, after=1, times=7)
    assert "ModuleNotFoundError" in str(service.run(FAIL))
    assert slow.hits == 7


def test_a_job_that_is_not_known_any_more_is_an_error(service: Service) -> None:
    service.effect("gone")
    error = service.run(SLEEP)
    assert isinstance(error, AwsPermanentError)
    assert "looking at the" in str(error)


def test_a_job_past_its_deadline_is_stopped(service: Service) -> None:
    service.life.pace = Pace(deadline=100)
    error = service.run(SLEEP)
    assert "was not done after 100 s" in str(error)
    assert any("is stopped" in line for line in service.shown)
    assert service.jobs.running(NAME.work) == []


@pytest.mark.parametrize(
    ("effect", "state", "words", "retryable"),
    [
        ("spot_loss", "FAILED", "a Spot node was lost", True),
        ("interrupted", "INTERRUPTED", "interrupted", True),
    ],
)
def test_steps_that_are_lost_may_be_tried_again(
    on_ec2: Service, effect: str, state: str, words: str, *, retryable: bool
) -> None:
    on_ec2.effect(effect)
    error = on_ec2.run(SLEEP)
    assert state in str(error)
    assert words in str(error)
    assert error.retryable is retryable


def test_a_step_that_survives_the_loss_of_spot_nodes_goes_on(on_ec2: Service) -> None:
    on_ec2.effect("spot_loss", survives=True)
    assert "ModuleNotFoundError" in str(on_ec2.run(f"import time; time.sleep(1); {FAIL}"))


def test_a_cluster_that_somebody_terminates_is_not_started_again(on_ec2: Service) -> None:
    on_ec2.effect("terminated", message="Terminated by user request")
    error = on_ec2.run(SLEEP)
    assert "CANCELLED" in str(error)
    assert not error.retryable


@pytest.mark.parametrize(
    "detail",
    [
        {},
        {"code": "VALIDATION_ERROR", "message": "The EBS volume limit was exceeded."},
    ],
    ids=["vCPUs", "volumes"],
)
def test_a_quota_of_ec2_is_named_with_what_to_do_and_not_tried_again(
    objects: Objects, aws: StandIn, monkeypatch: pytest.MonkeyPatch, detail: dict[str, str]
) -> None:
    run_python_instead(monkeypatch)
    service = Service("own cluster", objects, aws)
    service.effect("quota_exceeded", **detail)
    error = service.run(SLEEP)
    assert detail.get("message", "exceeds the EC2 service quota").rstrip(".") in str(error)
    assert "raised in Service Quotas, or lower `emr.cluster.core_vcpus`" in str(error)
    assert not error.retryable
    assert service.jobs.running(NAME.work) == []


def test_a_quota_that_bars_the_start_leaves_nothing_behind(service: Service) -> None:
    operation, code = {
        "own cluster": ("RunJobFlow", "LimitExceeded"),
        "running cluster": ("AddJobFlowSteps", "LimitExceeded"),
        "serverless": ("StartJobRun", "ServiceQuotaExceededException"),
    }[service.kind]
    service.aws.account.faults.error(service.botocore_name, operation, code=code)
    error = service.run(SLEEP)
    assert isinstance(error, AwsPermanentError)
    assert "A quota of the account is used up: wait, free some, or have it raised" in str(error)
    assert not error.retryable
    assert service.jobs.running(NAME.work) == []
    assert len(service.aws.calls.of(service.botocore_name, operation)) == 1


@pytest.mark.parametrize("kind", ["own cluster", "serverless"])
def test_nodes_that_were_not_to_be_had_are_asked_for_again(
    objects: Objects, aws: StandIn, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    run_python_instead(monkeypatch)
    service = Service(kind, objects, aws)
    service.effect("no_capacity")
    error = service.run(SLEEP, heard=False)
    assert "it was given nothing to run on" in str(error)
    assert error.retryable


@pytest.mark.parametrize(
    ("effect", "words", "retryable"),
    [("no_capacity", "FAILED", True), ("worker_loss", "FAILED", True), ("cancelled", "", False)],
)
def test_job_runs_that_are_lost_are_told_apart_from_those_that_are_cancelled(
    objects: Objects,
    aws: StandIn,
    monkeypatch: pytest.MonkeyPatch,
    effect: str,
    words: str,
    *,
    retryable: bool,
) -> None:
    run_python_instead(monkeypatch)
    serverless = Service("serverless", objects, aws)
    serverless.effect(effect)
    error = serverless.run(SLEEP)
    assert words in str(error)
    assert error.retryable is retryable


def test_the_log_of_a_driver_on_the_cluster_is_found(
    objects: Objects, aws: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_python_instead(monkeypatch)
    service = Service("own cluster", objects, aws)
    service.life.jobs = replace(cast("ClusterPerJob", service.jobs), deploy_mode="cluster")
    error = service.run(FAIL)
    assert "/containers/application_" in error.details["log"]
    assert "ModuleNotFoundError: ml_insights" in str(error)


def test_a_running_job_is_found_by_the_same_name_and_joined(service: Service) -> None:
    request = JobRequest(NAME, "s3://data/job.py", "s3://data/a.zip", (SLEEP,), {}, 600)
    started = service.jobs.start(request)
    joined = service.life.join_running(NAME.work, "digest")
    assert joined == started
    other = service.life.join_running(NAME.work, "another digest")
    assert other is None
    assert service.jobs.running(NAME.work) == []


def test_what_a_job_used_is_known_when_it_has_ended(service: Service) -> None:
    service.run(FAIL)
    assert service.life.current is not None
    usage = service.jobs.usage(service.life.current)
    assert usage is not None
    if service.kind == "serverless":
        assert usage.vcpu_hours > 0
    else:
        assert {kind for kind, _ in usage.instance_hours} >= {"m7g.xlarge"}
        assert {market for _, market in usage.instance_hours} == {"ON_DEMAND", "SPOT"}
