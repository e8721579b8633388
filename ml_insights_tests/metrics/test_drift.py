"""Score drift: scipy, values by hand, and how large it is by chance."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ml_insights.metrics.binning import bin_scores
from ml_insights.metrics.confusion import BinCounts
from ml_insights.metrics.drift import _chi_square_95, _kolmogorov, score_drift
from ml_insights_tests.metrics.cases import GRID, scores


def unlabelled(values: np.ndarray | list[float]) -> BinCounts:
    return BinCounts.from_scores(GRID, values, np.full(len(values), -1))


drawn_scores = st.lists(scores(GRID), min_size=1, max_size=60)


@given(drawn_scores, drawn_scores)
def test_the_kolmogorov_smirnov_statistic_is_scipys_on_binned_scores(
    one: list[float], other: list[float]
) -> None:
    drift = score_drift(unlabelled(one), unlabelled(other))
    theirs = stats.ks_2samp(bin_scores(GRID, one), bin_scores(GRID, other)).statistic
    assert drift.kolmogorov_smirnov == pytest.approx(theirs)


@pytest.mark.parametrize("scaled", [0.1, 0.5, 0.8276, 1.3581, 2.5])
def test_p_values_follow_kolmogorovs_law(scaled: float) -> None:
    records = 10**10
    assert _kolmogorov(scaled / math.sqrt(records), records) == pytest.approx(
        stats.kstwobign.sf(scaled), rel=1e-4, abs=1e-9
    )


@pytest.mark.parametrize("freedom", [1, 2, 9, 19, 100])
def test_the_chi_square_quantile_is_within_two_percent(freedom: int) -> None:
    assert _chi_square_95(freedom) == pytest.approx(stats.chi2.ppf(0.95, freedom), rel=0.025)


def test_the_population_stability_index_by_hand() -> None:
    reference = unlabelled([0.2] * 500 + [0.8] * 500)
    today = unlabelled([0.2] * 200 + [0.8] * 800)
    a, b = 500.5 / 1001, (200.5 / 1001, 800.5 / 1001)
    expected = sum((now - a) * math.log(now / a) for now in b)
    assert score_drift(reference, today).population_stability_index == pytest.approx(expected)


@pytest.mark.simulation
def test_without_drift_chance_is_exceeded_on_one_day_in_twenty() -> None:
    random = np.random.default_rng(2)
    beyond_index = beyond_gap = 0
    for _ in range(300):
        drift = score_drift(unlabelled(random.beta(1, 5, 2000)), unlabelled(random.beta(1, 5, 800)))
        beyond_index += (
            drift.population_stability_index > drift.population_stability_index_by_chance
        )
        beyond_gap += drift.p_value < 0.05
    assert 4 <= beyond_index <= 28
    assert 4 <= beyond_gap <= 28


def test_a_shift_is_seen_by_both() -> None:
    random = np.random.default_rng(2)
    drift = score_drift(unlabelled(random.beta(1, 5, 5000)), unlabelled(random.beta(1, 4, 5000)))
    assert drift.population_stability_index > 5 * drift.population_stability_index_by_chance
    assert drift.p_value < 1e-6


def test_an_emptied_part_of_the_reference_is_finite_and_no_record_is_undefined() -> None:
    drift = score_drift(unlabelled([0.1] * 50 + [0.9] * 50), unlabelled([0.1] * 100))
    assert math.isfinite(drift.population_stability_index)
    assert all(math.isnan(value) for value in score_drift(unlabelled([]), unlabelled([0.1])))
