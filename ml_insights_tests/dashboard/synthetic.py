"""Seeded result tables with the shape of real ones, to look at and to test the dashboard with.

Scores are logit-normal, so that counts at a threshold are survival functions: no records needed.
The three tables are built in one file, though it is a long one, because they must agree.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

import numpy as np
import pyarrow as pa

from ml_insights.columns import Table
from ml_insights.contracts import ALL_RECORDS, MODEL_QUALITY, PRECISION_RECALL, RECORD_BALANCE
from ml_insights.metrics.thresholds import ThresholdGrid

FIRST_DAY = date(2026, 11, 7)
OPERATING_THRESHOLD = 0.5
LABEL_WINDOW_DAYS = 7
SLICES = (ALL_RECORDS, "region=EU", "region=US", "region=APAC", "channel=web", "channel=app")
GRID = ThresholdGrid()
Row = dict[str, Any]


@dataclass(frozen=True)
class Tables:
    """The three tables that the dashboard reads, each with `dt`."""

    quality: pa.Table
    curves: pa.Table
    balance: pa.Table


@dataclass(frozen=True)
class Curve:
    """One synthetic curve: its key, its volumes and how far apart the classes are."""

    dt: date
    variant: str
    class_label: str
    slice: str
    positives: int
    negatives: int
    unlabelled: int
    separation: float

    @property
    def key(self) -> Row:
        names = ("dt", "variant", "class_label", "slice")
        return {name: getattr(self, name) for name in names}


def build_tables(
    *,
    days: int = 14,
    variants: Sequence[str] = ("champion", "challenger"),
    slices: Sequence[str] = SLICES,
    classes: Sequence[str] = ("fraud",),
    points: int = 200,
    labelled: bool = True,
    seed: int = 7,
) -> Tables:
    """Tables of consecutive days; the last two are provisional, the second variant dips once."""
    random = np.random.default_rng(seed)
    keys = product(range(days), enumerate(variants), classes, slices)
    curves = [_curve(random, day, days, *key) for day, *key in keys]
    if not labelled:
        curves = [_without_labels(curve) for curve in curves]
    rows = [row for curve in curves for row in _points(curve, points)] if labelled else []
    overall = [c for c in curves if c.slice == ALL_RECORDS and c.class_label == classes[0]]
    return Tables(
        quality=arrow(MODEL_QUALITY, [_quality(curve) for curve in curves]),
        curves=arrow(PRECISION_RECALL, rows),
        balance=arrow(RECORD_BALANCE, [row for curve in overall for row in _balance(curve)]),
    )


def arrow(contract: Table, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows as an Arrow table of the contract's schema plus `dt`."""
    schema = contract.arrow_schema().append(pa.field("dt", pa.date32(), nullable=False))
    return pa.Table.from_pylist([dict(row) for row in rows], schema=schema)


def _curve(random: np.random.Generator, day: int, days: int, *key: Any) -> Curve:
    (variant_number, variant), class_label, slice_name = key
    share = 1.0 if slice_name == ALL_RECORDS else random.uniform(0.15, 0.5)
    records = int(share * random.uniform(90_000, 110_000) / (1 + 0.6 * variant_number))
    late = max(0, day - (days - 3)) if days > 2 else 0
    labelled = records * (0.97, 0.71, 0.38)[min(late, 2)]
    positives = int(labelled * random.uniform(0.018, 0.024))
    dip = 1.6 if variant_number == 1 and day == max(0, days - 5) else 0.0
    return Curve(
        dt=FIRST_DAY + timedelta(days=day),
        variant=variant,
        class_label=class_label,
        slice=slice_name,
        positives=positives,
        negatives=int(labelled) - positives,
        unlabelled=records - int(labelled),
        separation=5.0 - 0.25 * variant_number - dip + random.normal(0, 0.07),
    )


def _without_labels(curve: Curve) -> Curve:
    records = curve.positives + curve.negatives + curve.unlabelled
    return replace(curve, positives=0, negatives=0, unlabelled=records)


def _cells(curve: Curve, threshold: float) -> Row:
    logit = math.log(threshold / (1 - threshold)) if threshold else -40.0
    found = round(curve.positives * _survival(logit - curve.separation / 2 + 1.5))
    alarms = round(curve.negatives * _survival((logit + curve.separation / 2 + 1.5) / 1.2))
    return {
        "true_positives": found,
        "false_positives": alarms,
        "false_negatives": curve.positives - found,
        "true_negatives": curve.negatives - alarms,
    }


def _survival(z: float) -> float:
    return 0.5 * math.erfc(z / 1.3 / math.sqrt(2))


def _share(name: str, part: int, whole: int) -> Row:
    if whole == 0:
        return {name: None, f"{name}_low": None, f"{name}_high": None}
    z, value = 1.959964, part / whole
    middle = value + z * z / (2 * whole)
    spread = z * math.sqrt(value * (1 - value) / whole + z * z / (4 * whole * whole))
    scale = 1 + z * z / whole
    return {
        name: value,
        f"{name}_low": max(0.0, (middle - spread) / scale),
        f"{name}_high": min(1.0, (middle + spread) / scale),
    }


def _ratios(cells: Row, prefix: str = "") -> Row:
    found, false = cells["true_positives"], cells["false_positives"]
    missed = cells["false_negatives"]
    union = _share("j", found, found + false + missed)
    f1 = {name: None if value is None else 2 * value / (1 + value) for name, value in union.items()}
    return {
        **_share(f"{prefix}precision", found, found + false),
        **_share(f"{prefix}recall", found, found + missed),
        f"{prefix}f1": f1["j"],
        f"{prefix}f1_low": f1["j_low"],
        f"{prefix}f1_high": f1["j_high"],
    }


def _points(curve: Curve, points: int) -> list[Row]:
    rows = []
    for rank, logit in enumerate(np.linspace(9.5, -9.5, points)):
        index = GRID.index_of(1 / (1 + math.exp(-logit)))
        threshold = GRID.threshold(index)
        cells = _cells(curve, threshold)
        ratios = _ratios(cells)
        undefined = "nothing_labelled_above" if ratios["precision"] is None else None
        rows.append(
            {
                **curve.key,
                "threshold_index": index,
                "threshold": threshold,
                **cells,
                **ratios,
                "false_positive_rate": cells["false_positives"] / curve.negatives,
                "undefined_reason": undefined,
                "display_rank": rank,
            }
        )
    return rows


def _quality(curve: Curve) -> Row:
    records = curve.positives + curve.negatives + curve.unlabelled
    labelled = curve.positives + curve.negatives
    cells = _cells(curve, OPERATING_THRESHOLD)
    area = _area(curve) if labelled else None
    nullable = {column.name: None for column in MODEL_QUALITY.columns if column.nullable}
    return {
        **nullable,
        **curve.key,
        "predictions": records,
        "positives": curve.positives,
        "negatives": curve.negatives,
        "unlabelled": curve.unlabelled,
        "label_coverage": labelled / records,
        "prevalence": curve.positives / labelled if labelled else None,
        "average_precision": area,
        "average_precision_limit_low": area and area - 2e-4,
        "average_precision_limit_high": area and area + 2e-4,
        "average_precision_low": area and area - 0.012,
        "average_precision_high": area and area + 0.011,
        "bootstrap_replicates": 1000,
        "operating_threshold": OPERATING_THRESHOLD,
        "operating_grid_threshold": OPERATING_THRESHOLD,
        "operating_bin_records": 0,
        **{f"operating_{name}": count for name, count in cells.items()},
        **_ratios(cells, "operating_"),
        "display_points": 200,
        "display_deviation": 2e-4,
        "undefined_reason": None
        if labelled
        else "no_positives,no_negatives,nothing_labelled_above",
        "provisional": labelled / records < 0.9,
        "labels_as_of": datetime(2026, 11, 22, 6, 30, tzinfo=UTC) if labelled else None,
        "grid": GRID.name,
        "run_id": "9f1c6a52-6f0e-4b1e-9c7d-0c6b1b7f2a11",
        "code_version": "0.1.0",
        "manifest_digest": "5d41402abc4b2a76b9719d911017c592ae2f",
    }


def _area(curve: Curve) -> float:
    """Step sum of precision over recall on a coarse grid: near enough to look right."""
    area, reached = 0.0, 0.0
    for logit in np.linspace(9.5, -9.5, 60):
        ratios = _ratios(_cells(curve, 1 / (1 + math.exp(-logit))))
        if ratios["precision"] is not None:
            area += (ratios["recall"] - reached) * ratios["precision"]
            reached = ratios["recall"]
    return area


def _balance(curve: Curve) -> list[Row]:
    records = curve.positives + curve.negatives + curve.unlabelled
    malformed, late = 37 + curve.dt.day, 12 + curve.dt.day
    accounts = {
        ("capture_lines", curve.variant): {
            "lines_read": records + malformed + 5,
            "records_accepted": -records,
            "malformed_json": -malformed,
            "not_utf8": -5,
        },
        ("predictions", curve.variant): {
            "predictions_in_records": records + 69,
            "predictions_scored": -(records + 60),
            "score_nan": -9,
        },
        ("scores", curve.variant): {
            "raw_predictions": records + 60,
            "positives": -curve.positives,
            "negatives": -curve.negatives,
            "unlabelled": -curve.unlabelled,
            "duplicates": -60,
        },
        ("label_lines", None): {
            "label_lines_read": 4000 + late,
            "records_accepted": -4000,
            "malformed_json": -late,
        },
    }
    return [
        {"dt": curve.dt, "account": account, "variant": variant, "item": item, "records": count}
        for (account, variant), items in accounts.items()
        for item, count in items.items()
        if variant is not None or curve.variant == "champion"
    ]
