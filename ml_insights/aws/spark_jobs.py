"""What a service that runs Spark jobs offers, whichever it is, and the words used with it.

What belongs here: the interface of `emr` and `emr_serverless` and the dataclasses they share. What
does not: calls of either, and what the jobs do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ml_insights.aws.waiting import States

TAG = "ml-insights:job"
"""Key of the tag by which what we started is found; its value is the job's name."""


@dataclass(frozen=True)
class JobName:
    """Name of one attempt at some work, in the order in which prefixes of it are asked for.

    Attributes:
        work: what is computed: endpoint, table and day.
        digest: of the arguments and the code; the same in all attempts at the same work.
        attempt: unique.
    """

    work: str
    digest: str
    attempt: str

    def __str__(self) -> str:
        return f"ml-insights.{self.work}.{self.digest}.{self.attempt}"

    @classmethod
    def read(cls, text: str) -> JobName | None:
        """The name in a text; None when it is not one of ours."""
        if not text.startswith("ml-insights.") or text.count(".") < 3:
            return None
        work, digest, attempt = text.removeprefix("ml-insights.").rsplit(".", 2)
        return cls(work, digest, attempt)


@dataclass(frozen=True)
class JobRequest:
    """A job to start.

    Attributes:
        name: of this attempt.
        program: URI of the file that spark-submit starts.
        archive: URI of the zip for `--py-files`.
        arguments: of the program.
        configuration: Spark settings.
        seconds: after which the service itself ends the job, where it can.
    """

    name: JobName
    program: str
    archive: str
    arguments: tuple[str, ...]
    configuration: Mapping[str, str]
    seconds: float

    def submit_options(self) -> list[str]:
        """Options of spark-submit before the program."""
        options = [f"{key}={value}" for key, value in sorted(self.configuration.items())]
        return [
            "--py-files",
            self.archive,
            *(part for item in options for part in ("--conf", item)),
        ]


@dataclass(frozen=True)
class RunningJob:
    """A job that the service has.

    Attributes:
        name: of the attempt.
        owner: id of the cluster or application it runs on.
        id: id of the step or job run; "" where starting a cluster did not tell it.
    """

    name: JobName
    owner: str
    id: str

    @property
    def title(self) -> str:
        """Its ids, as the AWS console has them."""
        return f"{self.owner}/{self.id}" if self.id else self.owner


@dataclass(frozen=True)
class Seen:
    """What one look at a job showed.

    Attributes:
        state: as the service calls it.
        succeeded: whether the state is that of a success.
        reason: why it is not, as the service says; "" while all is well.
        retryable: whether another attempt can succeed, such as after a lack of capacity.
        log_file: where the service says the log is; "" if it does not.
        ran: whether it got as far as to start the program; it does not without nodes.
    """

    state: str
    succeeded: bool = False
    reason: str = ""
    retryable: bool = True
    log_file: str = ""
    ran: bool = True


@dataclass(frozen=True)
class Usage:
    """What a job used and is billed for.

    Attributes:
        instance_hours: hours by `(instance type, market)`, EMR on EC2; market is `ON_DEMAND` or
            `SPOT`.
        vcpu_hours: EMR Serverless.
        memory_gb_hours: EMR Serverless.
        storage_gb_hours: EMR Serverless.
    """

    instance_hours: Mapping[tuple[str, str], float] = field(default_factory=dict)
    vcpu_hours: float = 0.0
    memory_gb_hours: float = 0.0
    storage_gb_hours: float = 0.0


@dataclass(frozen=True)
class LogTail:
    """The end of a log.

    Attributes:
        uri: the log, or the folder where it will appear; "" when no logs are kept.
        lines: its last lines; empty when it is not there yet.
    """

    uri: str
    lines: tuple[str, ...] = ()


class SparkJobs(Protocol):
    """A service that runs Spark jobs."""

    states: States

    def check(self) -> None:
        """Refuse what is known to fail, before money is spent.

        Raises:
            AwsPermanentError: something is not there or not legal; the message says what.
        """

    def running(self, work: str) -> list[RunningJob]:
        """Jobs of ours for that work that have not ended."""

    def start(self, request: JobRequest) -> RunningJob:
        """Start a job."""

    def look(self, job: RunningJob) -> Seen:
        """Its state; one call, not repeated when it fails: the next look is the repetition."""

    def explain(self, job: RunningJob, seen: Seen) -> Seen:
        """The same with the reason of a failure; may take further calls."""

    def stop(self, job: RunningJob) -> None:
        """Stop it, and what was started only for it."""

    def log_tail(self, job: RunningJob, seen: Seen, lines: int) -> LogTail:
        """The last lines that the driver wrote, as far as they have arrived on S3."""

    def links(self, job: RunningJob) -> dict[str, str]:
        """Title and address of the pages that show the job."""

    def usage(self, job: RunningJob) -> Usage | None:
        """What it used so far; None when the service does not say yet."""
