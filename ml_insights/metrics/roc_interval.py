"""The interval of ROC AUC: estimated from the sample only where enough of its records decide.

DeLong's variance comes from the errors seen: how far each positive falls among the negatives. Of a
nearly perfect model a few positives carry all of it, and a sample without them looks far too sure.
So the records that carry the errors are counted first, as Kish counts the effective size of
weights. Where they are few, the variance is that of exponential scores with the same area and
balanced classes (Hanley & McNeil 1982, in the form of Newcombe's method 5, 2006), and the limits
are Wilson's with as many trials: rather too wide than too narrow for good models, as measured in
benchmarks/numbers.md.

What does not belong here: the variance from the sample (`intervals`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ml_insights.metrics.areas import roc_auc
from ml_insights.metrics.arrays import FloatArray, ratio
from ml_insights.metrics.differences import EffectiveShare, LogitNormal
from ml_insights.metrics.influence import roc_auc_influence
from ml_insights.metrics.intervals import roc_auc_variance

if TYPE_CHECKING:
    from ml_insights.metrics.confusion import BinCounts

ENOUGH_DECIDING = 40
"""From so many deciding records of each class DeLong's interval is used; how often it then holds is
in benchmarks/numbers.md."""


def roc_auc_estimate(bins: BinCounts) -> LogitNormal | EffectiveShare:
    """The area with DeLong's interval, or Wilson's where fewer than `ENOUGH_DECIDING` decide.

    Returns:
        Without interval if a class has fewer than two records, or all share one bin.

    >>> from ml_insights.metrics.confusion import BinCounts
    >>> from ml_insights.metrics.thresholds import ThresholdGrid
    >>> bins = BinCounts.from_scores(ThresholdGrid(), [0.9, 0.8, 0.2, 0.1], [1, 1, 0, 0])
    >>> roc_auc_estimate(bins).interval(np.array([1.96]))[0].round(3).tolist()
    [0.41]
    """
    value, spread = roc_auc(bins).value, roc_auc_variance(bins)
    separated = spread == 0.0 and value in (0.0, 1.0)
    if separated or (spread > 0.0 and deciding_records(bins) < ENOUGH_DECIDING):
        positives, negatives = (int(part.sum()) for part in (bins.positives, bins.negatives))
        return EffectiveShare(value, effective_trials(value, positives, negatives))
    return LogitNormal(value, math.sqrt(spread), "delong")


def deciding_records(bins: BinCounts) -> float:
    """Effective number of records that carry the errors, of the class that has fewer.

    A record's error is the share of the other class on its wrong side, ties half; for an area
    below a half, on its right side. ``sum(error)^2 / sum(error^2)``; NaN without errors.
    """
    influence = roc_auc_influence(bins)
    right = max(influence.value, 1.0 - influence.value)
    sign = 1.0 if influence.value >= 0.5 else -1.0
    numbers = [
        _effective_size(counts.astype(np.float64), 1.0 - right - sign * derivative * counts.sum())
        for counts, derivative in (
            (bins.positives, influence.of_positives),
            (bins.negatives, influence.of_negatives),
        )
    ]
    return min(numbers)


def effective_trials(value: float, positives: int, negatives: int) -> float:
    """Trials of a share that has the variance of this area with exponential scores.

    >>> effective_trials(0.5, 1, 1)
    1.0
    """
    related = (1.0 - value) / (2.0 - value) + value / (1.0 + value)
    return positives * negatives / (1.0 + ((positives + negatives) / 2.0 - 1.0) * related)


def _effective_size(records: FloatArray, errors: FloatArray) -> float:
    """Kish's effective size, NaN if no record has an error."""
    errors = np.maximum(errors, 0.0)
    return float(ratio(np.square(np.sum(records * errors)), np.sum(records * np.square(errors))))
