"""False alarms and power of the gates over a month of daily looking, by simulation.

What belongs here: months of drawn days, the share of months with a false alarm, the share of falls
found on their first day. What does not: the gates (`ml_insights.metrics.gates`).

    python -m benchmarks.gate_rates

Each slice has a constant recall and false positive rate. Positives of a day are Poisson, and their
number, and so their share, moves from day to day by a fifth. Each day is looked at twice: with half
of its labels, and with all. Takes some minutes on one core.
"""

from __future__ import annotations

import math

import numpy as np

from ml_insights.metrics.arrays import FloatArray, IntArray
from ml_insights.metrics.differences import Share
from ml_insights.metrics.exact_test import fall_p_value
from ml_insights.metrics.gates import LONGEST_MONTH, regressions

SLICES, MONTHS, WEEK = 100, 400, 7
NEGATIVES = 20
"""For each positive."""

POSITIVES = (20, 50, 200, 1000, 10_000)
FALLS = (0.02, 0.05, 0.10, 0.20)
_WORTH_TESTING = 2.5
"""Falls of fewer standard deviations cannot alarm at this rate; they count as p = 1."""


def day_p_values(before: tuple[IntArray, IntArray], today: tuple[IntArray, IntArray]) -> FloatArray:
    """P-values of all slices of one day; (successes, trials) each."""
    share = before[0] / np.maximum(before[1], 1)
    spread = np.sqrt(np.maximum(share * (1 - share), 1e-4) / np.maximum(today[1], 1))
    fall = (share - today[0] / np.maximum(today[1], 1)) / spread
    p_values = np.ones(share.size)
    for place in np.flatnonzero(fall > _WORTH_TESTING):
        was, now = (Share(int(s[place]), int(n[place])) for s, n in (before, today))
        p_values[place] = fall_p_value(was, now)
    return p_values


def alarms(random: np.random.Generator, positives: int) -> float:
    """Share of months with any false alarm, recall and false positive rate of all slices."""
    found = 0
    for _ in range(MONTHS):
        held = np.append(random.uniform(0.4, 0.99, SLICES), random.uniform(0.95, 0.999, SLICES))
        usual = np.append(np.full(SLICES, positives), np.full(SLICES, NEGATIVES * positives))
        days = LONGEST_MONTH + WEEK
        moved = np.exp(random.normal(0.0, 0.2, (days, 1))) ** (np.arange(2 * SLICES) < SLICES)
        early, late = random.poisson(usual * moved / 2, (2, days, 2 * SLICES))
        looks = (early, random.binomial(early, held)), (late, random.binomial(late, held))
        trials, successes = (looks[0][side] + looks[1][side] for side in (0, 1))
        found += any(
            regressions(
                day_p_values(
                    (successes[d - WEEK : d].sum(axis=0), trials[d - WEEK : d].sum(axis=0)), today
                ),
                looks=2,
            ).any()
            for d in range(WEEK, days)
            for today in ((looks[0][1][d], looks[0][0][d]), (successes[d], trials[d]))
        )
    return found / MONTHS


def power(random: np.random.Generator, positives: int, fall: float) -> float:
    """Share of falls of one slice's recall, from 0.85, found at one look among 200 tests."""
    found = 0
    for _ in range(MONTHS):
        week = random.poisson(WEEK * positives)
        today = random.poisson(positives)
        before = Share(int(random.binomial(week, 0.85)), int(week))
        now = Share(int(random.binomial(today, 0.85 - fall)), int(today))
        family = np.append(random.random(2 * SLICES - 1), fall_p_value(before, now))
        found += bool(regressions(family, looks=2)[-1])
    return found / MONTHS


def main() -> None:
    """Print the table as Markdown."""
    random = np.random.default_rng(29)
    heads = [f"found at once: -{100 * fall:.0f} points" for fall in FALLS]
    print("| positives a day and slice | months with a false alarm | " + " | ".join(heads) + " |")
    print("| --- " * (2 + len(heads)) + "|")
    for positives in POSITIVES:
        rate = alarms(random, positives)
        error = math.sqrt(max(rate, 1 / MONTHS) * (1 - rate) / MONTHS)
        cells = " | ".join(f"{power(random, positives, fall):.2f}" for fall in FALLS)
        print(f"| {positives:,} | {rate:.3f} +- {error:.3f} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
