"""Few points draw the curve: which are kept, how many, and that the deviation is the true one."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_insights.errors import ContractError
from ml_insights.metrics.binning import threshold_values
from ml_insights.metrics.confusion import BinCounts
from ml_insights.metrics.display import (
    DISPLAY_POINTS,
    display_deviation,
    display_points,
    drawn_lines,
    largest_deviation,
    simplified_lines,
)
from ml_insights.metrics.intervals import wilson_interval
from ml_insights.metrics.precision_recall import best_f1, f1, precision, recall
from ml_insights_tests.metrics.cases import GRID, Records, bins_of, from_groups, records

Line = npt.NDArray[np.float64]
COORDINATES = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=30
).map(lambda points: np.array(points, dtype=np.float64).T / 20)


class Drawn(NamedTuple):
    positions: npt.NDArray[np.int64]
    deviation: float


def simplified(x: Line, *ys: Line, **given: Any) -> Drawn:
    lines = np.array([(x, y) for y in ys])
    positions = simplified_lines(lines, **given)
    return Drawn(positions, largest_deviation(lines, positions))


def drawn_curve(bins: BinCounts, operating_threshold: float) -> Drawn:
    positions = display_points(bins, operating_threshold)
    return Drawn(positions, display_deviation(bins, positions))


def largest_distance(x: Line, y: Line, drawn: Drawn) -> float:
    """Over all left-out points, the distance to the segment drawn past it, one by one."""
    worst = 0.0
    for left, right in pairwise(drawn.positions.tolist()):
        start, end = complex(x[left], y[left]), complex(x[right], y[right])
        for position in range(left + 1, right):
            point, along = complex(x[position], y[position]) - start, end - start
            share = (point * along.conjugate()).real / abs(along) ** 2 if along else 0.0
            worst = max(worst, abs(point - min(1.0, max(0.0, share)) * along))
    return worst


@given(points=COORDINATES, limit=st.integers(2, 12), data=st.data())
def test_the_reported_deviation_is_the_largest_distance_of_a_left_out_point(
    points: npt.NDArray[np.float64], limit: int, data: st.DataObject
) -> None:
    x, y = points
    keep = data.draw(st.sets(st.integers(0, x.size - 1), max_size=2))
    drawn = simplified(x, y, keep=keep, limit=limit)
    assert drawn.deviation == pytest.approx(largest_distance(x, y, drawn), abs=1e-12)
    assert {0, x.size - 1, *keep} <= set(drawn.positions.tolist())
    assert drawn.positions.size <= max(limit, 4)
    assert np.all(np.diff(drawn.positions) > 0)


@given(COORDINATES)
def test_all_points_off_the_line_are_drawn_if_the_limit_allows(
    points: npt.NDArray[np.float64],
) -> None:
    assert simplified(*points, limit=30).deviation == pytest.approx(0.0, abs=1e-12)


def test_points_on_a_straight_line_are_left_out() -> None:
    x = np.linspace(0.0, 1.0, 1001)
    drawn = simplified(x, np.ones(1001))
    assert drawn.positions.tolist() == [0, 1000]
    assert drawn.deviation == 0.0


def test_the_farthest_corner_is_drawn_first() -> None:
    x, y = np.array([0.0, 0.2, 0.5, 0.8, 1.0]), np.array([0.0, 0.3, 1.0, 0.1, 0.0])
    assert simplified(x, y, limit=3).positions.tolist() == [0, 2, 4]


def test_points_that_cannot_be_drawn_are_passed_over_even_if_they_should_be_kept() -> None:
    x, y = np.array([np.nan, 0.0, 0.5, 1.0, 1.0]), np.array([1.0, 1.0, 0.7, 0.0, np.nan])
    drawn = simplified(x, y, keep=[0, 4, 5])
    assert drawn.positions.tolist() == [1, 2, 3]


def test_a_line_without_points_has_no_deviation() -> None:
    for line in (np.array([]), np.array([np.nan])):
        positions, deviation = simplified(line, line)
        assert positions.size == 0
        assert math.isnan(deviation)


def test_a_single_point_is_drawn() -> None:
    assert simplified(np.array([0.5]), np.array([0.5])).positions.tolist() == [0]


def test_a_real_curve_of_thousands_of_points_is_drawn_by_200_without_visible_change(
    employment: Records,
) -> None:
    bins = BinCounts.from_scores(GRID, *employment)
    drawn = drawn_curve(bins, operating_threshold=0.5)
    assert bins.threshold_index.size > 4_000
    assert drawn.positions.size == DISPLAY_POINTS
    assert drawn.deviation < 0.002


def test_the_reported_deviation_is_the_largest_of_all_drawn_lines(employment: Records) -> None:
    bins = BinCounts.from_scores(GRID, *employment)
    drawn = drawn_curve(bins, operating_threshold=0.5)
    counts = bins.confusion()
    found, threshold = counts.true_positives, threshold_values(GRID)[bins.threshold_index]
    odds = np.log(np.clip(threshold, 2**-21, 1) / (1 - threshold))
    ratios = (
        precision(counts),
        *wilson_interval(found, found + counts.false_positives),
        recall(counts),
        *wilson_interval(found, found + counts.false_negatives),
        f1(counts),
    )
    exact = [
        *(largest_distance(recall(counts), line, drawn) for line in ratios[:3]),
        *(largest_distance(threshold, line, drawn) for line in ratios),
        *(largest_distance((odds - odds[0]) / np.ptp(odds), line, drawn) for line in ratios),
    ]
    assert len(exact) == drawn_lines(bins).shape[0]
    assert drawn.deviation == pytest.approx(max(exact), rel=1e-9)


def test_a_smooth_curve_of_20000_points_is_drawn_closely() -> None:
    angle = np.linspace(0.0, math.pi / 2, 20_000)
    drawn = simplified(np.cos(angle), np.sin(angle))
    assert drawn.positions.size == DISPLAY_POINTS
    assert drawn.deviation < 1e-4


def test_the_ends_best_f1_and_the_operating_threshold_are_always_drawn(
    employment: Records,
) -> None:
    scores, labels = employment
    for day, threshold in enumerate((0.05, 0.123, 0.5, 0.77, 0.9)):
        bins = BinCounts.from_scores(GRID, scores[day::10], labels[day::10])
        operating = int(np.searchsorted(bins.threshold_index, GRID.index_of(threshold)))
        expected = {0, bins.threshold_index.size - 1, best_f1(bins).position, operating}
        assert expected <= set(display_points(bins, threshold).tolist())


@given(records(GRID), st.floats(0.0, 1.0))
def test_drawn_points_have_both_ratios(
    drawn_records: list[tuple[float, int]], threshold: float
) -> None:
    bins = bins_of(GRID, drawn_records)
    positions, counts = display_points(bins, threshold), bins.confusion()
    assert np.isfinite(precision(counts)[positions]).all()
    assert np.isfinite(recall(counts)[positions]).all()
    assert (positions.size > 0) == bool(bins.positives.any())


def test_an_operating_threshold_above_all_scores_draws_the_curve_without_it() -> None:
    drawn = display_points(from_groups([(3, 1), (1, 3), (0, 2)], GRID), operating_threshold=1.0)
    assert drawn.tolist() == [0, 1, 2]


def test_an_operating_threshold_outside_0_and_1_is_refused() -> None:
    with pytest.raises(ContractError, match="a threshold must lie in"):
        display_points(from_groups([(1, 1)]), operating_threshold=1.5)
