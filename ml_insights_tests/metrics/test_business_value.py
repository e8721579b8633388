"""Money at thresholds: brute force over records, Elkan's rule, capacity."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_insights.errors import ContractError
from ml_insights.metrics.business_value import (
    Outcomes,
    OutcomeValues,
    allowed_by_capacity,
    break_even_precision,
    interval_is_believable,
    value_at,
    value_interval,
    value_records,
)
from ml_insights.metrics.confusion import BinCounts
from ml_insights.metrics.stakes import Stakes
from ml_insights_tests.metrics.cases import GRID, bins_of, records

VALUES = OutcomeValues(Outcomes(100.0, -8.0, -60.0, 0.5))


@given(records(GRID))
def test_value_is_the_sum_over_labelled_records(drawn: list[tuple[float, int]]) -> None:
    bins = bins_of(GRID, drawn)
    ours = value_at(Stakes.of(bins), bins.threshold_index, VALUES)
    for index, value in zip(bins.threshold_index.tolist(), ours, strict=True):
        threshold = GRID.threshold(index)
        worth = {
            (True, 1): VALUES.constant.true_positive,
            (True, 0): VALUES.constant.false_positive,
            (False, 1): VALUES.constant.false_negative,
            (False, 0): VALUES.constant.true_negative,
        }
        each = [worth[score >= threshold, label] for score, label in drawn if label >= 0]
        assert value == pytest.approx(sum(each) if each else math.nan, nan_ok=True)


def test_published_break_even_chance() -> None:
    none = Stakes.of(BinCounts.from_scores(GRID, [], []))
    values = OutcomeValues(Outcomes(0.0, -1.0, -9.0, 0.0))
    assert break_even_precision(none, values) == pytest.approx(0.1)


def test_calibrated_scores_are_worth_most_at_the_break_even_chance() -> None:
    random = np.random.default_rng(2)
    score = random.beta(1, 3, 400_000)
    bins = BinCounts.from_scores(GRID, score, (random.random(score.size) < score).astype(np.int64))
    values = OutcomeValues(Outcomes(10.0, -4.0, -6.0, 0.0))
    best = np.argmax(value_at(Stakes.of(bins), bins.threshold_index, values))
    threshold = GRID.threshold(int(bins.threshold_index[best]))
    assert threshold == pytest.approx(break_even_precision(Stakes.of(bins), values), abs=0.03)


@pytest.mark.simulation
def test_the_interval_holds_the_expected_value_on_nineteen_of_twenty_days() -> None:
    random = np.random.default_rng(12)
    chances = np.array([0.02, 0.03, 0.01, 0.94])
    worth = np.array([100.0, -8.0, -60.0, 0.5])
    held = 0
    for cells in random.multinomial(5000, chances, 1000):
        found, false, missed, right = cells
        bins = _bins(found, false, missed, right)
        low, high = value_interval(Stakes.of(bins), np.array([GRID.index_of(0.5)]), VALUES)
        held += low[0] <= 5000 * chances @ worth <= high[0]
    assert 930 <= held <= 970


def _bins(found: int, false: int, missed: int, right: int) -> BinCounts:
    """Counts with these outcomes at 0.5."""
    index = np.array([GRID.index_of(0.25), GRID.index_of(0.75)])
    none = np.zeros(2, dtype=np.int64)
    return BinCounts(
        GRID, index, np.array([missed, found]), np.array([right, false]), none, np.ones(2)
    )


def test_a_value_without_spread_has_no_interval() -> None:
    bins = BinCounts.from_scores(GRID, [0.9, 0.9], [1, 1])
    assert all(
        math.isnan(end[0]) for end in value_interval(Stakes.of(bins), bins.threshold_index, VALUES)
    )


@given(records(GRID))
def test_effective_records_are_those_that_carry_the_spread(drawn: list[tuple[float, int]]) -> None:
    bins = bins_of(GRID, drawn)
    found = value_records(Stakes.of(bins), bins.threshold_index, VALUES)
    rarer = min(sum(label == wanted for _, label in drawn) for wanted in (0, 1))
    for index, effective in zip(bins.threshold_index.tolist(), found, strict=True):
        acted = [score >= GRID.threshold(index) for score, _ in drawn]
        each = np.array(
            [
                VALUES.constant[(0 if label else 1) if act else (2 if label else 3)]
                for act, (_, label) in zip(acted, drawn, strict=True)
                if label >= 0
            ]
        )
        off = each - each.mean() if each.size else each
        expected = (off**2).sum() ** 2 / (off**4).sum() if rarer else 0.0
        assert effective == pytest.approx(min(rarer, expected), rel=1e-6)


def test_a_common_loss_does_not_hide_the_few_gains_that_decide() -> None:
    bins = _bins(found=5, false=10, missed=3, right=100_000)
    (effective,) = value_records(Stakes.of(bins), np.array([GRID.index_of(0.5)]), VALUES)
    assert effective < 9
    assert not interval_is_believable(effective, VALUES)


@given(records(GRID), st.integers(0, 50))
def test_capacity_allows_the_lowest_threshold_that_keeps_to_it(
    drawn: list[tuple[float, int]], actions: int
) -> None:
    bins = bins_of(GRID, drawn)
    lowest = allowed_by_capacity(bins, actions)

    def acted_on(position: int) -> int:
        if position == bins.threshold_index.size:
            return 0
        threshold = GRID.threshold(int(bins.threshold_index[position]))
        return sum(score >= threshold for score, _ in drawn)

    assert acted_on(lowest) <= actions
    assert lowest == 0 or acted_on(lowest - 1) > actions


@pytest.mark.parametrize(
    "values",
    [(0, 0, 0, 0), (1, 2, 0, 1), (-1, -1, 0, 0), (math.nan, -1, 0, 0), (math.inf, -1, 0, 0)],
)
def test_values_that_make_no_sense_are_refused(values: tuple[float, ...]) -> None:
    with pytest.raises(ContractError, match="money values"):
        OutcomeValues(Outcomes(*values))
