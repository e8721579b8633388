"""Lines and texts put through the Spark layer in one job, and what came out, by their number.

What belongs here: handing bytes to Spark unchanged and collecting rows. What does not: what the
rows should be (the tests).
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import functions as F

from ml_insights.spark import data_capture

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pyspark.sql import Column, DataFrame, Row, SparkSession

    from ml_insights.spark.arguments import CaptureFormat


def texts_frame(
    spark: SparkSession, folder: Path, texts: Sequence[bytes | str | None]
) -> DataFrame:
    """Rows `number`, `text`; through Parquet, since a local list would start Python workers."""
    raw = [text.encode() if isinstance(text, str) else text for text in texts]
    table = pa.table(
        {"number": pa.array(range(len(raw)), pa.int32()), "text": pa.array(raw, pa.binary())}
    )
    file = folder / "texts.parquet"
    pq.write_table(table, file)
    read = spark.read.schema("number int, text binary").parquet(str(file))
    return read.select("number", F.col("text").cast("string").alias("text"))


def evaluated(
    spark: SparkSession,
    folder: Path,
    texts: Sequence[bytes | str | None],
    *expressions: Callable[[Column], Column],
) -> list[list[Any]]:
    """For each text the values of some expressions over it."""
    text = F.col("text")
    named = [build(text).alias(f"value_{n}") for n, build in enumerate(expressions)]
    rows = texts_frame(spark, folder, texts).select("number", *named).collect()
    return [list(row)[1:] for row in sorted(rows, key=lambda row: row["number"])]


def read_lines(
    spark: SparkSession, folder: Path, lines: Sequence[bytes | str], capture: CaptureFormat
) -> list[list[Row]]:
    """For each capture line the rows it becomes, in order of prediction."""
    frame = texts_frame(spark, folder, lines).select(
        F.col("text").alias("value"),
        F.col("number").cast("string").alias("variant"),
        F.lit("object").alias("source_object"),
        F.lit(None).cast("timestamp").alias("modified"),
    )
    found: defaultdict[int, list[Row]] = defaultdict(list)
    rows = data_capture.predictions(data_capture.records(frame, capture), capture)
    # Times as text: Python would shift them to the time zone of its machine.
    for row in rows.withColumn("captured_at", F.col("captured_at").cast("string")).collect():
        found[int(row["variant"])].append(row)
    return [sorted(found[n], key=lambda row: row["prediction_index"]) for n in range(len(lines))]
