"""Groups of neighbouring bins: never empty, about equal, nothing lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_insights.metrics.strata import equal_starts, sums

masses = st.lists(st.integers(0, 50), min_size=1, max_size=40)


@given(masses, st.integers(1, 12))
def test_groups_cover_all_bins_and_each_holds_mass(mass: list[int], groups: int) -> None:
    values = np.array(mass)
    starts = equal_starts(values, groups)
    assert starts[0] == 0
    assert np.all(np.diff(starts) > 0)
    assert starts.size <= groups
    totals = sums(values, starts)
    assert totals.sum() == values.sum()
    assert values.sum() == 0 or np.all(totals > 0)


def test_light_bins_make_equal_groups() -> None:
    starts = equal_starts(np.ones(1000, dtype=np.int64), 8)
    assert sums(np.ones(1000, dtype=np.int64), starts).tolist() == [125] * 8


@pytest.mark.parametrize("groups", [1, 3])
def test_without_bins_there_are_no_groups(groups: int) -> None:
    none = np.zeros(0, dtype=np.int64)
    assert equal_starts(none, groups).size == 0
    assert sums(none, equal_starts(none, groups)).size == 0
