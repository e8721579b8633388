"""Faults that tests, or a person over the control path, inject into the stand-in.

What belongs here: which call a fault hits and how often. What does not: what hits do: errors,
delays and broken connections are the server's (`server`), effects are the services' own.

A fault that could never hit, because AWS has no such call or the service no such effect, is refused
when it is injected: a test of it would pass without it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Literal

from botocore.exceptions import UnknownServiceError

from ml_insights_tests.aws.protocol import service_model

Kind = Literal["error", "delay", "reset", "effect"]


@dataclass
class Fault:
    """One thing that goes wrong.

    Attributes:
        kind: `error`, `delay` and `reset` (of the connection) hit calls; `effect` is interpreted by
            the service class, which documents its names.
        service: botocore's name of the service; `*` for any.
        operation: such as `DescribeStep`, `*` for any; of an effect its name.
        after: matching calls that pass before the first hit.
        times: hits until the fault is over; infinity for ever.
        code: of the error.
        message: of the error.
        status: HTTP status of the error; None for the model's, or 400.
        seconds: length of the delay, after which the call goes on.
        detail: what an effect needs to know.
        hits: how often it has hit.
    """

    kind: Kind = "error"
    service: str = "*"
    operation: str = "*"
    after: int = 0
    times: float = 1
    code: str = "InternalFailure"
    message: str = "injected by the stand-in"
    status: int | None = None
    seconds: float = 0
    detail: dict[str, Any] = field(default_factory=dict)
    hits: int = 0

    def matches(self, service: str, operation: str) -> bool:
        return self.service in {"*", service} and self.operation in {"*", operation}


class Faults:
    """The faults that are waiting or were injected, in their order; safe for threads.

    Attributes:
        effects: names of the effects of each service that has some.
    """

    def __init__(self, effects: Mapping[str, Collection[str]]) -> None:
        self.effects = effects
        self._lock = Lock()
        self._faults: list[Fault] = []

    def inject(self, fault: Fault) -> Fault:
        """Add a fault; the returned object counts its hits.

        Raises:
            ValueError: nothing could ever meet it.
        """
        self._refuse_impossible(fault)
        with self._lock:
            self._faults.append(fault)
        return fault

    def error(self, service: str, operation: str, code: str, **more: Any) -> Fault:
        """Answer calls with an error; `more` are attributes of `Fault`."""
        return self.inject(Fault("error", service, operation, code=code, **more))

    def throttle(self, service: str, operation: str = "*", **more: Any) -> Fault:
        """Answer calls as a service does that is asked too often."""
        slow = {"code": "SlowDown", "status": 503, "message": "Please reduce your request rate."}
        throttled = {"code": "ThrottlingException", "message": "Rate exceeded"}
        return self.error(service, operation, **(slow if service == "s3" else throttled), **more)

    def delay(self, service: str, operation: str, seconds: float, **more: Any) -> Fault:
        """Answer calls late."""
        return self.inject(Fault("delay", service, operation, seconds=seconds, **more))

    def reset(self, service: str, operation: str = "*", **more: Any) -> Fault:
        """Break the connection of calls without an answer."""
        return self.inject(Fault("reset", service, operation, **more))

    def effect(self, service: str, name: str, **more: Any) -> Fault:
        """Let a service class do what it documents under this name."""
        return self.inject(Fault("effect", service, name, **more))

    def hit(self, service: str, operation: str) -> list[Fault]:
        """The faults that a call meets now: every delay, then at most one error or reset."""
        with self._lock:
            delays = self._due(("delay",), service, operation, limit=math.inf)
            return delays + self._due(("error", "reset"), service, operation, limit=1)

    def take(self, service: str, name: str) -> Fault | None:
        """The next waiting effect of that name, which counts as having happened; None if none."""
        with self._lock:
            return next(iter(self._due(("effect",), service, name, limit=1)), None)

    def all(self) -> list[Fault]:
        with self._lock:
            return list(self._faults)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def _refuse_impossible(self, fault: Fault) -> None:
        service, name = fault.service, fault.operation
        if fault.kind == "effect":
            if name not in self.effects.get(service, ()):
                known = ", ".join(sorted(self.effects.get(service, ()))) or "none"
                raise ValueError(f"{service} has no effect {name}; it has: {known}")
            return
        try:
            calls = () if service == "*" else service_model(service).operation_names
        except UnknownServiceError as error:
            raise ValueError(f"AWS has no service {service}") from error
        if name not in ("*", *calls):
            raise ValueError(f"{service} has no call {name}")

    def _due(self, kinds: tuple[str, ...], service: str, name: str, limit: float) -> list[Fault]:
        due: list[Fault] = []
        for fault in self._faults:
            if fault.kind not in kinds or not fault.matches(service, name) or len(due) >= limit:
                continue
            if fault.after > 0:
                fault.after -= 1
            elif fault.hits < fault.times:
                fault.hits += 1
                due.append(fault)
        return due
