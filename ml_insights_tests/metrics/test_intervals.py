"""Sampling intervals: published values, scipy, the equations that define them, and edge cases."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ml_insights.metrics.areas import average_precision, roc_auc
from ml_insights.metrics.confusion import BinCounts, ConfusionCounts
from ml_insights.metrics.differences import LogitNormal
from ml_insights.metrics.estimates import binomial_error
from ml_insights.metrics.intervals import (
    Z_95,
    f1_interval,
    roc_auc_variance,
    wilson_interval,
)
from ml_insights.metrics.precision_recall import f1
from ml_insights_tests.metrics.cases import (
    EXAMPLE_C,
    GRID,
    Records,
    bins_of,
    from_groups,
    groups,
    hard_curves,
)


def wilson(successes: int, trials: int, z: float = Z_95) -> tuple[float, float]:
    """One interval."""
    low, high = wilson_interval(np.array([successes]), np.array([trials]), z)
    return float(low[0]), float(high[0])


def logit(value: float, error: float) -> tuple[float, float]:
    """Interval on the logit scale."""
    low, high = LogitNormal(value, error).interval(np.array([Z_95]))
    return float(low[0]), float(high[0])


def average_precision_interval(value: float, positives: int) -> tuple[float, float]:
    """Of Boyd, Eng & Page: a share of the positives on the logit scale."""
    return logit(value, binomial_error(value, positives))


def roc_auc_interval(value: float, variance: float) -> tuple[float, float]:
    return logit(value, math.sqrt(variance))


def cells(tp: int, fp: int, fn: int) -> ConfusionCounts:
    """Counts at one threshold."""
    index, tps, fps, fns, tns = np.array([[0], [tp], [fp], [fn], [0]])
    return ConfusionCounts(index, tps, fps, fns, tns)


def test_z_is_the_normal_quantile() -> None:
    assert pytest.approx(stats.norm.ppf(0.975), rel=1e-15) == Z_95


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_published_wilson_intervals(successes: int, trials: int, low: float, high: float) -> None:
    assert wilson(successes, trials) == pytest.approx((low, high), abs=5e-5)


@given(data=st.data(), trials=st.integers(1, 10**12))
def test_wilson_ends_solve_the_score_equation_and_enclose_the_share(
    data: st.DataObject, trials: int
) -> None:
    successes = data.draw(st.integers(0, trials))
    share = successes / trials
    low, high = wilson(successes, trials)
    assert 0.0 <= low <= share <= high <= 1.0
    for end in (low, high):
        half = Z_95 * math.sqrt(end * (1 - end) / trials)
        assert abs(end - share) == pytest.approx(half, rel=1e-3, abs=1e-9)


@pytest.mark.parametrize(("successes", "trials"), [(3, 17), (50, 80), (999, 1000)])
@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.999])
def test_wilson_agrees_with_scipy_at_any_confidence(
    successes: int, trials: int, confidence: float
) -> None:
    theirs = stats.binomtest(successes, trials).proportion_ci(confidence, "wilson")
    ours = wilson(successes, trials, float(stats.norm.ppf((1 + confidence) / 2)))
    assert ours == pytest.approx((theirs.low, theirs.high), rel=1e-12)


def test_wilson_ends_are_exact_without_success_or_failure() -> None:
    trials = np.arange(1, 1000)
    assert np.all(wilson_interval(np.zeros_like(trials), trials)[0] == 0.0)
    assert np.all(wilson_interval(trials, trials)[1] == 1.0)


def test_wilson_is_undefined_without_trials() -> None:
    assert all(math.isnan(end) for end in wilson(0, 0))


def test_published_f1_interval_through_jaccard() -> None:
    counts = cells(tp=81, fp=182, fn=19)
    assert f1(counts)[0] == pytest.approx(0.446281, abs=5e-7)
    assert wilson(81, 282) == pytest.approx((0.237562, 0.342625), abs=5e-7)
    low, high = f1_interval(counts)
    assert (low[0], high[0]) == pytest.approx((0.383919, 0.510381), abs=5e-7)


@given(groups(max_count=1000))
def test_f1_lies_inside_its_interval(drawn: list[tuple[int, int]]) -> None:
    counts = from_groups(drawn).confusion()
    value, (low, high) = f1(counts), f1_interval(counts)
    assert np.array_equal(np.isnan(value), np.isnan(low))
    assert np.array_equal(np.isnan(value), np.isnan(high))
    defined = ~np.isnan(value)
    assert np.all(low[defined] <= value[defined] + 1e-15)
    assert np.all(high[defined] >= value[defined] - 1e-15)


@pytest.mark.parametrize(
    ("value", "positives", "low", "high"),
    [(0.5, 100, 0.403238, 0.596762), (0.9, 50, 0.781305, 0.957757)],
)
def test_published_logit_intervals_of_average_precision(
    value: float, positives: int, low: float, high: float
) -> None:
    ours = average_precision_interval(value, positives)
    assert ours == pytest.approx((low, high), abs=5e-7)


@pytest.mark.parametrize("value", [1e-9, 0.5, 1 - 1e-13])
@pytest.mark.parametrize("positives", [1, 10**9])
def test_the_logit_interval_stays_inside_0_and_1(value: float, positives: int) -> None:
    low, high = average_precision_interval(value, positives)
    assert 0.0 <= low <= value <= high <= 1.0


@pytest.mark.parametrize("value", [1.0, math.nan])
def test_the_logit_interval_is_undefined_for_1_and_for_nothing(value: float) -> None:
    assert all(math.isnan(end) for end in average_precision_interval(value, 10))


def test_worked_delong_variance_and_interval() -> None:
    bins = from_groups(EXAMPLE_C)
    variance = roc_auc_variance(bins)
    assert variance == pytest.approx(0.01222222, abs=5e-9)
    assert math.sqrt(variance) == pytest.approx(0.1105542, abs=5e-8)
    half = Z_95 * math.sqrt(variance) / (0.75 * 0.25)
    ends = [1 / (1 + math.exp(-math.log(3) - side * half)) for side in (-1, 1)]
    assert roc_auc_interval(0.75, variance) == pytest.approx(ends)


def delong(drawn: list[tuple[int, int]]) -> float:
    """Variance from the placement of every single record, as published."""
    positives = [i for i, (p, _) in enumerate(drawn) for _ in range(p)]
    negatives = [i for i, (_, n) in enumerate(drawn) for _ in range(n)]
    wins = np.array([[(x < y) + (x == y) / 2 for y in negatives] for x in positives])
    of_positives, of_negatives = wins.mean(axis=1), wins.mean(axis=0)
    return float(
        of_positives.var(ddof=1) / len(positives) + of_negatives.var(ddof=1) / len(negatives)
    )


@given(groups())
def test_delong_from_bins_is_delong_from_records(drawn: list[tuple[int, int]]) -> None:
    variance = roc_auc_variance(from_groups(drawn))
    if min(sum(p for p, _ in drawn), sum(n for _, n in drawn)) < 2:
        assert math.isnan(variance)
    else:
        assert variance == pytest.approx(delong(drawn), abs=1e-14)


@pytest.mark.parametrize(
    "drawn", [[], [(0.5, 1)], [(0.5, 1), (0.4, 0), (0.6, 0)], [(0.5, 0), (0.4, 1), (0.6, 1)]]
)
def test_delong_needs_two_records_of_each_class(drawn: list[tuple[float, int]]) -> None:
    assert math.isnan(roc_auc_variance(bins_of(GRID, drawn)))


@pytest.mark.parametrize("drawn", [((4, 0), (0, 4)), ((0, 4), (4, 0)), ((4, 4),)])
def test_an_interval_without_width_is_not_published(drawn: tuple[tuple[int, int], ...]) -> None:
    bins = from_groups(drawn)
    assert roc_auc_variance(bins) == 0.0
    assert all(math.isnan(end) for end in roc_auc_interval(roc_auc(bins).value, 0.0))


def test_the_roc_interval_stays_inside_0_and_1() -> None:
    assert 0.0 <= roc_auc_interval(0.99, 0.01)[0] < 0.99 < roc_auc_interval(0.99, 0.01)[1] <= 1.0


def test_intervals_of_real_data_enclose_the_value_and_are_narrow(employment: Records) -> None:
    bins = BinCounts.from_scores(GRID, *employment)
    roc, area = roc_auc(bins).value, average_precision(bins).value
    for value, (low, high) in (
        (roc, roc_auc_interval(roc, roc_auc_variance(bins))),
        (area, average_precision_interval(area, int(bins.positives.sum()))),
    ):
        assert low < value < high < low + 0.005


def test_intervals_of_hard_curves_enclose_the_value_or_are_undefined() -> None:
    for scores, labels in hard_curves(seed=5, count=300):
        bins = BinCounts.from_scores(GRID, scores, labels)
        area, positives = average_precision(bins).value, int(bins.positives.sum())
        for value, (low, high) in (
            (area, average_precision_interval(area, positives)),
            (roc_auc(bins).value, roc_auc_interval(roc_auc(bins).value, roc_auc_variance(bins))),
        ):
            assert math.isnan(low) == math.isnan(high)
            assert math.isnan(low) or 0.0 <= low <= value <= high <= 1.0
