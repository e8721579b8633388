"""EMR Serverless: a job run on an application that exists.

What belongs here: its calls and states, and what they mean for a job. What does not: waiting
(`waiting`), how large workers are (`ml_insights.sizing`), and what the jobs do.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING, Any

from ml_insights.aws.failures import aws_call
from ml_insights.aws.s3 import Objects
from ml_insights.aws.spark_jobs import TAG, JobName, LogTail, RunningJob, Seen, Usage
from ml_insights.aws.waiting import States
from ml_insights.errors import AwsPermanentError

if TYPE_CHECKING:
    from ml_insights.aws.clients import AwsSession
    from ml_insights.aws.spark_jobs import JobRequest

_RUNNING = ("SUBMITTED", "PENDING", "SCHEDULED", "QUEUED", "RUNNING")
_GONE = ("STOPPING", "TERMINATED")
_LONGEST_JOB = timedelta(days=3)


@dataclass(frozen=True)
class ServerlessJobs:
    """Job runs of one application.

    Attributes:
        session: way to AWS.
        application: its id.
        role: ARN of the role the job has.
        log_uri: where logs are put, `s3://` without trailing slash; "" for none.
    """

    session: AwsSession
    application: str
    role: str
    log_uri: str
    states = States(pending=(*_RUNNING, "CANCELLING"), terminal=("SUCCESS", "FAILED", "CANCELLED"))

    @property
    def _client(self) -> Any:
        return self.session.client("emr-serverless")

    def _call(self, doing: str, resource: str) -> Any:
        return aws_call(doing, resource, region=self.session.region)

    def check(self) -> None:
        """See `SparkJobs.check`: the application is there, runs Spark, and starts by itself."""
        with self._call("looking for the application", self.application):
            found = self._client.get_application(applicationId=self.application)["application"]
        starts = found.get("autoStartConfiguration", {}).get("enabled", True)
        if found["state"] in _GONE or (found["state"] != "STARTED" and not starts):
            raise AwsPermanentError(
                f"application {self.application} is {found['state']} and does not start by itself: "
                "start it, or name another in `emr_serverless.application_id`.",
                code="ApplicationNotReady",
            )
        if str(found.get("type", "Spark")).upper() != "SPARK":
            raise AwsPermanentError(
                f"application {self.application} runs {found['type']}, not Spark.", code="NoSpark"
            )

    def running(self, work: str) -> list[RunningJob]:
        """See `SparkJobs.running`."""
        with self._call("listing the job runs", self.application):
            pages = self._client.get_paginator("list_job_runs").paginate(
                applicationId=self.application,
                states=list(_RUNNING),
                createdAtAfter=datetime.now(UTC) - _LONGEST_JOB,
            )
            runs = [run for page in pages for run in page["jobRuns"]]
        named = [(JobName.read(run.get("name", "")), run["id"]) for run in runs]
        return [
            RunningJob(name, self.application, run)
            for name, run in named
            if name and name.work == work
        ]

    def start(self, request: JobRequest) -> RunningJob:
        """See `SparkJobs.start`; with its token AWS starts it once, however often it is asked."""
        logs = {"s3MonitoringConfiguration": {"logUri": f"{self.log_uri}/"}} if self.log_uri else {}
        with self._call("starting the job run", self.application):
            answer = self._client.start_job_run(
                applicationId=self.application,
                clientToken=request.name.attempt,
                name=str(request.name),
                executionRoleArn=self.role,
                executionTimeoutMinutes=max(ceil(request.seconds / 60), 1),
                jobDriver={
                    "sparkSubmit": {
                        "entryPoint": request.program,
                        "entryPointArguments": list(request.arguments),
                        "sparkSubmitParameters": shlex.join(request.submit_options()),
                    }
                },
                configurationOverrides={"monitoringConfiguration": logs},
                tags={TAG: str(request.name)},
            )
        return RunningJob(request.name, self.application, answer["jobRunId"])

    def look(self, job: RunningJob) -> Seen:
        """See `SparkJobs.look`."""
        run = self._run(job, attempts=1)
        return Seen(
            state=run["state"],
            succeeded=run["state"] == "SUCCESS",
            reason=run.get("stateDetails", ""),
            retryable=run["state"] != "CANCELLED",
            ran="startedAt" in run,
        )

    def explain(self, job: RunningJob, seen: Seen) -> Seen:
        """See `SparkJobs.explain`: the state has its details already."""
        return seen

    def stop(self, job: RunningJob) -> None:
        """See `SparkJobs.stop`."""
        with self._call("stopping the job run", job.id):
            self._client.cancel_job_run(applicationId=job.owner, jobRunId=job.id)

    def log_tail(self, job: RunningJob, seen: Seen, lines: int) -> LogTail:
        """See `SparkJobs.log_tail`."""
        if not self.log_uri:
            return LogTail("")
        objects = Objects(self.session)
        folder = f"{self.log_uri}/applications/{job.owner}/jobs/{job.id}/SPARK_DRIVER/"
        for uri in objects.below(folder):
            if uri.rpartition("/")[2].startswith("stderr"):
                return LogTail(uri, tuple(objects.last_lines(uri, lines)))
        return LogTail(folder)

    def links(self, job: RunningJob) -> dict[str, str]:
        """See `SparkJobs.links`."""
        region = self.session.region
        console = f"https://{region}.console.aws.amazon.com/emr/home?region={region}"
        page = f"{console}#/serverless/application/{job.owner}/jobs/{job.id}"
        return {"EMR console": page}

    def usage(self, job: RunningJob) -> Usage | None:
        """See `SparkJobs.usage`: what is billed; nothing before the run has ended."""
        run = self._run(job)
        if run["state"] not in self.states.terminal:
            return None
        used = run.get("billedResourceUtilization") or run.get("totalResourceUtilization")
        if not used:
            return None
        return Usage(
            vcpu_hours=used.get("vCPUHour", 0.0),
            memory_gb_hours=used.get("memoryGBHour", 0.0),
            storage_gb_hours=used.get("storageGBHour", 0.0),
        )

    def _run(self, job: RunningJob, **limit: int) -> dict[str, Any]:
        client = self.session.client("emr-serverless", **limit)
        with self._call("looking at the job run", job.id):
            answer = client.get_job_run(applicationId=job.owner, jobRunId=job.id)
        run: dict[str, Any] = answer["jobRun"]
        return run
