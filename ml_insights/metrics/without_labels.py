"""Performance expected before labels arrive, from how often such scores were right before.

If a record is positive with probability r, it adds r to the expected true positives above the
threshold and to the expected misses below it (confidence-based estimation, the idea of NannyML's
CBPE). This holds while scores keep their meaning: it follows a shift of traffic, and it is blind to
a change of what is positive. It is therefore shown with the error it had on days whose labels came.
What does not belong here: rates themselves (`calibration`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ml_insights.metrics.arrays import FloatArray, ratio
from ml_insights.metrics.calibration import isotonic_rates
from ml_insights.metrics.student import student_95

if TYPE_CHECKING:
    from ml_insights.metrics.confusion import BinCounts

LEAST_ERRORS = 3
"""With fewer past errors their spread is not known."""


class Expected(NamedTuple):
    """Expected counts at a threshold and the ratios they make; NaN where undefined."""

    true_positives: float
    false_positives: float
    false_negatives: float
    precision: float
    recall: float
    f1: float


def expected_performance(
    bins: BinCounts, expected_positives: FloatArray, threshold_index: int
) -> Expected:
    """Expected performance of all records of a curve, labelled or not.

    Args:
        bins: counts of the curve.
        expected_positives: expected number of positives of each bin, shape (bins,): its
            `score_sum` for a calibrated model, or from `rates_of`.
        threshold_index: grid threshold at which precision, recall and F1 are taken.
    """
    above = bins.threshold_index >= threshold_index
    alarms = float(bins.records[above].sum())
    found = float(expected_positives[above].sum())
    missed = float(expected_positives[~above].sum())
    precision, recall, f1 = (
        float(ratio(np.array(part), np.array(whole)))
        for part, whole in (
            (found, alarms),
            (found, found + missed),
            (2 * found, alarms + found + missed if found + missed else 0.0),
        )
    )
    return Expected(found, alarms - found, missed, precision, recall, f1)


def positives_by_past_rates(bins: BinCounts, reference: BinCounts) -> FloatArray:
    """Expected positives of each bin at the rates that labels of other days showed.

    Args:
        bins: counts of the curve to be judged.
        reference: counts of days with labels, on the same grid.

    Returns:
        Shape (bins,); NaN if the reference has no labels.
    """
    rates = isotonic_rates(reference)
    if rates.size == 0:
        return np.full(bins.records.shape, np.nan)
    place = np.searchsorted(reference.threshold_index, bins.threshold_index, side="right") - 1
    return np.asarray(bins.records * rates[np.maximum(place, 0)])


def error_band(value: float, errors: FloatArray) -> tuple[float, float]:
    """Where the value that labels show will lie on 95 of 100 days, by the errors of other days.

    Errors are taken to be independent and normal around 0, so the next one divided by the root
    mean square of those before follows Student's t with as many degrees of freedom as there are. A
    bias is in the root mean square.

    Args:
        value: the estimate, in [0, 1].
        errors: of estimates on other days, shape (days,).

    Returns:
        Ends within [0, 1]; NaN with fewer than `LEAST_ERRORS`, or without estimate.

    >>> low, high = error_band(0.8, np.array([0.01, -0.01, 0.01, 0.01]))
    >>> round(low, 3), round(high, 3)
    (0.772, 0.828)
    """
    if errors.size < LEAST_ERRORS or math.isnan(value):
        return math.nan, math.nan
    half = student_95(errors.size) * math.sqrt(np.mean(np.square(errors)))
    return max(0.0, value - half), min(1.0, value + half)
