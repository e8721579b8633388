"""A job is joined or started, watched until it tells or ends, stopped when given up."""

from __future__ import annotations

from threading import Event
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ml_insights.aws.spark_jobs import JobRequest, LogTail, RunningJob, Seen
from ml_insights.aws.waiting import Pace
from ml_insights.errors import (
    AwsPermanentError,
    AwsTransientError,
    DeadlineExceededError,
    MissingInputError,
    SparkJobError,
)
from ml_insights.runners.life_cycle import REPORTED, LifeCycle
from ml_insights.runners.message_reader import FolderMessageReader
from ml_insights.spark.outcome import failed, succeeded
from ml_insights_tests.aws.clock import FakeTime
from ml_insights_tests.runners.service import ScriptedJobs, job

WORK = job().name.work
PACE = Pace(deadline=600)
REQUEST = JobRequest(job().name, "program", "archive", (), {}, 600)


class Life(LifeCycle):
    """A life cycle on a clock that only sleeping moves; `shown` is what users see."""

    def __init__(self, jobs: ScriptedJobs) -> None:
        self.shown: list[str] = []
        self.time = FakeTime()
        super().__init__(jobs, PACE, self.shown.append, self.time.clock)


def silent() -> FolderMessageReader:
    """A reader that has heard no report."""
    return cast("FolderMessageReader", SimpleNamespace(reported=Event()))


def test_a_job_that_does_the_same_is_joined() -> None:
    jobs = ScriptedJobs(Seen("RUNNING"))
    jobs.alive = [job()]
    life = Life(jobs)
    assert life.join_running(WORK, "same") == job()
    assert jobs.stopped == []
    assert "runs already and does the same" in life.shown[0]


def test_a_job_with_other_settings_or_code_is_stopped_and_not_joined() -> None:
    jobs = ScriptedJobs(Seen("RUNNING"))
    jobs.alive = [job("other"), job("same", "a2"), job("same", "a3")]
    assert Life(jobs).join_running(WORK, "same") == job("same", "a2")
    assert jobs.stopped == [job("other"), job("same", "a3")]


def test_a_report_ends_the_wait_without_a_further_call() -> None:
    jobs, reader = ScriptedJobs(Seen("RUNNING")), silent()
    reader.reported.set()
    assert Life(jobs).watch(job(), reader).state == REPORTED
    assert jobs.looks == 0


def test_states_are_shown_once_each() -> None:
    jobs = ScriptedJobs(
        Seen("PENDING"), Seen("PENDING"), Seen("RUNNING"), Seen("FAILED", reason="exit code 1")
    )
    life = Life(jobs)
    assert life.watch(job(), silent()).state == "FAILED"
    assert life.shown == ["c/a1: PENDING", "c/a1: RUNNING", "c/a1: FAILED exit code 1"]


def test_throttled_looks_are_repeated_at_the_pace_of_ten_seconds_or_more() -> None:
    slow = AwsTransientError("slow down")
    jobs = ScriptedJobs(slow, Seen("RUNNING"), slow, slow, Seen("DONE", succeeded=True))
    life = Life(jobs)
    assert life.watch(job(), silent()).succeeded
    assert min(life.time.pauses) >= 10


@pytest.mark.parametrize(
    ("error", "script"),
    [
        (DeadlineExceededError, Seen("RUNNING")),
        (AwsPermanentError, AwsPermanentError("denied")),
        (AwsPermanentError, Seen("WEIRD")),
        (KeyboardInterrupt, KeyboardInterrupt()),
    ],
)
def test_what_was_started_is_stopped_when_it_is_given_up(
    error: type[BaseException], script: Any
) -> None:
    jobs = ScriptedJobs(script)
    life = Life(jobs)
    with pytest.raises(error), life.stopping(job().name):
        life.watch(life.start(REQUEST), silent())
    assert [stopped.name for stopped in jobs.stopped] == [job().name]


class _Interrupted(ScriptedJobs):
    """A service whose answer to a start is never heard."""

    def start(self, request: JobRequest) -> RunningJob:
        super().start(request)
        raise KeyboardInterrupt


def test_an_interrupt_before_the_answer_of_aws_stops_what_bears_the_name() -> None:
    jobs = _Interrupted(Seen("RUNNING"))
    life = Life(jobs)
    with pytest.raises(KeyboardInterrupt), life.stopping(job().name):
        life.start(REQUEST)
    assert [stopped.name for stopped in jobs.stopped] == [job().name]


def test_what_is_refused_before_a_start_asks_for_no_stop() -> None:
    jobs = ScriptedJobs(Seen("RUNNING"))
    jobs.alive = [job()]
    with pytest.raises(AwsPermanentError), Life(jobs).stopping(job().name):
        raise AwsPermanentError("no such release")
    assert jobs.stopped == []


def test_what_others_started_is_left_alone() -> None:
    jobs = ScriptedJobs(Seen("RUNNING"))
    jobs.alive = [job("same", "another")]
    with pytest.raises(KeyboardInterrupt), Life(jobs).stopping(job().name):
        raise KeyboardInterrupt
    assert jobs.stopped == []


def test_a_success_is_what_the_job_told() -> None:
    outcome = succeeded({"rows": 1}, "s3://data/out", 90.0)
    life = Life(ScriptedJobs(Seen("RUNNING")))
    assert life.outcome_of(job(), Seen(REPORTED), outcome, heard=True) == outcome


def test_the_jobs_own_error_is_raised_with_links() -> None:
    life = Life(ScriptedJobs(Seen("FAILED")))
    outcome = failed(MissingInputError("no captured object"))
    with pytest.raises(MissingInputError, match="no captured object") as caught:
        life.outcome_of(job(), Seen("FAILED"), outcome, heard=True)
    assert caught.value.details["EMR console"] == "https://console/c"
    assert caught.value.details["job"] == str(job().name)


def test_a_job_that_tells_nothing_has_failed_whatever_its_state() -> None:
    life = Life(ScriptedJobs(Seen("DONE")))
    with pytest.raises(SparkJobError, match="ended as DONE without telling a result") as caught:
        life.outcome_of(job(), Seen("DONE", succeeded=True), None, heard=True)
    assert "java.lang.OutOfMemoryError" in str(caught.value)
    assert caught.value.details["log"] == "s3://data/logs/stderr.gz"
    assert caught.value.retryable


@pytest.mark.parametrize(
    ("heard", "retryable", "helps"),
    [(True, True, True), (True, False, False), (False, True, False)],
)
def test_a_retry_helps_if_the_program_had_started_and_the_end_can_pass(
    *, heard: bool, retryable: bool, helps: bool
) -> None:
    seen = Seen("FAILED", reason="STEP_FAILURE", retryable=retryable)
    with pytest.raises(SparkJobError, match="STEP_FAILURE") as caught:
        Life(ScriptedJobs(seen)).outcome_of(job(), seen, None, heard=heard)
    assert caught.value.retryable is helps
    assert ("its program did not start" in str(caught.value)) is not heard


def test_logs_that_arrive_late_are_waited_for_a_while() -> None:
    jobs = ScriptedJobs(Seen("FAILED"))
    nothing = LogTail("s3://data/logs/")
    jobs.tails = [nothing, nothing, LogTail("s3://data/logs/stderr.gz", ("at last",))]
    life = Life(jobs)
    with pytest.raises(SparkJobError, match="at last"):
        life.outcome_of(job(), Seen("FAILED"), None, heard=True)
    assert life.time.pauses == [15, 15]
    jobs.tails = [nothing]
    with pytest.raises(SparkJobError, match="no log has arrived yet"):
        life.outcome_of(job(), Seen("FAILED"), None, heard=True)


def test_without_logs_nothing_is_waited_for() -> None:
    jobs = ScriptedJobs(Seen("FAILED"))
    jobs.tails = [LogTail("")]
    life = Life(jobs)
    with pytest.raises(SparkJobError, match="its log, which is not kept"):
        life.outcome_of(job(), Seen("FAILED"), None, heard=True)
    assert life.time.pauses == []
