"""The records of ground truth files as a table: by the native reader, the plain way for the rest.

What belongs here: the files of the label window, and which way a line takes. What does not: what a
label means (`ground_truth`), how the native reader works (`native_reader`).

A window with many files is read piece by piece, and its rows are written, so that the driver holds
the names of one piece.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Optional

from pyspark.sql import functions as F

from ml_insights.spark.ground_truth import day_folder, label_meaning, parsed_labels
from ml_insights.spark.listing import WHOLE, Bounds, Listing
from ml_insights.spark.native_reader import UNREAD, read_labels, understands
from ml_insights.spark.text_lines import text_lines
from ml_insights.spark.units import LISTINGS_AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import DataFrame, SparkSession

    from ml_insights.spark.arguments import ConfusionCountsArguments
    from ml_insights.spark.listing import Folder, Stretch

_COLUMNS = ("event_id", "codes", "source_object", "modified", "collected_on", "line", "reason")
_LARGEST = 2**62


def label_folders(spark: SparkSession, job: ConfusionCountsArguments) -> dict[str, Folder]:
    """What the label window's folders hold, by day; days without a file are left out."""
    listing, bounds = Listing(spark), Bounds(job.max_files, _LARGEST)

    def found(day: str) -> Folder:
        return listing.folder(day_folder(job, day), bounds)

    with ThreadPoolExecutor(LISTINGS_AT_ONCE) as listings:
        folders = dict(zip(job.label_days, listings.map(found, job.label_days)))
    return {day: folder for day, folder in folders.items() if folder.files}


def label_rows(
    spark: SparkSession, job: ConfusionCountsArguments, folders: Mapping[str, Folder]
) -> Optional[DataFrame]:
    """What `ground_truth.parsed_labels` gives for the lines of the label window, one row a line.

    Args:
        spark: session.
        job: the label window, and where to write.
        folders: what `label_folders` returns.

    Returns:
        The rows, in which `line` is NULL where it was accepted; None when there is no file.
    """
    if not folders:
        return None
    listing = Listing(spark)
    read = _read_plainly if job.plain or not understands(job.labels) else _read

    def rows(piece: Mapping[str, Stretch]) -> DataFrame:
        files = {day: listing.files(day_folder(job, day), part) for day, part in piece.items()}
        known = read(spark, job, files)
        return known.withColumn("line", F.when(F.col("reason").isNotNull(), F.col("line")))

    if sum(folder.files for folder in folders.values()) <= job.max_files:
        return rows(dict.fromkeys(folders, WHOLE))
    pieces = [{day: part} for day, folder in folders.items() for part in folder.stretches]
    written = [f"{job.output}/label_pieces/{number:04}" for number in range(len(pieces))]
    for piece, output in zip(pieces, written):
        known = rows(piece)
        known.write.mode("overwrite").parquet(output)
    return spark.read.schema(known.schema).parquet(*written)


def _read_plainly(
    spark: SparkSession, job: ConfusionCountsArguments, files: Mapping[str, Any]
) -> DataFrame:
    return parsed_labels(text_lines(spark, files, "collected_on"), job).select(*_COLUMNS)


def _read(
    spark: SparkSession, job: ConfusionCountsArguments, files: Mapping[str, Any]
) -> DataFrame:
    read = read_labels(spark, label_meaning(job), files).table
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
