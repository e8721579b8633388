"""Differences of independent estimates: Newcombe's published interval, p-values that fit it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ml_insights.metrics.differences import (
    F1Share,
    LogitNormal,
    Share,
    difference,
    limits,
    p_value,
    two_sided,
)
from ml_insights.metrics.exact_test import exact_p_value
from ml_insights.metrics.intervals import Z_95

shares = st.integers(1, 10**7).flatmap(
    lambda trials: st.integers(0, trials).map(lambda successes: Share(successes, trials))
)
UNDEFINED = (Share(0, 0), F1Share(Share(0, 0)), LogitNormal(1.0, 0.1), LogitNormal(math.nan, 0.1))


def test_published_newcombe_interval() -> None:
    compared = difference(Share(48, 80), Share(56, 70))
    assert compared.value == pytest.approx(0.2)
    assert (compared.low, compared.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


values = st.builds(LogitNormal, st.floats(0.01, 0.99), st.floats(1e-4, 0.1))


@given(values, values)
def test_the_p_value_is_below_five_percent_exactly_if_the_interval_leaves_out_0(
    first: LogitNormal, second: LogitNormal
) -> None:
    compared = difference(first, second)
    assert compared.low <= compared.value + 1e-12
    assert compared.value <= compared.high + 1e-12
    if min(abs(compared.low), abs(compared.high)) > 1e-9:
        assert (compared.p_value < 0.05) == (compared.low > 0 or compared.high < 0)


def test_shares_and_f1_have_exact_p_values() -> None:
    one, other = Share(0, 30), Share(1, 1)
    assert p_value(one, other) == exact_p_value(one, other) == pytest.approx(2 / 31)
    assert p_value(F1Share(one), F1Share(other)) == exact_p_value(one, other)


@given(shares, shares)
def test_swapping_the_sides_turns_the_difference_around(first: Share, second: Share) -> None:
    there, back = difference(first, second), difference(second, first)
    assert (there.value, there.low, there.high) == pytest.approx(
        (-back.value, -back.high, -back.low), abs=1e-12
    )
    assert there.p_value == pytest.approx(back.p_value, rel=1e-4, abs=1e-300)


@pytest.mark.parametrize(("first", "second"), [((40, 80), (70, 80)), ((480, 800), (560, 700))])
def test_p_values_of_many_trials_agree_with_the_chi_square_test(
    first: tuple[int, int], second: tuple[int, int]
) -> None:
    table = [(k, n - k) for k, n in (first, second)]
    theirs = stats.chi2_contingency(table, correction=False).pvalue
    assert math.log(p_value(Share(*first), Share(*second))) == pytest.approx(
        math.log(theirs), rel=0.05
    )


def test_the_p_value_solves_for_the_z_at_which_the_interval_touches_0() -> None:
    first, second = LogitNormal(0.6, 0.02), LogitNormal(0.7, 0.03)
    z = stats.norm.isf(p_value(first, second) / 2)
    low, _ = limits(first, second, np.array([z]))
    assert low[0] == pytest.approx(0.0, abs=1e-7)


def test_equal_shares_have_p_value_1_and_distant_ones_the_smallest() -> None:
    assert p_value(Share(5, 10), Share(50, 100)) == 1.0
    assert 0.0 <= p_value(Share(0, 10**9), Share(10**9, 10**9)) < 1e-300


@pytest.mark.parametrize("undefined", UNDEFINED)
def test_a_difference_with_something_undefined_is_undefined(undefined: Share) -> None:
    compared = difference(Share(1, 2), undefined)
    assert math.isnan(compared.low)
    assert math.isnan(compared.p_value)


def test_the_f1_share_has_the_published_interval() -> None:
    share = F1Share(Share(81, 282))
    low, high = share.interval(np.array([Z_95]))
    assert share.value == pytest.approx(0.446281, abs=5e-7)
    assert (low[0], high[0]) == pytest.approx((0.383919, 0.510381), abs=5e-7)


@given(st.floats(0, 36))
def test_two_sided_is_twice_the_normal_tail(z: float) -> None:
    assert two_sided(z) == pytest.approx(2 * stats.norm.sf(z), rel=1e-9)


def test_the_published_share_behind_f1_and_its_limits() -> None:
    share = F1Share(Share(81, 81 + 182 + 19))
    low, high = share.jaccard.interval(np.array([Z_95]))
    assert share.jaccard.value == pytest.approx(0.287234, abs=5e-7)
    assert (low[0], high[0]) == pytest.approx((0.237562, 0.342625), abs=5e-7)


def test_the_published_p_value_of_the_paired_example() -> None:
    assert two_sided(2.208983591) == pytest.approx(0.02717578, abs=5e-9)
