"""Binning of arrays agrees with the grid's own arithmetic, score by score."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_insights.errors import ContractError
from ml_insights.metrics.binning import (
    bin_scores,
    threshold_index_at_or_below,
    threshold_values,
)
from ml_insights.metrics.thresholds import ThresholdGrid
from ml_insights_tests.metrics.cases import GRID, SMALL_GRID, hard_curves, neighbours, scores


@pytest.mark.parametrize("grid", [GRID, SMALL_GRID, ThresholdGrid(32, 2), ThresholdGrid(2, 0)])
def test_all_edges_and_their_neighbours_are_binned_as_the_grid_does(grid: ThresholdGrid) -> None:
    edges = np.append(threshold_values(grid), 1.0)
    values = np.concatenate((edges, neighbours(edges, 0.0), neighbours(edges, 1.0)))
    assert bin_scores(grid, values).tolist() == [grid.index_of(value) for value in values.tolist()]


@given(st.lists(scores(GRID)))
def test_any_score_is_binned_as_the_grid_does(values: list[float]) -> None:
    assert bin_scores(GRID, values).tolist() == [GRID.index_of(value) for value in values]


def test_hard_scores_are_binned_as_the_grid_does() -> None:
    values = np.concatenate([score for score, _ in hard_curves(seed=1, count=100)])
    assert bin_scores(GRID, values).tolist() == [GRID.index_of(value) for value in values.tolist()]


def test_scores_keep_their_shape_and_become_int64() -> None:
    index = bin_scores(GRID, np.full((2, 3), 0.5, dtype=np.float32))
    assert index.shape == (2, 3)
    assert index.dtype == np.int64


@pytest.mark.parametrize("bad", [math.nan, -0.1, 1.0000001, math.inf])
def test_scores_outside_0_and_1_are_refused_with_their_number(bad: float) -> None:
    with pytest.raises(ContractError, match=r"2 of 3 scores are not in \[0, 1\]"):
        bin_scores(GRID, [0.5, bad, bad])


def test_threshold_values_cannot_be_changed_by_a_caller() -> None:
    with pytest.raises(ValueError, match="read-only"):
        threshold_values(GRID)[0] = 1.0


@given(st.floats(0.0, 1.0))
def test_the_threshold_at_or_below_is_the_largest_of_those(threshold: float) -> None:
    index = threshold_index_at_or_below(SMALL_GRID, threshold)
    assert index == sum(value <= threshold for value in SMALL_GRID.thresholds()) - 1


@pytest.mark.parametrize("threshold", [-0.1, 1.1, math.nan])
def test_a_threshold_outside_0_and_1_is_refused(threshold: float) -> None:
    with pytest.raises(ContractError, match="correct it in the settings"):
        threshold_index_at_or_below(GRID, threshold)
