"""How often 95 % intervals hold the value of the whole population, by simulation.

What belongs here: populations with known values, the share of intervals that hold them. What does
not: the methods (`ml_insights.metrics`).

    python -m benchmarks.interval_coverage > coverage.md

A population is a pair of normal score distributions on 400 groups; a sample has a Poisson number
of records of each class in each group. Takes about ten minutes on one core.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from ml_insights.metrics.areas import average_precision, roc_auc
from ml_insights.metrics.bootstrap import poisson_bootstrap, standard_error
from ml_insights.metrics.confusion import BinCounts
from ml_insights.metrics.differences import Estimate, LogitNormal
from ml_insights.metrics.estimates import binomial_error, estimates
from ml_insights.metrics.influence import average_precision_influence, variance
from ml_insights.metrics.intervals import Z_95
from ml_insights.metrics.precision_recall import f1, precision, recall
from ml_insights.metrics.thresholds import ThresholdGrid

if TYPE_CHECKING:
    from ml_insights.metrics.arrays import FloatArray, IntArray

GROUPS, SAMPLES, REPLICATES = 400, 600, 400
PREVALENCES = (1e-4, 1e-3, 1e-2, 0.1, 0.5)
POSITIVES = (20, 50, 100, 200, 1000)
DISTANCES = {"strong": 4.0, "middle": 1.6, "weak": 0.6}
"""Distance of the means of the two classes, in standard deviations of the scores."""
HEAVY = 10**12
GRID = ThresholdGrid()
FIRST = 9000
"""Any place on the grid: only the order of bins matters."""


def densities(distance: float, groups: int = GROUPS) -> tuple[FloatArray, FloatArray]:
    """Share of each class in each group, by ascending score."""
    edges = np.linspace(-6, 6, groups - 1)
    return tuple(
        np.diff([0.0, *(NormalDist(mean, 1).cdf(edge) for edge in edges), 1.0])
        for mean in (distance / 2, -distance / 2)
    )  # type: ignore[return-value]


def counts(positives: FloatArray | IntArray, negatives: FloatArray | IntArray) -> BinCounts:
    """Bins of one sample."""
    held = (positives + negatives) > 0
    none = np.zeros(int(held.sum()), dtype=np.int64)
    return BinCounts(
        GRID,
        FIRST + np.flatnonzero(held),
        positives[held].astype(np.int64),
        negatives[held].astype(np.int64),
        none,
        none.astype(np.float64),
    )


def methods(bins: BinCounts, threshold: int, random: np.random.Generator) -> dict[str, Estimate]:
    """The estimates that are judged, by name of metric and method."""
    area, positives = average_precision(bins).value, int(bins.positives.sum())
    drawn = poisson_bootstrap(bins, random, REPLICATES)
    known = estimates(bins, threshold)
    return {
        "AP binomial": LogitNormal(area, binomial_error(area, positives)),
        "AP bootstrap": LogitNormal(area, standard_error(drawn["average_precision"])),
        "AP influence": LogitNormal(
            area, math.sqrt(variance(average_precision_influence(bins), bins))
        ),
        **{name: known[name] for name in ("roc_auc", "precision", "recall", "f1")},
    }


def coverage(distance: float, prevalence: float, positives: int) -> dict[str, float]:
    """Share of samples whose interval holds the population's value; undefined ones miss."""
    of_positives, of_negatives = densities(distance)
    negatives = positives / prevalence - positives
    whole = counts(of_positives * HEAVY, of_negatives * HEAVY * (1 - prevalence) / prevalence)
    # At the threshold where alarms are as many as positives.
    alarms = np.cumsum((of_positives * positives + of_negatives * negatives)[::-1])[::-1]
    threshold = FIRST + int(np.argmin(np.abs(alarms - positives)))
    at = whole.confusion_at(np.array([threshold]))
    true = dict.fromkeys(("AP binomial", "AP bootstrap", "AP influence"))
    truth = {
        **dict.fromkeys(true, average_precision(whole).value),
        "roc_auc": roc_auc(whole).value,
        "precision": float(precision(at)[0]),
        "recall": float(recall(at)[0]),
        "f1": float(f1(at)[0]),
    }
    random = np.random.default_rng(17)
    held = dict.fromkeys(truth, 0)
    for _ in range(SAMPLES):
        bins = counts(
            random.poisson(of_positives * positives), random.poisson(of_negatives * negatives)
        )
        for name, estimate in methods(bins, threshold, random).items():
            low, high = estimate.interval(np.array([Z_95]))
            held[name] += bool(low[0] <= truth[name] <= high[0])
    return {"AP": truth["AP binomial"], **{name: n / SAMPLES for name, n in held.items()}}


def main() -> None:
    """Print the table as Markdown."""
    names: list[str] = []
    for kind, distance in DISTANCES.items():
        for prevalence in PREVALENCES:
            for positives in POSITIVES:
                if positives / prevalence > 2e7:
                    continue
                found = coverage(distance, prevalence, positives)
                if not names:
                    names = list(found)
                    print("| model | prevalence | positives | " + " | ".join(names) + " |")
                    print("| --- " * (3 + len(names)) + "|")
                values = " | ".join(f"{value:.3f}" for value in found.values())
                print(f"| {kind} | {prevalence:g} | {positives} | {values} |", flush=True)


if __name__ == "__main__":
    main()
