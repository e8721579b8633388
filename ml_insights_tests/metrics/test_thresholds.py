"""The grid's definition: its edges, and that binning a score equals comparing it with them."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_insights.metrics.thresholds import ThresholdGrid
from ml_insights_tests.metrics.cases import GRID, SMALL_GRID, scores


def test_the_default_grid_has_19458_strictly_rising_thresholds_from_0() -> None:
    thresholds = GRID.thresholds()
    assert len(thresholds) == GRID.size == 19_458
    assert thresholds[0] == 0.0
    assert all(low < high for low, high in pairwise(thresholds))


def test_each_octave_of_the_distance_from_0_or_1_has_equal_parts() -> None:
    """Against the definition, in rational numbers."""
    edges = {Fraction(0), Fraction(1, 2)}
    for octave in range(SMALL_GRID.octaves - 1):
        low = Fraction(2**octave, 2**SMALL_GRID.octaves)
        for part in range(2**SMALL_GRID.bits):
            distance = low * (1 + Fraction(part, 2**SMALL_GRID.bits))
            edges |= {distance, 1 - distance}
    assert [Fraction(value) for value in SMALL_GRID.thresholds()] == sorted(edges)


@pytest.mark.parametrize("grid", [GRID, SMALL_GRID, ThresholdGrid(32, 2), ThresholdGrid(2, 0)])
def test_every_edge_and_its_neighbours_fall_into_the_right_bin(grid: ThresholdGrid) -> None:
    for index, edge in enumerate(grid.thresholds()):
        assert grid.index_of(edge) == index
        assert grid.index_of(math.nextafter(edge, 1.0)) == index
        if index:
            assert grid.index_of(math.nextafter(edge, 0.0)) == index - 1
    assert grid.index_of(1.0) == grid.size - 1


@given(score=scores(GRID), index=st.integers(0, GRID.size - 1))
def test_a_bin_index_at_or_above_a_threshold_index_is_score_at_or_above_threshold(
    score: float, index: int
) -> None:
    assert (GRID.index_of(score) >= index) == (score >= GRID.threshold(index))


@pytest.mark.parametrize("score", [-1e-300, math.nextafter(1.0, 2.0), math.nan, math.inf])
def test_a_score_outside_0_and_1_has_no_bin(score: float) -> None:
    with pytest.raises(ValueError, match="a score must lie in"):
        GRID.index_of(score)


@pytest.mark.parametrize("index", [-1, GRID.size])
def test_a_threshold_outside_the_grid_is_refused(index: int) -> None:
    with pytest.raises(IndexError, match=r"outside 0\.\.19457"):
        GRID.threshold(index)


@pytest.mark.parametrize(("octaves", "bits"), [(1, 9), (33, 9), (20, -1), (20, 13)])
def test_a_grid_beyond_exact_arithmetic_is_refused(octaves: int, bits: int) -> None:
    with pytest.raises(ValueError, match="a grid needs"):
        ThresholdGrid(octaves, bits)


def test_the_name_tells_grids_apart() -> None:
    assert GRID.name == "two-sided-20-9"
    assert SMALL_GRID.name == "two-sided-3-1"
