"""A clock that tests move: sleeping takes no time."""

from __future__ import annotations

from ml_insights.aws.waiting import Clock


class FakeTime:
    """Seconds that pass only by sleeping; remembers each pause."""

    def __init__(self, spread: float = 0.0) -> None:
        self.seconds = 1000.0
        self.pauses: list[float] = []
        self.clock = Clock(lambda: self.seconds, self._sleep, lambda: spread)

    def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.seconds += seconds
