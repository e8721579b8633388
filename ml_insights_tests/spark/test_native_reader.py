"""The native reader gives the rows of the plain way, or gives the line back; none is lost."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from pyspark.sql import functions as F

from ml_insights.capture_files import Payload, csv_request, csv_response
from ml_insights.spark import data_capture
from ml_insights.spark.arguments import CaptureFormat, SliceFeature, ValueForm
from ml_insights.spark.native_reader import UNREAD, read_capture, understands
from ml_insights_tests.spark.captured import CLASSES, JSON, ONE_SCORE, line
from ml_insights_tests.spark.mutations import damaged
from ml_insights_tests.spark.reading import texts_frame
from ml_insights_tests.spark.test_damaged_lines import line_of_classes, line_of_scores

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession

pytestmark = pytest.mark.spark

COLUMNS = (
    *("event_id", "prediction_index", "predictions_in_record", "class_label", "score"),
    *("slice_id", "slice_values", "captured_at", "kind", "reason", "line"),
)


def plain_rows(lines: DataFrame, capture: CaptureFormat) -> Counter[Any]:
    """Rows of the plain way for a column `text`."""
    frame = lines.select(
        F.col("text").alias("value"),
        F.lit("main").alias("variant"),
        F.lit("object").alias("source_object"),
        F.lit(None).cast("timestamp").alias("modified"),
    )
    return collected(data_capture.predictions(data_capture.records(frame, capture), capture))


def collected(rows: DataFrame) -> Counter[Any]:
    """Rows as text, since NaN is not equal to itself; what rejected rows hold has no meaning."""
    accepted = F.col("kind") == data_capture.ACCEPTED
    values = [
        F.when(accepted | F.lit(name in ("kind", "reason", "line")), F.col(name)).alias(name)
        for name in COLUMNS
    ]
    shown = rows.select(*values).withColumn("captured_at", F.col("captured_at").cast("string"))
    return Counter(str(row) for row in shown.collect())


def both_ways(
    spark: SparkSession, folder: Path, lines: Sequence[bytes], capture: CaptureFormat
) -> tuple[Counter[Any], Counter[Any], list[bytes]]:
    """Rows of the native reader with the plain way behind it; of the plain way; lines left."""
    hour = folder / "hour"
    hour.mkdir()
    (hour / "lines.jsonl").write_bytes(b"".join(text + b"\n" for text in lines))
    read = read_capture(spark, capture, {"main": [str(hour)]})
    rows = read.table.withColumn("reason", F.lit(None).cast("string"))
    written = str(folder / "rows")
    rows.write.parquet(written)
    rows = spark.read.parquet(written)
    unread = rows.where(F.col("kind") == UNREAD).select(F.col("line").alias("text"))
    native = collected(rows.where(F.col("kind") == data_capture.ACCEPTED))
    left = [bytes(row[0]) for row in unread.select(F.col("text").cast("binary")).collect()]
    counts = read.counts()["main"]
    assert (counts.lines, counts.lines - counts.records) == (len(lines), len(left))
    plain = plain_rows(texts_frame(spark, folder, lines), capture)
    return native + plain_rows(unread, capture), plain, left


@pytest.mark.parametrize("classes", [False, True], ids=["one score", "classes"])
def test_damaged_lines_become_the_same_rows_both_ways(
    spark: SparkSession, tmp_path: Path, classes: bool
) -> None:
    random = Random(20261124)
    capture, write = (CLASSES, line_of_classes) if classes else (ONE_SCORE, line_of_scores)
    good = [write(random).encode() for _ in range(300)]
    lines = [*good, *(damaged(random, random.choice(good), good) for _ in range(4_000))]
    native, plain, left = both_ways(spark, tmp_path, lines, capture)
    assert (native - plain, plain - native) == (Counter(), Counter())
    assert not set(left) & set(good), "every undamaged line takes the fast way"
    assert len(left) < len(lines) * 0.9
