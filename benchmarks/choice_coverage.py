"""How often intervals about the best threshold hold what they claim, by simulation.

What belongs here: the range of the best threshold, regret, what a kept threshold brings. What does
not: the interval of a sum of money (`money_coverage`).

    python -m benchmarks.choice_coverage [SAMPLES]

The population is the middle one of `interval_coverage` with 10 % positives; a found positive brings
50, a false alarm costs 25. Today's threshold lies some groups of scores above the one that is best
for the population; a kept threshold was chosen on a day of its own and is judged on seven others.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.decision_coverage import Population
from benchmarks.interval_coverage import DISTANCES, FIRST
from ml_insights.metrics.business_value import Outcomes, OutcomeValues
from ml_insights.metrics.kept_threshold import KeptDay, kept_threshold
from ml_insights.metrics.stakes import Stakes
from ml_insights.metrics.threshold_choice import choose, regret

if TYPE_CHECKING:
    from ml_insights.metrics.arrays import IndexArray

SAMPLES, REPLICATES = 600, 400
RECORDS = (500, 5_000, 50_000)
AWAY = (10, 50)
"""Groups of scores between the best threshold and today's: 0.3 and 1.5 standard deviations."""
PREVALENCE, DAYS = 0.1, 7
VALUES = OutcomeValues(Outcomes(50.0, -25.0, 0.0, 0.0))


def coverage(records: int, away: int, samples: int) -> list[float]:
    """Shares of samples.

    Returns:
        The range of the best threshold holds that of the population; it holds the choice of another
        day; the interval of the regret holds the expected one, and that of what a kept threshold
        gains over seven days likewise. An interval that is undefined claims nothing: regret 0.
    """
    random = np.random.default_rng(13)
    population = Population(DISTANCES["middle"], PREVALENCE, round(records * PREVALENCE))
    each = population.positives * 50.0 - population.negatives * 25.0
    true = np.append(np.cumsum(each[::-1])[::-1], 0.0)
    best = int(np.argmax(true))
    operating = best + away
    held = np.zeros(4)
    other = best
    for _ in range(samples):
        bins = population.drawn(random)
        stakes, index = Stakes.of(bins), bins.threshold_index - FIRST
        choice = choose(stakes, VALUES, random, replicates=REPLICATES)
        ends = [_group(index, position) for position in (choice.low, choice.high)]
        position = int(np.searchsorted(index, operating))
        lost = regret(stakes, VALUES, choice, position)
        kept = _group(index, choice.position)
        days = [
            KeptDay(day, Stakes.of(day)) for day in (population.drawn(random) for _ in range(DAYS))
        ]
        brought = kept_threshold(days, VALUES, FIRST + kept, FIRST + operating)
        expected = DAYS * float(true[kept] - true[operating])
        held += [
            # An empty group between two occupied bins is as good as the upper one.
            _group(index, max(choice.low - 1, 0)) < best <= ends[1],
            _group(index, max(choice.low - 1, 0)) < other <= ends[1],
            lost.low <= true[best] - true[operating] <= lost.high,
            brought.low <= expected <= brought.high or kept == operating,
        ]
        other = kept
    return list(held / samples)


def _group(index: IndexArray, position: int) -> int:
    """Group of an occupied bin; above all of them nothing is acted on."""
    return int(index[position]) if position < index.size else Population.GROUPS


def main(samples: int) -> None:
    """Print the table as Markdown."""
    heads = (
        *("records", "groups away", "range holds the best", "range holds another choice"),
        *("regret", "gain of kept"),
    )
    print("| " + " | ".join(heads) + " |\n" + "| ---: " * len(heads) + "|")
    for records in RECORDS:
        for away in AWAY:
            shares = " | ".join(f"{share:.3f}" for share in coverage(records, away, samples))
            print(f"| {records:,} | {away} | {shares} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SAMPLES)
