"""Sums of reciprocals against rational numbers, exact summation and scipy's digamma."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import digamma

from ml_insights.metrics.harmonic import harmonic_difference

MAGNITUDES = st.integers(0, 12).flatmap(lambda power: st.integers(0, 10**power))


def difference(start: int, terms: int) -> float:
    """One value."""
    return float(harmonic_difference(np.array([float(start)]), np.array([float(terms)]))[0])


@pytest.mark.parametrize("start", [0, 1, 5, 9, 10, 11, 100, 10**4, 10**8, 10**12])
@pytest.mark.parametrize("terms", [1, 2, 9, 10, 11, 12, 50, 1000, 30_000])
def test_it_is_the_sum_of_reciprocals_to_15_digits(start: int, terms: int) -> None:
    exact = math.fsum(1.0 / (start + k) for k in range(1, terms + 1))
    assert difference(start, terms) == pytest.approx(exact, rel=2e-15, abs=0.0)


@given(start=MAGNITUDES, terms=MAGNITUDES.filter(bool))
def test_it_is_the_difference_of_digammas_as_far_as_that_has_digits(start: int, terms: int) -> None:
    above, below = float(digamma(start + terms + 1.0)), float(digamma(start + 1.0))
    lost_digits = 4e-16 * max(abs(above), 1.0)
    assert difference(start, terms) == pytest.approx(above - below, rel=1e-13, abs=4 * lost_digits)


@given(start=MAGNITUDES, one=MAGNITUDES, other=MAGNITUDES)
def test_two_stretches_add_up_to_the_whole(start: int, one: int, other: int) -> None:
    parts = difference(start, one) + difference(start + one, other)
    assert parts == pytest.approx(difference(start, one + other), rel=1e-14, abs=0.0)


def test_no_terms_sum_to_exactly_0() -> None:
    assert difference(0, 0) == 0.0
    assert difference(10**12, 0) == 0.0
    assert harmonic_difference(np.array([]), np.array([])).shape == (0,)
