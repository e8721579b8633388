"""A service that runs no jobs but says what tests want it to."""

from __future__ import annotations

from ml_insights.aws.spark_jobs import JobName, JobRequest, LogTail, RunningJob, Seen, Usage
from ml_insights.aws.waiting import States


class ScriptedJobs:
    """Shows prepared states and remembers what it was asked for."""

    states = States(pending=("PENDING", "RUNNING"), terminal=("DONE", "FAILED", "CANCELLED"))

    def __init__(self, *script: Seen | BaseException) -> None:
        self.script = list(script)
        self.alive: list[RunningJob] = []
        self.started: list[JobRequest] = []
        self.stopped: list[RunningJob] = []
        self.looks = 0
        self.tails = [LogTail("s3://data/logs/stderr.gz", ("java.lang.OutOfMemoryError",))]
        self.refusal: Exception | None = None

    def check(self) -> None:
        if self.refusal:
            raise self.refusal

    def running(self, work: str) -> list[RunningJob]:
        return [job for job in self.alive if job.name.work == work]

    def start(self, request: JobRequest) -> RunningJob:
        self.started.append(request)
        job = RunningJob(request.name, "cluster-1", f"step-{len(self.started)}")
        self.alive.append(job)
        return job

    def look(self, job: RunningJob) -> Seen:
        if job in self.stopped:
            return Seen("CANCELLED")
        self.looks += 1
        seen = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(seen, BaseException):
            raise seen
        return seen

    def explain(self, job: RunningJob, seen: Seen) -> Seen:
        assert job.owner
        return seen

    def stop(self, job: RunningJob) -> None:
        self.stopped.append(job)
        self.alive.remove(job)

    def log_tail(self, job: RunningJob, seen: Seen, lines: int) -> LogTail:
        assert (job.owner, seen.state, lines) > ("", "", 0)
        return self.tails.pop(0) if len(self.tails) > 1 else self.tails[0]

    def links(self, job: RunningJob) -> dict[str, str]:
        return {"EMR console": f"https://console/{job.owner}"}

    def usage(self, job: RunningJob) -> Usage | None:
        assert job.owner
        return Usage(vcpu_hours=1.0)


def job(digest: str = "same", attempt: str = "a1") -> RunningJob:
    """A job at the work that all tests use."""
    return RunningJob(JobName("fraud.raw_predictions.2026-10-01", digest, attempt), "c", attempt)
