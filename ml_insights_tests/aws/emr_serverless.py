"""EMR Serverless: applications, and job runs that really run.

What belongs here: the operations. What does not: which requests are refused
(`emr_serverless_checks`), how runs move (`emr_serverless_life`), what is shown of them
(`emr_serverless_runs`).

Effects that tests inject with `faults.effect("emr-serverless", name, detail={...})`:

    slow_start    the next job run stays in PENDING for `polls` (5) polls more
    no_capacity   the next job run fails before it runs; `message`
    failed_job    a job run fails when it should start; `message`
    worker_loss   a running job run loses its workers and fails; `message`
    cancelled     a running job run is cancelled by somebody else
    gone          the job run is not known any more when it is asked for next
    missing_log   the logs of the next job run that ends never appear
    late_log      they appear after `polls` (3) polls

A quota, missing permissions and throttling are errors: `faults.error("emr-serverless",
"StartJobRun", "ServiceQuotaExceededException", ...)`.
"""

from __future__ import annotations

import secrets
import shlex
import string
from typing import Any

from ml_insights_tests.aws.emr_serverless_checks import check_application, check_job, refuse, worker
from ml_insights_tests.aws.emr_serverless_life import RunLife
from ml_insights_tests.aws.emr_serverless_runs import ENDED, Application, JobRun
from ml_insights_tests.aws.refusals import AwsError
from ml_insights_tests.aws.service import Service
from ml_insights_tests.aws.submission import (
    Submission,
    SubmissionError,
    parse_submission,
    spark_properties,
)

Parameters = dict[str, Any]


class EmrServerless(Service):
    """See the module."""

    name = "emr-serverless"
    effects = frozenset(
        {
            "slow_start",
            "no_capacity",
            "failed_job",
            "worker_loss",
            "cancelled",
            "gone",
            "missing_log",
            "late_log",
        }
    )

    def __init__(self, *surroundings: Any) -> None:
        super().__init__(*surroundings)
        self.applications: dict[str, Application] = {}
        self._asked: dict[str, tuple[Parameters, Parameters]] = {}

    def close(self) -> None:
        for application in self.applications.values():
            for run in application.runs.values():
                if run.job:
                    run.job.kill()

    def create_application(self, parameters: Parameters) -> Parameters:
        if before := self._same(parameters):
            return before
        check_application(parameters)
        identity = _letters()
        arn = self.arn(f"/applications/{identity}")
        now = self.now()
        self.applications[identity] = Application(identity, arn, parameters, now, now)
        answer = {"applicationId": identity, "name": parameters.get("name"), "arn": arn}
        return self._remember(parameters, answer)

    def get_application(self, parameters: Parameters) -> Parameters:
        application = self._application(parameters)
        answer = application.view()
        _move(application)
        return {"application": answer}

    def list_applications(self, parameters: Parameters) -> Parameters:
        states = parameters.get("states")
        shown = [one.summary() for one in self.applications.values()]
        return {"applications": [one for one in shown if not states or one["state"] in states]}

    def start_application(self, parameters: Parameters) -> Parameters:
        application = self._application(parameters)
        if application.state not in {"STARTED", "STARTING"}:
            application.state = "STARTING"
        return {}

    def stop_application(self, parameters: Parameters) -> Parameters:
        application = self._application(parameters)
        if any(run.state not in ENDED for run in application.runs.values()):
            raise refuse("The application has job runs that have not ended.")
        application.state = "STOPPING"
        return {}

    def delete_application(self, parameters: Parameters) -> Parameters:
        application = self._application(parameters)
        if application.state not in {"CREATED", "STOPPED"}:
            raise refuse(f"An application in state {application.state} cannot be deleted.")
        application.state = "TERMINATED"
        return {}

    def start_job_run(self, parameters: Parameters) -> Parameters:
        application = self._application(parameters)
        if before := self._same(parameters):
            return before
        check_job(parameters, self.account, self.region)
        self._see_to_start(application)
        _, conf = self.submission(application, parameters)
        executors = int(conf.get("spark.executor.instances", "3"))
        workers = [worker(conf, "driver"), *[worker(conf, "executor")] * executors]
        identity = _letters()
        arn = f"{application.arn}/jobruns/{identity}"
        release = application.request["releaseLabel"]
        run = JobRun(identity, arn, parameters, release, self.now(), workers)
        if fault := self.effect("slow_start"):
            run.pending_polls = fault.detail.get("polls", 5)
        application.runs[identity] = run
        answer = {"applicationId": application.id, "jobRunId": identity, "arn": arn}
        return self._remember(parameters, answer)

    def get_job_run(self, parameters: Parameters) -> Parameters:
        application, run = self._run(parameters)
        life = RunLife(self, application, run)
        life.refresh()
        answer = run.view()
        life.move()
        return {"jobRun": answer}

    def list_job_runs(self, parameters: Parameters) -> Parameters:
        application = self._application(parameters)
        states = parameters.get("states")
        after, before = parameters.get("createdAtAfter"), parameters.get("createdAtBefore")
        for run in application.runs.values():
            RunLife(self, application, run).refresh()
        return {
            "jobRuns": [
                run.summary()
                for run in reversed(application.runs.values())
                if (not states or run.state in states)
                and (not after or run.created >= after)
                and (not before or run.created <= before)
            ]
        }

    def list_job_run_attempts(self, parameters: Parameters) -> Parameters:
        shown = self._run(parameters)[1].summary()
        return {"jobRunAttempts": [{**shown, "jobCreatedAt": shown["createdAt"]}]}

    def cancel_job_run(self, parameters: Parameters) -> Parameters:
        application, run = self._run(parameters)
        life = RunLife(self, application, run)
        life.refresh()
        if run.state in ENDED:
            raise refuse(f"A job run in state {run.state} cannot be cancelled.")
        life.cancel()
        return {"applicationId": application.id, "jobRunId": run.id}

    def get_dashboard_for_job_run(self, parameters: Parameters) -> Parameters:
        application, run = self._run(parameters)
        if not run.started:
            raise refuse(f"A job run in state {run.state} has no dashboard.")
        host = f"{run.id}-{application.id}.emrappui-prod.{self.region}.amazonaws.com"
        return {"url": f"https://{host}/?token={_letters()}"}

    def tag_resource(self, parameters: Parameters) -> Parameters:
        self._tags(parameters["resourceArn"]).update(parameters["tags"])
        return {}

    def untag_resource(self, parameters: Parameters) -> Parameters:
        for key in parameters["tagKeys"]:
            self._tags(parameters["resourceArn"]).pop(key, None)
        return {}

    def list_tags_for_resource(self, parameters: Parameters) -> Parameters:
        return {"tags": self._tags(parameters["resourceArn"])}

    def submission(
        self, application: Application, request: Parameters
    ) -> tuple[Submission, dict[str, str]]:
        """What a job run runs, and all properties that it sets."""
        driver = request["jobDriver"]["sparkSubmit"]
        words = shlex.split(driver.get("sparkSubmitParameters", ""))
        program = [driver["entryPoint"], *driver.get("entryPointArguments", [])]
        try:
            submission = parse_submission([*words, *program])
        except SubmissionError as error:
            raise refuse(f"sparkSubmitParameters: {error}") from error
        if submission.application != driver["entryPoint"]:
            raise refuse(f"sparkSubmitParameters swallow the entry point: {words}")
        overrides = request.get("configurationOverrides", {}).get("applicationConfiguration", [])
        defaults = application.request.get("runtimeConfiguration", [])
        properties = [spark_properties(one, "properties") for one in (defaults, overrides)]
        return submission, {**properties[0], **properties[1], **submission.conf}

    def _see_to_start(self, application: Application) -> None:
        """Jobs start an application that is not started, if it allows that."""
        if application.state in {"STOPPING", "TERMINATED"}:
            raise refuse(f"The application is in state {application.state}.")
        starts = application.request.get("autoStartConfiguration", {}).get("enabled", True)
        if application.state not in {"STARTED", "STARTING"}:
            if not starts:
                raise refuse(
                    f"The application is in state {application.state} and must be started."
                )
            application.state = "STARTED"

    def _same(self, parameters: Parameters) -> Parameters | None:
        """The answer to an earlier request with the same token, if there was one."""
        before = self._asked.get(parameters["clientToken"])
        if before and before[0] != parameters:
            raise AwsError("ConflictException", "clientToken was used with other parameters")
        return before[1] if before else None

    def _remember(self, parameters: Parameters, answer: Parameters) -> Parameters:
        self._asked[parameters["clientToken"]] = (parameters, answer)
        return answer

    def _application(self, parameters: Parameters) -> Application:
        identity = parameters["applicationId"]
        if identity not in self.applications:
            raise _not_found(f"Application {identity} does not exist")
        return self.applications[identity]

    def _run(self, parameters: Parameters) -> tuple[Application, JobRun]:
        application = self._application(parameters)
        identity = parameters["jobRunId"]
        run = application.runs.get(identity)
        if run and self.effect("gone"):
            RunLife(self, application, run).cancel()
            del application.runs[identity]
            run = None
        if run is None:
            raise _not_found(f"Job run {identity} does not exist")
        return application, run

    def _tags(self, arn: str) -> dict[str, str]:
        for application in self.applications.values():
            known = {application.arn: application.request}
            known |= {run.arn: run.request for run in application.runs.values()}
            if arn in known:
                tags: dict[str, str] = known[arn].setdefault("tags", {})
                return tags
        raise _not_found(f"Resource {arn} does not exist")


def _move(application: Application) -> None:
    """One poll of the application has passed."""
    following = {"CREATING": "CREATED", "STARTING": "STARTED", "STOPPING": "STOPPED"}
    application.state = following.get(application.state, application.state)


def _not_found(message: str) -> AwsError:
    return AwsError("ResourceNotFoundException", message)


def _letters() -> str:
    return "00" + "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(14))
