"""Numbers and reasons in words."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_insights.contracts import ACCOUNTS
from ml_insights.dashboard import wording
from ml_insights_tests.dashboard.synthetic import Tables, build_tables


def readable(text: str) -> str:
    """The text with ordinary spaces and dashes."""
    return text.replace(wording.SPACE, " ").replace(wording.DASH, "-")


@pytest.fixture
def row() -> dict[str, Any]:
    return {
        "variant": "champion",
        "predictions": 1000,
        "positives": 30,
        "negatives": 900,
        "label_coverage": 0.93,
        "prevalence": 30 / 930,
        "labels_as_of": datetime(2026, 11, 9, 6, 30, tzinfo=UTC),
        "provisional": False,
        "operating_threshold": 0.5,
        "operating_grid_threshold": 0.5,
        "operating_bin_records": 0,
        "operating_recall": 0.713,
        "operating_recall_low": 0.699,
        "operating_recall_high": 0.727,
        "operating_precision": 0.839,
        "operating_precision_low": 0.825,
        "operating_precision_high": 0.852,
    }


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.7134, "71.3 %"),
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.00054, "0.054 %"),
        (0.9996, "99.960 %"),
        (1e-9, "0.00000010 %"),
    ],
)
def test_a_percentage_keeps_two_digits_of_its_distance_to_the_ends(share: float, text: str) -> None:
    assert readable(wording.percent(share)) == text


@given(st.floats(min_value=1e-5, max_value=1 - 1e-5))
def test_a_percentage_is_never_rounded_to_0_or_100(share: float) -> None:
    shown = float(readable(wording.percent(share)).removesuffix(" %"))
    assert 0 < shown < 100
    assert shown == pytest.approx(100 * share, abs=0.051)


def test_an_interval_at_100_percent_shows_where_it_begins() -> None:
    text = wording.interval_text("recall", 1.0, 0.9943, 1.0)
    assert readable(text) == "95 % interval 99.43-100.00 %"


def test_one_record_is_said_in_the_singular(row: dict[str, Any]) -> None:
    assert readable(wording.volumes(row)).startswith("1,000 predictions, 30 positives (3.2 %")
    one = row | {"predictions": 1, "positives": 1, "prevalence": None}
    assert wording.volumes(one) == "1 prediction, 1 positive"


def test_a_missing_interval_is_said() -> None:
    assert "no 95" in readable(wording.interval_text("average_precision", 1.0, None, None))


def test_the_headline_names_threshold_terms_and_intervals(row: dict[str, Any]) -> None:
    assert readable(wording.headline(row, full=True)) == (
        "At the operating threshold 0.5, champion finds 71.3 % of the positives (recall, 95 % "
        "interval 69.9-72.7 %); 83.9 % of its alarms are right (precision, 95 % interval "
        "82.5-85.2 %)."
    )


def test_the_short_headline_has_only_the_two_shares(row: dict[str, Any]) -> None:
    assert readable(wording.headline(row, full=False)) == (
        "champion finds 71.3 % of the positives; 83.9 % of its alarms are right."
    )


def test_recall_without_positives_is_said_to_be_undefined(row: dict[str, Any]) -> None:
    row |= {"positives": 0, "operating_recall": None}
    assert "recall of champion is not defined (no record is labelled positive); 83.9" in readable(
        wording.headline(row, full=True)
    )


def test_precision_without_alarms_is_said_to_be_undefined(row: dict[str, Any]) -> None:
    row |= {"operating_recall": 0.0, "operating_precision": None}
    text = readable(wording.headline(row, full=False))
    assert text == (
        "champion finds 0 % of the positives; its precision is not defined (no labelled record "
        "reaches the threshold)."
    )


@pytest.mark.parametrize(
    ("volumes", "reason"),
    [
        ({"predictions": 0, "positives": 0, "negatives": 0}, "there is no prediction"),
        ({"positives": 0, "negatives": 0}, "no usable label"),
        ({"positives": 0}, "no record is labelled positive"),
    ],
)
def test_an_undefined_day_names_its_cause(
    row: dict[str, Any], volumes: dict[str, int], reason: str
) -> None:
    row |= {**volumes, "operating_recall": None, "operating_precision": None}
    assert wording.headline(row, full=False).endswith(f"is defined: {reason}.")


def test_no_text_of_any_row_shows_nan_or_none(tables: Tables) -> None:
    unlabelled = build_tables(days=1, labelled=False, slices=("all",)).quality.to_pylist()
    for values in [*tables.quality.to_pylist(), *unlabelled]:
        for said in (
            wording.headline(values, full=True),
            wording.labels(values, None),
            wording.few_labels(values, None),
            wording.volumes(values),
            wording.threshold_note(values),
        ):
            assert "nan" not in said.lower()
            assert "None" not in said


def test_enough_labels_are_said_without_a_warning(row: dict[str, Any]) -> None:
    assert readable(wording.labels(row, date(2026, 11, 14))) == (
        "93.0 % of the predictions have a label, as of 9 Nov 06:30 UTC"
    )
    assert wording.few_labels(row, date(2026, 11, 14)) == ""


def test_few_labels_are_said_with_the_day_until_which_more_may_arrive(row: dict[str, Any]) -> None:
    row |= {"provisional": True}
    assert readable(wording.few_labels(row, date(2026, 11, 14))) == (
        "only 93.0 % of the predictions have a label; more may arrive until 14 Nov"
    )
    assert readable(wording.few_labels(row, None)) == (
        "only 93.0 % of the predictions have a label"
    )
    assert "arrive" not in wording.labels(row, None)


def test_a_grid_threshold_is_named_only_if_records_lie_between(row: dict[str, Any]) -> None:
    assert wording.threshold_note(row) == ""
    row |= {"operating_grid_threshold": 0.4995, "operating_bin_records": 1234}
    assert wording.threshold_note(row) == (
        "counted at grid threshold 0.4995; at most 1,234 records lie between"
    )


def test_every_account_has_words_without_names_of_tables() -> None:
    assert wording.ACCOUNTS.keys() == ACCOUNTS.keys()
    assert not any("_" in words or "row" in words for words in wording.ACCOUNTS.values())


def test_a_changed_threshold_is_said_with_its_days() -> None:
    days = {date(2026, 11, day): 0.4 if day < 5 else 0.55 for day in (3, 4, 5)}
    assert wording.threshold_changes(days).startswith(
        "The operating threshold was changed: 0.4 from 3 Nov to 4 Nov, 0.55 on 5 Nov."
    )
    back = wording.threshold_changes({**days, date(2026, 11, 9): 0.4})
    assert "0.55 on 5 Nov, 0.4 on 9 Nov." in back


@pytest.mark.parametrize("days", [{}, {date(2026, 11, 3): 0.4, date(2026, 11, 4): 0.4}])
def test_one_threshold_needs_no_words(days: dict[date, float]) -> None:
    assert wording.threshold_changes(days) == ""
