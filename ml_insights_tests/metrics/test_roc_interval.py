"""The interval of ROC AUC: which method stands where, against scipy, and what it promises."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from scipy import stats

from ml_insights.metrics.areas import roc_auc
from ml_insights.metrics.confusion import BinCounts
from ml_insights.metrics.differences import EffectiveShare, LogitNormal
from ml_insights.metrics.intervals import Z_95, roc_auc_variance
from ml_insights.metrics.roc_interval import (
    ENOUGH_DECIDING,
    deciding_records,
    effective_trials,
    roc_auc_estimate,
)
from ml_insights_tests.metrics.cases import EXAMPLE_C, from_groups, groups


def limits(bins: BinCounts) -> tuple[float, float]:
    low, high = roc_auc_estimate(bins).interval(np.array([Z_95]))
    return float(low[0]), float(high[0])


def test_deciding_records_of_the_worked_example() -> None:
    """Errors of positives .05, .2, .45, .8 with 4, 3, 2, 1 records; negatives are their mirror."""
    expected = 2.5**2 / (4 * 0.05**2 + 3 * 0.2**2 + 2 * 0.45**2 + 0.8**2)
    assert deciding_records(from_groups(EXAMPLE_C)) == pytest.approx(expected)


def test_few_deciding_records_get_wilsons_limits_of_effective_trials() -> None:
    estimate = roc_auc_estimate(from_groups(EXAMPLE_C))
    assert estimate == EffectiveShare(0.75, effective_trials(0.75, 10, 10))
    low, high = limits(from_groups(EXAMPLE_C))
    for end in (low, high):
        spread = end * (1 - end) / effective_trials(0.75, 10, 10)
        assert abs(0.75 - end) == pytest.approx(stats.norm.ppf(0.975) * math.sqrt(spread))


def test_many_deciding_records_get_delongs_interval() -> None:
    many = from_groups([(40 * p, 40 * n) for p, n in EXAMPLE_C])
    assert deciding_records(many) >= ENOUGH_DECIDING
    assert roc_auc_estimate(many) == LogitNormal(0.75, math.sqrt(roc_auc_variance(many)))


def test_effective_trials_give_hanleys_variance_of_balanced_classes() -> None:
    area, each = 0.8, 30
    one, other = area / (2 - area), 2 * area**2 / (1 + area)
    pairs = (each - 1) * (one - area**2) + (each - 1) * (other - area**2)
    hanley = (area * (1 - area) + pairs) / each**2
    assert area * (1 - area) / effective_trials(area, each, each) == pytest.approx(hanley)


def test_one_positive_that_carries_all_errors_widens_the_interval() -> None:
    """999 positives above all negatives and one far below: a sample may easily miss that one."""
    bins = from_groups([(999, 0), (0, 500), (1, 500)])
    assert deciding_records(bins) == pytest.approx(1.0)
    estimated = LogitNormal(roc_auc(bins).value, math.sqrt(roc_auc_variance(bins)))
    assert isinstance(roc_auc_estimate(bins), EffectiveShare)
    assert limits(bins)[0] < roc_auc(bins).value < estimated.value + 1e-12


def test_perfect_separation_has_a_lower_end_below_one() -> None:
    low, high = limits(from_groups([(20, 0), (0, 20)]))
    assert 0.8 < low < 0.95
    assert high == 1.0


@pytest.mark.parametrize("drawn", [[], [(3, 0)], [(0, 3)], [(1, 0), (0, 5)], [(4, 4)]])
def test_without_two_of_a_class_or_in_one_bin_there_is_no_interval(
    drawn: list[tuple[int, int]],
) -> None:
    assert all(map(math.isnan, limits(from_groups(drawn))))


@given(groups())
def test_the_interval_holds_its_value_and_mirrors_with_the_classes(
    drawn: list[tuple[int, int]],
) -> None:
    bins = from_groups(drawn)
    low, high = limits(bins)
    if math.isnan(low):
        return
    assert 0.0 <= low <= roc_auc(bins).value <= high <= 1.0
    mirrored = limits(from_groups([(n, p) for p, n in drawn]))
    assert mirrored == pytest.approx((1.0 - high, 1.0 - low), abs=1e-9)
