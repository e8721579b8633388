"""How often the interval of money holds the expected value where money depends on amounts.

What belongs here: drawing days of log-normal amounts. What does not: intervals of other numbers
(`interval_coverage`).

    python -m benchmarks.money_coverage

Scores are calibrated, 10 % positives; records from 0.25 on are acted on, 2.4 % of all and positive.
Only these bring money that depends on the amount, so that no loss evens out the skew of a gain.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ml_insights.metrics.business_value import (
    Outcomes,
    OutcomeValues,
    interval_is_believable,
    value_interval,
    value_records,
)
from ml_insights.metrics.stakes import Stake, Stakes
from ml_insights.metrics.thresholds import ThresholdGrid

GRID = ThresholdGrid()
BINS = np.array([GRID.index_of(0.125), GRID.index_of(0.25)])
VALUES = OutcomeValues(Outcomes(-5.0, -5.0, 0.0, 0.0), Outcomes(0.01, 0.0, 0.0, 0.0))
DAYS = 1000
FOUND, ACTED = 0.75**9 * 0.325, 0.75**9
"""Chances of a record: acted on and positive; acted on. Scores are Beta(1, 9)."""


def _stakes(random: np.random.Generator, records: int, spread: float) -> Stakes:
    """A day: the bin below the threshold and the bin from it on, amounts in cents."""
    score = random.beta(1, 9, records)
    positive, acted = random.random(records) < score, score >= 0.25
    amount = np.rint(np.exp(random.normal(8.0, spread, records))).astype(np.int64)

    def stake(own: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Stake:
        parts = [amount[own & ~acted], amount[own & acted]]
        return Stake(
            np.array([part.size for part in parts], np.int64),
            np.array([part.sum() for part in parts], np.int64),
            np.array([(part.astype(np.float64) ** 2).sum() for part in parts], np.float64),
        )

    return Stakes(BINS, stake(positive), stake(~positive))


class Coverage(NamedTuple):
    """Shares of days.

    Attributes:
        held: the interval holds the expected value.
        marked: the table says that it may be too narrow.
        misled: the interval misses and is not marked.
    """

    held: float
    marked: float
    misled: float

    def __str__(self) -> str:
        return f"{self.held:.3f} / {self.marked:.2f} / {self.misled:.3f}"


def coverage(records: int, spread: float, days: int = DAYS) -> Coverage:
    """How often the interval holds the expected value, and how often a reader is warned."""
    random = np.random.default_rng(7)
    expected = records * (0.01 * math.exp(8.0 + spread**2 / 2) * FOUND - 5.0 * ACTED)
    held, marked = np.zeros(days, bool), np.zeros(days, bool)
    for day in range(days):
        stakes = _stakes(random, records, spread)
        low, high = value_interval(stakes, BINS[1:], VALUES)
        (effective,) = value_records(stakes, BINS[1:], VALUES)
        held[day] = low[0] <= expected <= high[0]
        marked[day] = not interval_is_believable(effective, VALUES)
    return Coverage(float(held.mean()), float(marked.mean()), float((~held & ~marked).mean()))


def main() -> None:
    """Print a table."""
    print("| found positives a day | spread 0 | spread 1 | spread 1.5 | spread 2 |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    for records in (200, 2_000, 20_000, 80_000):
        shares = (str(coverage(records, spread)) for spread in (0.0, 1.0, 1.5, 2.0))
        print(f"| {records * FOUND:.0f} | {' | '.join(shares)} |")


if __name__ == "__main__":
    main()
