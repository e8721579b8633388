"""Gates: Fisher's exact test against scipy, and the month's rate of false alarms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact, hypergeom

from ml_insights.metrics.differences import Share
from ml_insights.metrics.gates import LONGEST_MONTH, MONTHLY_RATE, fall_p_value, regressions

shares = st.integers(1, 400).flatmap(
    lambda trials: st.integers(0, trials).map(lambda successes: Share(successes, trials))
)


@given(shares, shares)
def test_the_p_value_of_a_fall_is_fishers(before: Share, today: Share) -> None:
    table = [(s.successes, s.trials - s.successes) for s in (today, before)]
    theirs = fisher_exact(table, alternative="less").pvalue
    if today.value < before.value:
        assert fall_p_value(before, today) == pytest.approx(theirs, rel=1e-9)
    else:
        assert fall_p_value(before, today) == 1.0


@pytest.mark.parametrize(
    ("before", "today"),
    [
        (Share(7_000_000_000, 8_000_000_000), Share(874_900_000, 1_000_000_000)),
        (Share(990_000, 1_000_000), Share(98_700, 100_000)),
        (Share(5, 1_000_000), Share(0, 1_000_000)),
    ],
)
def test_the_p_value_holds_for_large_counts(before: Share, today: Share) -> None:
    successes, trials = before.successes + today.successes, before.trials + today.trials
    if trials < 10**8:
        expected = hypergeom.cdf(today.successes, trials, successes, today.trials)
        assert fall_p_value(before, today) == pytest.approx(expected, rel=1e-6)
    share = successes / trials
    spread = math.sqrt(share * (1 - share) * (1 / before.trials + 1 / today.trials))
    if successes > 100:
        normal = math.erfc((before.value - today.value) / spread / math.sqrt(2)) / 2
        assert fall_p_value(before, today) == pytest.approx(normal, rel=0.1)


@pytest.mark.parametrize(
    ("before", "today"), [(Share(0, 0), Share(1, 2)), (Share(1, 2), Share(0, 0))]
)
def test_without_trials_there_is_no_test(before: Share, today: Share) -> None:
    assert math.isnan(fall_p_value(before, today))
    assert not regressions(np.array([fall_p_value(before, today)])).any()


@pytest.mark.simulation
def test_a_month_of_hundred_slices_alarms_at_most_once_in_twenty() -> None:
    random, months, slices, positives = np.random.default_rng(11), 120, 100, 60
    alarms = 0
    for _ in range(months):
        rate = random.uniform(0.5, 0.98, slices)
        days = random.binomial(positives, rate, (LONGEST_MONTH + 7, slices))
        alarms += any(_alarm(days[d - 7 : d].sum(axis=0), days[d], positives) for d in range(7, 38))
    # 0.05 * 120 = 6 are allowed; more than 12 would happen once in a hundred such tests.
    assert alarms <= 12


def _alarm(before: np.ndarray, today: np.ndarray, positives: int) -> bool:
    """Any regression on one day.

    Only falls of 2.3 standard errors are tested: no other has a p-value below a day's part of the
    monthly rate, 0.0016, from which a regression must start.
    """
    p_values = np.ones(before.size)
    rate = (before + today) / (8 * positives)
    error = np.sqrt(positives * rate * (1 - rate) * 8 / 7)
    for place in np.flatnonzero(before / 7 - today > 2.3 * error):
        was, now = Share(int(before[place]), 7 * positives), Share(int(today[place]), positives)
        p_values[place] = fall_p_value(was, now)
    return bool(regressions(p_values).any())


def test_a_fall_beyond_doubt_is_found_among_hundred_slices() -> None:
    p_values = np.full(100, 0.5)
    p_values[3] = fall_p_value(Share(1_600, 2_000), Share(170, 300))
    assert regressions(p_values).tolist().index(True) == 3
    assert regressions(p_values).sum() == 1


def test_the_rate_is_that_of_a_month() -> None:
    edge = MONTHLY_RATE / LONGEST_MONTH
    assert regressions(np.array([edge * 0.999]))[0]
    assert not regressions(np.array([edge * 1.001]))[0]
