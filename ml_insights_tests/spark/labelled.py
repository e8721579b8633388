"""Arguments of the counting job, and tables of predictions and labels, that its tests share.

What belongs here: building input of the second step without the first. What does not: capture
lines (`captured`).
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from ml_insights.contracts import RAW_PREDICTIONS
from ml_insights.spark.arguments import ConfusionCountsArguments, ValueForm
from ml_insights.spark.manifest import manifest_path, progress_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyspark.sql import DataFrame, SparkSession

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
LABELS = pa.schema(
    [
        ("event_id", pa.binary()),
        ("codes", pa.list_(pa.int32())),
        ("collected_on", pa.string()),
        ("entries", pa.int64()),
        ("counting", pa.int64()),
        ("modified", pa.timestamp("us", tz="UTC")),
    ]
)


def counting_job(folder: Path, **given: Any) -> ConfusionCountsArguments:
    """A job on the default grid for one score, positive `1`, negative `0`."""
    job = ConfusionCountsArguments(
        day="2026-10-01",
        predictions=str(folder / "lake/dt=2026-10-01"),
        earlier_predictions=(),
        ground_truth_root=str(folder / "ground_truth"),
        label_days=("2026-10-01", "2026-10-02"),
        max_files=1_000,
        labels=(ValueForm("text/csv"), ValueForm("application/json", path="instances[*].label")),
        positive_label="1",
        negative_label="0",
        classes=(),
        slices=(),
        crosses=(),
        max_slices=200,
        octaves=20,
        bits=9,
        output=str(folder / "counted"),
    )
    return replace(job, **given)


def prediction(event_id: str, score: float, **given: Any) -> dict[str, Any]:
    """A row of raw_predictions, the only one of its record unless something else is given."""
    row = {
        "variant": "main",
        "event_id": event_id.encode(),
        "prediction_index": 0,
        "predictions_in_record": 1,
        "class_label": "1",
        "score": score,
        "slice_id": 0,
        "slice_values": [],
        "captured_at": NOON,
    }
    return {**row, **given}


def predictions_frame(
    spark: SparkSession, folder: Path, rows: Iterable[dict[str, Any]]
) -> DataFrame:
    """Rows of raw_predictions, through Parquet."""
    file = folder / "predictions.parquet"
    pq.write_table(pa.Table.from_pylist([*rows], schema=RAW_PREDICTIONS.arrow_schema()), file)
    return spark.read.schema(RAW_PREDICTIONS.spark_ddl()).parquet(str(file))


def publish(
    partition: str, rows: Iterable[dict[str, Any]], *, complete: bool = True, **unit: Any
) -> None:
    """Publish rows as a partition of raw_predictions with one unit, without Spark.

    With `complete` false the unit is finished, but the day is still in the making.
    """
    by_variant: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_variant.setdefault(row["variant"], []).append(row)
    columns = RAW_PREDICTIONS.arrow_schema()
    without_variant = columns.remove(columns.get_field_index("variant"))
    for variant, own in by_variant.items():
        folder = Path(partition, "unit=00-23/run=a/kind=accepted", f"variant={variant}")
        folder.mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist(own, without_variant), folder / "part.parquet")
    written = {
        "path": "unit=00-23/run=a",
        "rows": sum(map(len, by_variant.values())),
        "slices": [[0, []]],
        "variants": {variant: {} for variant in by_variant},
        **unit,
    }
    manifest = {"digest": "of the captures", "units": [written]}
    Path(partition).mkdir(parents=True, exist_ok=True)
    document = manifest_path(partition) if complete else progress_path(partition)
    Path(document).write_text(json.dumps(manifest))


def labels_frame(spark: SparkSession, folder: Path, rows: Iterable[dict[str, Any]]) -> DataFrame:
    """Labels by event, as `one_per_event` gives them; see `label`."""
    file = folder / "labels.parquet"
    pq.write_table(pa.Table.from_pylist([*rows], LABELS), file)
    return spark.read.parquet(str(file))


def label(event_id: str, codes: list[int | None] | None, **given: Any) -> dict[str, Any]:
    """A row of the labels by event: one record, collected on the first day at noon."""
    number = len(codes or [])
    row = {
        "event_id": event_id.encode(),
        "codes": codes,
        "collected_on": "2026-10-01",
        "entries": number,
        "counting": number,
        "modified": NOON,
    }
    return {**row, **given}
