"""How job runs of EMR Serverless move: with each poll, and as their processes end.

What belongs here: transitions, what the injected effects do to them, and the logs they leave. What
does not: the operations (`emr_serverless`), what is shown (`emr_serverless_runs`).
"""

from __future__ import annotations

import signal
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ml_insights_tests.aws.emr_serverless_checks import exceeds
from ml_insights_tests.aws.emr_serverless_runs import ACTIVE, ENDED, Application, JobRun
from ml_insights_tests.aws.faults import Fault
from ml_insights_tests.aws.job_logs import write_log
from ml_insights_tests.aws.spark_job import SparkJob
from ml_insights_tests.aws.spark_lines import find_spark
from ml_insights_tests.aws.submission import SubmissionError

if TYPE_CHECKING:
    from ml_insights_tests.aws.emr_serverless import EmrServerless

IN_DRIVER = "spark.emr-serverless.driverEnv."
"""Prefix of properties that set variables of the driver."""
DEFAULT_TIMEOUT_MINUTES = 720


class RunLife:
    """Moves one job run; `refresh` before each answer about it, `move` after."""

    def __init__(self, service: EmrServerless, application: Application, run: JobRun) -> None:
        self.service = service
        self.application = application
        self.run = run

    def refresh(self) -> None:
        """Take note of what has really ended since."""
        run = self.run
        code = run.job.exit_code() if run.job else None
        if run.state == "CANCELLING" and (run.job is None or code is not None):
            self._end("CANCELLED", "Job run was cancelled.")
        elif run.state == "RUNNING" and code is not None:
            if code == 0:
                self._end("SUCCESS", "Job run completed.")
            else:
                self._end("FAILED", self._why(code))

    def move(self) -> None:
        """One poll has passed."""
        run = self.run
        if run.state == "SUBMITTED":
            self._to("PENDING", "Job run is waiting for workers.")
        elif run.state == "PENDING":
            self._leave_pending()
        elif run.state == "QUEUED":
            if len(self.application.in_state(ACTIVE)) < self.application.concurrent_runs:
                self._to("SCHEDULED", "Job run is scheduled.")
        elif run.state == "SCHEDULED":
            self._start()
        elif run.state == "RUNNING":
            self._meet_effects()
        self._write_late_logs()

    def cancel(self) -> None:
        """Ask the job run to end; the next poll sees it cancelled."""
        if self.run.state in ENDED:
            return
        self._to("CANCELLING", "Job run is being cancelled.")
        if self.run.job:
            self.run.job.kill(signal.SIGTERM)

    def _leave_pending(self) -> None:
        run, application = self.run, self.application
        if run.pending_polls > 0:
            run.pending_polls -= 1
        elif exceeds(application.request.get("maximumCapacity"), run.workers[:2]):
            self._end(
                "FAILED",
                "Job failed, ApplicationMaxCapacityExceededException: Worker could not be "
                "allocated as the application has exceeded maximumCapacity settings.",
            )
        elif fault := self.service.effect("no_capacity"):
            self._end("FAILED", _said(fault, "Job failed, workers could not be allocated."))
        elif len(application.in_state(ACTIVE)) >= application.concurrent_runs:
            self._to("QUEUED", "Job run is queued.")
        else:
            self._to("SCHEDULED", "Job run is scheduled.")

    def _start(self) -> None:
        run = self.run
        run.started = self.service.now()
        if fault := self.service.effect("failed_job"):
            self._end("FAILED", _said(fault, "Job failed, an internal error occurred."))
            return
        self._to("RUNNING", "Job run is running.")
        run.job = self._job()
        try:
            run.job.start()
        except SubmissionError as error:
            run.job = None
            self._end("FAILED", f"Job failed, {error}"[:256])

    def _meet_effects(self) -> None:
        run = self.run
        minutes = run.request.get("executionTimeoutMinutes", DEFAULT_TIMEOUT_MINUTES)
        assert run.job
        assert run.started
        if fault := self.service.effect("worker_loss"):
            run.job.kill()
            self._end("FAILED", _said(fault, "Job failed, ExecutorLostFailure: workers were lost."))
        elif self.service.effect("cancelled"):
            self.cancel()
        elif minutes and self.service.now() - run.started >= timedelta(minutes=minutes):
            run.job.kill()
            self._end("FAILED", "Job execution exceeded the timeout.")

    def _job(self) -> SparkJob:
        run = self.run
        submission, conf = self.service.submission(self.application, run.request)
        variables = {
            name.removeprefix(IN_DRIVER): value
            for name, value in conf.items()
            if name.startswith(IN_DRIVER)
        }
        defaults = {name: value for name, value in conf.items() if name not in submission.conf}
        return SparkJob(
            account=self.service.account,
            spark=find_spark(run.release),
            submission=submission,
            name=f"{self.application.id}-{run.id}",
            role=run.request["executionRoleArn"].rpartition("/")[2],
            region=self.service.region,
            defaults=defaults,
            environment=variables,
            in_container=True,
        )

    def _why(self, code: int) -> str:
        """Details of a failure, in 256 characters at most."""
        assert self.run.job
        lines = self.run.job.output("stderr").decode(errors="replace").splitlines()
        told = [line for line in lines if "Error" in line or "Exception" in line]
        start = "Job failed, please check complete logs in configured logging destination."
        return f"{start} ExitCode: {code}. Last few exceptions: {' '.join(told[-1:])}"[:256]

    def _to(self, state: str, details: str) -> None:
        self.run.state, self.run.details = state, details
        self.run.updated = self.service.now()

    def _end(self, state: str, details: str) -> None:
        self._to(state, details)
        self.run.ended = self.service.now()
        if self.run.job and not self.service.effect("missing_log"):
            fault = self.service.effect("late_log")
            self.run.log_polls = fault.detail.get("polls", 3) if fault else 0
            self._write_late_logs()

    def _write_late_logs(self) -> None:
        run = self.run
        if run.log_polls is None or run.job is None:
            return
        if run.log_polls > 0:
            run.log_polls -= 1
            return
        run.log_polls = None
        if uri := self._log_uri():
            path = f"applications/{self.application.id}/jobs/{run.id}/SPARK_DRIVER"
            for name in ("stdout", "stderr"):
                where = f"{uri.rstrip('/')}/{path}/{name}.gz"
                content = run.job.output(name)
                write_log(self.service.account, self.service.region, where, content)
        run.job.remove()

    def _log_uri(self) -> str | None:
        """Of the run, or else of its application."""
        overrides = self.run.request.get("configurationOverrides", {})
        for one in (overrides, self.application.request):
            monitoring: dict[str, Any] = one.get("monitoringConfiguration", {})
            if uri := monitoring.get("s3MonitoringConfiguration", {}).get("logUri"):
                return str(uri)
        return None


def _said(fault: Fault, otherwise: str) -> str:
    return str(fault.detail.get("message", otherwise))
