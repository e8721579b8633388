"""From the counts of many curves to all published tables of a day: CPU seconds by table.

What belongs here: a lake with a week of counts, and every step that Python takes after Spark, once.
What does not: one curve beside scikit-learn (`curve_speed`), the heavy steps (`experiment`).

    python -m benchmarks.table_speed [CURVES] [RECORDS]

Files are written and read as in a daily run, on the local disk; Dagster and the page are left out.
CPU seconds are those of all threads, so they are what one core would take.
"""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from ml_insights.contracts import CONFUSION_COUNTS, MODEL_QUALITY, PRECISION_RECALL
from ml_insights.day_counts import CurveCounts, day_counts
from ml_insights.decisions.choices import threshold_choice_table
from ml_insights.decisions.comparison_tables import VARIANT_COMPARISON
from ml_insights.decisions.comparisons import (
    PREVIOUS_DAY,
    TRAILING_7_DAYS,
    Rules,
    Traffic,
    variant_comparison_table,
)
from ml_insights.decisions.health import calibration_curve_table, model_health_table
from ml_insights.decisions.insights.earlier import earlier_days
from ml_insights.decisions.insights.table import insights_table
from ml_insights.decisions.money import MoneyRules, business_value_table
from ml_insights.decisions.money_tables import BUSINESS_VALUE, THRESHOLD_CHOICE
from ml_insights.decisions.rollups import window_quality_table
from ml_insights.decisions.tables import (
    CALIBRATION_CURVE,
    INSIGHTS,
    MODEL_HEALTH,
    WINDOW_QUALITY,
    WINDOWS,
)
from ml_insights.decisions.windows import window_counts
from ml_insights.lake import Lake
from ml_insights.metrics.business_value import Outcomes, OutcomeValues
from ml_insights.metrics.thresholds import OFFSET_UNITS, ThresholdGrid
from ml_insights.result_tables import (
    DRAWN,
    Curve,
    confusion_counts_table,
    drawn_thresholds,
    model_quality_table,
    precision_recall_table,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from ml_insights.columns import Table

CURVES, RECORDS = 100, 200_000
ENDPOINT, DAY, DAYS = "shop", date(2026, 10, 8), 8
GRID, THRESHOLD = ThresholdGrid(), 0.5
VARIANTS = ("champion", "challenger")


def bins_of_day(random: np.random.Generator, curves: int, records: int) -> pa.Table:
    """Counts as Spark leaves them: for two variants, all records and slices of them."""
    parts: dict[str, list[Any]] = {name: [] for name in (*Curve._fields, *_BINS)}
    for number in range(curves):
        place = number // len(VARIANTS)
        positive = random.random(records) < 0.05
        score = 1 / (1 + np.exp(-random.normal(np.where(positive, 0.5, -2.5), 1.5)))
        index, at = np.unique(np.searchsorted(_EDGES, score, side="right") - 1, return_inverse=True)
        seen = random.random(records) < 0.9
        columns: dict[str, Any] = {
            "variant": [VARIANTS[number % len(VARIANTS)]] * index.size,
            "class_label": ["1"] * index.size,
            "slice": ["all" if not place else f"region={place:02}"] * index.size,
            "threshold_index": index,
            "bin_positives": np.bincount(at[positive & seen], minlength=index.size),
            "bin_negatives": np.bincount(at[~positive & seen], minlength=index.size),
            "bin_unlabelled": np.bincount(at[~seen], minlength=index.size),
            "bin_offsets": np.bincount(at, minlength=index.size) * (OFFSET_UNITS // 2),
        }
        for name, values in columns.items():
            parts[name].extend(values)
    return pa.table(parts)


_EDGES = np.array([GRID.threshold(index) for index in range(GRID.size)])
_BINS = ("threshold_index", "bin_positives", "bin_negatives", "bin_unlabelled", "bin_offsets")


def publish_days(lake: Lake, curves: int, records: int) -> pa.Table:
    """Write the days before, which are alike; returns the bins of the last."""
    bins = bins_of_day(np.random.default_rng(0), curves, records)
    notes = {"grid": GRID.name, "report": {"manifest_digest": "abc", "labels_as_of": None}}
    rows = confusion_counts_table(bins, GRID, None)
    for back in range(1, DAYS):
        lake.write(ENDPOINT, CONFUSION_COUNTS, DAY - timedelta(days=back), rows, notes)
    return bins


class Stopwatch:
    """CPU seconds of each step."""

    def __init__(self) -> None:
        """Nothing is measured yet."""
        self.seconds: dict[str, float] = {}

    def time(self, name: str, step: Callable[[], Any]) -> Any:
        """What the step returns."""
        started = time.process_time()
        found = step()
        self.seconds[name] = time.process_time() - started
        return found


def measure(curves: int, records: int, replicates: int) -> dict[str, float]:
    """CPU seconds of each table of a day, by name."""
    with tempfile.TemporaryDirectory() as folder:
        lake, watch = Lake(folder), Stopwatch()
        _day(lake, publish_days(lake, curves, records), replicates, watch)
        return watch.seconds


def _day(  # noqa: C901 (a list of the day's steps)
    lake: Lake, bins: pa.Table, replicates: int, watch: Stopwatch
) -> None:
    notes = {"grid": GRID.name, "report": {"manifest_digest": "abc", "labels_as_of": None}}
    operating = GRID.index_of(THRESHOLD)
    provenance = {"run_id": "-", "code_version": "-"}

    def counts() -> None:
        rows = confusion_counts_table(bins, GRID, None)
        lake.write(ENDPOINT, CONFUSION_COUNTS, DAY, rows, notes)

    def curves_of_day() -> CurveCounts:
        return day_counts(lake, ENDPOINT, GRID, DAY)

    def before(days: int) -> CurveCounts:
        chosen = [DAY - timedelta(days=back) for back in range(1, days + 1)]
        return window_counts(lake, ENDPOINT, GRID, chosen)

    def last(days: int) -> list[date]:
        return [DAY - timedelta(days=back) for back in range(min(days, DAYS) - 1, -1, -1)]

    def write(table: Any, rows: pa.Table) -> pa.Table:
        lake.write(ENDPOINT, table, DAY, rows)
        return rows

    def drawn() -> Any:
        return drawn_thresholds(lake.read(ENDPOINT, PRECISION_RECALL, DAY, list(DRAWN)))

    def quality() -> pa.Table:
        return model_quality_table(
            curves_of_day(), drawn(), THRESHOLD, labels_as_of=None, min_label_coverage=0.9,
            provenance={**provenance, "manifest_digest": "-"},
            identity=(ENDPOINT, str(DAY)), replicates=replicates,
        )  # fmt: skip

    money = MoneyRules(
        OutcomeValues(Outcomes(140.0, -9.0, -120.0, 0.0)), "EUR", 400, operating, 0.9,
        max(replicates, 1),
    )  # fmt: skip
    rules = Rules(
        threshold_index=operating,
        relevant=0.01,
        min_label_coverage=0.9,
        min_positives=20,
        traffic_split={},
    )

    def comparison() -> pa.Table:
        baselines = {PREVIOUS_DAY: (before(1), 1), TRAILING_7_DAYS: (before(7), 7)}
        windows = {
            days: Traffic(window_counts(lake, ENDPOINT, GRID, last(days)), days=len(last(days)))
            for days in WINDOWS.values()
        }
        return variant_comparison_table(Traffic(curves_of_day()), baselines, rules, windows)

    def health() -> pa.Table:
        return model_health_table(
            curves_of_day(), before(7), operating,
            identity=(ENDPOINT, DAY), reference_days=7, past={},
        )  # fmt: skip

    watch.time("confusion_counts", counts)
    watch.time(
        "precision_recall",
        lambda: write(PRECISION_RECALL, precision_recall_table(curves_of_day(), THRESHOLD)),
    )
    watch.time("model_quality", lambda: write(MODEL_QUALITY, quality()))
    compared = watch.time("variant_comparison", lambda: write(VARIANT_COMPARISON, comparison()))
    watch.time(
        "business_value",
        lambda: write(BUSINESS_VALUE, business_value_table(curves_of_day(), drawn(), money)),
    )
    choice = watch.time(
        "threshold_choice",
        lambda: write(
            THRESHOLD_CHOICE,
            threshold_choice_table(
                curves_of_day(), money, identity=(ENDPOINT, DAY), chosen_before={}
            ),
        ),
    )
    watch.time(
        "calibration_curve",
        lambda: write(CALIBRATION_CURVE, calibration_curve_table(curves_of_day(), operating)),
    )
    healthy = watch.time("model_health", lambda: write(MODEL_HEALTH, health()))
    watch.time(
        "insights",
        lambda: write(
            INSIGHTS,
            insights_table(
                compared,
                healthy,
                choice,
                coverage={},
                relevant=0.01,
                earlier=earlier_days(lake, ENDPOINT, DAY),
            ),
        ),
    )

    def window_quality(table: Table, days: int) -> pa.Table:
        return window_quality_table(
            lake, table, ENDPOINT, GRID, last(days), operating_threshold=THRESHOLD,
            min_label_coverage=0.9, replicates=replicates, provenance=provenance,
        )  # fmt: skip

    for days, table in WINDOW_QUALITY.items():
        rows = watch.time(table.name, partial(window_quality, table, days))
        write(table, rows)


def main(curves: int, records: int) -> None:
    """Print a table of CPU seconds, without bootstrap and with."""
    found = [measure(curves, records, replicates) for replicates in (0, 1000)]
    print(f"{curves} curves of {records:,} records, CPU s")
    print("| table | without bootstrap | 1,000 replicates |\n| --- | ---: | ---: |")
    for name in found[0]:
        print(f"| {name} | {found[0][name]:.2f} | {found[1][name]:.2f} |")
    print(f"| all | {sum(found[0].values()):.2f} | {sum(found[1].values()):.2f} |")


if __name__ == "__main__":
    given = [int(number) for number in sys.argv[1:]]
    main(*(given + [CURVES, RECORDS][len(given) :]))
