"""How often variants or days that are alike are called different, among many slices.

What belongs here: days of 100 slices drawn alike, a day against the week before, and the share of
days with any false verdict. What does not: the comparison (`ml_insights.metrics.comparison`), pairs
of the same events (`paired_rates`), the gates (`gate_rates`).

    python -m benchmarks.comparison_rates [DAYS]

Scores are log-odds, normal with spread 1, positives 2.2 above negatives, in 60 bins; numbers of
positives and negatives are Poisson. Each metric's 100 tests are one family (Benjamini-Hochberg),
and all of them together as they are on a day. Takes about a second for each day and size.
"""

from __future__ import annotations

import sys
from statistics import NormalDist

import numpy as np

from ml_insights.metrics.arrays import FloatArray
from ml_insights.metrics.comparison import differences
from ml_insights.metrics.confusion import BinCounts
from ml_insights.metrics.false_discovery import benjamini_hochberg
from ml_insights.metrics.thresholds import ThresholdGrid

DAYS, SLICES, WEEK = 100, 100, 7
SIZES = ((20, 0.3), (20, 0.02), (100, 0.3), (100, 0.02), (1000, 0.3))
"""Positives a day and slice, and their share of the labelled records."""

_GRID = ThresholdGrid()
_EDGES = np.linspace(-4.0, 5.0, 61)
_BINS = np.array([_GRID.index_of(float(1 / (1 + np.exp(-edge)))) for edge in _EDGES[:-1]])
_THRESHOLD = int(_BINS[40])


def _chances(mean: float) -> FloatArray:
    """Of each bin, for scores of one class."""
    inside = np.diff([NormalDist(mean).cdf(float(edge)) for edge in _EDGES])
    return np.asarray(inside / inside.sum())


_POSITIVE, _NEGATIVE = _chances(2.2), _chances(0.0)


def _drawn(random: np.random.Generator, positives: float, negatives: float) -> BinCounts:
    found = random.multinomial(random.poisson(positives), _POSITIVE)
    other = random.multinomial(random.poisson(negatives), _NEGATIVE)
    held = found + other > 0
    none = np.zeros(int(held.sum()), dtype=np.int64)
    return BinCounts(_GRID, _BINS[held], found[held], other[held], none, none.astype(np.float64))


def false_days(
    random: np.random.Generator, positives: int, prevalence: float, days: int
) -> dict[str, float]:
    """Share of days on which any of 100 alike slices is called different, by metric and for all."""
    negatives = positives * (1 - prevalence) / prevalence
    wrong: dict[str, int] = {}
    for _ in range(days):
        p_values: dict[str, list[float]] = {}
        for _ in range(SLICES):
            week = _drawn(random, WEEK * positives, WEEK * negatives)
            day = _drawn(random, positives, negatives)
            for metric, compared in differences(week, day, _THRESHOLD).items():
                p_values.setdefault(metric, []).append(compared.difference.p_value)
        families = {**p_values, "all of them": [p for of in p_values.values() for p in of]}
        for name, family in families.items():
            adjusted = benjamini_hochberg(np.array(family))
            wrong[name] = wrong.get(name, 0) + bool(np.nanmin(adjusted) < 0.05)
    return {name: count / days for name, count in wrong.items()}


def main(days: int) -> None:
    """Print the table as Markdown."""
    random = np.random.default_rng(31)
    for place, (positives, prevalence) in enumerate(SIZES):
        found = false_days(random, positives, prevalence, days)
        if not place:
            print("| positives a day and slice | their share | " + " | ".join(found) + " |")
            print("| ---: " * (2 + len(found)) + "|")
        cells = " | ".join(f"{share:.2f}" for share in found.values())
        print(f"| {positives:,} | {100 * prevalence:.0f} % | {cells} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else DAYS)
