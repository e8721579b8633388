"""The headline numbers of a curve as estimates that know their interval.

What belongs here: which method stands for which number, and where it changes. What does not: the
methods (`intervals`, `influence`, `differences`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ml_insights.metrics.areas import average_precision
from ml_insights.metrics.differences import Estimate, F1Share, LogitNormal, Share
from ml_insights.metrics.influence import average_precision_influence, variance
from ml_insights.metrics.precision_recall import (
    false_positive_rate,
    recall,
    standardised_precision,
)
from ml_insights.metrics.roc_interval import roc_auc_estimate

if TYPE_CHECKING:
    from ml_insights.metrics.confusion import BinCounts

ENOUGH_POSITIVES = 100
"""From so many positives the spread of average precision is estimated from the data.

With fewer, the binomial form of Boyd, Eng & Page (2013) covers better (benchmarks/numbers.md).
"""

METRICS = ("average_precision", "roc_auc", "precision", "recall", "f1")
"""What is compared between curves; the last three at the operating threshold."""

TESTED_EXACTLY = ("precision", "recall", "f1")
"""Shares: their p-value is exact however few records there are; that of others is not."""


def estimates(bins: BinCounts, threshold_index: int) -> dict[str, Estimate]:
    """The estimates of `METRICS` for one curve.

    Args:
        bins: counts of the curve.
        threshold_index: grid threshold at which precision, recall and F1 are taken.

    >>> from ml_insights.metrics.thresholds import ThresholdGrid
    >>> from ml_insights.metrics.confusion import BinCounts
    >>> bins = BinCounts.from_scores(ThresholdGrid(), [0.9, 0.8, 0.1], [1, 0, 1])
    >>> estimates(bins, 9729)["recall"]
    Share(successes=1, trials=2)
    """
    counts = bins.confusion_at(np.array([threshold_index]))
    found, false_alarms, missed = (
        int(cells[0])
        for cells in (counts.true_positives, counts.false_positives, counts.false_negatives)
    )
    positives = found + missed
    return {
        "average_precision": average_precision_estimate(bins),
        "roc_auc": roc_auc_estimate(bins),
        "precision": Share(found, found + false_alarms),
        "recall": Share(found, positives),
        "f1": F1Share(Share(found, positives + false_alarms if positives else 0)),
    }


def average_precision_estimate(bins: BinCounts) -> LogitNormal:
    """Average precision with its standard error: binomial, or from `ENOUGH_POSITIVES` on influence.

    The influence agrees with the Poisson bootstrap and needs no random numbers.
    """
    value, positives = average_precision(bins).value, int(bins.positives.sum())
    if positives < ENOUGH_POSITIVES:
        return LogitNormal(value, binomial_error(value, positives), "binomial")
    error = math.sqrt(variance(average_precision_influence(bins), bins))
    return LogitNormal(value, error, "influence")


def standardised_precision_estimate(
    bins: BinCounts, threshold_index: int, prevalence: float
) -> LogitNormal:
    """Precision the curve would have at another prevalence, so that curves can be compared.

    ``logit(precision) = logit(prevalence) + ln(recall / false positive rate)``, and the variance
    of the logarithm of that ratio of two shares is ``(1 - recall) / TP + (1 - rate) / FP``.

    Args:
        bins: counts of the curve.
        threshold_index: grid threshold.
        prevalence: the common share of positives.

    Returns:
        Without an interval where there is no true or no false positive, for it is 0 or 1 then.
    """
    counts = bins.confusion_at(np.array([threshold_index]))
    found, false_alarms = float(counts.true_positives[0]), float(counts.false_positives[0])
    rate = false_positive_rate(counts)
    value = float(standardised_precision(recall(counts), rate, prevalence)[0])
    if not (found and false_alarms):
        return LogitNormal(value, math.nan, "delta")
    spread = (1 - float(recall(counts)[0])) / found + (1 - float(rate[0])) / false_alarms
    return LogitNormal(value, math.sqrt(spread) * value * (1.0 - value), "delta")


def binomial_error(value: float, positives: int) -> float:
    """Standard error of an average precision as if it were a share of the positives.

    Boyd, Eng & Page (2013); NaN without positives.
    """
    return math.sqrt(value * (1.0 - value) / positives) if positives else float("nan")
