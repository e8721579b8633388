"""The stand-in's EMR Serverless refuses, moves, fails and cleans up as EMR Serverless does.

Job runs are small Python processes here; `test_spark_job` runs Spark.
"""

from __future__ import annotations

import gzip
import time
from datetime import timedelta
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest
from botocore.exceptions import ClientError

from ml_insights_tests.aws.cluster_jobs import BUCKET, LABEL, job_run, poll, run_python_instead
from ml_insights_tests.aws.server import StandIn

SLEEP = "import time; time.sleep(600)"
ENDED = {"SUCCESS", "FAILED", "CANCELLED"}


@pytest.fixture
def serverless(aws: StandIn, monkeypatch: pytest.MonkeyPatch) -> Any:
    """EMR Serverless with a bucket for logs, and job runs that are Python programs."""
    run_python_instead(monkeypatch)
    aws.client("s3").create_bucket(Bucket=BUCKET)
    return aws.client("emr-serverless")


def application(serverless: Any, **more: Any) -> str:
    asked = {"releaseLabel": LABEL, "type": "SPARK", **more}
    return str(serverless.create_application(**asked)["applicationId"])


def shown(serverless: Any, app: str, run: str) -> dict[str, Any]:
    found: dict[str, Any] = serverless.get_job_run(applicationId=app, jobRunId=run)["jobRun"]
    return found


def states(serverless: Any, app: str, run: str, ends: set[str]) -> list[str]:
    return poll(lambda: str(shown(serverless, app, run)["state"]), ends)


def start(aws: StandIn, serverless: Any, app: str, *words: str, **more: Any) -> str:
    return str(serverless.start_job_run(**job_run(aws, app, *words, **more))["jobRunId"])


def logs(aws: StandIn, app: str, run: str) -> dict[str, str]:
    """Logs of the driver by their names."""
    s3 = aws.client("s3")
    prefix = f"logs/applications/{app}/jobs/{run}/SPARK_DRIVER/"
    found = s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
    bodies = {one["Key"]: s3.get_object(Bucket=BUCKET, Key=one["Key"])["Body"] for one in found}
    return {
        key.removeprefix(prefix): gzip.decompress(body.read()).decode()
        for key, body in bodies.items()
    }


def test_a_job_run_starts_its_application_and_succeeds(aws: StandIn, serverless: Any) -> None:
    app = application(serverless)
    assert serverless.get_application(applicationId=app)["application"]["state"] == "CREATING"
    run = start(aws, serverless, app, "print('done')")
    seen = states(serverless, app, run, ENDED)
    assert seen == ["SUBMITTED", "PENDING", "SCHEDULED", "RUNNING", "SUCCESS"]
    assert serverless.get_application(applicationId=app)["application"]["state"] == "STARTED"
    assert logs(aws, app, run) == {"stderr.gz": "", "stdout.gz": "done\n"}


def test_a_job_run_bills_its_workers_by_time(aws: StandIn, serverless: Any) -> None:
    app = application(serverless)
    driver = {"spark.driver.cores": "2", "spark.driver.memory": "6g"}
    executors = {"spark.executor.memory": "20g", "spark.executor.instances": "2"}
    sizes = [f"--conf {name}={value}" for name, value in {**driver, **executors}.items()]
    run = start(aws, serverless, app, *sizes, "pass")
    states(serverless, app, run, ENDED)
    used = shown(serverless, app, run)["totalResourceUtilization"]
    assert used["vCPUHour"] == pytest.approx((2 + 2 * 4) / 60, abs=1e-3)
    assert used["memoryGBHour"] == pytest.approx((6.6 + 2 * 22) / 60, abs=1e-3)


def test_a_failed_job_run_says_why_in_its_details(aws: StandIn, serverless: Any) -> None:
    app = application(serverless)
    run = start(aws, serverless, app, "raise ValueError('no such column')")
    assert states(serverless, app, run, ENDED)[-1] == "FAILED"
    details = shown(serverless, app, run)["stateDetails"]
    assert "ExitCode: 1" in details
    assert "ValueError: no such column" in details
    assert "ValueError: no such column" in logs(aws, app, run)["stderr.gz"]


def test_the_same_token_starts_one_job_run(aws: StandIn, serverless: Any) -> None:
    app = application(serverless)
    first = start(aws, serverless, app, "pass", clientToken="2026-11-14.abc")
    assert start(aws, serverless, app, "pass", clientToken="2026-11-14.abc") == first
    with pytest.raises(serverless.exceptions.ConflictException):
        start(aws, serverless, app, "print()", clientToken="2026-11-14.abc")
    assert len(serverless.list_job_runs(applicationId=app)["jobRuns"]) == 1


def running_process(aws: StandIn, serverless: Any, app: str, run: str) -> psutil.Process:
    states(serverless, app, run, {"RUNNING"})
    job = aws.service("emr-serverless").applications[app].runs[run].job
    supervisor = psutil.Process(job.process_id)
    while not (children := supervisor.children()):
        time.sleep(0.05)
    return children[0]


def test_cancelling_ends_the_process(aws: StandIn, serverless: Any) -> None:
    app = application(serverless)
    run = start(aws, serverless, app, SLEEP)
    process = running_process(aws, serverless, app, run)
    assert (
        "emrappui" in serverless.get_dashboard_for_job_run(applicationId=app, jobRunId=run)["url"]
    )
    serverless.cancel_job_run(applicationId=app, jobRunId=run)
    assert states(serverless, app, run, ENDED) == ["CANCELLED"]
    assert not process.is_running()
    with pytest.raises(serverless.exceptions.ValidationException):
        serverless.cancel_job_run(applicationId=app, jobRunId=run)


@pytest.mark.parametrize("effect", ["worker_loss", "cancelled"])
def test_a_running_job_run_can_be_lost(aws: StandIn, serverless: Any, effect: str) -> None:
    app = application(serverless)
    run = start(aws, serverless, app, SLEEP)
    process = running_process(aws, serverless, app, run)
    aws.account.faults.effect("emr-serverless", effect)
    expected = {"worker_loss": "FAILED", "cancelled": "CANCELLED"}[effect]
    assert states(serverless, app, run, ENDED)[-1] == expected
    assert not process.is_running()


@pytest.mark.parametrize("effect", ["no_capacity", "failed_job"])
def test_a_job_run_can_fail_before_it_runs(aws: StandIn, serverless: Any, effect: str) -> None:
    aws.account.faults.effect("emr-serverless", effect, detail={"message": "not today"})
    app = application(serverless)
    run = start(aws, serverless, app, "pass")
    assert states(serverless, app, run, ENDED)[-1] == "FAILED"
    assert shown(serverless, app, run)["stateDetails"] == "not today"


def test_a_job_run_that_takes_too_long_fails(aws: StandIn, serverless: Any) -> None:
    app = application(serverless)
    run = start(aws, serverless, app, SLEEP, executionTimeoutMinutes=60)
    process = running_process(aws, serverless, app, run)
    aws.account.clock.advance(timedelta(minutes=61))
    assert states(serverless, app, run, ENDED)[-1] == "FAILED"
    assert not process.is_running()


def test_job_runs_beyond_the_limit_wait_in_a_queue(aws: StandIn, serverless: Any) -> None:
    app = application(serverless, schedulerConfiguration={"maxConcurrentRuns": 1})
    first, second = (start(aws, serverless, app, SLEEP) for _ in range(2))
    running_process(aws, serverless, app, first)
    assert states(serverless, app, second, {"QUEUED"})[-1] == "QUEUED"
    assert shown(serverless, app, second)["state"] == "QUEUED"
    serverless.cancel_job_run(applicationId=app, jobRunId=first)
    states(serverless, app, first, ENDED)
    assert states(serverless, app, second, {"RUNNING"})[-1] == "RUNNING"


def test_a_job_run_larger_than_its_application_fails(aws: StandIn, serverless: Any) -> None:
    app = application(serverless, maximumCapacity={"cpu": "4 vCPU", "memory": "30 GB"})
    run = start(aws, serverless, app, "pass")
    assert states(serverless, app, run, ENDED)[-1] == "FAILED"
    assert "maximumCapacity" in shown(serverless, app, run)["stateDetails"]


def test_logs_can_be_missing_or_late(aws: StandIn, serverless: Any) -> None:
    app = application(serverless)
    aws.account.faults.effect("emr-serverless", "missing_log")
    run = start(aws, serverless, app, "pass")
    states(serverless, app, run, ENDED)
    assert logs(aws, app, run) == {}
    aws.account.faults.effect("emr-serverless", "late_log", detail={"polls": 2})
    run = start(aws, serverless, app, "pass")
    states(serverless, app, run, ENDED)
    assert logs(aws, app, run) == {}
    for _ in range(3):
        shown(serverless, app, run)
    assert set(logs(aws, app, run)) == {"stdout.gz", "stderr.gz"}


def test_a_wrong_job_run_is_refused(aws: StandIn, serverless: Any) -> None:
    app = application(serverless)
    good = job_run(aws, app, "pass")

    def refuses(said: str, **changed: Any) -> None:
        with pytest.raises(serverless.exceptions.ValidationException, match=said):
            serverless.start_job_run(**{**good, **changed})

    def submits(entry: str = "s3://lake/job.py", parameters: str = "--name x") -> dict[str, Any]:
        return {"sparkSubmit": {"entryPoint": entry, "sparkSubmitParameters": parameters}}

    refuses("Role does not exist", executionRoleArn="arn:aws:iam::123456789012:role/Nobody")
    refuses("regular expression", executionRoleArn="arn:aws:iam::1:user/somebody-or-other")
    refuses("entryPoint", jobDriver=submits(entry="https://lake/job.py"))
    refuses("sparkSubmitParameters", jobDriver=submits(parameters="--conf"))
    refuses("must be one of", jobDriver=submits(parameters="--conf spark.driver.cores=3"))
    refuses("more than 30", jobDriver=submits(parameters="--conf spark.executor.memory=28g"))
    refuses("regular expression", clientToken="a token with blanks")
    with pytest.raises(serverless.exceptions.ResourceNotFoundException):
        serverless.start_job_run(**{**good, "applicationId": "00none"})
    with pytest.raises(serverless.exceptions.ResourceNotFoundException):
        serverless.get_job_run(applicationId=app, jobRunId="00none")
    assert serverless.list_job_runs(applicationId=app)["jobRuns"] == []


def test_a_wrong_application_is_refused(serverless: Any) -> None:
    with pytest.raises(serverless.exceptions.ValidationException, match="release label"):
        application(serverless, releaseLabel="emr-7.99.0")
    with pytest.raises(serverless.exceptions.ValidationException, match="maxConcurrentRuns"):
        application(serverless, schedulerConfiguration={"maxConcurrentRuns": 0})


def test_an_application_starts_stops_and_is_deleted(aws: StandIn, serverless: Any) -> None:
    app = application(serverless, autoStartConfiguration={"enabled": False}, tags={"team": "x"})

    def state() -> str:
        return str(serverless.get_application(applicationId=app)["application"]["state"])

    with pytest.raises(serverless.exceptions.ValidationException, match="must be started"):
        start(aws, serverless, app, "pass")
    serverless.start_application(applicationId=app)
    assert poll(state, {"STARTED"}) == ["STARTING", "STARTED"]
    with pytest.raises(serverless.exceptions.ValidationException, match="cannot be deleted"):
        serverless.delete_application(applicationId=app)
    serverless.stop_application(applicationId=app)
    assert poll(state, {"STOPPED"}) == ["STOPPING", "STOPPED"]
    arn = serverless.get_application(applicationId=app)["application"]["arn"]
    serverless.tag_resource(resourceArn=arn, tags={"day": "14"})
    serverless.untag_resource(resourceArn=arn, tagKeys=["team"])
    assert serverless.list_tags_for_resource(resourceArn=arn)["tags"] == {"day": "14"}
    serverless.delete_application(applicationId=app)
    assert state() == "TERMINATED"


def test_a_job_run_can_be_gone(aws: StandIn, serverless: Any) -> None:
    app = application(serverless)
    run = start(aws, serverless, app, "pass")
    aws.account.faults.effect("emr-serverless", "gone")
    with pytest.raises(serverless.exceptions.ResourceNotFoundException):
        shown(serverless, app, run)


def test_a_quota_is_an_error_of_the_service(aws: StandIn, serverless: Any) -> None:
    app = application(serverless)
    code = "ServiceQuotaExceededException"
    aws.account.faults.error("emr-serverless", "StartJobRun", code, message="vCPU quota of 16")
    with pytest.raises(ClientError, match="vCPU quota of 16") as refused:
        start(aws, serverless, app, "pass")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 402
