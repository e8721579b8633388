"""The one data object of the page: rows of the result tables, grouped by curve, with their words.

What belongs here: selecting, rounding and grouping what the page shows. What does not: markup,
scripts, charts.

A curve's points are stored by column. Ratios of points keep five significant digits, which is more
than a screen can show and keeps the page small; counts and thresholds are exact.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from ml_insights.columns import Table
from ml_insights.contracts import (
    ALL_RECORDS,
    MODEL_QUALITY,
    PRECISION_RECALL,
    REASONS,
    RECORD_BALANCE,
)
from ml_insights.dashboard import tiles, wording
from ml_insights.dashboard.held import CurveKey, Held
from ml_insights.errors import ContractError
from ml_insights.variants import in_order

Row = Mapping[str, Any]
PREVIOUS_DAY = "previous_day"
"""The comparison of `variant_comparison` whose verdicts tiles repeat."""

POINT_COUNTS = ("true_positives", "false_positives", "false_negatives", "true_negatives")
POINT_RATIOS = (
    *("precision", "precision_low", "precision_high"),
    *("recall", "recall_low", "recall_high"),
    "f1",
)
QUALITY_VALUES = (
    *("positives", "negatives", "unlabelled", "prevalence", "provisional"),
    *("operating_grid_threshold", "grid", "run_id", "code_version", "manifest_digest"),
)


def page_data(
    quality: pa.Table,
    curves: pa.Table,
    balance: pa.Table,
    held: Held,
    *,
    label_window_days: int,
    comparison: pa.Table | None = None,
) -> dict[str, Any]:
    """Everything the page's scripts read, ready for JSON.

    Args:
        quality: `model_quality` of all days, with `dt`.
        curves: `precision_recall` rows that have a display_rank, with `dt`.
        balance: `record_balance` of all days, with `dt`.
        held: the curves to show; of some of them only the values.
        label_window_days: Labels of a day are used up to so many days after it.
        comparison: `variant_comparison` of the days, with `dt`, whose verdicts tiles repeat.

    Returns:
        The choices (`days`, `variants`, `classes`, `slices`), `curves` with points, values and
        words, `rejected` records by day and variant, `balance` rows by day, and the words for them.
    """
    rows: dict[CurveKey, Row] = {_key(row): row for row in quality.to_pylist()}
    points = _points_by_curve(curves)
    items = balance.to_pylist()
    keys = sorted(held.values)
    compared = _compared(comparison)
    arriving = _Arriving(_newest(rows.values()), timedelta(days=label_window_days))
    days = sorted({key[0] for key in keys} | {item["dt"] for item in items})
    return {
        "days": [day.isoformat() for day in days],
        "calendar": [day.isoformat() for day in _calendar(days)],
        "variants": in_order(key[1] for key in keys),
        "classes": sorted({key[2] for key in keys}),
        "slices": sorted({key[3] for key in keys}, key=lambda name: (name != ALL_RECORDS, name)),
        "all_records": ALL_RECORDS,
        "curves": [
            _curve(key, rows, points.get(key), held, arriving=arriving, compared=compared[key])
            for key in keys
        ],
        "left_out": held.left_out,
        "threshold_changes": wording.threshold_changes(
            {row["dt"]: row["operating_threshold"] for row in rows.values()}
        ),
        "rejected": _rejected(items),
        "balance": _balance(items),
        "account_words": wording.ACCOUNTS,
        "item_words": {**wording.BALANCE_ITEMS, **REASONS},
        "undefined_words": wording.UNDEFINED,
    }


def embed(value: object) -> str:
    """JSON that is safe inside a `<script>` element: nothing in it can end or open an element."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def require_tables(quality: pa.Table, curves: pa.Table, balance: pa.Table) -> None:
    """Refuse tables that break their contracts, before anything reads them.

    Raises:
        ContractError: A table lacks a column of its contract, or holds NaN instead of NULL.
    """
    tables = ((MODEL_QUALITY, quality), (PRECISION_RECALL, curves), (RECORD_BALANCE, balance))
    for contract, table in tables:
        _require(contract, table)


def _require(contract: Table, table: pa.Table) -> None:
    missing = [c.name for c in contract.columns if c.name not in table.column_names]
    if "dt" not in table.column_names:
        missing.append("dt")
    if missing:
        msg = (
            f"the dashboard needs all columns of {contract.name} and the partition's day as dt; "
            f"missing: {', '.join(missing)}. Read the table with its contract and add dt."
        )
        raise ContractError(msg)
    for column in contract.columns:
        values = table.column(column.name)
        if column.type == "float64" and pc.any(pc.is_nan(values)).as_py():
            msg = f"{contract.name}.{column.name} holds NaN; an undefined value must be NULL."
            raise ContractError(msg)


def _calendar(days: Sequence[date]) -> list[date]:
    """Every day from the first to the last, so that a day nobody ran is seen as a gap."""
    length = (days[-1] - days[0]).days + 1 if days else 0
    return [days[0] + timedelta(days=n) for n in range(length)]


def curve_keys(curves: pa.Table) -> set[CurveKey]:
    """The curves that rows of `precision_recall` belong to."""
    found = curves.group_by(list(CurveKey._fields)).aggregate([])
    return {_key(row) for row in found.to_pylist()}


def _key(row: Row) -> CurveKey:
    return CurveKey(*(row[name] for name in CurveKey._fields))


def _points_by_curve(curves: pa.Table) -> dict[CurveKey, dict[str, list[Any]]]:
    """Columns of points of each curve, by descending threshold."""
    columns = ("threshold", *POINT_COUNTS, *POINT_RATIOS)
    order = [(name, "ascending") for name in CurveKey._fields] + [("threshold", "descending")]
    drawn = curves.filter(pc.is_valid(curves.column("display_rank"))).sort_by(order)
    values = {name: drawn.column(name).to_pylist() for name in (*CurveKey._fields, *columns)}
    groups: dict[CurveKey, list[int]] = defaultdict(list)
    for place, key in enumerate(zip(*(values[name] for name in CurveKey._fields), strict=True)):
        groups[CurveKey(*key)].append(place)
    return {
        key: {name: values[name][places[0] : places[-1] + 1] for name in columns}
        for key, places in groups.items()
    }


class _Arriving(NamedTuple):
    """Until when labels arrive, told from the data: the same tables give the same page."""

    newest: date
    window: timedelta

    def until(self, day: date) -> date | None:
        """The last day on which labels of `day` may arrive; None if it has passed."""
        last = day + self.window
        return last if last >= self.newest else None


def _newest(rows: Iterable[Row]) -> date:
    """The newest day that the rows know of: a day of theirs, or that of a label object."""
    known = [value for row in rows for value in (row["dt"], row["labels_as_of"]) if value]
    days = (value.date() if isinstance(value, datetime) else value for value in known)
    return max(days, default=date.min)


def _curve(
    key: CurveKey,
    rows: Mapping[CurveKey, Row],
    points: dict[str, list[Any]] | None,
    held: Held,
    *,
    arriving: _Arriving,
    compared: Mapping[str, Row],
) -> dict[str, Any]:
    day, variant, class_label, slice_name = key
    row = rows.get(key)
    here = key in held.curves
    before = rows.get(key._replace(dt=day - timedelta(days=1)))
    return {
        "day": day.isoformat(),
        "variant": variant,
        "class_label": class_label,
        "slice": slice_name,
        "quality": row and _values(row),
        "words": row and _words(row, before, compared, arriving.until(day)),
        "points": _rounded(_with_operating_point(points, row)) if points and here else None,
        "left_out": not here,
    }


def _with_operating_point(points: dict[str, list[Any]], row: Row | None) -> dict[str, list[Any]]:
    """The operating point among the drawn points, so that the slider can stand on it."""
    if row is None or row["operating_grid_threshold"] in points["threshold"]:
        return points
    here = row["operating_grid_threshold"]
    place = sum(1 for threshold in points["threshold"] if threshold > here)
    value = {name: row[f"operating_{name}"] for name in (*POINT_COUNTS, *POINT_RATIOS)}
    value["threshold"] = here
    return {name: [*old[:place], value[name], *old[place:]] for name, old in points.items()}


def _rounded(points: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Five digits for ratios; counts that follow from the first row's totals are left out."""
    positives = points["true_positives"][0] + points["false_negatives"][0]
    negatives = points["false_positives"][0] + points["true_negatives"][0]
    kept: dict[str, Any] = {"positives": positives, "negatives": negatives}
    for name in ("threshold", "true_positives", "false_positives"):
        kept[name] = points[name]
    for name in POINT_RATIOS:
        kept[name] = [None if v is None else float(f"{v:.5g}") for v in points[name]]
    return kept


def _values(row: Row) -> dict[str, Any]:
    """The values of a quality row that charts and tables show, under the names of the charts."""
    values = {name: row[name] for name in QUALITY_VALUES}
    for ratio, column in tiles.COLUMNS.items():
        for end in ("", "_low", "_high", "_limit_low", "_limit_high"):
            if f"{column}{end}" in row:
                values[f"{ratio}{end}"] = row[f"{column}{end}"]
    return values


def _compared(comparison: pa.Table | None) -> defaultdict[CurveKey, dict[str, Row]]:
    """Rows against the day before, by curve and metric."""
    found: defaultdict[CurveKey, dict[str, Row]] = defaultdict(dict)
    if comparison is not None:
        rows = comparison.filter(pc.field("comparison") == PREVIOUS_DAY)
        for row in rows.to_pylist():
            found[_key(row)][row["metric"]] = row
    return found


def _words(
    row: Row, before: Row | None, compared: Mapping[str, Row], arriving: date | None
) -> dict[str, Any]:
    return {
        "lead": wording.headline(row, full=True),
        "short": wording.headline(row, full=False),
        "labels": wording.labels(row, arriving),
        "few_labels": wording.few_labels(row, arriving),
        "volumes": wording.volumes(row),
        "note": wording.threshold_note(row),
        "tiles": {
            ratio: tiles.tile(ratio, row, before, compared.get(ratio)) for ratio in tiles.COLUMNS
        },
    }


def _rejected(items: Iterable[Row]) -> dict[str, dict[str, int]]:
    """Capture records and predictions rejected for any reason, by day and variant."""
    totals: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for item in items:
        if item["item"] in REASONS and item["variant"] is not None:
            totals[item["dt"].isoformat()][item["variant"]] -= item["records"]
    return totals


def _balance(items: Sequence[Row]) -> dict[str, list[list[Any]]]:
    """`[account, variant, item, records]` by day, in the order of the table."""
    days: dict[str, list[list[Any]]] = defaultdict(list)
    for item in items:
        row = [item["account"], item["variant"], item["item"], item["records"]]
        days[item["dt"].isoformat()].append(row)
    return days
