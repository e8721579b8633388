"""Two curves of disjoint traffic compared: differences, what they allow to say, what is missing.

What belongs here: the differences of all headline numbers of two curves and the verdict on each.
What does not: the interval of a difference (`differences`), families of tests (`false_discovery`),
which curves are compared with which (the caller knows).
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

from ml_insights.metrics.arrays import ratio
from ml_insights.metrics.differences import Compared, Difference
from ml_insights.metrics.estimates import METRICS, estimates, standardised_precision_estimate
from ml_insights.metrics.intervals import Z_95

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ml_insights.metrics.confusion import BinCounts
    from ml_insights.metrics.differences import Estimate

STANDARDISED = "standardised_precision"
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
    compared: Difference, relevant: float, labels: int, tests: float = 1.0
) -> int | None:
    """Labelled records that would bring a verdict if the difference stays, at the present mix.

    A verdict comes when the p-value is below 0.05 with all tests taken into account, or the
    interval lies within the relevant difference on both sides: with one test, when half its width
    is down to ``max(|d|, relevant - |d|)``. The width falls with the square root of the number of
    records.

    Args:
        compared: the difference.
        relevant: the smallest difference that matters, above 0.
        labels: labelled records of both curves together.
        tests: so many times larger is the adjusted p-value.

    Returns:
        None if the difference is undefined.

    >>> labels_needed(Difference(0.01, -0.03, 0.05, 0.6), relevant=0.02, labels=1000)
    16000
    >>> labels_needed(Difference(0.1, -0.1, 0.3, 0.3), relevant=0.02, labels=1000, tests=100)
    12616
    """
    half = (compared.high - compared.low) / 2
    if math.isnan(half):
        return None
    size = abs(compared.value)
    beyond_chance = size * Z_95 / -NormalDist().inv_cdf(0.025 / tests)
    return math.ceil(round(labels * (half / max(beyond_chance, relevant - size)) ** 2, 6))
