"""How far one record more moves a metric: influence functions on bins.

The influence of a record is the derivative of the metric with respect to the record's weight. Sums
of its squares give the variance of the metric (delta method), and the influences of the same
record in two models give the variance of their difference, covariance included (`paired`). For ROC
AUC this is DeLong's method; for average precision it agrees with the Poisson bootstrap, needs no
random numbers, and is good far into the tails that many tests need.

What belongs here: derivatives and variances. What does not: intervals and tests made from them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from ml_insights.metrics.arrays import FloatArray, ratio

if TYPE_CHECKING:
    from ml_insights.metrics.confusion import BinCounts


class Influence(NamedTuple):
    """Derivatives of a metric by the weight of one record, for each occupied bin.

    Attributes:
        value: the metric; NaN if undefined, and then the derivatives are NaN.
        of_positives: for a positive of the bin, shape (bins,).
        of_negatives: for a negative of the bin, shape (bins,).
    """

    value: float
    of_positives: FloatArray
    of_negatives: FloatArray


def average_precision_influence(bins: BinCounts) -> Influence:
    """Derivatives of average precision.

    A positive adds its own precision and raises that of all thresholds at or below it; a negative
    lowers the latter.

    >>> from ml_insights.metrics.confusion import BinCounts
    >>> from ml_insights.metrics.thresholds import ThresholdGrid
    >>> bins = BinCounts.from_scores(ThresholdGrid(), [0.9, 0.5, 0.1], [1, 0, 1])
    >>> average_precision_influence(bins).of_negatives.round(4).tolist()
    [-0.1111, -0.1111, -0.6111]
    """
    p = bins.positives.astype(np.float64)
    tp, fp = _above(bins)
    alarms = np.maximum(tp + fp, 1.0)
    positives = p.sum()
    precision = tp / alarms
    value = ratio(np.sum(p * precision), positives)
    # Bins ascend, so "at or below this bin" is a plain cumulative sum.
    raised = np.cumsum(p * fp / alarms**2)
    lowered = np.cumsum(p * tp / alarms**2)
    return Influence(
        float(value),
        ratio(precision - value + raised, positives),
        ratio(-lowered, positives),
    )


def roc_auc_influence(bins: BinCounts) -> Influence:
    """Derivatives of the area under the ROC curve: placements less the area (DeLong et al. 1988).

    >>> from ml_insights.metrics.confusion import BinCounts
    >>> from ml_insights.metrics.thresholds import ThresholdGrid
    >>> bins = BinCounts.from_scores(ThresholdGrid(), [0.9, 0.5, 0.1], [1, 0, 1])
    >>> roc_auc_influence(bins).of_positives.tolist()
    [-0.25, 0.0, 0.25]
    """
    p, n = bins.positives.astype(np.float64), bins.negatives.astype(np.float64)
    tp, fp = _above(bins)
    positives, negatives = p.sum(), n.sum()
    of_positives = ratio(negatives - fp + n / 2, negatives)
    of_negatives = ratio(tp - p / 2, positives)
    value = ratio(np.sum(p * of_positives), positives) if negatives else np.float64(np.nan)
    return Influence(
        float(value),
        ratio(of_positives - value, positives),
        ratio(of_negatives - value, negatives),
    )


def precision_influence(bins: BinCounts, threshold_index: int) -> Influence:
    """Derivatives of precision at a threshold of the grid."""
    found, alarms, _, above = _at(bins, threshold_index)
    value = ratio(found, alarms)
    return Influence(
        float(value),
        ratio(np.where(above, 1.0 - value, 0.0), alarms),
        ratio(np.where(above, -value, 0.0), alarms),
    )


def recall_influence(bins: BinCounts, threshold_index: int) -> Influence:
    """Derivatives of recall at a threshold of the grid."""
    found, _, positives, above = _at(bins, threshold_index)
    value = ratio(found, positives)
    return Influence(
        float(value),
        ratio(np.where(above, 1.0 - value, -value), positives),
        np.full(above.shape, 0.0 * value),
    )


def f1_influence(bins: BinCounts, threshold_index: int) -> Influence:
    """Derivatives of F1 at a threshold of the grid."""
    found, alarms, positives, above = _at(bins, threshold_index)
    size = np.where(positives > 0, alarms + positives, 0.0)
    value = ratio(2 * found, size)
    return Influence(
        float(value),
        ratio(np.where(above, 2.0 - 2.0 * value, -value), size),
        ratio(np.where(above, -value, 0.0), size),
    )


def variance(influence: Influence, bins: BinCounts) -> float:
    """Variance of the metric over other records of the same kind.

    Returns:
        NaN if the metric is undefined or a class has a single record.
    """
    total = 0.0
    for counts, derivative in (
        (bins.positives, influence.of_positives),
        (bins.negatives, influence.of_negatives),
    ):
        total += class_variance(counts.astype(np.float64), derivative)
    return total


def class_variance(counts: FloatArray, derivative: FloatArray) -> float:
    """Part of a variance that records of one class bring, with the factor n / (n - 1).

    Args:
        counts: records with each derivative.
        derivative: the same shape.

    Returns:
        0 without records, NaN with a single one.
    """
    records = counts.sum()
    if records == 0:
        return 0.0
    return float(ratio(records * np.sum(counts * derivative**2), np.float64(records - 1)))


def _above(bins: BinCounts) -> tuple[FloatArray, FloatArray]:
    """True and false positives at the threshold of each bin, as float64."""
    counts = bins.confusion()
    return counts.true_positives.astype(np.float64), counts.false_positives.astype(np.float64)


def _at(
    bins: BinCounts, threshold_index: int
) -> tuple[np.float64, np.float64, np.float64, npt.NDArray[np.bool_]]:
    """True positives, labelled alarms and positives at a threshold; bins at or above it."""
    counts = bins.confusion_at(np.array([threshold_index]))
    found, false_alarms, missed = (
        np.float64(cells[0])
        for cells in (counts.true_positives, counts.false_positives, counts.false_negatives)
    )
    above = bins.threshold_index >= threshold_index
    return found, found + false_alarms, found + missed, above
