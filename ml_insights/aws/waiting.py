"""Waiting for AWS: look again until a state is terminal, never for ever, never too often.

What belongs here: the one wait loop. What does not: which states a service has, and what they mean.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from ml_insights.errors import AwsPermanentError, AwsTransientError, DeadlineExceededError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

Seen = TypeVar("Seen")

_GROWTH = 1.5
_JITTER = 0.2


@dataclass(frozen=True)
class Pace:
    """How long to wait in all, and between two looks.

    Attributes:
        deadline: seconds after which waiting is given up.
        interval: least seconds between two calls.
        longest: most seconds between two calls, before jitter, while the state does not change.
    """

    deadline: float
    interval: float = 10.0
    longest: float = 30.0


@dataclass(frozen=True)
class Clock:
    """Time as the wait loop sees it; tests pass their own.

    Attributes:
        seconds: seconds from some origin, never going back.
        sleep: lets seconds pass.
        spread: a number from 0 to 1, another one at each call.
    """

    seconds: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    spread: Callable[[], float] = random.random


@dataclass(frozen=True)
class States:
    """The states a resource can have; any other is an error.

    Attributes:
        pending: waiting goes on.
        terminal: waiting ends; the caller judges the state.
    """

    pending: Collection[str]
    terminal: Collection[str]


def wait(
    what: str,
    look: Callable[[], Seen],
    state: Callable[[Seen], str],
    *,
    states: States,
    pace: Pace,
    cancel: Callable[[], None] | None = None,
    on_look: Callable[[Seen], None] | None = None,
    clock: Clock = Clock(),
) -> Seen:
    """Look until the state is terminal.

    The pause grows up to `pace.longest` while the state stays, begins anew when it changes, and
    always has some jitter on top, so that it is never shorter than `pace.interval`. A look that
    fails for a reason that passes (`AwsTransientError`) is repeated until the deadline.

    Args:
        what: what is waited for, for messages.
        look: one call of AWS.
        state: the state in what `look` returned.
        states: which states there are.
        pace: deadline and pauses.
        cancel: stops what is waited for; called once when waiting ends in any other way than by a
            terminal state: deadline, error, interrupt.
        on_look: called with each answer, for progress. Its errors end the wait.
        clock: time.

    Returns:
        The answer whose state is terminal.

    Raises:
        DeadlineExceededError: the deadline passed.
        AwsPermanentError: a look failed for good, or the state is unknown.
    """
    end, last, trouble = clock.seconds() + pace.deadline, "never seen", ""
    pause = pace.interval
    with stopped_on_error(what, cancel):
        while True:
            pause = min(pause * _GROWTH, pace.longest)
            try:
                seen = look()
            except AwsTransientError as error:
                trouble = f" The last look failed: {error}"
            else:
                trouble, before, last = "", last, _known(what, state(seen), states)
                if on_look:
                    on_look(seen)
                if last in states.terminal:
                    return seen
                if last != before:
                    pause = pace.interval
            if clock.seconds() >= end:
                raise DeadlineExceededError(
                    f"{what} was not done after {pace.deadline:.0f} s; its state was {last}."
                    f"{trouble} Raise the deadline if the work is larger than planned, then run "
                    "again."
                )
            clock.sleep(max(pause, pace.interval) * (1 + _JITTER * clock.spread()))


def _known(what: str, state: str, states: States) -> str:
    if state not in states.pending and state not in states.terminal:
        raise AwsPermanentError(
            f"{what} is in state {state!r}, which this version does not know; it is treated as "
            f"failed. Known: {', '.join(sorted([*states.pending, *states.terminal]))}.",
            code="UnknownState",
        )
    return state


@contextmanager
def stopped_on_error(what: str, cancel: Callable[[], None] | None) -> Iterator[None]:
    """Call `cancel` when the block ends by an error or interrupt, which then goes on.

    A second failure, of `cancel`, is told beside the first and not instead of it.
    """
    try:
        yield
    except BaseException as error:
        if cancel:
            try:
                cancel()
            except Exception as second:  # noqa: BLE001 (the first error is the one to raise)
                error.add_note(f"{what} could not be stopped either: {second}. Stop it by hand.")
        raise
