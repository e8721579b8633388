"""How clusters and steps of EMR on EC2 move: with each poll, and as their processes end.

What belongs here: transitions, and what the injected effects do to them. What does not: the
operations (`emr`), what is shown (`emr_cluster`), logs (`emr_logs`).
"""

from __future__ import annotations

import signal
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

from ml_insights_tests.aws.emr_cluster import CLUSTER_ENDED, Cluster, Step, launch_instances
from ml_insights_tests.aws.emr_logs import finished_with_failure, see_to_logs, write_due_logs
from ml_insights_tests.aws.faults import Fault
from ml_insights_tests.aws.spark_job import SparkJob
from ml_insights_tests.aws.spark_lines import find_spark
from ml_insights_tests.aws.submission import (
    SubmissionError,
    parse_submission,
    spark_environment,
    spark_properties,
)

if TYPE_CHECKING:
    from ml_insights_tests.aws.emr import Emr

_application_numbers = count(1)
IN_YARN = "spark.yarn.appMasterEnv."
"""Prefix of properties that set variables of a driver in cluster mode."""
UNKNOWN = "Unknown Error."
"""What EMR calls a failure whose reason it did not find in the logs."""


class ClusterLife:
    """Moves one cluster; `refresh` before each answer about it, `move` after."""

    def __init__(self, emr: Emr, cluster: Cluster) -> None:
        self.emr = emr
        self.cluster = cluster

    def refresh(self) -> None:
        """Take note of what has really ended since."""
        for step in self.cluster.in_state("RUNNING", "CANCEL_PENDING"):
            code = step.job.exit_code() if step.job else 1
            if code is None:
                continue
            if step.state == "CANCEL_PENDING":
                self._end(step, "CANCELLED", message="Step was cancelled by the user.")
            else:
                self._end(step, *self._outcome(step, code))

    def move(self) -> None:
        """One poll has passed."""
        cluster = self.cluster
        if cluster.state == "STARTING":
            self._leave_starting()
        elif cluster.state == "BOOTSTRAPPING":
            self._leave_bootstrapping()
        elif cluster.state in {"RUNNING", "WAITING"}:
            self._run()
        elif cluster.state == "TERMINATING":
            good = cluster.code in {"ALL_STEPS_COMPLETED", "USER_REQUEST"}
            cluster.state = "TERMINATED" if good else "TERMINATED_WITH_ERRORS"
            cluster.ended = self.emr.now()
        for step in cluster.steps:
            write_due_logs(self.emr, step)

    def terminate(self, code: str, message: str) -> None:
        """End the cluster and all that runs on it."""
        if self.cluster.state in {"TERMINATING", *CLUSTER_ENDED}:
            return
        for step in self.cluster.in_state("RUNNING", "CANCEL_PENDING", "PENDING"):
            self.stop(step, signal.SIGKILL)
            self._end(step, "CANCELLED", message="Cluster terminated.")
        self.cluster.state = "TERMINATING"
        self.cluster.code, self.cluster.message = code, message
        for instance in self.cluster.instances:
            self._end_instance(instance, "CLUSTER_TERMINATED")

    def stop(self, step: Step, with_signal: int) -> None:
        if step.job:
            step.job.kill(with_signal)

    def _leave_starting(self) -> None:
        cluster = self.cluster
        if cluster.startup_polls > 0:
            cluster.startup_polls -= 1
        elif fault := self.emr.effect("no_capacity"):
            message = "The requested instances could not be provisioned within the timeout."
            self.terminate("INSTANCE_FLEET_TIMEOUT", _said(fault, message))
        elif fault := self.emr.effect("quota_exceeded"):
            message = (
                "The request to create the EMR cluster or add EC2 instances to it failed. The "
                "number of vCPUs for instance type m7g.4xlarge exceeds the EC2 service quota for "
                "that type. Request a service quota increase for your AWS account or choose a "
                "different instance type and retry the request."
            )
            self.terminate(fault.detail.get("code", "INTERNAL_ERROR"), _said(fault, message))
        else:
            cluster.state = "BOOTSTRAPPING"

    def _leave_bootstrapping(self) -> None:
        cluster = self.cluster
        if fault := self.emr.effect("bootstrap_failure"):
            message = "On the master instance, bootstrap action 1 returned a non-zero return code"
            self.terminate("BOOTSTRAP_FAILURE", _said(fault, message))
            return
        cluster.ready = self.emr.now()
        cluster.instances = launch_instances(cluster, cluster.ready)
        cluster.state = "RUNNING"
        self._run()

    def _run(self) -> None:
        """Meet what was injected, start what waits, end when nothing does."""
        cluster = self.cluster
        running = cluster.in_state("RUNNING")
        if running and (fault := self.emr.effect("terminated")):
            self.terminate("USER_REQUEST", _said(fault, "Terminated by user request"))
            return
        if running and (fault := self.emr.effect("spot_loss")):
            self._lose_spot_instances(running, fault)
        if running and (fault := self.emr.effect("interrupted")):
            self.stop(running[0], signal.SIGKILL)
            self._end(running[0], "INTERRUPTED", message=_said(fault, "The step was interrupted."))
        free = cluster.concurrency - len(cluster.in_state("RUNNING", "CANCEL_PENDING"))
        for step in cluster.in_state("PENDING")[:free]:
            self._start(step)
        if cluster.state in {"RUNNING", "WAITING"}:
            self._settle()

    def _settle(self) -> None:
        """RUNNING while there are steps, else WAITING, or the end."""
        cluster = self.cluster
        if cluster.in_state("RUNNING", "CANCEL_PENDING", "PENDING"):
            cluster.state, cluster.idle_since = "RUNNING", None
            cluster.code = cluster.message = ""
            return
        if cluster.ends_with_its_steps:
            failed = bool(cluster.in_state("FAILED"))
            self.terminate("ALL_STEPS_COMPLETED", "Steps completed" + " with errors" * failed)
            return
        cluster.state, cluster.message = "WAITING", "Cluster ready to run steps."
        cluster.idle_since = cluster.idle_since or self.emr.now()
        limit = cluster.idle_timeout
        if limit and self.emr.now() - cluster.idle_since >= timedelta(seconds=limit):
            self.terminate("USER_REQUEST", "Auto-terminated after the idle timeout.")

    def _start(self, step: Step) -> None:
        step.state, step.started = "RUNNING", self.emr.now()
        if fault := self.emr.effect("failed_step"):
            self._end(step, "FAILED", _failure(step, fault), b"the step did not start\n")
            return
        try:
            step.job = self._job(step)
            step.job.start()
        except SubmissionError as error:
            step.job = None
            errors = f"Error: {error}\n".encode()
            self._end(step, "FAILED", _failure(step, None), errors)
            return
        number = next(_application_numbers)
        step.application_id = f"application_{int(self.emr.now().timestamp() * 1000)}_{number:04}"

    def _job(self, step: Step) -> SparkJob:
        request = self.cluster.request
        program, *words = step.request["HadoopJarStep"].get("Args", [""])
        names = {one["Name"].lower() for one in request.get("Applications", [])}
        if program != "spark-submit" or "spark" not in names:
            raise SubmissionError(f'Cannot run program "{program}": No such file or directory')
        submission = parse_submission(words)
        configurations = request.get("Configurations", [])
        defaults = spark_properties(configurations, "Properties")
        in_container = submission.deploy_mode == "cluster"
        variables = {} if in_container else spark_environment(configurations)
        for name, value in {**defaults, **submission.conf}.items():
            if in_container and name.startswith(IN_YARN):
                variables[name.removeprefix(IN_YARN)] = value
        return SparkJob(
            account=self.emr.account,
            spark=find_spark(request["ReleaseLabel"]),
            submission=submission,
            name=f"{self.cluster.id}-{step.id}",
            role=request["JobFlowRole"].rpartition("/")[2],
            region=self.emr.region,
            defaults=defaults,
            environment=variables,
            in_container=in_container,
        )

    def _outcome(self, step: Step, code: int) -> tuple[str, dict[str, str] | None]:
        if code == 0:
            return "COMPLETED", None
        return "FAILED", _failure(step, None, bool(step.job and step.job.in_container))

    def _end(
        self,
        step: Step,
        state: str,
        failure: dict[str, str] | None = None,
        errors: bytes = b"",
        message: str = "",
    ) -> None:
        """Close a step, see to its logs, and do what it asked for in case of failure."""
        step.state, step.ended, step.message = state, self.emr.now(), message
        step.errors = errors
        uri = self.cluster.request.get("LogUri")
        if step.started and uri:
            step.log_uri = f"{uri.rstrip('/')}/{self.cluster.id}/steps/{step.id}/"
            if failure:
                failure["LogFile"] = f"{step.log_uri}stderr.gz"
            see_to_logs(self.emr, step)
        step.failure = failure
        if state == "FAILED" and step.action_on_failure == "TERMINATE_CLUSTER":
            self.terminate("STEP_FAILURE", "Shut down as step failed")
        elif state == "FAILED" and step.action_on_failure == "CANCEL_AND_WAIT":
            for other in self.cluster.in_state("PENDING"):
                self._end(other, "CANCELLED", message="A step before it has failed.")

    def _lose_spot_instances(self, running: list[Step], fault: Fault) -> None:
        for instance in self.cluster.instances:
            if instance["Market"] == "SPOT":
                self._end_instance(instance, "INSTANCE_FAILURE")
        if fault.detail.get("survives"):
            return
        for step in running:
            self.stop(step, signal.SIGKILL)
            failure = {"Reason": UNKNOWN, "Message": "ExecutorLostFailure: a Spot node was lost"}
            self._end(step, "FAILED", failure)

    def _end_instance(self, instance: dict[str, object], code: str) -> None:
        status = instance["Status"]
        assert isinstance(status, dict)
        if status["State"] != "TERMINATED":
            status["State"], status["StateChangeReason"] = "TERMINATED", {"Code": code}
            status["Timeline"]["EndDateTime"] = self.emr.now()


def _said(fault: Fault, otherwise: str) -> str:
    return str(fault.detail.get("message", otherwise))


def _failure(step: Step, fault: Fault | None, cluster_mode: bool = False) -> dict[str, str]:
    """The details of a failure; EMR finds a message only where the client wrote an exception."""
    detail = fault.detail if fault else {}
    failure = {"Reason": str(detail.get("reason", UNKNOWN))}
    if cluster_mode:
        failure["Message"] = finished_with_failure(step)
    if "message" in detail:
        failure["Message"] = str(detail["message"])
    return failure
