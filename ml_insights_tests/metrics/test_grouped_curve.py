"""Metrics on groups of bins: those of the bins where groups are bins, near them where not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_insights.metrics.confusion import BinCounts
from ml_insights.metrics.grouped_curve import GroupedCurve, metrics
from ml_insights_tests.metrics.cases import GRID, from_groups, groups
from ml_insights_tests.metrics.test_bootstrap import CURVES, curve, values


@given(groups())
def test_groups_of_single_bins_have_the_metrics_of_the_curve(drawn: list[tuple[int, int]]) -> None:
    bins = from_groups(drawn)
    if not bins.positives.any():
        return
    found = metrics(GroupedCurve.of(bins, bins.threshold_index.size))
    expected = {name: np.nan_to_num(value) for name, value in values(bins).items()}
    assert {name: float(value) for name, value in found.items()} == pytest.approx(expected)


@given(st.lists(groups(), min_size=1, max_size=4))
def test_several_curves_at_once_are_each_by_itself(drawn: list[list[tuple[int, int]]]) -> None:
    size = max(map(len, drawn))
    padded = [[*one, *[(0, 0)] * (size - len(one))] for one in drawn]
    positives, negatives = np.moveaxis(np.array(padded), -1, 0)
    tied, none = np.ones(size, dtype=bool), np.zeros_like(positives)
    together = metrics(GroupedCurve(none, positives, negatives, tied))
    for row in range(len(drawn)):
        alone = metrics(GroupedCurve(none[row], positives[row], negatives[row], tied))
        for name, value in together.items():
            assert value[row] == pytest.approx(float(alone[name]), nan_ok=True), name


@pytest.mark.parametrize("kind", CURVES)
def test_groups_of_many_bins_have_about_the_metrics_of_the_curve(kind: str) -> None:
    bins = curve(kind)
    found = metrics(GroupedCurve.of(bins, 128))
    for name, value in values(bins).items():
        assert float(found[name]) == pytest.approx(np.nan_to_num(value), abs=0.02), name


@given(groups(), st.integers(1, 8))
def test_groups_keep_every_record_down_to_the_last_positive(
    drawn: list[tuple[int, int]], limit: int
) -> None:
    bins = from_groups(drawn)
    grouped = GroupedCurve.of(bins, limit)
    assert grouped.positives.size <= limit
    assert grouped.positives.sum() == bins.positives.sum()
    if grouped.positives.size:
        lowest = int(np.flatnonzero(bins.positives)[0])
        assert grouped.false_alarms[-1] == bins.negatives[lowest:].sum()


def test_between_the_ends_of_a_group_a_level_is_met_where_negatives_come_evenly() -> None:
    """10 positives and 10 negatives: after (10, 0), precision 80 % is met at 5 negatives of 10."""
    scores = np.linspace(0.9, 0.1, 30)
    labels = np.concatenate((np.ones(10), np.tile([1, 0], 10)))
    bins = BinCounts.from_scores(GRID, scores, labels.astype(np.int64))
    grouped = GroupedCurve(
        np.array([0, 0]), np.array([10, 10]), np.array([0, 10]), np.array([False, False])
    )
    found = metrics(grouped)
    assert float(found["recall_at_precision_80"]) == pytest.approx((10 + 10 / 3) / 20)
    assert float(found["precision_at_recall_80"]) == pytest.approx(16 / 22)
    exact = values(bins)
    assert exact["recall_at_precision_80"] == pytest.approx(14 / 20)
    assert exact["precision_at_recall_80"] == pytest.approx(16 / 21)
