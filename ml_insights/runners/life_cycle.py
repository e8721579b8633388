"""The life of one job on a cluster: found or started, watched, and what it came to.

What belongs here: the order of things, whichever service runs the job. What does not: the calls
(`ml_insights.aws`), Dagster's session (`emr`), and money (`costs`).

A job's name tells its work (endpoint, table, day), a digest of arguments and code, and the attempt.
An attempt that runs and has the same digest is joined; one with another digest is stopped, since
two must not write the same partition. An attempt that ended while nobody watched is taken if a
retry of the same Dagster run asks for it.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ml_insights.aws.spark_jobs import JobName, JobRequest, RunningJob, Seen, SparkJobs
from ml_insights.aws.waiting import Clock, Pace, States, stopped_on_error, wait
from ml_insights.errors import MlInsightsError, SparkJobError
from ml_insights.spark.arguments import Arguments, work_digest
from ml_insights.spark.outcome import error_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from ml_insights.cluster_archive import ClusterArchive
    from ml_insights.runners.message_reader import FolderMessageReader
    from ml_insights.spark.outcome import Outcome

REPORTED = "REPORTED"
"""State of a job that has told how it ended, which it does before its service notices."""
_LOG_LINES = 30
_LOG_LOOKS, _LOG_PAUSE = 4, 15.0
_STOPPING = Pace(deadline=900)


def digest_of(arguments: Arguments, archive: ClusterArchive) -> str:
    """What attempts at the same work with the same code have in common."""
    return hashlib.sha256(f"{work_digest(arguments)}{archive.digest}".encode()).hexdigest()[:12]


def new_name(work: str, digest: str) -> JobName:
    """Name of a further attempt."""
    return JobName(work, digest, uuid.uuid4().hex[:12])


@dataclass
class LifeCycle:
    """Jobs of one service, one after the other.

    Attributes:
        jobs: the service.
        pace: deadline and pauses of a job.
        log: shows a line to the user.
        clock: time.
        current: the job that is watched, once it is known.
        asked: whether the service was asked to start one.
    """

    jobs: SparkJobs
    pace: Pace
    log: Callable[[str], None]
    clock: Clock = field(default_factory=Clock)
    current: RunningJob | None = field(default=None, init=False)
    asked: bool = field(default=False, init=False)

    def join_running(self, work: str, digest: str) -> RunningJob | None:
        """The attempt that runs already, if it does the same; others at that work are stopped."""
        joined = None
        for job in self.jobs.running(work):
            if job.name.digest == digest and joined is None:
                joined = job
                self.log(f"{job.title} runs already and does the same: waiting for it")
            else:
                self.log(f"{job.title} computes {work} with other settings or code: stopping it")
                self.jobs.stop(job)
                self._wait_until_stopped(job)
        self.current = joined
        return joined

    def start(self, request: JobRequest) -> RunningJob:
        """Start an attempt."""
        self.asked = True
        self.current = job = self.jobs.start(request)
        self.log(f"{job.title} is started: {' '.join(self.jobs.links(job).values())}")
        return job

    def stopping(self, name: JobName) -> AbstractContextManager[None]:
        """Context that stops what bears the name when it ends by an error or an interrupt.

        An interrupt may come between AWS's start and its answer: then the name finds the job.
        """

        def stop() -> None:
            lost = self.jobs.running(name.work) if self.asked else []
            for job in [self.current] if self.current else lost:
                if job.name == name:
                    self.jobs.stop(job)
                    self.log(f"{job.title} is stopped")

        return stopped_on_error(f"job {name}", stop)

    def watch(self, job: RunningJob, reader: FolderMessageReader) -> Seen:
        """Wait until a job has told how it ended, or its service says that it has ended.

        Returns:
            The last look; its state is `REPORTED` if the job was first.
        """
        shown: list[str] = []

        def look() -> Seen:
            return Seen(REPORTED) if reader.reported.is_set() else self.jobs.look(job)

        def show(seen: Seen) -> None:
            if shown[-1:] != [seen.state]:
                shown.append(seen.state)
                self.log(f"{job.title}: {seen.state} {seen.reason}".rstrip())

        seen = wait(
            f"job {job.name}",
            look,
            lambda found: found.state,
            states=States(self.jobs.states.pending, (*self.jobs.states.terminal, REPORTED)),
            pace=self.pace,
            on_look=show,
            clock=self._woken_by(reader),
        )
        return seen if seen.state == REPORTED else self.jobs.explain(job, seen)

    def outcome_of(
        self, job: RunningJob, seen: Seen, outcome: Outcome | None, *, heard: bool
    ) -> Outcome:
        """The outcome of a job that succeeded.

        Args:
            job: the job.
            seen: the last look.
            outcome: what it told, if anything.
            heard: whether it told anything at all, so that its program had started.

        Raises:
            MlInsightsError: the job's own error, or that it ended without telling a result.
        """
        if outcome and outcome["status"] == "succeeded":
            return outcome
        error = error_of(outcome) if outcome else self._silent(job, seen, heard=heard)
        error.details = {**error.details, **self.jobs.links(job), "job": str(job.name)}
        raise error

    def _silent(self, job: RunningJob, seen: Seen, *, heard: bool) -> MlInsightsError:
        """A job that ended without an outcome has failed, whatever its state is."""
        tail = self.jobs.log_tail(job, seen, _LOG_LINES)
        for _ in range(_LOG_LOOKS):
            if tail.lines or not tail.uri or not seen.ran:
                break
            self.clock.sleep(_LOG_PAUSE)
            tail = self.jobs.log_tail(job, seen, _LOG_LINES)
        last = "\n".join(tail.lines) or "no log has arrived yet"
        ended = f"ended as {seen.state}" + (f" ({seen.reason})" if seen.reason else "")
        began = "it had begun to work" if heard else "its program did not start"
        began = began if seen.ran else "it was given nothing to run on"
        error = SparkJobError(
            f"job {job.title} {ended} without telling a result; {began}. Usual causes: the driver "
            "ran out of memory, Spot instances were taken away, the program could not be loaded, a "
            "role lacks a right. Finished units stand, and a rerun continues after them. Last "
            f"lines of {tail.uri or 'its log, which is not kept'}:\n{last}"
        )
        # A program that cannot be loaded fails again; nodes that were not to be had may be there.
        error.retryable = seen.retryable and (heard or not seen.ran)
        error.details = {"last lines of the log": f"{last}\n", "log": tail.uri}
        return error

    def _woken_by(self, reader: FolderMessageReader) -> Clock:
        """The clock, but a report ends a pause: hearing it costs no call of the service."""
        if self.clock != Clock():
            return self.clock

        def sleep(seconds: float) -> None:
            reader.reported.wait(seconds)

        return Clock(self.clock.seconds, sleep, self.clock.spread)

    def _wait_until_stopped(self, job: RunningJob) -> None:
        wait(
            f"the stop of {job.name}",
            lambda: self.jobs.look(job),
            lambda seen: seen.state,
            states=self.jobs.states,
            pace=_STOPPING,
            clock=self.clock,
        )
