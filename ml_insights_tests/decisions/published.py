"""Days of counts on a lake, made from drawn records: what Spark would have left.

What belongs here: drawing and publishing. What does not: what tests expect of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ml_insights.contracts import CONFUSION_COUNTS, RECORD_BALANCE
from ml_insights.day_counts import CurveCounts
from ml_insights.lake import Lake
from ml_insights.metrics.confusion import BinCounts
from ml_insights.metrics.thresholds import ThresholdGrid
from ml_insights.result_tables import Curve, confusion_counts_table

GRID = ThresholdGrid()
HALF = GRID.index_of(0.5)
ENDPOINT = "fraud"
FIRST_DAY = date(2026, 10, 1)
CHAMPION = Curve("champion", "1", "all")
CHALLENGER = Curve("challenger", "1", "all")


def drawn(
    seed: int,
    size: int = 4000,
    *,
    separation: float = 2.0,
    prevalence: float = 0.2,
    labelled: float = 1.0,
) -> BinCounts:
    """Counts of records whose log-odds are normal with means so far apart."""
    random = np.random.default_rng(seed)
    positive = random.random(size) < prevalence
    centre = np.where(positive, separation / 2, -separation / 2)
    score = 1.0 / (1.0 + np.exp(-random.normal(centre, 1.0)))
    seen = random.random(size) < labelled
    return BinCounts.from_scores(GRID, score, np.where(seen, positive, -1))


def high_scores_labelled(bins: BinCounts) -> BinCounts:
    """The same records; only scores from 0.4 on have labels."""
    high = bins.threshold_index >= GRID.index_of(0.4)
    unlabelled = bins.unlabelled + (bins.positives + bins.negatives) * ~high
    parts = (bins.positives * high, bins.negatives * high, unlabelled, bins.score_sum)
    return BinCounts(bins.grid, bins.threshold_index, *parts)


def nothing() -> BinCounts:
    """Counts of no record."""
    return BinCounts.from_scores(GRID, [], [])


def publish(
    lake: Lake,
    days: Mapping[date, CurveCounts],
    grid: ThresholdGrid = GRID,
    meaning: Mapping[str, str] | None = None,
) -> None:
    """Write the days as confusion_counts of `ENDPOINT`, with what their counts mean."""
    for day, curves in days.items():
        report: dict[str, Any] = {"manifest_digest": "abc", "labels_as_of": None}
        if meaning is not None:
            report["meaning"] = dict(meaning)
        notes = {"grid": grid.name, "report": report}
        lake.write(ENDPOINT, CONFUSION_COUNTS, day, counts_table(curves), notes)
        closed = RECORD_BALANCE.arrow_schema().empty_table()
        lake.write(ENDPOINT, RECORD_BALANCE, day, closed, notes)


def counts_table(curves: CurveCounts) -> pa.Table:
    """Rows of confusion_counts; score sums are those of the thresholds."""
    rows = [
        {
            **curve._asdict(),
            "threshold_index": index,
            "bin_positives": p,
            "bin_negatives": n,
            "bin_unlabelled": u,
            "bin_offsets": 0,
        }
        for curve, bins in curves.items()
        for index, p, n, u in zip(
            bins.threshold_index.tolist(),
            bins.positives.tolist(),
            bins.negatives.tolist(),
            bins.unlabelled.tolist(),
            strict=True,
        )
    ]
    return confusion_counts_table(pa.Table.from_pylist(rows), GRID, None)


def many_days(folder: Path, days: int) -> tuple[Lake, dict[date, CurveCounts]]:
    """A lake with two variants and two slices on each of the days."""
    lake = Lake(str(folder))
    history = {
        FIRST_DAY + timedelta(days=n): {
            Curve(variant, "1", slice_): drawn(100 * n + k, 600)
            for k, (variant, slice_) in enumerate(
                (v, s) for v in ("challenger", "champion") for s in ("all", "region=EU")
            )
        }
        for n in range(days)
    }
    publish(lake, history)
    return lake, history
