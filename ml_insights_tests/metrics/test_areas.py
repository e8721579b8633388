"""Areas and their limits: worked values, every order inside tiny bins, scikit-learn, real data."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from scipy.integrate import quad
from sklearn import config_context
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from ml_insights.metrics.areas import achievable_pr_area, average_precision, roc_auc
from ml_insights.metrics.confusion import BinCounts
from ml_insights.metrics.thresholds import ThresholdGrid
from ml_insights_tests.metrics.cases import (
    EXAMPLE_A,
    EXAMPLE_B,
    EXAMPLE_C,
    GRID,
    SMALL_GRID,
    Records,
    bins_of,
    from_groups,
    groups,
    hard_curves,
    records,
)
from ml_insights_tests.metrics.orders import Group, refinements

ROUNDING = 1e-12
"""Documented slack of the limits."""


def exact_average_precision(curve: tuple[Group, ...]) -> Fraction:
    """Step sum over tie groups, in rational numbers."""
    total, tp, fp = Fraction(0), 0, 0
    for p, n in curve:
        tp, fp = tp + p, fp + n
        total += p * Fraction(tp, tp + fp)
    return total / tp


def exact_roc_auc(curve: tuple[Group, ...]) -> Fraction:
    """Pairs in the right order over tie groups, ties half, in rational numbers."""
    right, negatives_above = Fraction(0), 0
    positives, negatives = (sum(group[side] for group in curve) for side in (0, 1))
    for p, n in curve:
        negatives_above += n
        right += p * (negatives - negatives_above + Fraction(n, 2))
    return right / (positives * negatives)


@pytest.mark.parametrize(
    ("example_groups", "value", "low", "high"),
    [
        (EXAMPLE_B, 0.5, 0.3976719, 0.8333333),
        (EXAMPLE_C, 0.7, 0.6379762, 0.875),
    ],
)
def test_worked_average_precision_and_limits(
    example_groups: tuple[Group, ...], value: float, low: float, high: float
) -> None:
    assert average_precision(from_groups(example_groups)) == pytest.approx((value, low, high))


def test_worked_average_precision_of_a_large_tie_group() -> None:
    assert average_precision(from_groups(EXAMPLE_A)).value == pytest.approx(0.109)


@pytest.mark.parametrize(
    ("example_groups", "value", "low", "high"),
    [(EXAMPLE_B, 0.5, 0.25, 0.75), (EXAMPLE_C, 0.75, 0.65, 0.85)],
)
def test_worked_roc_auc_and_limits(
    example_groups: tuple[Group, ...], value: float, low: float, high: float
) -> None:
    assert roc_auc(from_groups(example_groups)) == pytest.approx((value, low, high))


@pytest.mark.parametrize(
    ("example_groups", "area"), [(EXAMPLE_A, 0.1142752), (EXAMPLE_C, 0.7247665)]
)
def test_worked_achievable_area(example_groups: tuple[Group, ...], area: float) -> None:
    assert achievable_pr_area(from_groups(example_groups)) == pytest.approx(area, abs=5e-8)


@pytest.mark.parametrize(
    "bins",
    [
        ((2, 2),),
        ((1, 3),),
        ((3, 1),),
        ((0, 2), (2, 1)),
        ((2, 1), (1, 2)),
        ((1, 0), (2, 2), (0, 1)),
        ((1, 1), (1, 1), (1, 1)),
        ((3, 0), (0, 3)),
    ],
)
def test_limits_are_attained_by_some_order_and_passed_by_none(bins: tuple[Group, ...]) -> None:
    curves = list(refinements(bins))
    for area, exact in ((average_precision, exact_average_precision), (roc_auc, exact_roc_auc)):
        attained = [float(exact(curve)) for curve in curves]
        value, low, high = area(from_groups(bins))
        assert (low, high) == pytest.approx((min(attained), max(attained)), abs=1e-14)
        assert value == pytest.approx(float(exact(bins)), abs=1e-14)


@pytest.mark.simulation
def test_exact_values_of_2000_hard_curves_lie_inside_the_limits() -> None:
    """No violation; scikit-learn's own checks of its input are off to save time.

    The area below its ROC curve is what `roc_auc_score` returns, after more such checks.
    """
    with config_context(assume_finite=True, skip_parameter_validation=True):
        for scores, labels in hard_curves(seed=4, count=2000):
            bins = BinCounts.from_scores(GRID, scores, labels)
            false_rate, true_rate, _ = roc_curve(labels, scores)
            for area, exact in (
                (average_precision(bins), average_precision_score(labels, scores)),
                (roc_auc(bins), np.trapezoid(true_rate, false_rate)),
            ):
                assert area.limit_low - ROUNDING <= exact <= area.limit_high + ROUNDING
                assert 0.0 <= area.limit_low <= area.value <= area.limit_high <= 1.0


@given(records(SMALL_GRID, labels=(0, 1)))
@example([(0.5, 1), (math.nextafter(0.5, 0.0), 0)])
@example([(0.5, 0), (math.nextafter(0.5, 0.0), 1)])
def test_exact_values_on_a_coarse_grid_lie_inside_the_limits(
    drawn: list[tuple[float, int]],
) -> None:
    drawn = [*drawn, (0.3, 1), (0.6, 0)]
    scores, labels = [score for score, _ in drawn], [label for _, label in drawn]
    bins = bins_of(SMALL_GRID, drawn)
    for area, exact in (
        (average_precision(bins), average_precision_score(labels, scores)),
        (roc_auc(bins), roc_auc_score(labels, scores)),
    ):
        assert area.limit_low - ROUNDING <= exact <= area.limit_high + ROUNDING


@given(groups(max_count=30))
def test_limits_enclose_the_value_on_bins(drawn: list[tuple[int, int]]) -> None:
    for area in (average_precision(from_groups(drawn)), roc_auc(from_groups(drawn))):
        if not math.isnan(area.value):
            assert 0.0 <= area.limit_low <= area.value <= area.limit_high <= 1.0


@given(groups())
def test_the_achievable_area_is_the_integral_of_the_interpolation(
    drawn: list[tuple[int, int]],
) -> None:
    """Precision at recall x, with negatives growing evenly with positives, by quadrature."""
    area, tp, fp = 0.0, 0, 0
    for p, n in drawn:
        if p:
            with np.errstate(under="ignore"):
                area += quad(
                    lambda x, tp=tp, fp=fp, h=n / p: x / (x + fp + h * (x - tp)) if x else 0.0,
                    tp,
                    tp + p,
                )[0]
        tp, fp = tp + p, fp + n
    ours = achievable_pr_area(from_groups(drawn))
    assert ours == pytest.approx(area / tp, abs=1e-7) if tp else math.isnan(ours)


def test_employment_data_reproduces_the_published_values_inside_the_limits(
    employment: Records,
) -> None:
    bins = BinCounts.from_scores(GRID, *employment)
    for area, exact in ((average_precision(bins), 0.88509), (roc_auc(bins), 0.90428)):
        assert area.value == pytest.approx(exact, abs=1e-4)
        assert area.limit_low < exact < area.limit_high
        assert area.limit_high - area.limit_low < 1e-3
    scores, labels = employment
    exact = average_precision_score(labels, scores)
    assert average_precision(bins).limit_low <= exact <= average_precision(bins).limit_high


def test_churn_data_reproduces_the_exact_values_inside_the_limits(churn: Records) -> None:
    bins = BinCounts.from_scores(GRID, *churn)
    assert (bins.records.sum(), bins.positives.sum()) == (201, 28)
    for area, exact in (
        (average_precision(bins), 0.8645652980039463),
        (roc_auc(bins), 0.9395127993393889),
    ):
        assert area.limit_low - ROUNDING <= exact <= area.limit_high + ROUNDING


@given(groups())
def test_repeating_every_record_changes_no_area(drawn: list[tuple[int, int]]) -> None:
    """Nor the limits that do not depend on how many positives can lie apart."""
    once, twice = from_groups(drawn), from_groups(drawn) + from_groups(drawn)
    same = pytest.approx(roc_auc(once), nan_ok=True)
    assert roc_auc(twice) == same
    assert achievable_pr_area(twice) == pytest.approx(achievable_pr_area(once), nan_ok=True)
    one, two = average_precision(once), average_precision(twice)
    assert two.value == pytest.approx(one.value, nan_ok=True)
    assert two.limit_high == pytest.approx(one.limit_high, nan_ok=True)


@given(records(GRID))
def test_unlabelled_records_change_no_area(drawn: list[tuple[float, int]]) -> None:
    labelled = [record for record in drawn if record[1] != -1]
    all_bins, labelled_bins = bins_of(GRID, drawn), bins_of(GRID, labelled)
    for area in (average_precision, roc_auc):
        assert area(all_bins) == pytest.approx(area(labelled_bins), nan_ok=True)


@pytest.mark.parametrize("drawn", [[], [(0.5, -1)], [(0.5, 0), (0.6, 0)]])
def test_no_area_is_defined_without_positives(drawn: list[tuple[float, int]]) -> None:
    bins = bins_of(GRID, drawn)
    undefined = (*average_precision(bins), *roc_auc(bins), achievable_pr_area(bins))
    assert all(math.isnan(value) for value in undefined)


def test_without_negatives_precision_is_1_and_there_is_no_roc_curve() -> None:
    bins = bins_of(GRID, [(0.5, 1), (0.5, 1), (0.9, 1)])
    assert average_precision(bins) == (1.0, 1.0, 1.0)
    assert achievable_pr_area(bins) == 1.0
    assert all(math.isnan(value) for value in roc_auc(bins))


def test_a_perfect_and_a_reversed_ranking_have_the_extreme_areas() -> None:
    perfect, reversed_ = from_groups([(7, 0), (0, 9)]), from_groups([(0, 9), (7, 0)])
    assert average_precision(perfect) == (1.0, 1.0, 1.0)
    assert roc_auc(perfect) == (1.0, 1.0, 1.0)
    assert roc_auc(reversed_) == (0.0, 0.0, 0.0)


def test_a_trillion_records_neither_overflow_nor_lose_the_order_of_limits() -> None:
    huge = 10**12
    bins = from_groups([(3, huge), (huge, huge), (huge, 5)])
    low, value, high = (average_precision(bins)[i] for i in (1, 0, 2))
    assert 0.0 < low < value < high < 1.0
    assert roc_auc(bins).value == pytest.approx(0.125)
    assert 0.0 < achievable_pr_area(bins) < 1.0


def test_limits_narrow_as_the_grid_gets_finer(employment: Records) -> None:
    widths = []
    for bits in (1, 5, 9, 12):
        _, low, high = average_precision(
            BinCounts.from_scores(ThresholdGrid(20, bits), *employment)
        )
        widths.append(high - low)
    assert widths == sorted(widths, reverse=True)


@pytest.mark.parametrize(
    ("example_groups", "untied"), [(EXAMPLE_B, 0.8053696), (EXAMPLE_C, 0.8667749)]
)
def test_the_best_order_without_ties_lies_within_the_limits(
    example_groups: tuple[Group, ...], untied: float
) -> None:
    """Inside each group all positives come first, no two records tie."""
    label = [one for p, n in example_groups for one in (*[1] * p, *[0] * n)]
    exact = average_precision_score(label, -np.arange(len(label)))
    measured = average_precision(from_groups(example_groups))
    assert exact == pytest.approx(untied, abs=5e-8)
    assert measured.limit_low <= exact < measured.limit_high


@pytest.mark.parametrize(
    ("example_groups", "trapezoid"), [(EXAMPLE_A, 0.5545), (EXAMPLE_C, 0.73)], ids=["A", "C"]
)
def test_no_published_area_is_the_trapezoid(
    example_groups: tuple[Group, ...], trapezoid: float
) -> None:
    """The rule of others draws from (0, the first group's precision) and overstates."""
    p, n = np.array(example_groups).cumsum(axis=0).T
    rec, prec = np.append(0.0, p / p[-1]), np.append(p[0] / (p[0] + n[0]), p / (p + n))
    wrong = float(np.sum(np.diff(rec) * (prec[1:] + prec[:-1]) / 2))
    bins = from_groups(example_groups)
    assert wrong == pytest.approx(trapezoid, abs=5e-5)
    assert max(achievable_pr_area(bins), average_precision(bins).value) < wrong


@pytest.mark.parametrize(
    ("prevalence", "floor"), [(0.5, 0.3068528), (0.1, 0.0517554), (0.01, 0.0050168)]
)
def test_the_smallest_average_precision_is_the_floor_of_its_prevalence(
    prevalence: float, floor: float
) -> None:
    """All records in one bin: the low limit puts every negative above every positive."""
    positives = round(prevalence * 10**8)
    bins = from_groups(((positives, 10**8 - positives),))
    assert average_precision(bins).limit_low == pytest.approx(floor, abs=1e-6)
