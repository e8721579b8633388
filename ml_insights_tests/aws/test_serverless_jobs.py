"""Job runs on EMR Serverless: refused early, started once, found by name, cancelled."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Any

import pytest

from ml_insights.aws.clients import AwsSession
from ml_insights.aws.emr_serverless import ServerlessJobs
from ml_insights.aws.spark_jobs import TAG, JobName
from ml_insights.errors import AwsPermanentError
from ml_insights_tests.aws.cluster_jobs import run_python_instead
from ml_insights_tests.aws.server import StandIn
from ml_insights_tests.aws.test_emr_jobs import NAME, REQUEST, WORK

pytestmark = pytest.mark.cluster

ROLE = "arn:aws:iam::123456789012:role/EMRServerlessJobRole"
REQUEST_ALIVE = replace(REQUEST, arguments=("import time; time.sleep(600)",))


def application(aws: StandIn, **more: Any) -> str:
    client = aws.client("emr-serverless")
    asked = {"releaseLabel": "emr-spark-8.0.0", "type": "SPARK", **more}
    return str(client.create_application(**asked)["applicationId"])


@pytest.fixture
def jobs(session: AwsSession, aws: StandIn, monkeypatch: pytest.MonkeyPatch) -> ServerlessJobs:
    run_python_instead(monkeypatch)
    return ServerlessJobs(session, application(aws), ROLE, "s3://data/logs")


def run_of(aws: StandIn, jobs: ServerlessJobs, identity: str) -> dict[str, Any]:
    client = aws.client("emr-serverless")
    run: dict[str, Any] = client.get_job_run(applicationId=jobs.application, jobRunId=identity)
    found: dict[str, Any] = run["jobRun"]
    return found


def test_a_job_run_has_options_role_logs_limit_and_tag(jobs: ServerlessJobs, aws: StandIn) -> None:
    configuration = {"spark.executor.extraJavaOptions": "-Da=1 -Db=2"}
    started = jobs.start(replace(REQUEST_ALIVE, configuration=configuration, seconds=90))
    run = run_of(aws, jobs, started.id)
    submit = run["jobDriver"]["sparkSubmit"]
    words = shlex.split(submit["sparkSubmitParameters"])
    assert words[:2] == ["--py-files", REQUEST.archive]
    assert words[2:] == ["--conf", "spark.executor.extraJavaOptions=-Da=1 -Db=2"]
    assert submit["entryPoint"] == REQUEST.program
    assert run["executionRole"] == ROLE
    assert run["executionTimeoutMinutes"] == 2
    assert run["tags"][TAG] == str(NAME)
    logs = run["configurationOverrides"]["monitoringConfiguration"]["s3MonitoringConfiguration"]
    assert logs["logUri"] == "s3://data/logs/"


def test_the_same_attempt_is_started_once(jobs: ServerlessJobs) -> None:
    assert jobs.start(REQUEST_ALIVE) == jobs.start(REQUEST_ALIVE)
    assert len(jobs.running(WORK)) == 1


def test_a_job_run_is_found_by_its_work_and_cancelled(jobs: ServerlessJobs) -> None:
    started = jobs.start(REQUEST_ALIVE)
    jobs.start(replace(REQUEST_ALIVE, name=JobName("other.table.2026-10-01", "d", "a2")))
    assert jobs.running(WORK) == [started]
    jobs.stop(started)
    assert jobs.running(WORK) == []
    seen = jobs.look(started)
    assert seen.state in {"CANCELLING", "CANCELLED"}
    assert not seen.succeeded


def test_nothing_is_billed_before_a_run_has_ended(jobs: ServerlessJobs) -> None:
    assert jobs.usage(jobs.start(REQUEST_ALIVE)) is None


def test_an_application_that_can_run_jobs_passes(jobs: ServerlessJobs) -> None:
    jobs.check()


def test_an_application_that_is_not_there_or_gone_is_refused(
    session: AwsSession, aws: StandIn, jobs: ServerlessJobs
) -> None:
    with pytest.raises(AwsPermanentError, match="looking for the application"):
        replace(jobs, application="00notthere").check()
    for _ in range(3):
        jobs.check()  # the stand-in creates it meanwhile
    aws.client("emr-serverless").delete_application(applicationId=jobs.application)
    with pytest.raises(AwsPermanentError, match="is TERMINATED and does not start by itself"):
        ServerlessJobs(session, jobs.application, ROLE, "").check()


def test_an_application_that_does_not_start_by_itself_is_refused(
    session: AwsSession, aws: StandIn
) -> None:
    stopped = application(aws, autoStartConfiguration={"enabled": False})
    with pytest.raises(AwsPermanentError, match="does not start by itself"):
        ServerlessJobs(session, stopped, ROLE, "").check()


def test_a_used_up_quota_is_said(jobs: ServerlessJobs, aws: StandIn) -> None:
    aws.account.faults.error(
        "emr-serverless", "StartJobRun", code="ServiceQuotaExceededException", status=402
    )
    with pytest.raises(AwsPermanentError, match="A quota of the account is used up"):
        jobs.start(REQUEST_ALIVE)
