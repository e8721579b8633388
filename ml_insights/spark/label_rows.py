"""The records of ground truth files as a table: by the native reader, the plain way for the rest.

What belongs here: the files of the label window, which way a line takes, and the readers' own count
of lines and labels, which the balance holds against what became of them. What does not: what a
label means (`ground_truth`), how the native reader works (`native_reader`).

A window with many files is read piece by piece, and its rows are written, so that the driver holds
the names of one piece. Rows of the plain way are always written: Spark counts while it writes.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Optional

from pyspark.sql import Observation
from pyspark.sql import functions as F

from ml_insights.spark.ground_truth import day_folder, label_meaning, parsed_labels
from ml_insights.spark.listing import WHOLE, Bounds, Listing
from ml_insights.spark.native_reader import UNREAD, read_labels, understands
from ml_insights.spark.other_labels import NO_OTHERS, OtherLabels, others_told
from ml_insights.spark.text_lines import text_lines
from ml_insights.spark.units import LISTINGS_AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pyspark.sql import DataFrame, SparkSession

    from ml_insights.spark.arguments import ConfusionCountsArguments
    from ml_insights.spark.listing import Folder, Stretch

_COLUMNS = ("event_id", "codes", "source_object", "modified", "collected_on", "line", "reason")
_LARGEST = 2**62


@dataclass(frozen=True)
class LabelCounts:
    """What readers of ground truth count: lines, and labels in accepted lines."""

    lines: int = 0
    labels: int = 0
    others: OtherLabels = NO_OTHERS

    def __add__(self, more: LabelCounts) -> LabelCounts:
        return LabelCounts(
            self.lines + more.lines, self.labels + more.labels, self.others + more.others
        )


@dataclass(frozen=True)
class LabelRows:
    """The rows of a label window, and what was counted where its lines were read.

    Attributes:
        table: what `ground_truth.parsed_labels` gives, one row a line, in which `line` is NULL
            where it was accepted; and `uncounted`, true where a line was left by the reader that
            counted it, so that its labels are in no count yet. `others` is filled where no reader
            has counted what labels say.
        counts: the readers' counts; complete when an action on the table is.
    """

    table: DataFrame
    counts: Callable[[], LabelCounts]


def label_folders(spark: SparkSession, job: ConfusionCountsArguments) -> dict[str, Folder]:
    """What the folders of the label window hold, by day, also those that hold nothing."""
    listing, bounds = Listing(spark), Bounds(job.max_files, _LARGEST)

    def found(day: str) -> Folder:
        return listing.folder(day_folder(job, day), bounds)

    with ThreadPoolExecutor(LISTINGS_AT_ONCE) as listings:
        return dict(zip(job.label_days, listings.map(found, job.label_days)))


def label_rows(
    spark: SparkSession, job: ConfusionCountsArguments, folders: Mapping[str, Folder]
) -> Optional[LabelRows]:
    """The lines of the label window.

    Args:
        spark: session.
        job: the label window, and where to write.
        folders: what `label_folders` returns.

    Returns:
        The rows and their counts; None when there is no file.
    """
    folders = {day: folder for day, folder in folders.items() if folder.files}
    if not folders:
        return None
    listing = Listing(spark)
    natively = not job.plain and understands(job.labels)
    read = _read if natively else _read_plainly

    def rows(piece: Mapping[str, Stretch]) -> LabelRows:
        files = {day: listing.files(day_folder(job, day), part) for day, part in piece.items()}
        known = read(spark, job, files)
        line = F.when(F.col("reason").isNotNull(), F.col("line"))
        return replace(known, table=known.table.withColumn("line", line))

    pieces: list[dict[str, Stretch]] = [dict.fromkeys(folders, WHOLE)]
    if sum(folder.files for folder in folders.values()) > job.max_files:
        pieces = [{day: part} for day, folder in folders.items() for part in folder.stretches]
    elif natively:
        return rows(pieces[0])
    found = []
    written = [f"{job.output}/label_pieces/{number:04}" for number in range(len(pieces))]
    for piece, output in zip(pieces, written):
        known = rows(piece)
        known.table.write.mode("overwrite").parquet(output)
        found.append(known.counts())
    total = sum(found, LabelCounts())
    return LabelRows(spark.read.schema(known.table.schema).parquet(*written), lambda: total)


def _read_plainly(
    spark: SparkSession, job: ConfusionCountsArguments, files: Mapping[str, Any]
) -> LabelRows:
    parsed = parsed_labels(text_lines(spark, files, "collected_on"), job)
    rows = parsed.select(*_COLUMNS, F.lit(False).alias("uncounted"), "others")
    labels = F.sum(F.when(F.col("reason").isNull(), F.size("codes")))
    seen = Observation()
    observed = rows.observe(
        seen,
        F.count(F.lit(1)).alias("lines"),
        F.coalesce(labels, F.lit(0)).alias("labels"),
    )
    return LabelRows(observed, lambda: LabelCounts(seen.get["lines"], seen.get["labels"]))


def _read(
    spark: SparkSession, job: ConfusionCountsArguments, files: Mapping[str, Any]
) -> LabelRows:
    read = read_labels(spark, label_meaning(job), files)
    known = {name: f"known_{name}" for name in ("event_id", "codes")}
    # The plain way finds NULL for a line in the rows that the reader has read.
    parsed = parsed_labels(read.table.withColumnsRenamed({**known, "line": "value"}), job)
    unread = F.col("kind") == UNREAD
    rows = parsed.select(
        *(F.when(unread, F.col(name)).otherwise(F.col(known[name])).alias(name) for name in known),
        "source_object",
        "modified",
        "collected_on",
        "line",
        F.when(unread, F.col("reason")).alias("reason"),
        unread.alias("uncounted"),
        F.when(unread, F.col("others")).alias("others"),
    )

    def counts() -> LabelCounts:
        found = read.counts().values()
        return LabelCounts(
            lines=sum(one.lines for one in found),
            labels=sum(one.entries for one in found),
            others=others_told(read.said()),
        )

    return LabelRows(rows, counts)
