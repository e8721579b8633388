"""model_quality_7_days and model_quality_28_days: headline numbers of several days together.

What belongs here: the rows of the roll-ups. What does not: adding days up (`windows`).
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING

from ml_insights.contracts import CONFUSION_COUNTS
from ml_insights.decisions.rows import arrow_rows
from ml_insights.decisions.windows import window_counts
from ml_insights.metrics.quality import curve_quality

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import pyarrow as pa

    from ml_insights.columns import Table
    from ml_insights.lake import Lake
    from ml_insights.metrics.thresholds import ThresholdGrid


def window_quality_table(
    lake: Lake,
    table: Table,
    endpoint: str,
    grid: ThresholdGrid,
    days: Sequence[date],
    *,
    operating_threshold: float,
    min_label_coverage: float,
    replicates: int,
    provenance: Mapping[str, str],
) -> pa.Table:
    """Rows of a table of `tables.WINDOW_QUALITY`.

    Args:
        lake: where the days are.
        table: which of them.
        endpoint: whose days.
        grid: of the settings.
        days: published days, ascending; the last one gives the window its identity.
        operating_threshold: of the settings.
        min_label_coverage: below it a curve is provisional.
        replicates: of the bootstrap.
        provenance: `run_id` and `code_version`.
    """
    notes = [lake.notes(endpoint, CONFUSION_COUNTS, day)["report"] for day in days]
    digests = "".join(note["manifest_digest"] for note in notes)
    stamps = [note["labels_as_of"] for note in notes if note["labels_as_of"]]
    newest = datetime.fromisoformat(max(stamps)) if stamps else None
    rows = []
    for curve, bins in window_counts(lake, endpoint, grid, days).items():
        quality = curve_quality(
            bins,
            operating_threshold=operating_threshold,
            identity=(endpoint, table.name, days[-1].isoformat(), *curve),
            replicates=replicates,
        )
        rows.append(
            {
                **curve._asdict(),
                **quality,
                "provisional": not bins.label_coverage >= min_label_coverage,
                "labels_as_of": newest,
                "grid": grid.name,
                **provenance,
                "manifest_digest": hashlib.sha256(digests.encode()).hexdigest(),
                "first_day": days[0],
                "days": len(days),
            }
        )
    return arrow_rows(table, rows)
