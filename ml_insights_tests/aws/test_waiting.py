"""Waiting ends by a state, a deadline or an error, and stops what it leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_insights.aws.waiting import Pace, States, wait
from ml_insights.errors import AwsPermanentError, AwsTransientError, DeadlineExceededError
from ml_insights_tests.aws.clock import FakeTime

STATES = States(pending={"STARTING", "RUNNING"}, terminal={"DONE", "FAILED"})
PACE = Pace(deadline=600, interval=10, longest=40)


def showing(*states: str | Exception) -> Callable[[], str]:
    """Shows one state after the other, the last one for ever; errors are raised."""
    left = list(states)

    def look() -> str:
        state = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(state, Exception):
            raise state
        return state

    return look


def wait_for(
    look: Callable[[], str], time: FakeTime, cancel: Callable[[], None] | None = None
) -> str:
    return wait("job 7", look, str, states=STATES, pace=PACE, cancel=cancel, clock=time.clock)


@pytest.mark.parametrize("end", ["DONE", "FAILED"])
def test_a_terminal_state_ends_the_wait_and_nothing_is_stopped(end: str) -> None:
    stopped: list[str] = []
    time = FakeTime()
    assert wait_for(showing("STARTING", end), time, lambda: stopped.append("x")) == end
    assert stopped == []
    assert time.pauses == [10]


def test_pauses_grow_while_the_state_stays_and_begin_anew_when_it_changes() -> None:
    time = FakeTime()
    wait_for(showing(*["STARTING"] * 6, "RUNNING", "RUNNING", "DONE"), time)
    assert time.pauses == [10, 15, 22.5, 33.75, 40, 40, 10, 15]


@given(st.lists(st.sampled_from(["STARTING", "RUNNING"]), max_size=30), st.floats(0, 1))
def test_pauses_lie_between_the_interval_and_the_longest_with_jitter(
    states: list[str], spread: float
) -> None:
    time, long_enough = FakeTime(spread), replace(PACE, deadline=30 * 48)
    look = showing(*states, "DONE")
    wait("job 7", look, str, states=STATES, pace=long_enough, clock=time.clock)
    assert len(time.pauses) == len(states)
    assert all(10 <= pause <= 48 for pause in time.pauses)


def test_after_the_deadline_what_was_waited_for_is_stopped() -> None:
    stopped: list[str] = []
    time = FakeTime()
    with pytest.raises(DeadlineExceededError, match=r"job 7 was not done after 600 s.*RUNNING"):
        wait_for(showing("RUNNING"), time, lambda: stopped.append("x"))
    assert stopped == ["x"]
    assert 600 <= time.seconds - 1000 <= 640


def test_a_state_that_is_not_known_is_an_error() -> None:
    stopped: list[str] = []
    with pytest.raises(AwsPermanentError, match="'WEIRD', which this version does not know"):
        wait_for(showing("RUNNING", "WEIRD"), FakeTime(), lambda: stopped.append("x"))
    assert stopped == ["x"]


def test_a_look_that_is_throttled_is_repeated_with_longer_pauses() -> None:
    time, slow = FakeTime(), AwsTransientError("slow down")
    assert wait_for(showing("RUNNING", slow, slow, "DONE"), time) == "DONE"
    assert time.pauses == [10, 15, 22.5]


def test_throttling_for_ever_ends_at_the_deadline_and_is_named() -> None:
    with pytest.raises(DeadlineExceededError, match="slow down"):
        wait_for(showing(AwsTransientError("slow down")), FakeTime())


@pytest.mark.parametrize("error", [KeyboardInterrupt(), AwsPermanentError("denied")])
def test_an_interrupt_or_error_stops_what_was_waited_for(error: BaseException) -> None:
    stopped: list[str] = []

    def look() -> str:
        raise error

    with pytest.raises(type(error)):
        wait_for(look, FakeTime(), lambda: stopped.append("x"))
    assert stopped == ["x"]


def test_a_stop_that_fails_is_told_beside_the_first_error() -> None:
    def cancel() -> None:
        raise AwsPermanentError("no right to stop")

    with pytest.raises(AwsPermanentError, match="denied") as caught:
        wait_for(showing(AwsPermanentError("denied")), FakeTime(), cancel)
    assert "no right to stop. Stop it by hand." in caught.value.__notes__[0]


def test_each_answer_is_shown_to_the_observer() -> None:
    seen: list[str] = []
    look = showing("STARTING", "RUNNING", "DONE")
    wait("job", look, str, states=STATES, pace=PACE, on_look=seen.append, clock=FakeTime().clock)
    assert seen == ["STARTING", "RUNNING", "DONE"]
