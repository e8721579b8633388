"""Adjusted p-values against scipy and the definition of Holm's steps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from ml_insights.metrics.false_discovery import benjamini_hochberg, holm

families = st.lists(st.just(0.0) | st.floats(1e-12, 1), min_size=1, max_size=30)


@given(families)
def test_benjamini_hochberg_is_scipys(family: list[float]) -> None:
    ours = benjamini_hochberg(np.array(family))
    assert ours == pytest.approx(false_discovery_control(family, method="bh"))


@given(families, st.floats(0.001, 0.5))
def test_holm_rejects_step_by_step_until_the_first_that_fails(
    family: list[float], alpha: float
) -> None:
    adjusted = holm(np.array(family))
    rejected = 0
    for place, p_value in enumerate(sorted(family)):
        if p_value * (len(family) - place) > alpha:
            break
        rejected += 1
    assert np.count_nonzero(adjusted <= alpha) == rejected


@pytest.mark.parametrize("adjust", [benjamini_hochberg, holm])
def test_undefined_tests_do_not_count(adjust: object) -> None:
    assert callable(adjust)
    family = np.array([0.01, np.nan, 0.03])
    assert adjust(family)[[0, 2]] == pytest.approx(adjust(family[[0, 2]]))
    assert np.isnan(adjust(family)[1])
    assert np.isnan(adjust(np.array([np.nan]))).all()
    assert adjust(np.array([])).size == 0


def test_false_finds_are_a_share_of_finds() -> None:
    random = np.random.default_rng(4)
    shares = []
    for _ in range(400):
        null, real = random.random(80), random.random(20) ** 20
        found = benjamini_hochberg(np.concatenate((null, real))) < 0.05
        shares.append(found[:80].sum() / max(found.sum(), 1))
    assert np.mean(shares) < 0.05
