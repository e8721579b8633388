"""Student's t beside scipy, and the exact inverse that intervals and p-values rest on."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ml_insights.metrics.intervals import Z_95
from ml_insights.metrics.student import normal_of_student, student_95, student_of_normal


@pytest.mark.parametrize("freedom", [3, 4, 7, 14, 28])
def test_the_quantile_of_students_t_is_scipys(freedom: int) -> None:
    assert student_95(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=2e-3)


@pytest.mark.parametrize("freedom", [3.0, 4.5, 10.0, 100.0, 1e6])
@pytest.mark.parametrize("tail", [0.2, 0.025, 1e-4])
def test_the_normal_quantile_has_about_the_tails_of_students_t(freedom: float, tail: float) -> None:
    t = float(stats.t.isf(tail, freedom))
    assert normal_of_student(t, freedom) == pytest.approx(stats.norm.isf(tail), rel=0.03)
    assert normal_of_student(-t, freedom) == -normal_of_student(t, freedom)


@given(st.floats(0.01, 30.0), st.floats(0.5, 1e7))
def test_one_is_the_inverse_of_the_other(z: float, freedom: float) -> None:
    t = student_of_normal(z, freedom)
    if math.isfinite(t):
        assert normal_of_student(t, freedom) == pytest.approx(z, rel=1e-6, abs=1e-9)
        assert abs(t) >= abs(z) * (1.0 - 1e-9)
    else:
        assert t > 0


def test_many_degrees_of_freedom_are_the_normal_distribution() -> None:
    assert student_of_normal(Z_95, 1e9) == pytest.approx(Z_95)
