"""The one way to an AWS client: region, endpoint, profile, retries and timeouts in one place.

What belongs here: how clients are made. What does not: calls (a module for each service), and what
their errors mean (`failures`).

Credentials come from where boto3 looks for them (environment, profile, role of the machine); they
are never settings of this package.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any

from ml_insights import __version__
from ml_insights.aws.failures import aws_call

_ATTEMPTS = 5
_CONNECT_SECONDS = 10
_READ_SECONDS = 60
_MAKING = Lock()
"""Held while a client is made: making one takes a second, and threads that start ask together."""


@dataclass(frozen=True)
class AwsSession:
    """Where AWS is reached, and as whom.

    Attributes:
        region: region of every client.
        endpoint_url: replaces Amazon's own addresses, for private endpoints; None: Amazon's own.
        profile: named profile of the AWS configuration files; None: boto3's own choice.
    """

    region: str
    endpoint_url: str | None = None
    profile: str | None = None

    @property
    def partition(self) -> str:
        """`aws`, or that of another group of regions.

        Raises:
            AwsPermanentError: the region is in none.
        """
        import boto3  # noqa: PLC0415 (starts slowly, and a lake on the disk needs none)

        with aws_call("looking up the partition", region=self.region):
            return str(boto3.Session().get_partition_for_region(self.region))

    def client(self, service: str, *, attempts: int = _ATTEMPTS) -> Any:
        """The client of a service, such as `emr`; made once for each session and service.

        Args:
            service: boto3's name of it.
            attempts: most attempts at a call; 1 for calls that must not happen twice.

        Raises:
            AwsPermanentError: there is no such profile, or the configuration cannot be read.
        """
        with _MAKING:
            return _client(self, service, attempts)


@cache
def _client(session: AwsSession, service: str, attempts: int) -> Any:
    import boto3  # noqa: PLC0415 (starts slowly, and a lake on the disk needs none)
    from botocore.config import Config  # noqa: PLC0415

    with aws_call(f"making the client of {service}", region=session.region):
        made = boto3.Session(profile_name=session.profile, region_name=session.region)
        options = Config(
            # Backs off on throttling and on errors of the service, within a budget of retries.
            retries={"mode": "standard", "total_max_attempts": attempts},
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
            user_agent_extra=f"ml_insights/{__version__}",
        )
        return made.client(service, endpoint_url=session.endpoint_url, config=options)
