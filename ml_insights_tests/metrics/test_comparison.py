"""Comparing curves: differences of the headline numbers, verdicts, labels still needed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_insights.metrics.comparison import (
    BETTER,
    CANNOT_TELL_YET,
    MOST_LABELS,
    NO_RELEVANT_DIFFERENCE,
    STANDARDISED,
    VERDICTS,
    WORSE,
    differences,
    labels_needed,
    verdict,
)
from ml_insights.metrics.differences import Difference
from ml_insights.metrics.estimates import METRICS
from ml_insights.metrics.precision_recall import (
    false_positive_rate,
    precision,
    recall,
    standardised_precision,
)
from ml_insights_tests.metrics.cases import EXAMPLE_C, from_groups, groups

THRESHOLD = 19456


@given(groups(), groups())
def test_every_metric_is_second_less_first_or_undefined(
    one: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    found = differences(from_groups(one), from_groups(other), THRESHOLD)
    assert tuple(found) == (*METRICS, STANDARDISED)
    for _, _, compared, *_ in found.values():
        assert math.isnan(compared.low) == math.isnan(compared.high)
        if not math.isnan(compared.low):
            assert -1.0 <= compared.low <= compared.value + 1e-12
            assert compared.value <= compared.high + 1e-12


def test_a_curve_does_not_differ_from_itself() -> None:
    bins = from_groups(EXAMPLE_C)
    for first, second, compared, *_ in differences(bins, bins, THRESHOLD).values():
        assert first == second
        assert compared.value == 0.0
        assert compared.p_value == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize(
    ("low", "high", "p_value", "expected"),
    [
        (0.01, 0.05, 0.001, BETTER),
        (-0.05, -0.01, 0.001, WORSE),
        (-0.01, 0.015, 0.8, NO_RELEVANT_DIFFERENCE),
        (-0.03, 0.015, 0.8, CANNOT_TELL_YET),
        (0.001, 0.05, 0.3, CANNOT_TELL_YET),
    ],
)
def test_a_verdict_follows_from_the_interval_and_the_adjusted_p_value(
    low: float, high: float, p_value: float, expected: str
) -> None:
    compared = Difference((low + high) / 2, low, high, 0.04)
    assert verdict(compared, p_value, relevant=0.02) == expected
    assert expected in VERDICTS


def test_what_is_undefined_has_no_verdict_and_needs_no_labels() -> None:
    nothing = Difference(*[math.nan] * 4)
    assert verdict(nothing, math.nan, relevant=0.02) is None
    assert labels_needed(nothing, math.nan, relevant=0.02, labels=10) is None


@pytest.mark.parametrize("tests", [1.0, 40.0])
def test_with_the_labels_needed_the_difference_is_beyond_chance(tests: float) -> None:
    one, other = [(800, 200), (1200, 1800)], [(840, 200), (1160, 1800)]
    before = differences(from_groups(one), from_groups(other), 19457)["recall"].difference
    adjusted = min(1.0, tests * before.p_value)
    needed = labels_needed(before, adjusted, relevant=0.015, labels=8000)
    assert needed is not None
    for more, told in ((0.75, False), (1.25, True)):
        times = more * needed / 8000
        assert times > 1
        grown = [[(round(times * p), round(times * n)) for p, n in each] for each in (one, other)]
        after = differences(from_groups(grown[0]), from_groups(grown[1]), 19457)["recall"]
        assert (adjusted / before.p_value * after.difference.p_value < 0.05) == told


def test_a_difference_that_is_small_needs_an_interval_within_what_is_relevant() -> None:
    one = [(400, 100), (600, 900)]
    before = differences(from_groups(one), from_groups(one), 19457)["recall"].difference
    needed = labels_needed(before, 1.0, relevant=0.02, labels=4000)
    assert needed is not None
    times = math.ceil(needed / 4000)
    grown = from_groups([(times * p, times * n) for p, n in one])
    after = differences(grown, grown, 19457)["recall"].difference
    assert verdict(before, 1.0, relevant=0.02) == CANNOT_TELL_YET
    assert verdict(after, 1.0, relevant=0.02) == NO_RELEVANT_DIFFERENCE


@given(st.floats(-0.5, 0.5), st.floats(0.001, 0.4), st.floats(0.05, 1.0), st.integers(1, 10**6))
def test_what_cannot_be_told_needs_more_labels_than_there_are(
    value: float, half: float, p_value: float, labels: int
) -> None:
    compared = Difference(value, value - half, value + half, p_value)
    needed = labels_needed(compared, p_value, relevant=0.01, labels=labels)
    assert needed is None or labels < needed <= MOST_LABELS


def test_a_difference_that_no_labels_will_tell_names_no_number() -> None:
    nearly = Difference(0.01 * (1 - 1e-12), -0.02, 0.04, 1.0)
    assert labels_needed(nearly, 1.0, relevant=0.01, labels=10_000) is None


@pytest.mark.parametrize(
    ("prevalence", "expected"), [(0.001, 0.0741427), (0.01, 0.4469274), (0.1, 0.8988764)]
)
def test_published_standardised_precisions(prevalence: float, expected: float) -> None:
    ours = standardised_precision(np.array([0.8]), np.array([0.01]), prevalence)
    assert ours[0] == pytest.approx(expected, abs=5e-8)


@given(groups(), st.integers(1, 50))
def test_precision_standardised_to_its_own_prevalence_is_precision(
    drawn: list[tuple[int, int]], times: int
) -> None:
    bins = from_groups([(times * p, n) for p, n in drawn])
    positives, negatives = bins.positives.sum(), bins.negatives.sum()
    if not (positives and negatives):
        return
    counts = bins.confusion()
    ours = standardised_precision(
        recall(counts), false_positive_rate(counts), float(positives / (positives + negatives))
    )
    assert ours == pytest.approx(precision(counts), nan_ok=True)
