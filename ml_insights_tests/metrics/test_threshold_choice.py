"""The best threshold: brute force, and how much of its value is chance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_insights.metrics.business_value import (
    Outcomes,
    OutcomeValues,
    value_at,
)
from ml_insights.metrics.confusion import BinCounts
from ml_insights.metrics.seeds import generator
from ml_insights.metrics.stakes import Stakes
from ml_insights.metrics.threshold_choice import choose, gains, regret
from ml_insights_tests.metrics.cases import GRID, bins_of, records

VALUES = OutcomeValues(Outcomes(10.0, -4.0, -6.0, 0.0))


def calibrated(random: np.random.Generator, size: int) -> BinCounts:
    score = random.beta(1, 3, size)
    return BinCounts.from_scores(GRID, score, (random.random(size) < score).astype(np.int64))


@given(records(GRID))
def test_gains_are_values_above_acting_on_nothing(drawn: list[tuple[float, int]]) -> None:
    bins = bins_of(GRID, drawn)
    nothing = sum(VALUES.constant.false_negative for _, label in drawn if label == 1)
    values = value_at(Stakes.of(bins), bins.threshold_index, VALUES)
    assert gains(Stakes.of(bins), VALUES)[:-1] == pytest.approx(np.nan_to_num(values - nothing))
    assert gains(Stakes.of(bins), VALUES)[-1] == 0.0


@given(records(GRID), st.integers(0, 10))
def test_the_choice_is_the_largest_gain_that_is_allowed(
    drawn: list[tuple[float, int]], lowest: int
) -> None:
    bins = bins_of(GRID, drawn)
    lowest = min(lowest, bins.threshold_index.size)
    choice = choose(Stakes.of(bins), VALUES, generator("choice"), lowest=lowest, replicates=20)
    allowed = gains(Stakes.of(bins), VALUES)[lowest:]
    assert choice.gain == pytest.approx(allowed.max())
    assert choice.position == lowest + max(np.flatnonzero(allowed == allowed.max()))
    assert lowest <= choice.low <= choice.position <= choice.high <= bins.threshold_index.size


@pytest.mark.simulation
def test_the_optimism_is_what_the_choice_loses_on_the_next_day() -> None:
    random = np.random.default_rng(3)
    expected = calibrated(random, 2_000_000)
    looked_better, told = [], []
    for day in range(150):
        bins = calibrated(random, 400)
        choice = choose(Stakes.of(bins), VALUES, generator("day", str(day)), replicates=200)
        index = bins.threshold_index[choice.position]
        place = int(np.searchsorted(expected.threshold_index, index))
        looked_better.append(
            choice.gain - gains(Stakes.of(expected), VALUES)[place] * 400 / 2_000_000
        )
        told.append(choice.optimism)
    # The bootstrap is known to tell somewhat less than there is.
    assert 0.5 * np.mean(looked_better) < np.mean(told) < 1.3 * np.mean(looked_better)


@pytest.mark.simulation
@pytest.mark.parametrize("size", [2000, 5000])
def test_the_interval_of_the_choice_holds_the_truly_best_threshold_on_19_of_20_days(
    size: int,
) -> None:
    """It is no interval of what other days choose: fewer of their choices lie inside."""
    random = np.random.default_rng(5)
    best = 4.0 / (4.0 + 16.0)
    days = []
    for day in range(300):
        bins = calibrated(random, size)
        choice = choose(Stakes.of(bins), VALUES, generator("interval", str(day)), replicates=300)
        places = (choice.low, choice.position, choice.high)
        days.append([GRID.threshold(int(bins.threshold_index[place])) for place in places])
    low, chosen, high = np.array(days).T
    assert 0.94 <= np.mean((low <= best) & (best <= high)) < 1.0
    assert 0.7 < np.mean((low[:, None] <= chosen) & (chosen <= high[:, None])) < 0.9


def test_the_regret_of_the_best_threshold_is_not_above_zero_and_has_no_interval() -> None:
    bins = calibrated(np.random.default_rng(1), 3000)
    choice = choose(Stakes.of(bins), VALUES, generator("regret"))
    lost = regret(Stakes.of(bins), VALUES, choice, choice.position)
    assert lost.value <= 0.0
    assert np.isnan(lost.low)
    assert np.isnan(lost.high)
    assert lost.effective_records == 0


@given(records(GRID), st.integers(0, 3))
def test_the_optimism_is_never_below_zero(drawn: list[tuple[float, int]], seed: int) -> None:
    stakes = Stakes.of(bins_of(GRID, drawn))
    assert choose(stakes, VALUES, generator(str(seed)), replicates=20).optimism >= 0.0


def test_a_choice_that_is_always_the_same_has_no_optimism() -> None:
    bins = BinCounts.from_scores(GRID, [0.9] * 100 + [0.1] * 100, [1] * 100 + [0] * 100)
    assert choose(Stakes.of(bins), VALUES, generator("same")).optimism == 0.0


def test_the_regret_of_a_bad_threshold_is_beyond_doubt() -> None:
    bins = calibrated(np.random.default_rng(1), 3000)
    choice = choose(Stakes.of(bins), VALUES, generator("regret"))
    lost = regret(Stakes.of(bins), VALUES, choice, 0)
    assert 0.0 < lost.low < lost.value < lost.high


def test_acting_on_nothing_is_best_where_no_alarm_pays() -> None:
    bins = BinCounts.from_scores(GRID, [0.9, 0.8, 0.7], [0, 0, 0])
    choice = choose(Stakes.of(bins), VALUES, generator("nothing"))
    assert choice.position == bins.threshold_index.size
    assert choice.gain == 0.0


@pytest.mark.parametrize("size", [0, 1])
def test_next_to_no_records_leave_a_choice(size: int) -> None:
    bins = BinCounts.from_scores(GRID, [0.5] * size, [1] * size)
    choice = choose(Stakes.of(bins), VALUES, generator("few"))
    assert choice.position == 0
    assert choice.gain == size * VALUES.gain_of_positive.constant
