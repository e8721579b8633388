"""Calibration: the reliability table by hand, scikit-learn's isotonic regression, chance."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from ml_insights.metrics.calibration import calibration_error, isotonic_rates, reliability
from ml_insights.metrics.confusion import BinCounts
from ml_insights.metrics.seeds import generator
from ml_insights_tests.metrics.cases import GRID, bins_of, from_groups, groups, records


def test_the_reliability_table_of_equal_groups_by_hand() -> None:
    scores = np.array([0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9])
    labels = np.array([0, 0, 1, 0, 1, 1, 0, 1])
    table = reliability(BinCounts.from_scores(GRID, scores, labels), 2)
    assert table.labelled.tolist() == [4, 4]
    assert table.positives.tolist() == [1, 3]
    assert table.mean_score == pytest.approx([0.25, 0.75])
    assert table.positive_rate.tolist() == [0.25, 0.75]
    assert np.all((table.low < table.positive_rate) & (table.positive_rate < table.high))


@given(records(GRID), st.integers(1, 20))
def test_only_labelled_records_count_and_none_is_lost(
    drawn: list[tuple[float, int]], number: int
) -> None:
    table = reliability(bins_of(GRID, drawn), number)
    assert table.labelled.sum() == sum(label >= 0 for _, label in drawn)
    assert table.positives.sum() == sum(label == 1 for _, label in drawn)
    assert np.all(np.diff(table.mean_score) >= -1e-12)


def test_a_calibrated_model_is_within_chance_and_one_that_is_not_is_beyond_it() -> None:
    random = np.random.default_rng(3)
    score = random.beta(1, 4, 30_000)
    calibrated, doubled = (
        calibration_error(
            reliability(BinCounts.from_scores(GRID, score, labels.astype(np.int64))),
            generator("calibration"),
        )
        for labels in (random.random(30_000) < score, random.random(30_000) < score / 2)
    )
    assert calibrated.value < calibrated.by_chance < 0.01
    assert abs(calibrated.gap) < 0.01
    assert doubled.value > 5 * doubled.by_chance
    assert doubled.gap == pytest.approx(0.1, abs=0.01)


@pytest.mark.simulation
def test_by_chance_is_reached_on_one_day_in_twenty() -> None:
    random = np.random.default_rng(5)
    beyond = 0
    for day in range(300):
        score = random.beta(1, 6, 1000)
        bins = BinCounts.from_scores(GRID, score, (random.random(1000) < score).astype(np.int64))
        error = calibration_error(reliability(bins), generator("day", str(day)), 300)
        beyond += error.value > error.by_chance
    assert 4 <= beyond <= 28


@pytest.mark.simulation
@pytest.mark.parametrize("size", [60, 1000])
def test_the_p_value_of_a_calibrated_model_is_even(size: int) -> None:
    random = np.random.default_rng(9)
    p_values = []
    for day in range(400):
        score = random.beta(1, 6, size)
        bins = BinCounts.from_scores(GRID, score, (random.random(size) < score).astype(np.int64))
        p_values.append(calibration_error(reliability(bins), generator("p", str(day)), 300).p_value)
    below = [np.mean(np.array(p_values) < level) for level in (0.05, 0.2, 0.5)]
    assert below == pytest.approx([0.05, 0.2, 0.5], abs=0.07)
    assert min(p_values) > 1e-5


def test_the_p_value_goes_on_where_the_draws_end() -> None:
    """Many curves are tested together: a thousand draws alone could say no less than 0.001."""
    score = np.full(2000, 0.2)
    rates = (0.2, 0.23, 0.25, 0.3)
    found = [
        calibration_error(
            reliability(
                BinCounts.from_scores(GRID, score, (np.arange(2000) < 2000 * r).astype(int))
            ),
            generator("tail"),
        ).p_value
        for r in rates
    ]
    assert found == sorted(found, reverse=True)
    assert found[0] > 0.9
    assert 1e-4 < found[1] < 0.01
    assert found[3] < 1e-8


def test_without_labels_nothing_is_said() -> None:
    bins = BinCounts.from_scores(GRID, [0.4, 0.6], [-1, -1])
    assert all(math.isnan(part) for part in calibration_error(reliability(bins), generator("x")))
    assert np.isnan(isotonic_rates(bins)).all()


@given(groups())
def test_rates_are_scikit_learns_isotonic_regression(drawn: list[tuple[int, int]]) -> None:
    bins = from_groups(drawn)
    labelled = bins.positives + bins.negatives
    theirs = IsotonicRegression().fit_transform(
        np.arange(labelled.size), bins.positives / labelled, sample_weight=labelled
    )
    assert isotonic_rates(bins) == pytest.approx(theirs, abs=1e-12)


@given(records(GRID, labels=(0, 1, -1, -1)))
def test_rates_never_fall_with_the_score(drawn: list[tuple[float, int]]) -> None:
    rates = isotonic_rates(bins_of(GRID, drawn))
    assert not rates.size or np.isnan(rates).all() or np.all(np.diff(rates) >= 0)
