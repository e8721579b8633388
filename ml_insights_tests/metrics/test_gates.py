"""Gates: the month's rate of false alarms, and what is found in spite of it."""

from __future__ import annotations

import numpy as np
import pytest

from ml_insights.metrics.differences import Share
from ml_insights.metrics.exact_test import fall_p_value
from ml_insights.metrics.gates import LONGEST_MONTH, MONTHLY_RATE, regressions


@pytest.mark.simulation
def test_a_month_of_hundred_slices_looked_at_twice_a_day_alarms_at_most_once_in_twenty() -> None:
    random, months, slices, positives = np.random.default_rng(11), 120, 100, 60
    alarms = 0
    for _ in range(months):
        rate = random.uniform(0.5, 0.98, slices)
        days = random.binomial(positives // 2, rate, (2, LONGEST_MONTH + 7, slices))
        whole = days.sum(axis=0)
        # At first half the labels are there, set against days that have theirs.
        alarms += any(
            _alarm(whole[d - 7 : d].sum(axis=0), today[d], drawn)
            for d in range(7, 38)
            for today, drawn in ((days[0], positives // 2), (whole, positives))
        )
    assert alarms <= 0.05 * months


def _alarm(before: np.ndarray, today: np.ndarray, drawn: int) -> bool:
    """Any regression at one look.

    Only falls of 2.3 standard errors are tested: no other has a p-value below a look's part of the
    monthly rate, 0.0008, from which a regression must start.
    """
    p_values = np.ones(before.size)
    rate = (before + today) / (7 * 60 + drawn)
    error = np.sqrt(rate * (1 - rate) * (1 / (7 * 60) + 1 / drawn))
    for place in np.flatnonzero(before / (7 * 60) - today / drawn > 2.3 * error):
        was, now = Share(int(before[place]), 7 * 60), Share(int(today[place]), drawn)
        p_values[place] = fall_p_value(was, now)
    return bool(regressions(p_values, looks=2).any())


def test_a_fall_beyond_doubt_is_found_among_hundred_slices() -> None:
    p_values = np.full(100, 0.5)
    p_values[3] = fall_p_value(Share(1_600, 2_000), Share(170, 300))
    assert regressions(p_values).tolist().index(True) == 3
    assert regressions(p_values).sum() == 1


def test_the_rate_is_that_of_a_month() -> None:
    edge = MONTHLY_RATE / LONGEST_MONTH
    assert regressions(np.array([edge * 0.999]))[0]
    assert not regressions(np.array([edge * 1.001]))[0]
    assert regressions(np.array([edge * 0.499]), looks=2)[0]
    assert not regressions(np.array([edge * 0.501]), looks=2)[0]


def test_what_has_no_trials_is_no_regression() -> None:
    assert not regressions(np.array([np.nan])).any()
