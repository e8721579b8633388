"""What the page shows beyond curves: insights, comparisons, money, calibration.

What belongs here: selecting, rounding and grouping rows of the tables people decide from. What does
not: the curves (`page_data`), markup, scripts, charts, and any arithmetic.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from typing import Any

import pyarrow as pa

from ml_insights.dashboard.held import CurveKey
from ml_insights.dashboard.wording import SPACE
from ml_insights.metrics.comparison import VERDICTS

Row = Mapping[str, Any]

INSIGHTS, COMPARISON = "insights", "variant_comparison"
VALUE, CHOICE = "business_value", "threshold_choice"
GROUPS, HEALTH = "score_groups", "model_health"
READ = (INSIGHTS, COMPARISON, VALUE, CHOICE, GROUPS, HEALTH)
"""Tables that are read; each may be missing."""

_COMPARED = (
    *("comparison", "variant", "baseline_variant", "metric", "baseline_value", "value"),
    *("difference", "difference_low", "difference_high", "verdict", "labels", "labels_needed"),
    *("baseline_days", "undefined_reason"),
)
_GROUPED = (
    *("threshold", "records", "labelled", "labelled_share", "mean_score"),
    *("positive_rate", "positive_rate_low", "positive_rate_high"),
)


def decision_data(tables: Mapping[str, pa.Table], held: Set[CurveKey]) -> dict[str, Any]:
    """Everything the page's scripts read of the tables people decide from, ready for JSON.

    Args:
        tables: rows with `dt` by name of the table, a part of `READ`.
        held: the curves to show; insights are shown whatever they are about.

    Returns:
        `leads`, the clearest change of each day that has one, and `insights`, the others, by day;
        `comparisons`, `values`, `choices`, `groups` and `health` by curve, whose key is the JSON of
        day, variant, class and slice; words for verdicts. `compared` names the parts of a row of
        `comparisons`. `values` has no thresholds: its points are those of the curve, highest
        threshold first.
    """
    rows = {
        name: [row for row in table.to_pylist() if name == INSIGHTS or _curve_key(row) in held]
        for name, table in tables.items()
    }
    leads, insights = _insights(rows.get(INSIGHTS, []))
    return {
        "leads": leads,
        "insights": insights,
        "compared": _COMPARED,
        "comparisons": _grouped(rows.get(COMPARISON, []), _COMPARED),
        "values": _values(rows.get(VALUE, [])),
        "choices": {_key(row): _rounded(row) for row in rows.get(CHOICE, [])},
        "groups": _by_column(rows.get(GROUPS, []), _GROUPED),
        "health": {_key(row): _rounded(row) for row in rows.get(HEALTH, [])},
        "verdict_words": VERDICTS,
        "shown": {name: bool(rows.get(name)) for name in READ},
    }


def _insights(rows: Sequence[Row]) -> tuple[dict[str, str], dict[str, list[dict[str, str]]]]:
    """By day: the first insight's text if it is a change, better or worse, and all others."""
    leads: dict[str, str] = {}
    others: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row["dt"], row["rank"])):
        day, text = row["dt"].isoformat(), row["sentence"].replace(" %", f"{SPACE}%")
        if row["rank"] == 1 and row["tone"] != "notice":
            leads[day] = text
        else:
            others[day].append({"tone": row["tone"], "text": text})
    return leads, others


def _curve_key(row: Row) -> CurveKey:
    return CurveKey(*(row[name] for name in CurveKey._fields))


def _key(row: Row) -> str:
    """As the scripts make it: JSON without blanks, any letter as it is."""
    day, *names = _curve_key(row)
    parts = [day.isoformat(), *names]
    return json.dumps(parts, separators=(",", ":"), ensure_ascii=False)


def _grouped(rows: Sequence[Row], columns: Sequence[str]) -> dict[str, list[list[Any]]]:
    """Rows as lists in the order of the columns: their names would be most of the page."""
    groups = defaultdict(list)
    for row in rows:
        groups[_key(row)].append([_short(row[name]) for name in columns])
    return dict(groups)


def _by_column(rows: Sequence[Row], columns: Sequence[str]) -> dict[str, dict[str, list[Any]]]:
    groups: dict[str, dict[str, list[Any]]] = {}
    for row in rows:
        group = groups.setdefault(_key(row), {name: [] for name in columns})
        for name, value in _rounded({name: row[name] for name in columns}).items():
            group[name].append(value)
    return groups


def _values(rows: Sequence[Row]) -> dict[str, dict[str, list[Any]]]:
    """Money and half its interval, which is symmetric, by descending threshold."""
    values: dict[str, dict[str, list[Any]]] = {}
    for row in reversed(rows):
        curve = values.setdefault(_key(row), {"value": [], "half": []})
        half = None if row["value_high"] is None else row["value_high"] - row["value"]
        for name, number in (("value", row["value"]), ("half", half)):
            curve[name].append(_short(number))
    return values


def _short(value: Any) -> Any:
    """Five significant digits for numbers with a fraction: more than a screen can show."""
    return float(f"{value:.5g}") if isinstance(value, float) else value


def _rounded(row: Row) -> dict[str, Any]:
    """A row as it is shown; day and keys are left out."""
    return {
        name: _short(value)
        for name, value in row.items()
        if name not in CurveKey._fields or name == "variant"
    }
