"""EMR on EC2, on a cluster that somebody keeps running: each job is a step of it.

What belongs here: starting, finding and stopping such a step. What does not: what a step is
(`emr`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ml_insights.aws.emr import EmrJobs, start_once, step_of
from ml_insights.aws.spark_jobs import RunningJob, Seen
from ml_insights.aws.waiting import States
from ml_insights.errors import AwsPermanentError

if TYPE_CHECKING:
    from ml_insights.aws.spark_jobs import JobRequest

_ENDING = ("TERMINATING", "TERMINATED", "TERMINATED_WITH_ERRORS")


@dataclass(frozen=True)
class StepsOnCluster(EmrJobs):
    """Steps on a cluster that somebody keeps running.

    Attributes:
        cluster: its id.
        deploy_mode: `cluster` or `client`.
    """

    cluster: str
    deploy_mode: str
    states = States(
        pending=("PENDING", "RUNNING", "CANCEL_PENDING"),
        terminal=("COMPLETED", "CANCELLED", "FAILED", "INTERRUPTED"),
    )

    def check(self) -> None:
        """See `SparkJobs.check`: the cluster runs, and has Spark."""
        with self._call("looking for the cluster", self.cluster):
            found = self._client.describe_cluster(ClusterId=self.cluster)["Cluster"]
        state = found["Status"]["State"]
        if state in _ENDING:
            raise AwsPermanentError(
                f"cluster {self.cluster} is {state}: name one that runs in `emr.cluster.id`, or "
                "leave it out to have a cluster for each job.",
                code="ClusterNotRunning",
            )
        names = [application["Name"] for application in found.get("Applications", [])]
        if "Spark" not in names:
            raise AwsPermanentError(
                f"cluster {self.cluster} has no Spark, only {', '.join(names) or 'nothing'}.",
                code="NoSpark",
            )

    def running(self, work: str) -> list[RunningJob]:
        """See `SparkJobs.running`."""
        steps = self._steps(self.cluster, ("PENDING", "RUNNING"))
        return [step for step in steps if step.name.work == work]

    def start(self, request: JobRequest) -> RunningJob:
        """See `SparkJobs.start`."""
        step = step_of(request, self.deploy_mode, on_failure="CONTINUE")
        client = self.session.client("emr", attempts=1)

        def add() -> RunningJob:
            with self._call("adding the step", self.cluster):
                answer = client.add_job_flow_steps(JobFlowId=self.cluster, Steps=[step])
            return RunningJob(request.name, self.cluster, answer["StepIds"][0])

        return start_once(add, lambda: self.running(request.name.work), request.name)

    def look(self, job: RunningJob) -> Seen:
        """See `SparkJobs.look`."""
        return self._step(job, self._looking)

    def explain(self, job: RunningJob, seen: Seen) -> Seen:
        """See `SparkJobs.explain`: the step says it all."""
        return seen

    def stop(self, job: RunningJob) -> None:
        """See `SparkJobs.stop`."""
        with self._call("stopping the step", f"{job.id} on {job.owner}"):
            answer = self._client.cancel_steps(
                ClusterId=job.owner, StepIds=[job.id], StepCancellationOption="TERMINATE_PROCESS"
            )
        for step in answer.get("CancelStepsInfoList", []):
            if (
                step.get("Status") == "FAILED"
                and self._step(job, self._client).state in self.states.pending
            ):
                raise AwsPermanentError(
                    f"step {job.id} on {job.owner} was not stopped: {step.get('Reason')}. It costs "
                    "until it ends: stop it in the EMR console.",
                    code="CancelFailed",
                )

    def _billed_from(self, timeline: dict[str, Any]) -> datetime | None:
        began: datetime | None = timeline.get("StartDateTime") or timeline.get("CreationDateTime")
        return began
