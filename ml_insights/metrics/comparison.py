"""Two curves of disjoint traffic compared: differences, what they allow to say, what is missing.

What belongs here: the differences of all headline numbers of two curves and the verdict on each.
What does not: the interval of a difference (`differences`), families of tests (`false_discovery`),
which curves are compared with which (the caller knows).
"""

from __future__ import annotations

import math
import sys
from statistics import NormalDist
from typing import TYPE_CHECKING

from ml_insights.metrics.arrays import ratio
from ml_insights.metrics.differences import Compared, Difference
from ml_insights.metrics.estimates import METRICS, estimates, standardised_precision_estimate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ml_insights.metrics.confusion import BinCounts
    from ml_insights.metrics.differences import Estimate

STANDARDISED = "standardised_precision"
MOST_LABELS = 10**12
"""Nobody has more: a difference that needs them cannot be told by waiting."""

BETTER, WORSE = "better", "worse"
NO_RELEVANT_DIFFERENCE = "no_relevant_difference"
CANNOT_TELL_YET = "cannot_tell_yet"
NOT_COMPARABLE = "not_comparable"
VERDICTS = {
    BETTER: "the difference is above 0 by more than chance",
    WORSE: "the difference is below 0 by more than chance",
    NO_RELEVANT_DIFFERENCE: "the whole interval is nearer to 0 than the smallest relevant "
    "difference",
    CANNOT_TELL_YET: "too few labels to tell a relevant difference from chance",
    NOT_COMPARABLE: "the traffic was not split as configured: records are missing or astray",
}
"""What a difference allows to say."""


def differences(
    first: BinCounts,
    second: BinCounts,
    threshold_index: int,
    estimate: Callable[[BinCounts, int], Mapping[str, Estimate]] = estimates,
) -> dict[str, Compared]:
    """Both values and their difference for every metric, for disjoint records.

    Metrics are those of `estimates.METRICS`, and precision standardised to the prevalence of both
    together.

    Args:
        first: counts of the curve that is compared with.
        second: counts of the curve that is compared, on the same grid.
        threshold_index: grid threshold at which precision, recall and F1 are taken.
        estimate: `estimates`, or what remembers it where a curve is compared with several.
    """
    one, other = estimate(first, threshold_index), estimate(second, threshold_index)
    prevalence = _common_prevalence(first, second)
    standardised = (
        standardised_precision_estimate(bins, threshold_index, prevalence)
        for bins in (first, second)
    )
    found = {metric: Compared.of(one[metric], other[metric]) for metric in METRICS}
    return {**found, STANDARDISED: Compared.of(*standardised)}


def _common_prevalence(first: BinCounts, second: BinCounts) -> float:
    positives = first.positives.sum() + second.positives.sum()
    negatives = first.negatives.sum() + second.negatives.sum()
    return float(ratio(positives, positives + negatives))


def verdict(compared: Difference, adjusted_p_value: float, relevant: float) -> str | None:
    """What a difference allows to say: a key of `VERDICTS`, or None if it is undefined.

    Args:
        compared: the difference.
        adjusted_p_value: its p-value within its family.
        relevant: the smallest difference that matters, above 0.

    >>> verdict(Difference(-0.05, -0.08, -0.02, 0.001), 0.004, relevant=0.02)
    'worse'
    >>> verdict(Difference(-0.05, -0.11, 0.01, 0.1), 0.3, relevant=0.02)
    'cannot_tell_yet'
    """
    if math.isnan(adjusted_p_value):
        return None
    if adjusted_p_value < 0.05:
        return BETTER if compared.value > 0 else WORSE
    if -relevant < compared.low and compared.high < relevant:
        return NO_RELEVANT_DIFFERENCE
    return CANNOT_TELL_YET


def labels_needed(
    compared: Difference, adjusted_p_value: float, relevant: float, labels: int
) -> int | None:
    """Labelled records that would bring a verdict if the difference stays, at the present mix.

    A verdict comes when the adjusted p-value is below 0.05, or when the interval lies within the
    relevant difference on both sides. Widths fall with the square root of the number of records,
    and the z of a p-value rises with it.

    Args:
        compared: the difference.
        adjusted_p_value: its p-value within its family; all tests of the family are taken to stay
            as they are.
        relevant: the smallest difference that matters, above 0.
        labels: labelled records of both curves together.

    Returns:
        More than there are, for a difference that cannot be told yet; None if it is undefined, or
        if more than `MOST_LABELS` would be needed.

    >>> labels_needed(Difference(0.01, -0.03, 0.05, 0.6), 0.6, relevant=0.02, labels=1000)
    13970
    >>> labels_needed(Difference(0.1, -0.1, 0.3, 0.3), 1.0, relevant=0.02, labels=1000)
    5508
    """
    if math.isnan(compared.low):
        return None
    size = abs(compared.value)
    farther = max(compared.high - compared.value, compared.value - compared.low)
    within = (farther / (relevant - size)) ** 2 if size < relevant else math.inf
    tests = adjusted_p_value / compared.p_value if compared.p_value > 0.0 else 1.0
    reached = _z(compared.p_value)
    beyond_chance = (_z(0.05 / tests) / reached) ** 2 if reached > 0.0 else math.inf
    needed = labels * min(within, beyond_chance)
    return max(labels + 1, math.ceil(needed)) if needed <= MOST_LABELS else None


def _z(p_value: float) -> float:
    """Normal quantile of a two-sided p-value."""
    return -NormalDist().inv_cdf(max(p_value, sys.float_info.min) / 2)
