"""EMR on EC2: steps, their states, logs, instances; what both ways to run a job have in common.

What belongs here: calls about one step and its cluster. What does not: where the cluster comes from
(`emr_steps`: it runs already; `emr_clusters`: one for each job), and what the jobs do.
"""

from __future__ import annotations

import re
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ml_insights.aws.failures import aws_call
from ml_insights.aws.s3 import Objects
from ml_insights.aws.spark_jobs import JobName, LogTail, RunningJob, Seen, Usage
from ml_insights.errors import AwsTransientError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ml_insights.aws.clients import AwsSession
    from ml_insights.aws.spark_jobs import JobRequest

_START_ATTEMPTS = 3
_APPLICATION = re.compile(r"\bapplication_\d+_\d+\b")


@dataclass(frozen=True)
class EmrJobs(ABC):
    """What both ways have in common.

    Attributes:
        session: way to AWS.
        log_uri: where EMR puts logs, `s3://` without trailing slash; "" where it keeps none.
    """

    session: AwsSession
    log_uri: str

    @property
    def _client(self) -> Any:
        return self.session.client("emr")

    @property
    def _looking(self) -> Any:
        """Client for looks."""
        return self.session.client("emr", attempts=1)

    def _call(self, doing: str, resource: str) -> Any:
        return aws_call(doing, resource, region=self.session.region)

    def links(self, job: RunningJob) -> dict[str, str]:
        """See `SparkJobs.links`."""
        region = self.session.region
        console = f"https://{region}.console.aws.amazon.com/emr/home?region={region}"
        return {"EMR console": f"{console}#/clusterDetails/{job.owner}"}

    def log_tail(self, job: RunningJob, seen: Seen, lines: int) -> LogTail:
        """See `SparkJobs.log_tail`: of the step, or of the driver where it ran on the cluster."""
        if not self.log_uri:
            return LogTail("")
        objects, cluster = Objects(self.session), f"{self.log_uri}/{job.owner}"
        folder = f"{cluster}/steps/{self._step_id(job)}/"
        found = [seen.log_file] if seen.log_file else []
        found += [uri for uri in objects.below(folder) if _is_stderr(uri)]
        if not found:
            return LogTail(folder)
        step = objects.last_lines(found[0], 10_000)
        for application in _APPLICATION.findall("\n".join(step))[-1:]:
            containers = objects.below(f"{cluster}/containers/{application}/")
            for uri in containers:
                if _is_stderr(uri) and "_000001/" in uri:
                    return LogTail(uri, tuple(objects.last_lines(uri, lines)))
        return LogTail(found[0], tuple(step[-lines:]))

    def usage(self, job: RunningJob) -> Usage | None:
        """Hours of the cluster's instances since the job began, all of them."""
        with self._call("reading the step", job.id):
            step = self._client.describe_step(ClusterId=job.owner, StepId=self._step_id(job))[
                "Step"
            ]
        began = self._billed_from(step["Status"].get("Timeline", {}))
        hours: dict[tuple[str, str], float] = {}
        for instance in self._instances(job.owner):
            timeline = instance["Status"].get("Timeline", {})
            if "CreationDateTime" not in timeline:
                continue
            end = timeline.get("EndDateTime") or datetime.now(UTC)
            begin = (
                max(timeline["CreationDateTime"], began) if began else timeline["CreationDateTime"]
            )
            kind = (instance["InstanceType"], instance.get("Market", "ON_DEMAND"))
            hours[kind] = hours.get(kind, 0.0) + max((end - begin).total_seconds(), 0) / 3600
        return Usage(instance_hours=hours) if hours else None

    @abstractmethod
    def _billed_from(self, timeline: dict[str, Any]) -> datetime | None:
        """Since when the cluster's hours are the job's; None: all of them are."""

    def _instances(self, cluster: str) -> Iterator[dict[str, Any]]:
        with self._call("listing the instances", cluster):
            pages = self._client.get_paginator("list_instances").paginate(ClusterId=cluster)
            for page in pages:
                yield from page["Instances"]

    def _steps(self, cluster: str, states: tuple[str, ...] = ()) -> Iterator[RunningJob]:
        """Steps of ours on a cluster, newest first."""
        chosen = {"StepStates": list(states)} if states else {}
        with self._call("listing the steps", cluster):
            pages = self._client.get_paginator("list_steps").paginate(ClusterId=cluster, **chosen)
            for page in pages:
                for step in page["Steps"]:
                    if name := JobName.read(step["Name"]):
                        yield RunningJob(name, cluster, step["Id"])

    def _step_id(self, job: RunningJob) -> str:
        """Id of the job's step, asked for where the start of a cluster did not tell it.

        Raises:
            AwsTransientError: the cluster does not show its step yet.
        """
        steps = [job] if job.id else [step for step in self._steps(job.owner) if step.id]
        for step in steps:
            return step.id
        raise AwsTransientError(f"cluster {job.owner} does not show its step yet")

    def _step(self, job: RunningJob, client: Any) -> Seen:
        """State of the step, with what EMR says of a failure."""
        with self._call("looking at the step", job.id):
            answer = client.describe_step(ClusterId=job.owner, StepId=self._step_id(job))
        status = answer["Step"]["Status"]
        details = status.get("FailureDetails", {})
        reason = [details.get("Reason"), details.get("Message")]
        reason.append(status.get("StateChangeReason", {}).get("Message"))
        return Seen(
            state=status["State"],
            succeeded=status["State"] == "COMPLETED",
            reason="; ".join(text for text in reason if text),
            retryable=status["State"] != "CANCELLED",
            log_file=details.get("LogFile", ""),
            ran="StartDateTime" in status.get("Timeline", {}),
        )


def step_of(request: JobRequest, deploy_mode: str, *, on_failure: str) -> dict[str, Any]:
    """A step that runs spark-submit."""
    submit = ["spark-submit", "--deploy-mode", deploy_mode, *request.submit_options()]
    arguments = [*submit, request.program, *request.arguments]
    return {
        "Name": str(request.name),
        "ActionOnFailure": on_failure,
        "HadoopJarStep": {"Jar": "command-runner.jar", "Args": arguments},
    }


def start_once(
    start: Callable[[], RunningJob], running: Callable[[], list[RunningJob]], name: JobName
) -> RunningJob:
    """Start something that AWS would start again if the call were simply repeated.

    A call may be lost after it had its effect, so what bears the name is looked for first.

    Raises:
        AwsError: it could not be started.
    """
    for attempt in range(1, _START_ATTEMPTS + 1):
        try:
            return start()
        except AwsTransientError:
            time.sleep(2.0**attempt)
            found = [job for job in running() if job.name == name]
            if found:
                return found[0]
            if attempt == _START_ATTEMPTS:
                raise
    raise AssertionError  # the loop returns or raises


def _is_stderr(uri: str) -> bool:
    """Logs are called `stderr`, `stderr.gz` or `stderr.txt.gz`, by release and place."""
    return uri.rpartition("/")[2].startswith("stderr")
