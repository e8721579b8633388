"""The limits of the page's size, and who comes first."""

from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from ml_insights.dashboard.held import MOST_CURVES, MOST_VALUES, CurveKey, held_curves

NEWEST = date(2026, 11, 20)


def quality(days: int, slices: int, classes: int = 1) -> pa.Table:
    """Volumes of curves; the later a slice's name, the larger it is."""
    rows = [
        {"dt": NEWEST - timedelta(days=day), "variant": variant, "class_label": f"c{label}"}
        | {"slice": f"a={number:05}" if number else "all", "predictions": number}
        for day in range(days)
        for variant in ("champion", "challenger")
        for label in range(classes)
        for number in range(slices)
    ]
    return pa.Table.from_pylist(rows)


@given(st.integers(1, 20), st.integers(1, 60), st.integers(1, 3))
def test_the_limits_hold_whatever_there_is(days: int, slices: int, classes: int) -> None:
    held = held_curves(quality(days, slices, classes))
    there = days * 2 * slices * classes
    assert len(held.curves) == min(there, MOST_CURVES)
    assert len(held.values) == min(there, MOST_VALUES)
    assert held.curves <= held.values
    assert held.left_out == there - len(held.values)


def test_the_demo_keeps_all_records_of_90_days_and_a_week_of_its_slices() -> None:
    held = held_curves(quality(days=90, slices=15))
    assert sum(key.slice == "all" for key in held.curves) == 180
    whole = [day for day, slices in held.slices_by_day().items() if len(slices) == 15]
    assert whole[-7:] == [NEWEST - timedelta(days=n) for n in reversed(range(7))]


def test_of_a_day_with_too_many_slices_the_largest_are_kept() -> None:
    slices = held_curves(quality(days=1, slices=500)).slices_by_day()[NEWEST]
    assert slices == [f"a={number:05}" for number in range(301, 500)] + ["all"]


def test_a_curve_without_a_row_of_values_is_kept_last() -> None:
    lone = CurveKey(NEWEST, "champion", "c0", "a=lone")
    assert lone in held_curves(quality(1, 2), [lone]).curves
    assert lone not in held_curves(quality(1, 500), [lone]).curves
