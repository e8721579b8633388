"""Areas under the precision-recall and ROC curves from bin counts, with guaranteed limits.

Counts do not say how the records of one bin are ordered. The limits are the extremes over every
order and every tie inside the bins; both are attained, so they cannot be narrower, and the value
of the unbinned scores lies between them (up to 1e-12 of rounding). What does not belong here:
sampling intervals (`intervals`), and the trapezoid rule in precision-recall space, which
overstates the area.

Notation: bin i holds p positives and n negatives; tp and fp count from the bin upwards, the bin
included; P and N are the totals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ml_insights.metrics.arrays import FloatArray
from ml_insights.metrics.harmonic import harmonic_difference

if TYPE_CHECKING:
    from ml_insights.metrics.confusion import BinCounts


class Area(NamedTuple):
    """An area on bins and the limits of the area of the unbinned scores; all NaN if undefined."""

    value: float
    limit_low: float
    limit_high: float


_UNDEFINED = Area(np.nan, np.nan, np.nan)


def average_precision(bins: BinCounts) -> Area:
    """Step sum of precision over recall, ``sum p / P * tp / (tp + fp)``; NaN without positives.

    Lowest when in each bin all negatives come first and no positives tie: positive k of a bin then
    has precision ``(tp - p + k) / (tp - p + k + fp)``. Highest when all positives come first and
    tie: ``tp / (tp + fp - n)``.

    >>> from ml_insights.metrics.confusion import BinCounts
    >>> from ml_insights.metrics.thresholds import ThresholdGrid
    >>> average_precision(BinCounts.from_scores(ThresholdGrid(), [0.9, 0.9, 0.1], [1, 0, 0]))
    Area(value=0.5, limit_low=0.5, limit_high=1.0)
    """
    p, n, tp, fp = _bins_with_positives(bins)
    if p.size == 0:
        return _UNDEFINED
    positives = p.sum()
    value = np.sum(p * (tp / (tp + fp))) / positives
    low = np.sum(p - fp * harmonic_difference(tp - p + fp, p)) / positives
    high = np.sum(p * (tp / (tp + fp - n))) / positives
    return Area(float(value), float(min(low, value)), float(high))


def roc_auc(bins: BinCounts) -> Area:
    """Share of positive-negative pairs in the right order, ties half; NaN without one class.

    The limits count the pairs within a bin as wrong, or as right.

    >>> from ml_insights.metrics.confusion import BinCounts
    >>> from ml_insights.metrics.thresholds import ThresholdGrid
    >>> roc_auc(BinCounts.from_scores(ThresholdGrid(), [0.9, 0.9, 0.1], [1, 0, 0]))
    Area(value=0.75, limit_low=0.5, limit_high=1.0)
    """
    p, n, _, fp = _bins_with_positives(bins)
    negatives = float(bins.negatives.sum())
    if p.size == 0 or negatives == 0:
        return _UNDEFINED
    return Area(
        *(
            float(np.sum(p * ((negatives - fp + right * n) / negatives)) / p.sum())
            for right in (0.5, 0.0, 1.0)
        )
    )


def achievable_pr_area(bins: BinCounts) -> float:
    """Area under the achievable interpolation of Davis & Goadrich (2006); NaN without positives.

    Within a bin negatives are taken to come evenly among the positives, h = n / p for each, which
    has a closed form; the first bin with a positive or negative starts at (0, 0).

    >>> from ml_insights.metrics.confusion import BinCounts
    >>> from ml_insights.metrics.thresholds import ThresholdGrid
    >>> achievable_pr_area(BinCounts.from_scores(ThresholdGrid(), [0.9, 0.9, 0.1], [1, 0, 0]))
    0.5
    """
    p, n, tp, fp = _bins_with_positives(bins)
    if p.size == 0:
        return float("nan")
    records, tp_above, fp_above = p + n, tp - p, fp - n
    above = tp_above + fp_above
    # Nothing above: the offset is 0 and the logarithm, which would be infinite, is dropped.
    growth = np.log1p(records / np.where(above > 0, above, 1.0))
    offset = (p / records) * ((p * fp_above - n * tp_above) / records)
    return float(np.sum(p * (p / records) - offset * growth) / p.sum())


def _bins_with_positives(bins: BinCounts) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """p, n, tp, fp of the bins that hold a positive, as float64: products of counts pass int64."""
    counts, held = bins.confusion(), bins.positives > 0
    p, n, tp, fp = (
        values[held].astype(np.float64)
        for values in (
            bins.positives,
            bins.negatives,
            counts.true_positives,
            counts.false_positives,
        )
    )
    return p, n, tp, fp
