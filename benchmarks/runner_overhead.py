"""What the EMR runners add to plain spark-submit: the same job, by turns, against the stand-in.

What belongs here: the turns and their times. What does not: the runners, and how fast jobs are.

    python -m benchmarks.runner_overhead --turns 3

A job of the stand-in runs in a process on this machine, by spark-submit. Counted is what a user
waits beyond a plain spark-submit of the same words: before the job is asked for (looking for one
that runs, checks, upload), while it runs (messages to Dagster), and after it has told its outcome.
Not counted is how long a service takes to start a job: of the stand-in that is a matter of polls.
"""

from __future__ import annotations

import os
import shlex
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

import click
import dagster as dg

import ml_insights_tests
from ml_insights.spark.arguments import (
    RawPredictionsArguments,
    from_json,
    packed,
    to_json,
    unpacked,
)
from ml_insights_tests.aws import SERVICES
from ml_insights_tests.aws.server import StandIn
from ml_insights_tests.aws.spark_job import SparkJob
from ml_insights_tests.aws.spark_lines import find_spark
from ml_insights_tests.aws.submission import parse_submission
from ml_insights_tests.end_to_end.aws_churn import (
    JOB_ROLE,
    RELEASE,
    install_on_aws,
    long_running_cluster,
    serverless_application,
    settings,
    upload_churn,
)
from ml_insights_tests.end_to_end.churn import DAY, ENDPOINT

STEP_1 = "raw_predictions"
_PARTS = ("before", "job", "after")
ASKING = {"emr": "AddJobFlowSteps", "emr-serverless": "StartJobRun"}


@dataclass(frozen=True)
class Turn:
    """Seconds of one job, by its runner or plainly."""

    before: float
    job: float
    after: float

    @property
    def total(self) -> float:
        """All that is waited for but the start of the service."""
        return self.before + self.job + self.after


class Bench:
    """The stand-in with a day of captures, and a lake of its own for each job."""

    def __init__(self, stand_in: StandIn, folder: Path) -> None:
        self.stand_in, self.folder, self.number = stand_in, folder, 0
        self.words: list[str] = []
        data = Path(ml_insights_tests.__file__).parent / "data"
        upload_churn(data, folder / "files", stand_in)
        cluster, application = long_running_cluster(stand_in), serverless_application(stand_in)
        self.sections = {
            "emr": f"emr:\n  cluster: {{id: {cluster}, deploy_mode: client}}",
            "emr-serverless": (
                f"emr:\n  serverless: {{application_id: {application}, role: {JOB_ROLE}}}"
            ),
        }

    def by(self, service: str) -> Turn:
        """One job by a runner, from Dagster's start of the step to its success."""
        lake = self._next_lake()
        text = settings(self.stand_in, f"{{runner: {service}}}", self.sections[service], lake=lake)
        with dg.DagsterInstance.ephemeral() as instance:
            installed = install_on_aws(self.folder / lake, text, instance)
            run = installed.run(ENDPOINT, DAY, assets=[STEP_1])
            log = instance.all_logs(run.run_id)
        if not run.success:
            raise click.ClickException(f"the job by {service} failed")
        times = {
            entry.dagster_event.event_type_value: entry.timestamp
            for entry in log
            if entry.dagster_event and entry.step_key == f"{ENDPOINT}__{STEP_1}"
        }
        asked = self.stand_in.calls.of(service, ASKING[service])[-1].moment.timestamp()
        outcomes = [
            call.moment.timestamp()
            for call in self.stand_in.calls.of("s3", "PutObject")
            if call.resource["Key"].startswith(f"{lake}/_jobs/")
            and call.resource["Key"].endswith("outcome.json")
        ]
        began = self._began(service)
        return Turn(
            before=asked - times["STEP_START"],
            job=outcomes[-1] - began.timestamp(),
            after=times["STEP_SUCCESS"] - outcomes[-1],
        )

    def plainly(self) -> Turn:
        """The words of the last job, without messages and outcome, by spark-submit alone."""
        words = list(self.words)
        for option in ("--messages", "--outcome"):
            place = words.index(option)
            del words[place : place + 2]
        place = words.index("--arguments") + 1
        arguments = from_json(STEP_1, unpacked(words[place]))
        assert isinstance(arguments, RawPredictionsArguments)
        lake = self._next_lake()
        other = replace(arguments, output=f"{arguments.output}-{lake}", run_id=lake)
        words[place] = packed(to_json(other))
        job = SparkJob(
            account=self.stand_in.account,
            spark=find_spark(RELEASE),
            submission=parse_submission(words),
            name=lake,
            role="EMRServerlessJobRole",
            region="us-east-1",
        )
        began = time.monotonic()
        job.start()
        while job.exit_code() is None:
            time.sleep(0.05)
        if job.exit_code():
            raise click.ClickException(job.output("stderr").decode()[-2000:])
        return Turn(0.0, time.monotonic() - began, 0.0)

    def _next_lake(self) -> str:
        self.number += 1
        return f"lake-{self.number}"

    def _began(self, service: str) -> datetime:
        """When the process of the last job started; its words are kept."""
        client = self.stand_in.client(service)
        if service == "emr":
            (cluster,) = client.list_clusters()["Clusters"]
            step = client.list_steps(ClusterId=cluster["Id"])["Steps"][0]
            self.words = step["Config"]["Args"][1:]
            began: datetime = step["Status"]["Timeline"]["StartDateTime"]
            return began
        (application,) = client.list_applications()["applications"]
        runs = client.list_job_runs(applicationId=application["id"])["jobRuns"]
        last = max(runs, key=lambda run: run["createdAt"])["id"]
        run: dict[str, Any] = client.get_job_run(applicationId=application["id"], jobRunId=last)[
            "jobRun"
        ]
        submit = run["jobDriver"]["sparkSubmit"]
        options = shlex.split(submit["sparkSubmitParameters"])
        self.words = [*options, submit["entryPoint"], *submit["entryPointArguments"]]
        started: datetime = run["startedAt"]
        return started


def table(turns: dict[str, list[Turn]]) -> str:
    """Medians, as Markdown."""
    plain = median(turn.total for turn in turns["plain spark-submit"])
    heads = ("way", "jobs", "before s", "job s", "after s", "more than plain s", "ratio")
    lines = ["| " + " | ".join(heads) + " |", "| --- " + "| ---: " * (len(heads) - 1) + "|"]
    for way, of_way in turns.items():
        parts = [median(getattr(turn, part) for turn in of_way) for part in _PARTS]
        total = median(turn.total for turn in of_way)
        cells = [way, str(len(of_way)), *(f"{part:.1f}" for part in parts)]
        lines.append(
            "| " + " | ".join([*cells, f"{total - plain:+.1f}", f"{total / plain:.2f}"]) + " |"
        )
    return "\n".join(lines)


@click.command(help="Measure what the EMR runners add to plain spark-submit.")
@click.option("--turns", type=click.IntRange(min=1), default=5, show_default=True)
def main(turns: int) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder, StandIn(SERVICES) as stand_in:
        os.environ.update(stand_in.environment())
        bench = Bench(stand_in, Path(folder))
        ways: dict[str, Callable[[], Turn]] = {
            "EMR, a step on a running cluster": lambda: bench.by("emr"),
            "EMR Serverless": lambda: bench.by("emr-serverless"),
            "plain spark-submit": bench.plainly,
        }
        # Once each without a clock: classes are archived, files are cached.
        for way in ways.values():
            way()
        measured: dict[str, list[Turn]] = {name: [] for name in ways}
        for _ in range(turns):
            for name, way in ways.items():
                measured[name].append(way())
                click.echo(f"{name}: {measured[name][-1].total:.1f} s", err=True)
    click.echo(table(measured))


if __name__ == "__main__":
    main()
