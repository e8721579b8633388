"""Fisher's exact test against scipy, and how often it is wrong among alike shares."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact, hypergeom

from ml_insights.metrics.differences import Share
from ml_insights.metrics.exact_test import exact_p_value, fall_p_value

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


@given(shares, shares)
def test_the_two_sided_p_value_is_twice_the_smaller_of_fishers(first: Share, second: Share) -> None:
    table = [(s.successes, s.trials - s.successes) for s in (second, first)]
    tails = [fisher_exact(table, alternative=side).pvalue for side in ("less", "greater")]
    assert exact_p_value(first, second) == pytest.approx(min(1.0, 2 * min(tails)), rel=1e-9)
    assert exact_p_value(second, first) == pytest.approx(exact_p_value(first, second), rel=1e-9)


@pytest.mark.parametrize(
    ("before", "today"), [(Share(0, 0), Share(1, 2)), (Share(1, 2), Share(0, 0))]
)
def test_without_trials_there_is_no_test(before: Share, today: Share) -> None:
    assert math.isnan(fall_p_value(before, today))
    assert math.isnan(exact_p_value(before, today))


@pytest.mark.parametrize(("trials", "week"), [(7, 20), (20, 140), (50, 350)])
def test_alike_shares_are_no_more_often_told_apart_than_the_level_says(
    trials: int, week: int
) -> None:
    random = np.random.default_rng(trials)
    for rate in (0.5, 0.9, 0.97):
        # Exactly: every outcome by its probability.
        chances = [binomial(k, trials, rate) for k in range(trials + 1)]
        before = [Share(int(k), week) for k in random.binomial(week, rate, 200)]
        p_values = np.array(
            [[exact_p_value(was, Share(k, trials)) for k in range(trials + 1)] for was in before]
        )
        for level in (0.05, 0.001):
            wrong = ((p_values < level) @ chances).mean()
            assert wrong <= level * 1.15, (rate, level)


def binomial(k: int, trials: int, rate: float) -> float:
    return math.comb(trials, k) * rate**k * (1 - rate) ** (trials - k)
