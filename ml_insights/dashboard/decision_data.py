"""What the page shows beyond curves: insights, comparisons, money, calibration.

What belongs here: selecting, rounding and grouping rows of the tables people decide from. What does
not: the curves (`page_data`), markup, scripts, charts, and any arithmetic.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ml_insights.dashboard.held import CurveKey
from ml_insights.dashboard.short_list import MOST, more_than_shown
from ml_insights.dashboard.wording import SPACE
from ml_insights.metrics.comparison import VERDICTS
from ml_insights.metrics.reasons import REASONS

Row = Mapping[str, Any]

INSIGHTS, COMPARISON = "insights", "variant_comparison"
VALUE, CHOICE = "business_value", "threshold_choice"
GROUPS, HEALTH = "calibration_curve", "model_health"
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
        `leads`, the clearest change of each day that has one, `insights`, the others as far as they
        are shown, and `more_insights`, a line about those that are not, by day;
        `comparisons`, `values`, `choices`, `groups` and `health` by curve, whose key is the JSON of
        day, variant, class and slice; words for verdicts and reasons. `compared` names the parts
        of a row of `comparisons`. `values` has no thresholds: its points are those of the curve,
        highest threshold first, of which capacity allows the first `allowed`.
    """
    shown = {
        name: table if name == INSIGHTS else _held(table, held) for name, table in tables.items()
    }
    rows = {name: table.to_pylist() for name, table in shown.items() if name != VALUE}
    return {
        **_insights(rows.get(INSIGHTS, [])),
        "compared": _COMPARED,
        "comparisons": _grouped(rows.get(COMPARISON, []), _COMPARED),
        "values": _values(shown[VALUE]) if VALUE in shown else {},
        "choices": {_key(row): _rounded(row) for row in rows.get(CHOICE, [])},
        "groups": _by_column(rows.get(GROUPS, []), _GROUPED),
        "health": {_key(row): _rounded(row) for row in rows.get(HEALTH, [])},
        "verdict_words": VERDICTS,
        "reason_words": REASONS,
        "shown": {name: name in shown and shown[name].num_rows > 0 for name in READ},
    }


def _insights(rows: Sequence[Row]) -> dict[str, Any]:
    """By day: the first insight's text if it is new, better or worse; the others; how many more."""
    leads: dict[str, str] = {}
    others: dict[str, list[dict[str, Any]]] = defaultdict(list)
    number = Counter(row["dt"].isoformat() for row in rows)
    for row in sorted(rows, key=lambda row: (row["dt"], row["rank"])):
        day, text = row["dt"].isoformat(), row["sentence"].replace(" %", f"{SPACE}%")
        known = row["known_since"] is not None
        if row["rank"] == 1 and row["tone"] != "notice" and not known:
            leads[day] = text
        elif row["rank"] <= MOST:
            others[day].append({"tone": row["tone"], "text": text, "known": known})
    more = {day: more_than_shown(found)[0] for day, found in number.items() if found > MOST}
    return {"leads": leads, "insights": others, "more_insights": more}


def _held(table: pa.Table, held: Set[CurveKey]) -> pa.Table:
    """The rows of these curves."""
    return table.filter(pa.array([key in held for key in _curve_keys(table)], pa.bool_()))


def _curve_keys(table: pa.Table) -> Iterator[CurveKey]:
    columns = (table[name].to_pylist() for name in CurveKey._fields)
    return map(CurveKey._make, zip(*columns, strict=True))


def _key(row: Row) -> str:
    return _text(CurveKey(*(row[name] for name in CurveKey._fields)))


def _text(key: CurveKey) -> str:
    """As the scripts make it: JSON without blanks, any letter as it is."""
    day, *names = key
    return json.dumps([day.isoformat(), *names], separators=(",", ":"), ensure_ascii=False)


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


def _values(table: pa.Table) -> dict[str, dict[str, Any]]:
    """Money, half its interval, which is symmetric, and what capacity allows, highest first."""
    half = pc.subtract(table["value_high"], table["value"])
    columns = (column.to_pylist() for column in (table["value"], half, table["within_capacity"]))
    points = zip(_curve_keys(table), *columns, strict=True)
    values = {}
    # One table is many rows and few curves: it is not taken apart into rows.
    for key, curve in groupby(points, key=itemgetter(0)):
        falling = list(curve)[::-1]
        values[_text(key)] = {
            "value": [_short(value) for _, value, _, _ in falling],
            "half": [_short(width) for _, _, width, _ in falling],
            "allowed": sum(within for _, _, _, within in falling),
        }
    return values


def _short(value: Any) -> Any:
    """Days as text; of fractions five digits, which is more than a screen can show."""
    if isinstance(value, date):
        return value.isoformat()
    return float(f"{value:.5g}") if isinstance(value, float) else value


def _rounded(row: Row) -> dict[str, Any]:
    """A row as it is shown; day, keys and how intervals came about are left out."""
    return {
        name: _short(value)
        for name, value in row.items()
        if (name not in CurveKey._fields or name == "variant")
        and not name.endswith(("_method", "_replicates"))
    }
