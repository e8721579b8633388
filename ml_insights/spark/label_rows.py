"""The records of ground truth files as a table: by the native reader, the plain way for the rest.

What belongs here: which way a line takes. What does not: what a label means (`ground_truth`), how
the native reader works (`native_reader`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from pyspark.sql import functions as F

from ml_insights.spark.ground_truth import (
    day_folder,
    label_lines,
    label_meaning,
    parsed_labels,
)
from ml_insights.spark.native_reader import UNREAD, read_labels, understands

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from ml_insights.spark.arguments import ConfusionCountsArguments
    from ml_insights.spark.files import Files

_COLUMNS = ("event_id", "codes", "source_object", "modified", "collected_on", "line", "reason")


def label_rows(
    spark: SparkSession, files: Files, job: ConfusionCountsArguments
) -> Optional[DataFrame]:
    """What `ground_truth.parsed_labels` gives for the lines of the label window, one row a line.

    Returns:
        The rows, in which `line` is NULL where it was accepted; None when there is no file.
    """
    plain = job.plain or not understands(job.labels)
    rows = _read_plainly(spark, files, job) if plain else _read(spark, files, job)
    return rows and rows.withColumn("line", F.when(F.col("reason").isNotNull(), F.col("line")))


def _read_plainly(
    spark: SparkSession, files: Files, job: ConfusionCountsArguments
) -> Optional[DataFrame]:
    lines = label_lines(spark, files, job)
    return lines and parsed_labels(lines, job).select(*_COLUMNS)


def _read(spark: SparkSession, files: Files, job: ConfusionCountsArguments) -> Optional[DataFrame]:
    folders = {day: day_folder(job, day) for day in job.label_days}
    present = {day: folder for day, folder in folders.items() if files.size(folder).files}
    if not present:
        return None
    read = read_labels(spark, label_meaning(job), present).table
    known = {name: f"known_{name}" for name in ("event_id", "codes")}
    # The plain way finds NULL for a line in the rows that the reader has read.
    parsed = parsed_labels(read.withColumnsRenamed({**known, "line": "value"}), job)
    unread = F.col("kind") == UNREAD
    return parsed.select(
        *(F.when(unread, F.col(name)).otherwise(F.col(known[name])).alias(name) for name in known),
        "source_object",
        "modified",
        "collected_on",
        "line",
        F.when(unread, F.col("reason")).alias("reason"),
    )
