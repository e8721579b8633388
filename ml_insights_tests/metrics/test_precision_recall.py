"""Ratios at thresholds: worked values, scikit-learn, brute force, and what is undefined."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from sklearn.metrics import precision_recall_curve

from ml_insights.metrics.confusion import BinCounts, ConfusionCounts
from ml_insights.metrics.precision_recall import (
    Best,
    BestF1,
    best_f1,
    f1,
    f1_limits,
    false_positive_rate,
    precision,
    precision_at_recall,
    recall,
    recall_at_precision,
    undefined_reasons,
)
from ml_insights_tests.metrics.cases import (
    EXAMPLE_C,
    GRID,
    bins_of,
    from_groups,
    groups,
    hard_curves,
)
from ml_insights_tests.metrics.orders import weak_orders


def descending(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[float]:
    """From the highest threshold down, as the worked values are listed."""
    return [float(value) for value in values[::-1]]


def test_worked_values_at_the_edges() -> None:
    counts = from_groups(EXAMPLE_C).confusion()
    assert descending(precision(counts)) == pytest.approx([0.8, 0.7, 0.6, 0.5])
    assert descending(recall(counts)) == pytest.approx([0.4, 0.7, 0.9, 1.0])
    assert descending(f1(counts)) == pytest.approx([0.53333333, 0.7, 0.72, 0.66666667])
    assert descending(false_positive_rate(counts)) == pytest.approx([0.1, 0.3, 0.6, 1.0])


def test_precision_and_recall_at_occupied_edges_are_scikit_learns_of_the_binned_scores() -> None:
    for scores, labels in hard_curves(seed=3, count=100):
        bins = BinCounts.from_scores(GRID, scores, labels)
        binned = [GRID.index_of(score) for score in scores.tolist()]
        theirs = precision_recall_curve(labels, binned)
        counts = bins.confusion()
        assert np.array_equal(theirs[2], bins.threshold_index)
        np.testing.assert_allclose(precision(counts), theirs[0][:-1], rtol=1e-14)
        np.testing.assert_allclose(recall(counts), theirs[1][:-1], rtol=1e-14)


def at_top(bins: BinCounts) -> ConfusionCounts:
    return bins.confusion_at(np.array([GRID.size - 1]))


def test_precision_is_null_where_nothing_labelled_lies_above() -> None:
    counts = at_top(bins_of(GRID, [(0.9, 1), (0.1, 0)]))
    assert math.isnan(precision(counts)[0])
    assert (recall(counts)[0], f1(counts)[0], false_positive_rate(counts)[0]) == (0.0, 0.0, 0.0)
    assert undefined_reasons(counts).tolist() == ["nothing_labelled_above"]


def test_recall_and_f1_are_null_without_positives() -> None:
    counts = bins_of(GRID, [(0.9, 0)]).confusion()
    assert precision(counts)[0] == 0.0
    assert math.isnan(recall(counts)[0])
    assert math.isnan(f1(counts)[0])
    assert undefined_reasons(counts).tolist() == ["no_positives"]


def test_only_the_false_positive_rate_is_null_without_negatives() -> None:
    counts = bins_of(GRID, [(0.9, 1)]).confusion()
    assert (precision(counts)[0], recall(counts)[0], f1(counts)[0]) == (1.0, 1.0, 1.0)
    assert math.isnan(false_positive_rate(counts)[0])
    assert undefined_reasons(counts).tolist() == ["no_negatives"]


def test_without_any_label_every_ratio_is_null_with_every_reason() -> None:
    counts = bins_of(GRID, [(0.9, -1)]).confusion()
    ratios = [ratio(counts)[0] for ratio in (precision, recall, f1, false_positive_rate)]
    assert np.isnan(ratios).all()
    assert undefined_reasons(counts).tolist() == [
        "no_positives,no_negatives,nothing_labelled_above"
    ]


def test_no_thresholds_have_no_ratios() -> None:
    counts = bins_of(GRID, []).confusion()
    for ratio in (precision, recall, f1, false_positive_rate, undefined_reasons):
        assert ratio(counts).shape == (0,)


def test_worked_limits_of_f1_per_bin() -> None:
    """Bins ascend by score, the worked example descends."""
    bins = from_groups(EXAMPLE_C)
    worked = [0.571429, 0.777778, 0.818182, 0.769231]
    assert f1_limits(bins)[::-1] == pytest.approx(worked, abs=5e-7)
    best = best_f1(bins)
    assert best.limit_high == pytest.approx(max(worked), abs=5e-7)
    assert best.value == pytest.approx(0.72)
    assert best.position == 1


@given(groups(max_count=2))
def test_the_limit_of_f1_is_attained_by_some_order_inside_the_bins(
    drawn: list[tuple[int, int]],
) -> None:
    positives = sum(p for p, _ in drawn)
    attained = [Fraction(0)]
    above = (0, 0)
    for p, n in drawn:
        for order in weak_orders(p, n):
            tp, fp = above
            for more_tp, more_fp in order:
                tp, fp = tp + more_tp, fp + more_fp
                attained.append(Fraction(2 * tp, max(1, positives + tp + fp)))
        above = (above[0] + p, above[1] + n)
    limit = best_f1(from_groups(drawn)).limit_high
    assert limit == pytest.approx(float(max(attained))) if positives else math.isnan(limit)


@given(groups())
@example([(1, 0), (1, 2)])  # F1 is 2/3 at both thresholds
def test_best_f1_is_the_largest_and_its_highest_threshold(drawn: list[tuple[int, int]]) -> None:
    bins = from_groups(drawn)
    best, values = best_f1(bins), f1(bins.confusion())
    if best.position is None:
        assert np.isnan([best.value, best.limit_high, *values]).all()
    else:
        assert best.value == values[best.position] == values.max()
        assert not np.any(values[best.position + 1 :] == best.value)
        assert best.value <= best.limit_high <= 1.0


def test_best_f1_is_null_without_positives() -> None:
    value, position, limit_high = best_f1(bins_of(GRID, [(0.9, 0)]))
    assert (math.isnan(value), position, math.isnan(limit_high)) == (True, None, True)


def test_best_f1_of_a_perfect_ranking_is_1_at_its_threshold() -> None:
    bins = bins_of(GRID, [(0.9, 1), (0.8, 1), (0.2, 0)])
    assert best_f1(bins) == BestF1(1.0, 1, 1.0)


@given(groups())
def test_fixed_levels_are_the_best_of_the_thresholds_that_reach_them(
    drawn: list[tuple[int, int]],
) -> None:
    """Against rational numbers, so that exactly 80 % counts as reached."""
    counts = from_groups(drawn).confusion()
    cells = zip(
        counts.true_positives.tolist(),
        counts.false_positives.tolist(),
        counts.false_negatives.tolist(),
        strict=True,
    )
    points = [(Fraction(tp, tp + fp), Fraction(tp, tp + fn)) for tp, fp, fn in cells if tp + fn > 0]
    for percent in (50, 80, 90, 95):
        level = Fraction(percent, 100)
        recalls = [float(r) for p, r in points if p >= level]
        precisions = [float(p) for p, r in points if r >= level]
        for ours, theirs in (
            (recall_at_precision(counts, percent), recalls),
            (precision_at_recall(counts, percent), precisions),
        ):
            assert ours.value == max(theirs) if theirs else math.isnan(ours.value)
            assert (ours.position is None) == (not theirs)


def test_a_level_that_is_met_exactly_is_reached() -> None:
    counts = from_groups([(4, 1), (1, 4)]).confusion()
    assert recall_at_precision(counts, 80) == Best(0.8, 1)
    assert precision_at_recall(counts, 80) == Best(0.8, 1)
    assert math.isnan(recall_at_precision(counts, 81).value)


def test_an_undefined_precision_reaches_no_level() -> None:
    counts = bins_of(GRID, [(0.9, -1), (0.5, 1), (0.5, 0)]).confusion()
    assert math.isnan(recall_at_precision(counts, 80).value)
    assert math.isnan(precision_at_recall(bins_of(GRID, [(0.9, 0)]).confusion(), 80).value)
