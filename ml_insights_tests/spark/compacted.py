"""Compacting a captured day, and the rows it published, for the tests that need a whole day.

What belongs here: arguments of the first step and reading its result without Spark. What does not:
capture lines (`captured`).
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from ml_insights.spark.arguments import RawPredictionsArguments
from ml_insights_tests.spark.captured import ONE_SCORE

if TYPE_CHECKING:
    from pathlib import Path

WITHOUT_SLICES = replace(ONE_SCORE, slices=())


def compacting_job(folder: Path, **given: Any) -> RawPredictionsArguments:
    """A job for the captures in `folder/capture/shop`, all in one unit."""
    job = RawPredictionsArguments(
        day="2026-10-01",
        capture_root=str(folder / "capture/shop"),
        output=str(folder / "lake/dt=2026-10-01"),
        capture=WITHOUT_SLICES,
        max_files=1_000,
        max_bytes=10**9,
        run_id="first",
    )
    return replace(job, **given)


def quiet(_: str) -> None:
    """Report to nobody."""


def published(folder: Path) -> list[dict[str, Any]]:
    """Rows that the manifest names, read without Spark."""
    partition = folder / "lake/dt=2026-10-01"
    rows = []
    for unit in json.loads((partition / "_manifest.json").read_text())["units"]:
        for file in sorted((partition / unit["path"] / "kind=accepted").rglob("*.parquet")):
            variant = file.parent.name.removeprefix("variant=")
            rows += [{**row, "variant": variant} for row in pq.ParquetFile(file).read().to_pylist()]
    return sorted(rows, key=lambda row: (row["event_id"], row["prediction_index"]))
