"""Precision, recall, F1 and false positive rate at thresholds, and the thresholds that do best.

All are exact at the thresholds of the grid. What does not belong here: anything that integrates
over thresholds (`areas`) and sampling intervals (`intervals`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ml_insights.metrics.arrays import FloatArray, ratio
from ml_insights.metrics.undefined import joined_reasons

if TYPE_CHECKING:
    from ml_insights.metrics.confusion import BinCounts, ConfusionCounts


def precision(counts: ConfusionCounts) -> FloatArray:
    """True positives of all labelled predicted positive, shape (thresholds,); NaN for 0/0."""
    return ratio(counts.true_positives, counts.true_positives + counts.false_positives)


def recall(counts: ConfusionCounts) -> FloatArray:
    """True positives of all positives, shape (thresholds,); NaN without positives."""
    return ratio(counts.true_positives, counts.true_positives + counts.false_negatives)


def f1(counts: ConfusionCounts) -> FloatArray:
    """2 TP / (2 TP + FP + FN), shape (thresholds,); NaN without positives.

    0 where positives exist and none is found, also when nothing is predicted positive: the missed
    positives make the formula defined where precision is not.

    >>> from ml_insights.metrics.confusion import BinCounts
    >>> from ml_insights.metrics.thresholds import ThresholdGrid
    >>> bins = BinCounts.from_scores(ThresholdGrid(), [0.9, 0.5, 0.1], [1, 0, 1])
    >>> f1(bins.confusion()).tolist()
    [0.8, 0.5, 0.6666666666666666]
    """
    found_twice = 2 * counts.true_positives
    errors = counts.false_positives + counts.false_negatives
    positives = counts.true_positives + counts.false_negatives
    return ratio(found_twice, np.where(positives > 0, found_twice + errors, 0))


def false_positive_rate(counts: ConfusionCounts) -> FloatArray:
    """False positives of all negatives, shape (thresholds,); NaN without negatives."""
    return ratio(counts.false_positives, counts.false_positives + counts.true_negatives)


def standardised_precision(
    recall: FloatArray, false_positive_rate: FloatArray, prevalence: float
) -> FloatArray:
    """Precision the same model would have at another prevalence.

    Precisions of samples with different prevalence are not comparable; at a common one they are.

    Args:
        recall: shape (thresholds,).
        false_positive_rate: of the same shape.
        prevalence: common share of positives, in [0, 1].

    Returns:
        NaN where nothing is predicted positive.

    >>> standardised_precision(np.array([0.8]), np.array([0.01]), 0.1).round(7).tolist()
    [0.8988764]
    """
    right, wrong = prevalence * recall, (1.0 - prevalence) * false_positive_rate
    return ratio(right, right + wrong)


def undefined_reasons(counts: ConfusionCounts) -> npt.NDArray[Any]:
    """Why ratios of a threshold are NaN: strings of joined codes, or None, shape (thresholds,).

    >>> from ml_insights.metrics.confusion import BinCounts
    >>> from ml_insights.metrics.thresholds import ThresholdGrid
    >>> bins = BinCounts.from_scores(ThresholdGrid(), [0.9, 0.5, 0.1], [-1, 0, 1])
    >>> undefined_reasons(bins.confusion()).tolist()
    [None, None, 'nothing_labelled_above']
    """
    positives = counts.true_positives + counts.false_negatives
    negatives = counts.false_positives + counts.true_negatives
    # Both totals are the same at every threshold.
    curve = {"no_positives": not positives.any(), "no_negatives": not negatives.any()}
    reasons = np.full(positives.shape, joined_reasons(curve), dtype=object)
    nothing_above = counts.true_positives + counts.false_positives == 0
    reasons[nothing_above] = joined_reasons({**curve, "nothing_labelled_above": True})
    return reasons


class Best(NamedTuple):
    """The largest value of a curve under a condition, and where.

    Attributes:
        value: NaN where no threshold meets the condition.
        position: of its threshold among the occupied bins, the highest of equals; None likewise.
    """

    value: float
    position: int | None


class BestF1(NamedTuple):
    """The largest F1 of a curve.

    Attributes:
        value: largest F1 of a grid threshold; NaN without positives.
        position: position of its threshold among the occupied bins, the highest of equals; None
            without positives.
        limit_high: guaranteed: no threshold at all, on the grid or not, has a larger F1; NaN
            without positives.
    """

    value: float
    position: int | None
    limit_high: float


def best_f1(bins: BinCounts) -> BestF1:
    """The largest F1 and its limit, the largest of `f1_limits`.

    >>> from ml_insights.metrics.confusion import BinCounts
    >>> from ml_insights.metrics.thresholds import ThresholdGrid
    >>> best_f1(BinCounts.from_scores(ThresholdGrid(), [0.9, 0.9, 0.1], [1, 0, 0]))
    BestF1(value=0.6666666666666666, position=1, limit_high=1.0)
    """
    positives = int(bins.positives.sum())
    if positives == 0:
        return BestF1(np.nan, None, np.nan)
    counts = bins.confusion()
    values = f1(counts)
    position = values.size - 1 - int(np.argmax(values[::-1]))
    return BestF1(float(values[position]), position, float(f1_limits(bins).max()))


def f1_limits(bins: BinCounts) -> FloatArray:
    """The largest F1 that a threshold inside each bin may have; NaN without positives.

    The best that can happen is that all positives of the bin lie above all its negatives:
    ``F1 <= 2 TP_i / (P + TP_i + FP_(i-1))``, FP_(i-1) being the negatives above the bin.
    """
    counts = bins.confusion()
    found, above = counts.true_positives, counts.false_positives - bins.negatives
    return ratio(2 * found, int(bins.positives.sum()) + found + above)


def recall_at_precision(counts: ConfusionCounts, percent: int) -> Best:
    """Largest recall of the thresholds with precision >= percent %.

    Compared in integers, so that a precision of exactly ``percent`` % counts.
    """
    found, predicted = counts.true_positives, counts.true_positives + counts.false_positives
    reached = (predicted > 0) & (100 * found >= percent * predicted)
    return _largest(recall(counts), reached)


def precision_at_recall(counts: ConfusionCounts, percent: int) -> Best:
    """Largest precision of the thresholds with recall >= percent %; undefined without positives.

    Compared in integers, so that a recall of exactly ``percent`` % counts.
    """
    found, positives = counts.true_positives, counts.true_positives + counts.false_negatives
    reached = (found > 0) & (100 * found >= percent * positives)
    return _largest(precision(counts), reached)


def _largest(values: FloatArray, reached: npt.NDArray[np.bool_]) -> Best:
    """The largest of the values that are reached, and its highest position."""
    if not reached.any():
        return Best(float("nan"), None)
    among = np.where(reached, values, -1.0)
    position = among.size - 1 - int(np.argmax(among[::-1]))
    return Best(float(values[position]), position)
