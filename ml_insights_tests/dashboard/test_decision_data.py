"""What the page's scripts read of the tables people decide from."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from ml_insights.dashboard.decision_data import (
    CHOICE,
    COMPARISON,
    GROUPS,
    INSIGHTS,
    VALUE,
    decision_data,
)
from ml_insights.dashboard.held import CurveKey
from ml_insights.dashboard.short_list import MOST
from ml_insights.dashboard.wording import SPACE
from ml_insights.decisions.tables import DECISION_TABLES
from ml_insights.metrics.reasons import REASONS

DAY = date(2026, 10, 2)
CURVE = {"variant": "champion", "class_label": "1", "slice": 'stadt=Köln & x="1"'}
KEY = '["2026-10-02","champion","1","stadt=Köln & x=\\"1\\""]'


def shown(tables: dict[str, pa.Table]) -> dict[str, Any]:
    """The data of a page that holds the curve."""
    return decision_data(tables, {CurveKey(DAY, **CURVE)})


def rows(name: str, *values: dict[str, Any]) -> pa.Table:
    """Rows of a table with `dt`; what is not given is empty."""
    table = DECISION_TABLES[name]
    empty = {"string": "x", "boolean": True, "int32": 1, "int64": 1, "float64": 0.25, "date": DAY}
    schema = pa.schema([pa.field("dt", pa.date32()), *table.arrow_schema()])
    usual = {column.name: empty[column.type] for column in table.columns}
    usual |= {"known_since": None} if name == INSIGHTS else {}
    return pa.Table.from_pylist([{**usual, **CURVE, "dt": DAY, **row} for row in values], schema)


def test_curves_have_the_key_that_the_scripts_make() -> None:
    data = shown({CHOICE: rows(CHOICE, {"regret": 1 / 3})})
    assert list(data["choices"]) == [KEY]
    assert json.loads(KEY)[3] == CURVE["slice"]
    assert data["choices"][KEY]["regret"] == 0.33333


def test_comparisons_name_the_parts_of_a_row_once() -> None:
    data = shown({COMPARISON: rows(COMPARISON, {"difference": -0.1234567})})
    (row,) = data["comparisons"][KEY]
    assert dict(zip(data["compared"], row, strict=True))["difference"] == -0.12346


def test_money_stands_highest_threshold_first_with_half_its_interval_and_its_capacity() -> None:
    low = {"value": -50.0, "value_low": -70.0, "value_high": -30.0, "within_capacity": False}
    table = rows(
        VALUE,
        {"threshold": 0.1, **low},
        {"threshold": 0.9, "value": 10.0, "value_low": None, "value_high": None},
    )
    assert shown({VALUE: table})["values"][KEY] == {
        "value": [10.0, -50.0],
        "half": [None, 20.0],
        "allowed": 1,
    }


def test_every_reason_that_a_table_may_give_has_words_on_the_page() -> None:
    assert shown({})["reason_words"] == REASONS


def test_groups_are_stored_by_column_and_insights_by_day() -> None:
    data = shown(
        {
            GROUPS: rows(GROUPS, {"records": 3}, {"records": 4}),
            INSIGHTS: rows(INSIGHTS, {"sentence": "<b>", "tone": "notice"}),
        }
    )
    assert data["groups"][KEY]["records"] == [3, 4]
    assert data["insights"] == {"2026-10-02": [{"tone": "notice", "text": "<b>", "known": False}]}


def test_the_first_insight_of_a_day_leads_the_page_if_it_is_a_change() -> None:
    said = [("notice", "drift", 2), ("worse", "recall fell 5 %", 1)]
    data = shown(
        {INSIGHTS: rows(INSIGHTS, *({"tone": t, "sentence": s, "rank": r} for t, s, r in said))}
    )
    assert data["leads"] == {"2026-10-02": f"recall fell 5{SPACE}%"}
    others = {"2026-10-02": [{"tone": "notice", "text": "drift", "known": False}]}
    assert data["insights"] == others


@pytest.mark.parametrize("what", [{"tone": "notice"}, {"tone": "worse", "known_since": DAY}])
def test_what_is_no_change_or_is_known_leads_no_page(what: dict[str, Any]) -> None:
    data = shown({INSIGHTS: rows(INSIGHTS, {"rank": 1, **what})})
    assert data["leads"] == {}
    assert [one["known"] for one in data["insights"]["2026-10-02"]] == ["known_since" in what]


def test_where_the_list_is_cut_it_says_how_many_more_there_are() -> None:
    def of(number: int) -> dict[str, Any]:
        ranked = ({"rank": rank, "tone": "notice"} for rank in range(1, number + 1))
        return shown({INSIGHTS: rows(INSIGHTS, *ranked)})

    assert len(of(MOST)["insights"]["2026-10-02"]) == MOST
    assert of(MOST)["more_insights"] == {}
    assert len(of(MOST + 3)["insights"]["2026-10-02"]) == MOST
    assert of(MOST + 3)["more_insights"] == {"2026-10-02": "and 3 more in the table insights"}


@pytest.mark.parametrize("tables", [{}, {INSIGHTS: rows(INSIGHTS)}])
def test_what_is_missing_or_empty_is_not_shown(tables: dict[str, pa.Table]) -> None:
    assert not any(shown(tables)["shown"].values())


def test_of_curves_the_page_does_not_hold_only_insights_are_shown() -> None:
    tables = {name: rows(name, {}) for name in (COMPARISON, VALUE, CHOICE, GROUPS, INSIGHTS)}
    data = decision_data(tables, frozenset())
    assert [name for name, there in data["shown"].items() if there] == [INSIGHTS]
    assert not any(data[name] for name in ("comparisons", "values", "choices", "groups"))
