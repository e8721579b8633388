"""Clusters and steps of the stand-in go wrong as tests tell them to, and leave nothing behind."""

from __future__ import annotations

from typing import Any

import pytest

from ml_insights_tests.aws.cluster_jobs import python_step
from ml_insights_tests.aws.observed_clusters import (
    SLEEP,
    STEP_ENDED,
    TERMINATED,
    cluster_states,
    described,
    emr_of_python_steps,
    log,
    logs,
    running_process,
    start,
    step_ids,
    step_states,
    steps_of,
)
from ml_insights_tests.aws.server import StandIn


@pytest.fixture
def emr(aws: StandIn, monkeypatch: pytest.MonkeyPatch) -> Any:
    return emr_of_python_steps(aws, monkeypatch)


def test_a_slow_start_takes_more_polls(aws: StandIn, emr: Any) -> None:
    aws.account.faults.effect("emr", "slow_start", detail={"polls": 3})
    identity = start(emr, keep_alive=True)
    states = [described(emr, identity)["Status"]["State"] for _ in range(6)]
    assert states == ["STARTING"] * 4 + ["BOOTSTRAPPING", "WAITING"]


@pytest.mark.parametrize(
    ("effect", "code"),
    [("no_capacity", "INSTANCE_FLEET_TIMEOUT"), ("bootstrap_failure", "BOOTSTRAP_FAILURE")],
)
def test_a_cluster_can_fail_to_start(aws: StandIn, emr: Any, effect: str, code: str) -> None:
    aws.account.faults.effect("emr", effect)
    identity = start(emr, python_step("pass"))
    assert cluster_states(emr, identity, TERMINATED)[-1] == "TERMINATED_WITH_ERRORS"
    assert described(emr, identity)["Status"]["StateChangeReason"]["Code"] == code
    assert steps_of(emr, identity)[0]["Status"]["State"] == "CANCELLED"


@pytest.mark.parametrize(
    ("effect", "state"),
    [("spot_loss", "FAILED"), ("terminated", "CANCELLED"), ("interrupted", "INTERRUPTED")],
)
def test_a_running_step_can_lose_its_cluster(
    aws: StandIn, emr: Any, effect: str, state: str
) -> None:
    identity = start(emr, python_step(SLEEP))
    process = running_process(aws, emr, identity)
    aws.account.faults.effect("emr", effect)
    assert step_states(emr, identity, STEP_ENDED)[-1] == state
    assert not process.is_running()
    assert cluster_states(emr, identity, TERMINATED)[-1] == "TERMINATED"


def test_a_step_can_survive_the_loss_of_spot_instances(aws: StandIn, emr: Any) -> None:
    aws.account.faults.effect("emr", "spot_loss", detail={"survives": True})
    identity = start(emr, python_step("import time; time.sleep(1)"), keep_alive=True)
    assert step_states(emr, identity, STEP_ENDED)[-1] == "COMPLETED"
    states = {
        (one["Market"], one["Status"]["State"])
        for one in emr.list_instances(ClusterId=identity)["Instances"]
    }
    assert states == {("ON_DEMAND", "RUNNING"), ("SPOT", "TERMINATED")}


def test_a_step_without_a_process_has_logs_too(aws: StandIn, emr: Any) -> None:
    aws.account.faults.effect("emr", "failed_step")
    aws.account.faults.effect("emr", "late_log", detail={"polls": 1})
    identity = start(emr, python_step("pass"), keep_alive=True)
    step_states(emr, identity, STEP_ENDED)
    for _ in range(2):
        described(emr, identity)
    assert log(aws, identity, step_ids(emr, identity)[0], "stderr.gz") == "the step did not start\n"


def test_a_step_can_fail_before_it_runs(aws: StandIn, emr: Any) -> None:
    aws.account.faults.effect("emr", "failed_step", detail={"message": "No space left on device"})
    identity = start(emr, python_step("pass"))
    cluster_states(emr, identity, TERMINATED)
    details = steps_of(emr, identity)[0]["Status"]["FailureDetails"]
    assert details["Message"] == "No space left on device"


def test_logs_can_be_missing_late_or_named_otherwise(aws: StandIn, emr: Any) -> None:
    aws.account.faults.effect("emr", "missing_log")
    identity = start(emr, python_step("pass"))
    cluster_states(emr, identity, TERMINATED)
    assert logs(aws, identity) == []

    aws.account.faults.effect("emr", "late_log", detail={"polls": 2})
    identity = start(emr, python_step("pass"), keep_alive=True)
    step_states(emr, identity, STEP_ENDED)
    assert logs(aws, identity) == []
    for _ in range(3):
        described(emr, identity)
    assert logs(aws, identity) == ["controller.gz", "stderr.gz", "stdout.gz"]

    aws.account.faults.effect("emr", "log_named_txt")
    identity = start(emr, python_step("pass"))
    cluster_states(emr, identity, TERMINATED)
    assert "stderr.txt.gz" in logs(aws, identity)


def test_a_cluster_can_be_gone_and_a_cancel_refused(aws: StandIn, emr: Any) -> None:
    identity = start(emr, python_step(SLEEP))
    process = running_process(aws, emr, identity)
    aws.account.faults.effect("emr", "cancel_refused")
    answer = emr.cancel_steps(ClusterId=identity, StepIds=step_ids(emr, identity))
    assert answer["CancelStepsInfoList"][0]["Status"] == "FAILED"
    assert process.is_running()
    aws.account.faults.effect("emr", "gone")
    with pytest.raises(emr.exceptions.InvalidRequestException, match="is not valid"):
        described(emr, identity)
    assert not process.is_running()
