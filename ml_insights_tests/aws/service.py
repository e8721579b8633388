"""What a service of the stand-in is: a class with one method for each operation it knows.

What belongs here: the base class, and what all services share: account, clock, faults. What does
not: any one service.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import RLock
from typing import Any, ClassVar

import boto3
from botocore import xform_name

from ml_insights_tests.aws.faults import Fault, Faults
from ml_insights_tests.aws.refusals import AwsError

ACCOUNT_ID = "123456789012"
"""moto's account, so that its services and ours see the same one."""

INTERNAL = "the-stand-in-itself"
"""Access key of calls that services make on their own, such as writing logs."""

Operation = Callable[[dict[str, Any]], dict[str, Any]]


class Clock:
    """The stand-in's time: real time, plus what a test adds to it."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def advance(self, by: timedelta) -> None:
        self._ahead += by

    def reset(self) -> None:
        self._ahead = timedelta()


@dataclass
class Account:
    """What the services of a stand-in share.

    Attributes:
        endpoint_url: of the stand-in, for what services run themselves.
        folder: scratch files; deleted when the stand-in ends.
        spark_master: takes the place of YARN; `local-cluster[2,1,1024]` has executors of their own.
        clock: what time it is.
        faults: what goes wrong.
    """

    endpoint_url: str
    folder: Path
    spark_master: str = "local[2]"
    clock: Clock = field(default_factory=Clock)
    faults: Faults = field(default_factory=lambda: Faults({}))
    account_id: str = ACCOUNT_ID

    def client(self, name: str, region: str) -> Any:
        """A client of this very stand-in, whose calls meet no faults and are not logged."""
        return boto3.client(
            name,
            region_name=region,
            endpoint_url=self.endpoint_url,
            aws_access_key_id=INTERNAL,
            aws_secret_access_key=INTERNAL,
        )


class Service:
    """A service in one region. Operations run one at a time, so that methods need no locks.

    An operation is a method named like botocore's client method; it gets the checked parameters
    under the names of the model and returns the answer. Where botocore knows how an operation
    pages, the method returns the whole list and the server cuts the page. State moves when it is
    asked for, by describing or listing, not by the time of day.
    """

    name: ClassVar[str]
    """botocore's name of the service."""
    refusal: ClassVar[str] = "ValidationException"
    """Code of the error for a parameter that the model does not allow."""
    page_size: ClassVar[int] = 50
    """Items on a page unless the call asks for another number."""
    effects: ClassVar[frozenset[str]] = frozenset()
    """Names of the effects that can be injected; the module says what each does."""

    def __init__(self, account: Account, region: str) -> None:
        self.account = account
        self.region = region
        self.lock = RLock()

    def operation(self, name: str) -> Operation:
        """The method for an operation of the model.

        Raises:
            AwsError: the stand-in does not simulate it.
        """
        method: Operation | None = getattr(self, xform_name(name), None)
        if method is None:
            raise AwsError(
                "NotSimulated", f"the stand-in does not simulate {self.name}:{name}", 501
            )
        return method

    def close(self) -> None:
        """End what runs."""

    def now(self) -> datetime:
        return self.account.clock.now()

    def effect(self, name: str) -> Fault | None:
        """The injected fault of this service with that name, if one is waiting."""
        assert name in self.effects, f"{self.name} does not declare the effect {name}"
        return self.account.faults.take(self.name, name)

    def arn(self, resource: str, service: str = "") -> str:
        return f"arn:aws:{service or self.name}:{self.region}:{self.account.account_id}:{resource}"
