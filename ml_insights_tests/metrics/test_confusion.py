"""Counts equal a brute-force comparison, and merging equals counting everything at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_insights.errors import ContractError
from ml_insights.metrics.binning import threshold_values
from ml_insights.metrics.confusion import BinCounts, ConfusionCounts
from ml_insights.metrics.thresholds import ThresholdGrid
from ml_insights_tests.metrics.cases import (
    GRID,
    SMALL_GRID,
    Records,
    bins_of,
    columns,
    hard_curves,
    records,
)

CELLS = ("true_positives", "false_positives", "false_negatives", "true_negatives")
EVERY_INDEX = np.arange(GRID.size)


def brute_force(
    scores: npt.NDArray[np.float64], labels: npt.NDArray[np.int64], threshold: float
) -> list[int]:
    """The four cells by comparing every record."""
    above = scores >= threshold
    return [int(np.sum(side & (labels == label))) for side in (above, ~above) for label in (1, 0)]


def cells(counts: ConfusionCounts) -> list[list[int]]:
    """The four cells of each threshold, in the order of `CELLS`."""
    columns_of_cells = (getattr(counts, name).tolist() for name in CELLS)
    return [list(row) for row in zip(*columns_of_cells, strict=True)]


def up_to_rounding(bins: BinCounts) -> dict[str, Any]:
    """The counts as they are; the float sums compare equal when only rounding differs."""
    sums = pytest.approx(bins.score_sum.tolist(), rel=1e-14, abs=0.0)
    return {**columns(bins), "score_sum": sums}


def counts_above(values: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """How many values are at or above each threshold of the grid."""
    return values.size - np.searchsorted(np.sort(values), threshold_values(GRID), side="left")


@given(records(SMALL_GRID))
def test_counts_at_every_grid_threshold_equal_comparing_every_record(
    drawn: list[tuple[float, int]],
) -> None:
    counts = bins_of(SMALL_GRID, drawn).confusion_at(np.arange(SMALL_GRID.size))
    scores, labels = np.array(drawn, dtype=np.float64).reshape(-1, 2).T
    expected = [brute_force(scores, labels.astype(np.int64), t) for t in SMALL_GRID.thresholds()]
    assert cells(counts) == expected


def test_counts_of_hard_scores_equal_comparing_every_record_at_occupied_thresholds() -> None:
    for scores, labels in hard_curves(seed=2, count=100):
        bins = BinCounts.from_scores(GRID, scores, labels)
        thresholds = threshold_values(GRID)[bins.threshold_index]
        expected = [brute_force(scores, labels, t) for t in thresholds.tolist()]
        assert cells(bins.confusion()) == expected


def test_counts_of_real_data_equal_brute_force_at_every_grid_threshold(
    employment: Records,
) -> None:
    scores, labels = employment
    counts = BinCounts.from_scores(GRID, scores, labels).confusion_at(EVERY_INDEX)
    assert scores.size == 208_892
    assert np.array_equal(counts.true_positives, counts_above(scores[labels == 1]))
    assert np.array_equal(counts.false_positives, counts_above(scores[labels == 0]))
    for index in range(0, GRID.size, 997):
        expected = brute_force(scores, labels, GRID.threshold(index))
        assert [int(getattr(counts, name)[index]) for name in CELLS] == expected


@given(records(GRID))
def test_counts_do_not_rise_with_the_threshold_and_add_up_at_each(
    drawn: list[tuple[float, int]],
) -> None:
    bins = bins_of(GRID, drawn)
    counts = bins.confusion_at(EVERY_INDEX)
    assert np.all(np.diff(counts.true_positives) <= 0)
    assert np.all(np.diff(counts.false_positives) <= 0)
    assert np.all(counts.true_positives + counts.false_negatives == bins.positives.sum())
    assert np.all(counts.false_positives + counts.true_negatives == bins.negatives.sum())
    assert bins.records.sum() == len(drawn)


@given(records(GRID), records(GRID))
def test_merging_equals_counting_all_records_at_once(
    one: list[tuple[float, int]], other: list[tuple[float, int]]
) -> None:
    merged, at_once = bins_of(GRID, one) + bins_of(GRID, other), bins_of(GRID, one + other)
    assert columns(merged) == up_to_rounding(at_once)


@given(records(SMALL_GRID), records(SMALL_GRID), records(SMALL_GRID))
def test_merging_is_associative_and_commutative(
    a: list[tuple[float, int]], b: list[tuple[float, int]], c: list[tuple[float, int]]
) -> None:
    x, y, z = (bins_of(SMALL_GRID, drawn) for drawn in (a, b, c))
    left, right = x + y + z, x + (y + z)
    assert columns(left) == up_to_rounding(right)
    assert columns(x + y) == columns(y + x)


@given(records(GRID))
def test_merging_with_nothing_changes_nothing(drawn: list[tuple[float, int]]) -> None:
    bins = bins_of(GRID, drawn)
    assert columns(bins + bins_of(GRID, [])) == columns(bins)


@given(st.data())
def test_the_order_of_records_does_not_matter_to_the_last_bit(data: st.DataObject) -> None:
    drawn = data.draw(records(SMALL_GRID))
    shuffled = data.draw(st.permutations(drawn))
    assert columns(bins_of(SMALL_GRID, drawn)) == columns(bins_of(SMALL_GRID, shuffled))


def test_counting_and_merging_leave_their_input_alone() -> None:
    scores, labels = np.array([0.9, 0.1]), np.array([1, 0])
    bins = BinCounts.from_scores(GRID, scores, labels)
    before = columns(bins)
    assert columns(bins + bins)["positives"] == [0, 2]
    assert columns(bins) == before
    assert (scores.tolist(), labels.tolist()) == ([0.9, 0.1], [1, 0])


def test_counts_of_different_grids_are_not_added() -> None:
    with pytest.raises(ContractError, match="two-sided-20-9 and two-sided-3-1"):
        bins_of(GRID, [(0.5, 1)]) + bins_of(SMALL_GRID, [(0.5, 1)])


def test_counts_beyond_float32_and_int32_stay_exact() -> None:
    million = np.array([10**12 + 1, 100_000_001, 16_777_217])
    bins = BinCounts(
        GRID, np.array([5, 7, 9]), million, million, million, score_sum=np.array([1.0, 1.5, 2.0])
    )
    merged = (bins + bins).confusion()
    above = [10**12 + 1 + 100_000_001 + 16_777_217, 100_000_001 + 16_777_217, 16_777_217]
    assert merged.true_positives.tolist() == [2 * number for number in above]


def test_booleans_are_labels_and_minus_1_is_no_label() -> None:
    flags, numbers = (
        BinCounts.from_scores(GRID, [0.5, 0.5], labels) for labels in ([True, False], [1, 0])
    )
    assert columns(flags) == columns(numbers)
    assert BinCounts.from_scores(GRID, [0.5, 0.5], [-1, 1]).unlabelled.tolist() == [1]


@pytest.mark.parametrize(
    ("scores", "labels", "message"),
    [
        ([0.5], [1, 0], "one label for each score"),
        ([[0.5]], [[1]], "one label for each score"),
        ([0.5], [2], "labels 1, 0 and -1 only"),
        ([0.5], [np.nan], "labels 1, 0 and -1 only"),
        ([1.5], [1], "scores are not in"),
    ],
)
def test_records_that_cannot_be_counted_are_refused(
    scores: list[Any], labels: list[Any], message: str
) -> None:
    with pytest.raises(ContractError, match=message):
        BinCounts.from_scores(GRID, scores, labels)


def one_bin(**changes: Any) -> BinCounts:
    """A valid bin, but for the changes."""
    count = np.array([1, 1], dtype=np.int64)
    valid = {
        "grid": GRID,
        "threshold_index": np.array([3, 7], dtype=np.int32),
        "positives": count,
        "negatives": count,
        "unlabelled": count,
        "score_sum": np.array([0.1, 0.2]),
    }
    return BinCounts(**{**valid, **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"threshold_index": np.array([3.0, 7.0])}, "integer threshold indices, not float64"),
        ({"threshold_index": np.array([[3, 7]])}, r"of shape \(1, 2\)"),
        ({"positives": np.array([1.0, 1.0])}, "positives as int64, not float64"),
        ({"unlabelled": np.array([1])}, r"unlabelled for each of 2 bins"),
        ({"score_sum": np.array([1, 1])}, "score_sum as float64"),
        ({"threshold_index": np.array([3, GRID.size])}, r"0\.\.19457"),
        ({"threshold_index": np.array([-1, 3])}, r"0\.\.19457"),
        ({"threshold_index": np.array([7, 3])}, "strictly ascending"),
        ({"threshold_index": np.array([3, 3])}, "strictly ascending"),
        ({"negatives": np.array([1, -1])}, r"negatives of bins \[7\]"),
        ({"score_sum": np.array([np.nan, 1.0])}, r"score_sum of bins \[3\]"),
        ({"score_sum": np.array([np.inf, 1.0])}, r"score_sum of bins \[3\]"),
        (
            dict.fromkeys(("positives", "negatives", "unlabelled"), np.array([0, 1])),
            r"without a record, such as \[3\]",
        ),
    ],
)
def test_arrays_that_break_the_contract_are_refused(changes: dict[str, Any], message: str) -> None:
    assert one_bin().records.tolist() == [3, 3]
    with pytest.raises(ContractError, match=message):
        one_bin(**changes)


@pytest.mark.parametrize("index", [-1, GRID.size])
def test_counts_at_a_threshold_off_the_grid_are_refused(index: int) -> None:
    with pytest.raises(ContractError, match="stay on grid two-sided-20-9"):
        one_bin().confusion_at(np.array([index]))


@pytest.mark.parametrize("grid", [GRID, ThresholdGrid(32, 2)])
def test_no_records_make_no_bins_and_zero_counts_everywhere(grid: ThresholdGrid) -> None:
    bins = BinCounts.from_scores(grid, [], [])
    assert bins.threshold_index.size == 0
    assert cells(bins.confusion()) == []
    assert cells(bins.confusion_at(np.array([0, grid.size - 1]))) == [[0] * 4] * 2
