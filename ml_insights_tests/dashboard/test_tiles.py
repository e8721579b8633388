"""Headline values and their change against the day before."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ml_insights.dashboard.tiles import COLUMNS, tile
from ml_insights.dashboard.wording import DASH, MINUS
from ml_insights.metrics.comparison import NOT_COMPARABLE, VERDICTS


def row(value: float | None, spread: float = 0.01, **others: Any) -> dict[str, Any]:
    """A quality row that has the same value in every headline column."""
    values: dict[str, Any] = {"predictions": 100, "positives": 10, "negatives": 90}
    values["operating_threshold"] = 0.5
    for column in COLUMNS.values():
        values[column] = value
        values[f"{column}_low"] = None if value is None else value - spread
        values[f"{column}_high"] = None if value is None else value + spread
    return {**values, "dt": date(2026, 11, 9), **others}


def compared(difference: float | None, verdict: str | None) -> dict[str, Any]:
    """The row of variant_comparison against the day before."""
    return {"difference": difference, "verdict": verdict}


@pytest.mark.parametrize(
    ("verdict", "said", "tone"),
    [
        ("better", ", a clear change", "better"),
        ("worse", ", a clear change", "worse"),
        ("no_relevant_difference", ", no relevant difference", "unclear"),
        ("cannot_tell_yet", ", within the uncertainty", "unclear"),
        (None, "", "none"),
    ],
)
def test_a_change_is_judged_as_the_comparison_with_the_day_before_is(
    verdict: str | None, said: str, tone: str
) -> None:
    """Whether the two intervals overlap makes no difference."""
    for now in (0.505, 0.9):
        shown = tile("recall", row(now), row(0.5), compared(0.03, verdict))
        assert (shown["change"], shown["tone"]) == (f"+3.0 points since 9 Nov{said}", tone)


def test_without_a_comparison_the_difference_of_the_values_is_not_judged() -> None:
    for known in (None, compared(None, None)):
        shown = tile("recall", row(0.9), row(0.5), known)
        assert (shown["change"], shown["tone"]) == ("+40.0 points since 9 Nov", "none")


def test_every_verdict_on_days_has_words() -> None:
    for verdict in VERDICTS.keys() - {NOT_COMPARABLE}:
        assert tile("recall", row(0.9), row(0.5), compared(0.4, verdict))["tone"] != "none"


def test_a_change_of_a_share_is_in_points_and_of_other_ratios_in_their_unit() -> None:
    worse, better = compared(-0.03, "worse"), compared(0.03, "better")
    assert tile("precision", row(0.47), row(0.5), worse)["change"] == (
        f"{MINUS}3.0 points since 9 Nov, a clear change"
    )
    assert tile("f1", row(0.53), row(0.5), better)["change"] == "+0.030 since 9 Nov, a clear change"


def test_a_change_too_small_to_be_shown_has_no_sign() -> None:
    said = str(tile("recall", row(0.4999), row(0.5), None)["change"])
    assert said.startswith("0.0 points since")


@pytest.mark.parametrize("before", [None, row(None)])
def test_without_a_value_the_day_before_no_change_is_claimed(before: dict[str, Any] | None) -> None:
    shown = tile("f1", row(0.5), before, compared(0.4, "better"))
    assert (shown["change"], shown["tone"]) == ("no value the day before", "none")


@pytest.mark.parametrize("ratio", COLUMNS)
def test_an_undefined_value_has_a_reason_and_no_number(ratio: str) -> None:
    shown = tile(ratio, row(None), row(0.5), None)
    assert shown["value"] is None
    assert str(shown["undefined"]).startswith("not defined: no ")
    assert shown["tone"] == "none"


def test_guaranteed_limits_have_enough_decimals_to_differ() -> None:
    limits = {"average_precision_limit_low": 0.8850912, "average_precision_limit_high": 0.8850931}
    shown = tile("average_precision", row(0.885, **limits), None, None)
    assert shown["limits"] == f"guaranteed 0.885091{DASH}0.885093"


def test_ratios_without_guaranteed_limits_show_none() -> None:
    assert tile("recall", row(0.5), None, None)["limits"] is None


def test_values_at_different_thresholds_are_not_compared() -> None:
    before = row(0.5, operating_threshold=0.4)
    shown = tile("recall", row(0.2), before, compared(-0.3, "worse"))
    assert shown["change"] == "the threshold was 0.4 on 9 Nov: no comparison"
    assert shown["tone"] == "none"
    of_all = tile("average_precision", row(0.2), before, compared(-0.3, "worse"))
    assert of_all["tone"] == "worse"
