"""Jobs on EMR on EC2: started once, found by name, stopped, explained; requests EMR accepts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ml_insights.aws.clients import AwsSession
from ml_insights.aws.cluster_shape import ClusterShape, Fleet
from ml_insights.aws.emr import start_once
from ml_insights.aws.emr_clusters import ClusterPerJob
from ml_insights.aws.emr_steps import StepsOnCluster
from ml_insights.aws.spark_jobs import TAG, JobName, JobRequest, RunningJob
from ml_insights.errors import AwsPermanentError, AwsTransientError
from ml_insights_tests.aws.server import StandIn

pytestmark = pytest.mark.cluster

WORK = "fraud.raw_predictions.2026-10-01"
NAME = JobName(WORK, "digest", "attempt1")
REQUEST = JobRequest(
    name=NAME,
    program="s3://data/job.py",
    archive="s3://data/ml_insights.zip",
    arguments=("--job", "raw_predictions"),
    configuration={"spark.executor.cores": "4"},
    seconds=3600,
)
SHAPE = ClusterShape(
    release_label="emr-spark-8.0.0",
    service_role="EMR_DefaultRole",
    instance_profile="EMR_EC2_DefaultRole",
    subnets=("subnet-1",),
    primary=("m7g.xlarge",),
    core=Fleet({"m7g.4xlarge": 16}, on_demand=32),
    task=Fleet({"m7g.4xlarge": 16, "m6g.4xlarge": 16}, spot=64),
    most_vcpus=96,
)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ml_insights.aws.emr.time.sleep", lambda _: None)


@pytest.fixture
def clusters(session: AwsSession) -> ClusterPerJob:
    return ClusterPerJob(session, "s3://data/logs", SHAPE, "cluster")


@pytest.fixture
def steps(session: AwsSession, aws: StandIn) -> StepsOnCluster:
    """Steps on a cluster that runs, and that never starts one of them."""
    wanted = SHAPE.request("shared", {}, "")
    wanted["Instances"]["KeepJobFlowAliveWhenNoSteps"] = True
    cluster = aws.client("emr").run_job_flow(**{**wanted, "Steps": []})["JobFlowId"]
    return StepsOnCluster(session, "s3://data/logs", cluster, "client")


def requested(aws: StandIn) -> dict[str, Any]:
    """The request of the only cluster."""
    (cluster,) = aws.service("emr").clusters.values()
    request: dict[str, Any] = cluster.request
    return request


def test_a_cluster_has_fleets_limits_a_tag_and_ends_by_itself(
    clusters: ClusterPerJob, aws: StandIn
) -> None:
    clusters.start(REQUEST)
    sent = requested(aws)
    fleets = {fleet["InstanceFleetType"]: fleet for fleet in sent["Instances"]["InstanceFleets"]}
    assert fleets["CORE"]["TargetOnDemandCapacity"] == 32
    assert fleets["CORE"]["TargetSpotCapacity"] == 0
    assert fleets["TASK"]["TargetSpotCapacity"] == 64
    limits = sent["ManagedScalingPolicy"]["ComputeLimits"]
    assert (limits["MinimumCapacityUnits"], limits["MaximumCapacityUnits"]) == (32, 96)
    assert sent["AutoTerminationPolicy"] == {"IdleTimeout": 900}
    assert not sent["Instances"]["KeepJobFlowAliveWhenNoSteps"]
    assert {"Key": TAG, "Value": str(NAME)} in sent["Tags"]
    (step,) = sent["Steps"]
    assert step["ActionOnFailure"] == "TERMINATE_CLUSTER"
    words = step["HadoopJarStep"]["Args"]
    assert words[:5] == ["spark-submit", "--deploy-mode", "cluster", "--py-files", REQUEST.archive]
    assert words[-3:] == [REQUEST.program, *REQUEST.arguments]


def test_a_cluster_without_task_nodes_has_no_spot_fleet(session: AwsSession, aws: StandIn) -> None:
    shape = replace(SHAPE, task=Fleet({}), most_vcpus=32)
    ClusterPerJob(session, "", shape, "cluster").start(REQUEST)
    sent = requested(aws)
    kinds = [fleet["InstanceFleetType"] for fleet in sent["Instances"]["InstanceFleets"]]
    assert kinds == ["MASTER", "CORE"]
    assert "LogUri" not in sent


def test_a_running_cluster_is_found_by_the_work_in_its_name(clusters: ClusterPerJob) -> None:
    started = clusters.start(REQUEST)
    clusters.start(replace(REQUEST, name=JobName("other.table.2026-10-01", "d", "a")))
    assert clusters.running(WORK) == [started]
    clusters.stop(started)
    assert clusters.running(WORK) == []


def test_a_step_is_found_and_cancelled(steps: StepsOnCluster) -> None:
    steps.check()
    started = steps.start(REQUEST)
    steps.start(replace(REQUEST, name=JobName("other.table.2026-10-01", "d", "a")))
    assert steps.running(WORK) == [started]
    assert steps.look(started).state in steps.states.pending
    steps.stop(started)
    seen = steps.look(started)
    assert (seen.state, seen.succeeded, seen.retryable) == ("CANCELLED", False, False)
    assert steps.running(WORK) == []


def test_a_stop_that_emr_refuses_is_an_error(steps: StepsOnCluster, aws: StandIn) -> None:
    started = steps.start(REQUEST)
    aws.account.faults.effect("emr", "cancel_refused", detail={"message": "busy"})
    with pytest.raises(AwsPermanentError, match=r"was not stopped: busy\. It costs"):
        steps.stop(started)


def test_what_was_started_by_a_call_that_was_lost_is_found_and_not_started_again(
    clusters: ClusterPerJob,
) -> None:
    calls = []

    def start_and_lose_the_answer() -> RunningJob:
        calls.append(clusters.start(REQUEST))
        raise AwsTransientError("the connection broke")

    found = start_once(start_and_lose_the_answer, lambda: clusters.running(WORK), NAME)
    assert [found] == calls == clusters.running(WORK)


def test_throttled_starts_are_tried_again_and_then_given_up(
    clusters: ClusterPerJob, aws: StandIn
) -> None:
    aws.account.faults.throttle("emr", "RunJobFlow", times=2)
    assert clusters.start(REQUEST).owner
    aws.account.faults.throttle("emr", "RunJobFlow", times=3)
    with pytest.raises(AwsTransientError, match="starting the cluster"):
        clusters.start(replace(REQUEST, name=JobName(WORK, "digest", "attempt2")))


@pytest.mark.parametrize(
    ("effect", "state", "reason", "retryable"),
    [
        ("no_capacity", "CANCELLED", "INSTANCE_FLEET_TIMEOUT", True),
        ("bootstrap_failure", "CANCELLED", "BOOTSTRAP_FAILURE", False),
        ("failed_step", "FAILED", "STEP_FAILURE", True),
    ],
)
def test_a_cluster_that_ends_early_is_explained(
    clusters: ClusterPerJob, aws: StandIn, effect: str, state: str, reason: str, *, retryable: bool
) -> None:
    aws.account.faults.effect("emr", effect)
    started = clusters.start(REQUEST)
    seen = clusters.look(started)
    for _ in range(10):
        if seen.state in clusters.states.terminal:
            break
        seen = clusters.look(started)
    explained = clusters.explain(started, seen)
    assert (explained.state, explained.succeeded, explained.retryable) == (state, False, retryable)
    assert reason in explained.reason


def test_a_release_that_is_not_there_is_refused_with_those_that_are(
    session: AwsSession,
) -> None:
    shape = replace(SHAPE, release_label="emr-spark-8.0.1")
    with pytest.raises(AwsPermanentError, match=r"no release 'emr-spark-8.0.1'.*emr-spark-8.0.0"):
        ClusterPerJob(session, "", shape, "cluster").check()
    ClusterPerJob(session, "", SHAPE, "cluster").check()


def test_a_cluster_that_is_not_there_or_has_ended_is_refused(
    session: AwsSession, steps: StepsOnCluster, aws: StandIn
) -> None:
    with pytest.raises(AwsPermanentError, match="j-NOTTHERE"):
        StepsOnCluster(session, "", "j-NOTTHERE", "client").check()
    aws.client("emr").terminate_job_flows(JobFlowIds=[steps.cluster])
    with pytest.raises(AwsPermanentError, match="is TERMINATING: name one that runs"):
        steps.check()


def test_missing_rights_name_the_call(clusters: ClusterPerJob, aws: StandIn) -> None:
    aws.account.faults.error("emr", "RunJobFlow", code="AccessDeniedException", message="no")
    with pytest.raises(AwsPermanentError, match="allow RunJobFlow"):
        clusters.start(REQUEST)


def test_names_of_others_are_not_ours() -> None:
    assert JobName.read(str(NAME)) == NAME
    assert JobName.read("nightly etl") is None
    assert JobName.read("ml-insights.x") is None
