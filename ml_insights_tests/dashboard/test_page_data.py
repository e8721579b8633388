"""What the page's scripts are given: the tables' values, nothing invented, nothing lost."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from ml_insights.contracts import ACCOUNTS, MODEL_QUALITY, PRECISION_RECALL, RECORD_BALANCE
from ml_insights.dashboard import held
from ml_insights.dashboard.held import held_curves
from ml_insights.dashboard.page_data import curve_keys, embed, page_data, require_tables
from ml_insights.errors import ContractError
from ml_insights_tests.dashboard.synthetic import FIRST_DAY, Tables, arrow, build_tables


def data_of(tables: Tables, window: int = 7) -> dict[str, Any]:
    require_tables(tables.quality, tables.curves, tables.balance)
    shown = held_curves(tables.quality, curve_keys(tables.curves))
    return page_data(tables.quality, tables.curves, tables.balance, shown, label_window_days=window)


def without_day(table: pa.Table, day: date) -> pa.Table:
    return table.filter(pc.not_equal(table.column("dt"), day))


def test_points_are_those_of_the_table_from_the_highest_threshold_down(one_day: Tables) -> None:
    [curve] = [c for c in data_of(one_day)["curves"] if c["variant"] == "champion"]
    rows = [row for row in one_day.curves.to_pylist() if row["variant"] == "champion"]
    points = curve["points"]
    by_threshold = {row["threshold"]: row for row in rows}
    assert points["threshold"] == sorted({*by_threshold, 0.5}, reverse=True)
    for place, threshold in enumerate(points["threshold"]):
        if threshold not in by_threshold:
            continue
        row = by_threshold[threshold]
        found, false = points["true_positives"][place], points["false_positives"][place]
        assert (found, false) == (row["true_positives"], row["false_positives"])
        assert points["positives"] - found == row["false_negatives"]
        assert points["negatives"] - false == row["true_negatives"]
        for ratio in ("precision", "precision_low", "recall", "recall_high", "f1"):
            rounded = None if row[ratio] is None else pytest.approx(row[ratio], rel=1e-4)
            assert points[ratio][place] == rounded


def test_a_null_ratio_stays_null(one_day: Tables) -> None:
    rows = one_day.curves.to_pylist()
    nulls = sum(row["precision"] is None for row in rows)
    assert nulls > 0
    curves = data_of(one_day)["curves"]
    assert sum(curve["points"]["precision"].count(None) for curve in curves) == nulls


def test_points_without_a_display_rank_are_left_out(one_day: Tables) -> None:
    rows = one_day.curves.to_pylist()
    hidden = [{**row, "display_rank": None} for row in rows[1::2]]
    thinned = Tables(one_day.quality, arrow(PRECISION_RECALL, rows[::2] + hidden), one_day.balance)
    counts = [len(curve["points"]["threshold"]) for curve in data_of(thinned)["curves"]]
    assert counts == [101, 101]


def test_the_operating_point_is_among_the_points_even_if_it_is_not_drawn(one_day: Tables) -> None:
    curve = data_of(one_day)["curves"][0]
    [row] = [r for r in one_day.quality.to_pylist() if r["variant"] == curve["variant"]]
    place = curve["points"]["threshold"].index(row["operating_grid_threshold"])
    assert curve["points"]["true_positives"][place] == row["operating_true_positives"]
    assert curve["points"]["precision"][place] == pytest.approx(
        row["operating_precision"], rel=1e-4
    )


def test_a_day_that_nobody_ran_is_in_the_calendar_only() -> None:
    tables = build_tables(days=4, slices=("all",), points=10)
    gap = FIRST_DAY + timedelta(days=1)
    data = data_of(
        Tables(*(without_day(t, gap) for t in (tables.quality, tables.curves, tables.balance)))
    )
    assert data["days"] == ["2026-11-07", "2026-11-09", "2026-11-10"]
    assert data["calendar"] == ["2026-11-07", "2026-11-08", "2026-11-09", "2026-11-10"]


def test_a_change_is_against_the_day_before_and_not_the_last_day_there_is() -> None:
    tables = build_tables(days=3, slices=("all",), points=10)
    gap = FIRST_DAY + timedelta(days=1)
    curves = data_of(Tables(without_day(tables.quality, gap), tables.curves, tables.balance))[
        "curves"
    ]
    changes = {
        c["day"]: c["words"]["tiles"]["recall"]["change"] for c in curves if c["words"] is not None
    }
    assert changes["2026-11-09"] == "no value the day before"


def test_a_day_without_labels_has_values_but_no_points() -> None:
    tables = build_tables(days=1, slices=("all",), labelled=False)
    for curve in data_of(tables)["curves"]:
        assert curve["points"] is None
        assert curve["quality"]["precision"] is None
        assert curve["words"]["tiles"]["recall"]["undefined"] == "not defined: no usable label"


def test_a_curve_without_quality_values_keeps_its_points(one_day: Tables) -> None:
    data = data_of(Tables(one_day.quality.slice(0, 0), one_day.curves, one_day.balance))
    assert [curve["words"] for curve in data["curves"]] == [None, None]
    assert all(len(curve["points"]["threshold"]) == 200 for curve in data["curves"])


def test_of_slices_the_page_holds_the_newest_curves_and_of_all_records_every_day(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(held, "MOST_CURVES", 7)
    tables = build_tables(days=3, variants=("champion",), slices=("all", "a=1", "a=2"), points=10)
    curves = data_of(tables)["curves"]
    assert len(curves) == 9
    without = [(c["day"], c["slice"]) for c in curves if c["left_out"]]
    assert [day for day, _ in without] == ["2026-11-07", "2026-11-07"]
    assert {name for _, name in without} == {"a=1", "a=2"}
    assert all((c["points"] is None) == c["left_out"] and c["quality"] for c in curves)


def test_values_that_the_page_does_not_hold_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "MOST_VALUES", 4)
    tables = build_tables(days=3, variants=("champion",), slices=("all", "a=1"), points=10)
    data = data_of(tables)
    assert data["left_out"] == 2
    found = [(c["day"][-2:], c["slice"]) for c in data["curves"]]
    assert found == [("07", "all"), ("08", "all"), ("09", "a=1"), ("09", "all")]


@pytest.mark.parametrize(
    ("window", "until"), [(4, None), (5, "18 Nov"), (7, "20 Nov")], ids=["closed", "last", "open"]
)
def test_more_labels_are_promised_only_while_the_label_window_is_open(
    window: int, until: str | None
) -> None:
    tables = build_tables(days=9, slices=("all",), points=10)
    rows = [
        {**row, "provisional": True, "labels_as_of": datetime(2026, 11, day, 6, tzinfo=UTC)}
        for row in tables.quality.to_pylist()
        for day in [18 if row["dt"] == FIRST_DAY else 16]
    ]
    data = data_of(Tables(arrow(MODEL_QUALITY, rows), tables.curves, tables.balance), window)
    said = {c["day"]: c["words"]["few_labels"] for c in data["curves"]}["2026-11-13"]
    assert said.startswith("only 97")
    assert said.partition("; ")[2] == (f"more may arrive until {until}" if until else "")


def test_a_day_with_nothing_but_a_balance_can_be_chosen(one_day: Tables) -> None:
    data = data_of(Tables(one_day.quality.slice(0, 0), one_day.curves.slice(0, 0), one_day.balance))
    assert data["days"] == ["2026-11-07"]
    assert data["curves"] == []


def test_rejected_counts_lines_and_predictions_of_a_variant_but_no_labels() -> None:
    day = {"dt": FIRST_DAY}
    rows = [
        ("capture_lines", "blue", "lines_read", 100),
        ("capture_lines", "blue", "records_accepted", -93),
        ("capture_lines", "blue", "malformed_json", -7),
        ("predictions", "blue", "score_nan", -2),
        ("label_lines", None, "malformed_json", -50),
    ]
    names = ("account", "variant", "item", "records")
    balance = arrow(RECORD_BALANCE, [{**day, **dict(zip(names, r, strict=True))} for r in rows])
    tables = build_tables(days=1, slices=("all",), points=10)
    data = data_of(Tables(tables.quality, tables.curves, balance))
    assert data["rejected"] == {"2026-11-07": {"blue": 9}}


def test_the_balance_is_passed_on_complete_and_closes(one_day: Tables) -> None:
    [rows] = data_of(one_day)["balance"].values()
    assert len(rows) == one_day.balance.num_rows
    assert {row[0] for row in rows} <= ACCOUNTS.keys()
    sums: dict[tuple[str, str | None], int] = {}
    for account, variant, _, records in rows:
        sums[account, variant] = sums.get((account, variant), 0) + records
    assert set(sums.values()) == {0}


@pytest.mark.parametrize("column", ["display_rank", "dt"])
def test_a_missing_column_is_named(one_day: Tables, column: str) -> None:
    with pytest.raises(ContractError, match=f"precision_recall .* missing: {column}"):
        data_of(Tables(one_day.quality, one_day.curves.drop_columns([column]), one_day.balance))


def test_nan_instead_of_null_is_refused(one_day: Tables) -> None:
    rows = one_day.quality.to_pylist()
    rows[0]["operating_recall"] = float("nan")
    with pytest.raises(ContractError, match=r"model_quality\.operating_recall holds NaN"):
        data_of(Tables(arrow(MODEL_QUALITY, rows), one_day.curves, one_day.balance))


def test_embedded_json_cannot_end_its_element_and_reads_back() -> None:
    value = {"</script>": "<!-- & -->\u2028", "n": [1.5, None]}
    text = embed(value)
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == value
