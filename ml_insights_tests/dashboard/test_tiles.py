"""Headline values and their change against the day before."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ml_insights.dashboard.tiles import COLUMNS, tile
from ml_insights.dashboard.wording import DASH, MINUS


def row(value: float | None, spread: float = 0.01, **others: Any) -> dict[str, Any]:
    """A quality row that has the same value in every headline column."""
    values: dict[str, Any] = {"predictions": 100, "positives": 10, "negatives": 90}
    values["operating_threshold"] = 0.5
    for column in COLUMNS.values():
        values[column] = value
        values[f"{column}_low"] = None if value is None else value - spread
        values[f"{column}_high"] = None if value is None else value + spread
    return {**values, "dt": date(2026, 11, 9), **others}


@pytest.mark.parametrize(
    ("now", "tone"),
    [(0.53, "better"), (0.47, "worse"), (0.51, "unclear"), (0.52, "unclear"), (0.5, "unclear")],
)
def test_a_change_is_clear_only_if_the_intervals_do_not_overlap(now: float, tone: str) -> None:
    assert tile("recall", row(now), row(0.5))["tone"] == tone


def test_a_change_of_a_share_is_in_points_and_of_other_ratios_in_their_unit() -> None:
    before = row(0.5)
    assert tile("precision", row(0.47), before)["change"] == (
        f"{MINUS}3.0 points since 9 Nov, a clear change"
    )
    assert tile("f1", row(0.53), before)["change"] == "+0.030 since 9 Nov, a clear change"


def test_a_change_too_small_to_be_shown_has_no_sign() -> None:
    said = str(tile("recall", row(0.4999), row(0.5))["change"])
    assert said.startswith("0.0 points since")


@pytest.mark.parametrize("before", [None, row(None)])
def test_without_a_value_the_day_before_no_change_is_claimed(before: dict[str, Any] | None) -> None:
    shown = tile("f1", row(0.5), before)
    assert (shown["change"], shown["tone"]) == ("no value the day before", "none")


@pytest.mark.parametrize("ratio", COLUMNS)
def test_an_undefined_value_has_a_reason_and_no_number(ratio: str) -> None:
    shown = tile(ratio, row(None), row(0.5))
    assert shown["value"] is None
    assert str(shown["undefined"]).startswith("not defined: no ")
    assert shown["tone"] == "none"


def test_guaranteed_limits_have_enough_decimals_to_differ() -> None:
    limits = {"average_precision_limit_low": 0.8850912, "average_precision_limit_high": 0.8850931}
    shown = tile("average_precision", row(0.885, **limits), None)
    assert shown["limits"] == f"guaranteed 0.885091{DASH}0.885093"


def test_ratios_without_guaranteed_limits_show_none() -> None:
    assert tile("recall", row(0.5), None)["limits"] is None


def test_a_value_without_interval_is_not_called_a_clear_change() -> None:
    now = {**row(1.0), "average_precision_low": None, "average_precision_high": None}
    assert tile("average_precision", now, row(0.2))["tone"] == "unclear"


def test_values_at_different_thresholds_are_not_compared() -> None:
    before = row(0.5, operating_threshold=0.4)
    shown = tile("recall", row(0.2), before)
    assert shown["change"] == "the threshold was 0.4 on 9 Nov: no comparison"
    assert shown["tone"] == "none"
    assert tile("average_precision", row(0.2), before)["tone"] == "worse"
