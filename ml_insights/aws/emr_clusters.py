"""EMR on EC2, with a cluster of its own for each job, which ends with the job.

What belongs here: starting, finding and stopping such a cluster. What does not: what it is made of
(`cluster_shape`), and what a step is (`emr`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from ml_insights.aws.emr import EmrJobs, start_once, step_of
from ml_insights.aws.spark_jobs import JobName, RunningJob, Seen
from ml_insights.aws.waiting import States
from ml_insights.errors import AwsPermanentError

if TYPE_CHECKING:
    from ml_insights.aws.cluster_shape import ClusterShape
    from ml_insights.aws.spark_jobs import JobRequest

_FOR_GOOD = ("VALIDATION_ERROR", "BOOTSTRAP_FAILURE", "USER_REQUEST")
"""Ends of a cluster that another attempt would meet again."""
_QUOTA = re.compile(r"service quota|limit (was |has been )?exceeded|LIMIT_EXCEEDED", re.IGNORECASE)
"""Words of a used up quota: EMR tells it under INTERNAL_ERROR or VALIDATION_ERROR, in the message.
https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-troubleshoot-errors.html"""
_QUOTA_ADVICE = (
    "A quota of the account is used up: wait until other clusters have ended, have the quota "
    "raised in Service Quotas, or lower `emr.cluster.core_vcpus` and `emr.cluster.task_vcpus`"
)
_LONGEST_JOB = timedelta(days=3)


@dataclass(frozen=True)
class ClusterPerJob(EmrJobs):
    """A cluster of its own for each job, which ends with it.

    Attributes:
        shape: what the cluster is made of.
        deploy_mode: `cluster` or `client`.
    """

    shape: ClusterShape
    deploy_mode: str
    states = States(
        pending=("STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING"),
        terminal=("TERMINATING", "TERMINATED", "TERMINATED_WITH_ERRORS"),
    )

    def check(self) -> None:
        """See `SparkJobs.check`: there is such a release."""
        with self._call("listing the releases", self.shape.release_label):
            labels: list[str] = []
            token: dict[str, str] = {}
            while True:
                page = self._client.list_release_labels(**token)
                labels += page.get("ReleaseLabels", [])
                if not page.get("NextToken"):
                    break
                token = {"NextToken": page["NextToken"]}
        if labels and self.shape.release_label not in labels:
            near = get_close_matches(self.shape.release_label, labels, n=3) or labels[:3]
            raise AwsPermanentError(
                f"EMR has no release {self.shape.release_label!r} in {self.session.region}; "
                f"`emr.cluster.release_label` may be {', '.join(near)} or another of "
                f"{len(labels)}.",
                code="NoSuchRelease",
            )

    def running(self, work: str) -> list[RunningJob]:
        """See `SparkJobs.running`."""
        with self._call("listing the clusters", work):
            pages = self._client.get_paginator("list_clusters").paginate(
                ClusterStates=list(self.states.pending),
                CreatedAfter=datetime.now(UTC) - _LONGEST_JOB,
            )
            clusters = [cluster for page in pages for cluster in page["Clusters"]]
        named = [(JobName.read(cluster["Name"]), cluster["Id"]) for cluster in clusters]
        return [
            RunningJob(name, cluster, "") for name, cluster in named if name and name.work == work
        ]

    def start(self, request: JobRequest) -> RunningJob:
        """See `SparkJobs.start`."""
        step = step_of(request, self.deploy_mode, on_failure="TERMINATE_CLUSTER")
        wanted = self.shape.request(str(request.name), step, self.log_uri)
        client = self.session.client("emr", attempts=1)

        def run() -> RunningJob:
            with self._call("starting the cluster", str(request.name)):
                answer = client.run_job_flow(**wanted)
            return RunningJob(request.name, answer["JobFlowId"], "")

        return start_once(run, lambda: self.running(request.name.work), request.name)

    def look(self, job: RunningJob) -> Seen:
        """See `SparkJobs.look`: the cluster ends when its step does, and may end before."""
        with self._call("looking at the cluster", job.owner):
            status = self._looking.describe_cluster(ClusterId=job.owner)["Cluster"]["Status"]
        change = status.get("StateChangeReason", {})
        words = [change.get("Code"), change.get("Message")]
        for detail in status.get("ErrorDetails", []):
            words += [detail.get("ErrorCode"), detail.get("ErrorMessage")]
        reason = ": ".join(text for text in words if text)
        quota = bool(_QUOTA.search(reason))
        return Seen(
            state=status["State"],
            reason=f"{reason.rstrip('.')}. {_QUOTA_ADVICE}" if quota else reason,
            retryable=not quota and change.get("Code") not in _FOR_GOOD,
        )

    def explain(self, job: RunningJob, seen: Seen) -> Seen:
        """See `SparkJobs.explain`: what became of the step decides."""
        step = self._step(job, self._client)
        if step.succeeded:
            return Seen("COMPLETED", succeeded=True)
        reason = f"step {step.state}: {step.reason or 'no reason given'}; cluster {seen.state}"
        return Seen(
            state=step.state,
            reason=f"{reason}: {seen.reason}" if seen.reason else reason,
            retryable=seen.retryable,
            log_file=step.log_file,
            ran=step.ran,
        )

    def stop(self, job: RunningJob) -> None:
        """See `SparkJobs.stop`."""
        with self._call("terminating the cluster", job.owner):
            self._client.terminate_job_flows(JobFlowIds=[job.owner])

    def _billed_from(self, timeline: dict[str, Any]) -> datetime | None:
        return None
