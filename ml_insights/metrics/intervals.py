"""Sampling intervals: where a value would lie for other records of the same kind.

They answer another question than the guaranteed limits of `areas`, which are about the bins and
not about chance. All assume independent records. What does not belong here: intervals on the
logit scale and of differences (`differences`), and the bootstrap (`bootstrap`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ml_insights.metrics.arrays import FloatArray, IntArray, ratio

if TYPE_CHECKING:
    from ml_insights.metrics.confusion import BinCounts, ConfusionCounts

Z_95 = 1.959963984540054
"""Quantile of the normal distribution that leaves 2.5 % on either side."""


def wilson_interval(
    successes: IntArray | FloatArray, trials: IntArray | FloatArray, z: float | FloatArray = Z_95
) -> tuple[FloatArray, FloatArray]:
    """Score interval of a share (Wilson 1927), elementwise.

    Args:
        successes: counts, 0 <= successes <= trials; fractions where they are effective numbers.
        trials: counts, of the same shape.
        z: normal quantile, or several for one share; 95 % unless told.

    Returns:
        Lower and upper ends in [0, 1]; NaN without trials. Exactly 0 for no success and exactly 1
        for no failure.

    >>> low, high = wilson_interval(np.array([81]), np.array([263]))
    >>> round(float(low[0]), 4), round(float(high[0]), 4)
    (0.2553, 0.3662)
    """
    share, weight = ratio(successes, trials), ratio(np.square(z), trials)
    centre = share + weight / 2
    half = np.sqrt(weight * (share * (1.0 - share) + weight / 4))
    low = (centre - half) / (1.0 + weight)
    # Without success, half is exactly weight / 2 and low exactly 0; without failure, high rounds.
    high = np.where(successes == trials, share, (centre + half) / (1.0 + weight))
    return low, high


def precision_interval(counts: ConfusionCounts, z: float = Z_95) -> tuple[FloatArray, FloatArray]:
    """Wilson's interval of precision, shape (thresholds,); NaN where nothing is predicted."""
    found = counts.true_positives
    return wilson_interval(found, found + counts.false_positives, z)


def recall_interval(counts: ConfusionCounts, z: float = Z_95) -> tuple[FloatArray, FloatArray]:
    """Wilson's interval of recall, shape (thresholds,); NaN without positives."""
    found = counts.true_positives
    return wilson_interval(found, found + counts.false_negatives, z)


def f1_interval(counts: ConfusionCounts, z: float = Z_95) -> tuple[FloatArray, FloatArray]:
    """Interval of F1 through Jaccard's index, shape (thresholds,); NaN without positives.

    ``J = TP / (TP + FP + FN)`` is a share of the union, and ``F1 = 2 J / (1 + J)`` rises with it,
    so Wilson's limits of J become limits of F1.
    """
    found, missed = counts.true_positives, counts.false_negatives
    union = np.where(found + missed > 0, found + counts.false_positives + missed, 0)
    low, high = wilson_interval(found, union, z)
    return 2.0 * low / (1.0 + low), 2.0 * high / (1.0 + high)


def roc_auc_variance(bins: BinCounts) -> float:
    """Variance of the area under the ROC curve (DeLong et al. 1988), from bins.

    A placement is the share of the other class that a record outranks, ties half. NaN with fewer
    than two records of a class.

    >>> from ml_insights.metrics.confusion import BinCounts
    >>> from ml_insights.metrics.thresholds import ThresholdGrid
    >>> bins = BinCounts.from_scores(ThresholdGrid(), [0.9, 0.8, 0.7, 0.6], [1, 0, 1, 0])
    >>> roc_auc_variance(bins)
    0.125
    """
    p, n = bins.positives.astype(np.float64), bins.negatives.astype(np.float64)
    positives, negatives = p.sum(), n.sum()
    if positives < 2 or negatives < 2:
        return float("nan")
    counts = bins.confusion()
    of_positives = (negatives - counts.false_positives + n / 2) / negatives
    of_negatives = (counts.true_positives - p / 2) / positives
    area = np.sum(p * of_positives) / positives
    spread_of_positives = np.sum(p * np.square(of_positives - area)) / (positives - 1)
    spread_of_negatives = np.sum(n * np.square(of_negatives - area)) / (negatives - 1)
    return float(spread_of_positives / positives + spread_of_negatives / negatives)
