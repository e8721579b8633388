"""Which method stands for which number."""

from __future__ import annotations

import math

import pytest

from ml_insights.metrics.differences import EffectiveShare, LogitNormal, Share
from ml_insights.metrics.estimates import (
    ENOUGH_POSITIVES,
    METRICS,
    average_precision_estimate,
    binomial_error,
    estimates,
)
from ml_insights.metrics.influence import average_precision_influence, variance
from ml_insights.metrics.intervals import Z_95
from ml_insights.metrics.roc_interval import effective_trials
from ml_insights_tests.metrics.cases import EXAMPLE_C, from_groups

ABOVE_TWO_GROUPS = 19456


def test_estimates_of_the_worked_example() -> None:
    found = estimates(from_groups(EXAMPLE_C), ABOVE_TWO_GROUPS)
    assert tuple(found) == METRICS
    assert found["precision"] == found["recall"] == Share(7, 10)
    assert [found[name].value for name in METRICS] == pytest.approx([0.7, 0.75, 0.7, 0.7, 0.7])
    auc = found["roc_auc"]
    assert auc == EffectiveShare(0.75, effective_trials(0.75, 10, 10))
    many = estimates(from_groups([(100 * p, 100 * n) for p, n in EXAMPLE_C]), 0)["roc_auc"]
    assert isinstance(many, LogitNormal)
    # The errors of ten records a class are 0.1105542 with the factor 10 / 9, here 1000 / 999.
    expected = 0.1105542 / 10 * math.sqrt(9 / 10 * 1000 / 999)
    assert many.standard_error == pytest.approx(expected, abs=5e-8)


def test_the_error_of_average_precision_is_binomial_for_few_positives_and_estimated_for_many() -> (
    None
):
    few = from_groups(EXAMPLE_C)
    assert average_precision_estimate(few).standard_error == binomial_error(0.7, 10)
    times = ENOUGH_POSITIVES // 10
    many = from_groups([(times * p, times * n) for p, n in EXAMPLE_C])
    estimated = math.sqrt(variance(average_precision_influence(many), many))
    assert average_precision_estimate(many).standard_error == estimated


@pytest.mark.parametrize("groups", [[], [(0, 4)]])
def test_without_positives_only_precision_may_be_defined(groups: list[tuple[int, int]]) -> None:
    found = estimates(from_groups(groups), 0)
    assert math.isnan(found["precision"].value) is (groups == [])
    assert all(math.isnan(found[name].value) for name in METRICS if name != "precision")


@pytest.mark.parametrize(
    ("value", "positives", "low", "high"),
    [(0.5, 100, 0.402002, 0.597998), (0.9, 50, 0.816846, 0.983154)],
)
def test_the_binomial_error_gives_the_published_symmetric_interval(
    value: float, positives: int, low: float, high: float
) -> None:
    half = Z_95 * binomial_error(value, positives)
    assert (value - half, value + half) == pytest.approx((low, high), abs=5e-7)
