"""A small page with all its sections, from drawn counts by the functions that publish days.

What belongs here: two days, variants and slices as tables. What does not: Spark, Dagster, a lake.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

import pyarrow as pa

from ml_insights.contracts import RECORD_BALANCE
from ml_insights.dashboard.page import render_page
from ml_insights.day_counts import CurveCounts
from ml_insights.decisions.choices import threshold_choice_table
from ml_insights.decisions.comparisons import (
    PREVIOUS_DAY,
    TRAILING_7_DAYS,
    Rules,
    Traffic,
    variant_comparison_table,
)
from ml_insights.decisions.health import calibration_curve_table, model_health_table
from ml_insights.decisions.insights.earlier import Earlier
from ml_insights.decisions.insights.table import insights_table
from ml_insights.decisions.money import MoneyRules, business_value_table
from ml_insights.metrics.business_value import Outcomes, OutcomeValues
from ml_insights.metrics.confusion import BinCounts
from ml_insights.result_tables import (
    Curve,
    drawn_thresholds,
    model_quality_table,
    precision_recall_table,
)
from ml_insights_tests.decisions.published import CHAMPION, HALF, drawn

DAYS = (date(2026, 10, 8), date(2026, 10, 9))
VARIANTS, SLICES = ("champion", "challenger"), ("all", "region=EU")
RULES = Rules(HALF, 0.01, 0.9, 20, {})
MONEY = MoneyRules(
    OutcomeValues(Outcomes(140.0, -9.0, -120.0, 0.0)), "EUR", None, HALF, 0.9, replicates=50
)
PROVENANCE = {"run_id": "1", "code_version": "2", "manifest_digest": "3"}


@dataclass(frozen=True)
class DecidedPage:
    """A page and what it was made from.

    Attributes:
        html: the page.
        counts: by day.
        tables: rows with `dt`, by name.
    """

    html: str
    counts: dict[date, CurveCounts]
    tables: dict[str, pa.Table]

    def row(self, table: str, day: date, variant: str, slice_name: str = "all") -> dict[str, Any]:
        """The row of a curve in a table that has one a curve."""
        (found,) = [
            row
            for row in self.tables[table].to_pylist()
            if (row["dt"], row["variant"], row["slice"]) == (day, variant, slice_name)
        ]
        return dict(found)


@cache
def decided_page(change: Callable[[BinCounts], BinCounts] = lambda bins: bins) -> DecidedPage:
    """The page of two days.

    Args:
        change: what is done to the counts of the champion's records on the last day.
    """
    counts = {
        day: {
            Curve(variant, "1", slice_name): drawn(seed * 10 + n * 2 + k, 1500 - 500 * k)
            for n, variant in enumerate(sorted(VARIANTS))
            for k, slice_name in enumerate(SLICES)
        }
        for seed, day in enumerate(DAYS)
    }
    counts[DAYS[-1]][CHAMPION] = change(counts[DAYS[-1]][CHAMPION])
    days = [_tables(counts, DAYS[0], [])]
    days.append(_tables(counts, DAYS[1], days[0]["insights"].to_pylist()))
    tables = {name: pa.concat_tables([day[name] for day in days]) for name in days[0]}
    html = render_page(
        endpoint="fraud",
        operating_threshold=0.5,
        label_window_days=7,
        quality=tables["model_quality"],
        curves=tables["precision_recall"],
        balance=pa.concat_tables([_dated(_balance(), day) for day in DAYS]),
        generated_from={"lake": "lake"},
        decisions=tables,
    )
    return DecidedPage(html, counts, tables)


def _tables(
    counts: dict[date, CurveCounts], day: date, insights_before: list[dict[str, Any]]
) -> dict[str, pa.Table]:
    today, before = counts[day], counts.get(day - timedelta(days=1), {})
    identity, day_before = ("fraud", day), (before, len(before) and 1)
    curves = precision_recall_table(today, 0.5)
    points = drawn_thresholds(curves)
    tables = {
        "precision_recall": curves,
        "model_quality": model_quality_table(
            today, points, 0.5, labels_as_of=None, min_label_coverage=0.9, provenance=PROVENANCE,
            replicates=50,
        ),
        "variant_comparison": variant_comparison_table(
            Traffic(today),
            dict.fromkeys((PREVIOUS_DAY, TRAILING_7_DAYS), day_before),
            RULES,
        ),
        "business_value": business_value_table(today, points, MONEY),
        "threshold_choice": threshold_choice_table(
            today, MONEY, identity=identity, chosen_before={}
        ),
        "calibration_curve": calibration_curve_table(today, HALF),
        "model_health": model_health_table(
            today, before, HALF, identity=identity, reference_days=1, past={}
        ),
    }  # fmt: skip
    tables["insights"] = insights_table(
        tables["variant_comparison"], tables["model_health"], tables["threshold_choice"],
        coverage={(*curve,): bins.label_coverage for curve, bins in today.items()}, relevant=0.01,
        earlier=Earlier(day, insights_before),
    )  # fmt: skip
    return {name: _dated(table, day) for name, table in tables.items()}


def _balance() -> pa.Table:
    """Payloads of four predictions for the champion, of one for the challenger."""
    rows = [
        {"account": account, "variant": variant, "item": item, "records": records}
        for variant, payloads in (("champion", 375), ("challenger", 1500))
        for account, came, went, number in (
            ("capture_lines", "lines_read", "records_accepted", payloads),
            ("predictions", "predictions_in_records", "predictions_scored", 1500),
        )
        for item, records in ((came, number), (went, -number))
    ]
    return pa.Table.from_pylist(rows, schema=RECORD_BALANCE.arrow_schema())


def _dated(table: pa.Table, day: date) -> pa.Table:
    dt = pa.repeat(pa.scalar(day, pa.date32()), table.num_rows)
    return table.add_column(0, pa.field("dt", pa.date32(), nullable=False), dt)
