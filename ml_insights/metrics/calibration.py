"""Whether scores mean what they say: a score of 0.3 should be right in 30 of 100 cases.

What belongs here: the reliability table, the calibration error and how large it is by chance, and
the map from scores to rates that labels suggest. What does not: using that map without labels
(`without_labels`).

Only labelled records count. The mean score of the labelled records of a bin is taken to be that of
all its records, which is off by less than the width of the bin.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ml_insights.metrics.arrays import FloatArray, IntArray, ratio
from ml_insights.metrics.intervals import wilson_interval
from ml_insights.metrics.strata import equal_starts, sums

if TYPE_CHECKING:
    from ml_insights.metrics.confusion import BinCounts

GROUPS = 15
"""Customary for the expected calibration error (Guo et al. 2017), here of equal size."""

REPLICATES = 2000
"""Draws of what a calibrated model would show, unless told."""


class Reliability(NamedTuple):
    """Groups of labelled records by ascending score, each of shape (groups,).

    Attributes:
        labelled: labelled records.
        positives: those labelled positive.
        mean_score: mean of their scores: the rate the model says.
        positive_rate: the rate there was.
        low: lower end of its 95 % Wilson interval.
        high: upper end.
    """

    labelled: IntArray
    positives: IntArray
    mean_score: FloatArray
    positive_rate: FloatArray
    low: FloatArray
    high: FloatArray


class CalibrationError(NamedTuple):
    """Expected calibration error and what chance alone makes of it; NaN without labels.

    Attributes:
        value: mean distance of a group's rate to its mean score, weighted by records.
        by_chance: a calibrated model with the same scores stays below it on 95 of 100 days.
        p_value: chance of at least such a value of a calibrated model.
        gap: mean score less positive rate over all labelled: above 0 the scores are too high.
    """

    value: float
    by_chance: float
    p_value: float
    gap: float


def reliability(bins: BinCounts, groups: int = GROUPS) -> Reliability:
    """Rate said and rate found, in groups of about equal size.

    >>> from ml_insights.metrics.confusion import BinCounts
    >>> from ml_insights.metrics.thresholds import ThresholdGrid
    >>> bins = BinCounts.from_scores(ThresholdGrid(), [0.9, 0.7, 0.2, 0.2], [1, 1, 0, 1])
    >>> reliability(bins, 2).positive_rate.tolist()
    [0.5, 1.0]
    """
    labelled = bins.positives + bins.negatives
    held = labelled > 0
    labelled, positives = labelled[held], bins.positives[held]
    with np.errstate(under="ignore"):  # the sum of scores next to 0 is 0 to float64
        score_sum = bins.score_sum[held] * (labelled / bins.records[held])
    starts = equal_starts(labelled, groups)
    in_group = sums(labelled, starts).astype(np.int64)
    found = sums(positives, starts).astype(np.int64)
    low, high = wilson_interval(found, in_group)
    mean_score = ratio(sums(score_sum, starts), in_group)
    return Reliability(in_group, found, mean_score, ratio(found, in_group), low, high)


def calibration_error(
    table: Reliability, random: np.random.Generator, replicates: int = REPLICATES
) -> CalibrationError:
    """Expected calibration error beside what a calibrated model would show.

    Args:
        table: what `reliability` returns.
        random: from `seeds.generator`.
        replicates: draws of positives from the mean scores.
    """
    records = table.labelled.sum()
    if records == 0:
        return CalibrationError(*[float("nan")] * 4)
    weight = table.labelled / records
    said = np.clip(table.mean_score, 0.0, 1.0)
    drawn = random.binomial(table.labelled, said, (replicates, said.size)) / table.labelled
    chance = np.abs(drawn - said) @ weight
    value = float(np.abs(table.positive_rate - said) @ weight)
    return CalibrationError(
        value,
        float(np.quantile(chance, 0.95)),
        _gamma_tail(value, chance),
        float((said - table.positive_rate) @ weight),
    )


def _gamma_tail(value: float, drawn: FloatArray) -> float:
    """Chance of at least a value, by the gamma distribution with mean and variance of the draws.

    Draws alone end at their number: tests of many curves need smaller chances. The error is a sum
    of distances, whose tail is lighter than that of the gamma distribution. Cube roots of gamma
    variables are about normal (Wilson & Hilferty 1931).
    """
    mean, variance = float(drawn.mean()), float(drawn.var())
    if not variance > 0.0:
        return 0.0 if value > mean else 1.0
    spread = variance / (9.0 * mean**2)
    z = ((value / mean) ** (1 / 3) - (1.0 - spread)) / math.sqrt(spread)
    return math.erfc(z / math.sqrt(2.0)) / 2.0


def isotonic_rates(bins: BinCounts) -> FloatArray:
    """Positive rate of each bin that never falls with the score: isotonic regression.

    Pool adjacent violators (Ayer et al. 1955) on labelled records; a bin without one takes the
    rate of the next labelled bin below, or above where there is none.

    Returns:
        Shape (bins,); NaN without labels.
    """
    labelled = bins.positives + bins.negatives
    held = np.flatnonzero(labelled)
    if held.size == 0:
        return np.full(labelled.shape, np.nan)
    found = bins.positives[held]
    # Neighbours without a positive have one rate: they are pooled at once, the loop is for others.
    starts = np.flatnonzero(np.append(True, (found[1:] > 0) | (found[:-1] > 0)))
    widths = np.diff(starts, append=held.size)
    pooled: list[tuple[int, int, int]] = []
    for single in zip(
        sums(found, starts).tolist(),
        sums(labelled[held], starts).tolist(),
        widths.tolist(),
        strict=True,
    ):
        block = single
        while pooled and pooled[-1][0] * block[1] >= block[0] * pooled[-1][1]:
            former = pooled.pop()
            block = (former[0] + block[0], former[1] + block[1], former[2] + block[2])
        pooled.append(block)
    rates = np.repeat([p / n for p, n, _ in pooled], [width for *_, width in pooled])
    below = np.searchsorted(held, np.arange(labelled.size), side="right") - 1
    return np.asarray(rates[np.maximum(below, 0)])
