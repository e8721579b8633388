"""The rows of ground truth files, written: by the native reader, and the plain way for the rest.

What belongs here: which way a line takes. What does not: what a label means (`ground_truth`), how
the native reader works (`native_reader`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from pyspark.sql import Observation
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

_UNREAD_DDL = "source_object string, modified timestamp, collected_on string, line string"
_ROWS_DDL = (
    "event_id binary, codes array<int>, source_object string, modified timestamp, "
    "collected_on string, line string, reason string"
)


def write_labels(
    spark: SparkSession, files: Files, job: ConfusionCountsArguments, output: str
) -> tuple[int, Optional[DataFrame]]:
    """Write what `ground_truth.parsed_labels` gives for the lines of the label window.

    Returns:
        Number of lines read, and the rows, in which `line` is NULL where it was accepted; (0, None)
        when there is no file.
    """
    if job.plain or not understands(job.labels):
        lines = label_lines(spark, files, job)
        if lines is None:
            return 0, None
        return _write_plainly(lines, job, f"{output}/plain"), _rows(spark, f"{output}/plain")
    folders = {day: [day_folder(job, day)] for day in job.label_days}
    present = {day: paths for day, paths in folders.items() if files.size(paths[0]).files}
    if not present:
        return 0, None
    read = read_labels(spark, label_meaning(job), present)
    read.table.write.partitionBy("kind").mode("overwrite").parquet(f"{output}/native")
    lines_read = sum(found.lines for found in read.counts().values())
    written = [f"{output}/native/kind=accepted"]
    if lines_read == 0:
        return 0, None
    left = lines_read - sum(found.records for found in read.counts().values())
    if left:
        unread = spark.read.schema(_UNREAD_DDL).parquet(f"{output}/native/kind={UNREAD}")
        _write_plainly(unread.withColumnRenamed("line", "value"), job, f"{output}/plain")
        written.append(f"{output}/plain")
    return lines_read, _rows(spark, *(written if left < lines_read else written[1:]))


def _rows(spark: SparkSession, *folders: str) -> DataFrame:
    return spark.read.schema(_ROWS_DDL).parquet(*folders)


def _write_plainly(lines: DataFrame, job: ConfusionCountsArguments, output: str) -> int:
    """Parse and write lines; returns their number."""
    read = Observation("label_lines")
    rows = parsed_labels(lines.observe(read, F.count(F.lit(1)).alias("lines")), job)
    kept = F.when(F.col("reason").isNotNull(), F.col("line"))
    rows.withColumn("line", kept).write.mode("overwrite").parquet(output)
    return int(read.get["lines"])
