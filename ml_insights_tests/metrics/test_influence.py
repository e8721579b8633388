"""Influence functions: derivatives by finite differences, DeLong, the bootstrap."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given

from ml_insights.metrics.bootstrap import poisson_bootstrap, standard_error
from ml_insights.metrics.confusion import BinCounts
from ml_insights.metrics.influence import (
    Influence,
    average_precision_influence,
    f1_influence,
    precision_influence,
    recall_influence,
    roc_auc_influence,
    variance,
)
from ml_insights.metrics.intervals import roc_auc_variance
from ml_insights.metrics.seeds import generator
from ml_insights_tests.metrics.cases import EXAMPLE_C, from_groups, groups
from ml_insights_tests.metrics.test_bootstrap import curve

MIDDLE = 19456
"""Threshold between the second and third group of a curve made by `from_groups`."""
METRICS: dict[str, Callable[[BinCounts], Influence]] = {
    "average_precision": average_precision_influence,
    "roc_auc": roc_auc_influence,
    "precision": lambda bins: precision_influence(bins, MIDDLE),
    "recall": lambda bins: recall_influence(bins, MIDDLE),
    "f1": lambda bins: f1_influence(bins, MIDDLE),
}
WEIGHT = 10_000_000


@pytest.mark.parametrize("metric", METRICS)
@given(drawn=groups())
def test_influence_is_the_change_that_one_light_record_makes(
    metric: str, drawn: list[tuple[int, int]]
) -> None:
    of = METRICS[metric]
    heavy = [(WEIGHT * p, WEIGHT * n) for p, n in drawn]
    base = of(from_groups(drawn))
    if math.isnan(base.value):
        return
    for group in range(len(drawn)):
        # Groups descend, bins ascend.
        place = len(drawn) - 1 - group
        for kind, derivative in ((0, base.of_positives), (1, base.of_negatives)):
            more = [
                tuple(n + (g == group and k == kind) for k, n in enumerate(pair))
                for g, pair in enumerate(heavy)
            ]
            moved = of(from_groups([(p, n) for p, n in more])).value - of(from_groups(heavy)).value
            assert moved * WEIGHT == pytest.approx(derivative[place], rel=1e-4, abs=1e-6)


@given(groups())
def test_the_variance_of_roc_auc_is_delongs(drawn: list[tuple[int, int]]) -> None:
    bins = from_groups(drawn)
    ours, theirs = variance(roc_auc_influence(bins), bins), roc_auc_variance(bins)
    if not math.isnan(theirs):
        assert ours == pytest.approx(theirs, abs=1e-14)


def test_worked_delong_variance() -> None:
    bins = from_groups(EXAMPLE_C)
    assert variance(roc_auc_influence(bins), bins) == pytest.approx(0.01222222, abs=5e-9)


@pytest.mark.parametrize("kind", ["rare", "even", "wide", "separated"])
def test_the_error_of_average_precision_is_that_of_the_bootstrap(kind: str) -> None:
    bins = curve(kind)
    drawn = poisson_bootstrap(bins, generator("influence"), 4000)["average_precision"]
    error = math.sqrt(variance(average_precision_influence(bins), bins))
    assert error == pytest.approx(standard_error(drawn), rel=0.07)


def test_the_variance_of_recall_is_that_of_a_share() -> None:
    bins = from_groups(EXAMPLE_C)
    found = recall_influence(bins, MIDDLE)
    assert found.value == 0.7
    assert variance(found, bins) == pytest.approx(0.7 * 0.3 / 9)


@pytest.mark.parametrize("metric", METRICS)
def test_a_curve_without_positives_has_no_influence(metric: str) -> None:
    influence = METRICS[metric](from_groups([(0, 3)]))
    if metric == "precision":
        assert influence.value == 0.0
    else:
        assert math.isnan(influence.value)
        assert np.isnan(influence.of_positives).all()
