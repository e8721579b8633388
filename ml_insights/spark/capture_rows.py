"""The rows of captured files, written: by the native reader, and the plain way for what it leaves.

What belongs here: which way a line takes, and that the counts of both ways add up. What does not:
what a record is (`data_capture`), how the native reader works (`native_reader`), publishing
(`raw_predictions`).
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Optional

from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as F

from ml_insights.spark import data_capture
from ml_insights.spark.files import Files
from ml_insights.spark.native_reader import UNREAD, read_capture, understands
from ml_insights.spark.text_lines import text_lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import SparkSession

    from ml_insights.spark.arguments import CaptureFormat

    Counts = dict[str, dict[str, int]]

_UNREAD_DDL = "variant string, source_object string, line string"


def write_rows(
    spark: SparkSession,
    capture: CaptureFormat,
    files: Mapping[str, Any],
    output: str,
    *,
    plain: bool = False,
) -> tuple[Optional[str], Counts]:
    """Write what `data_capture.predictions` gives for all lines of some files.

    Args:
        spark: session.
        capture: where scores and slice features stand.
        files: by variant, as `Listing` gives them.
        output: folder for `kind=<kind>/variant=<variant>/*.parquet`.
        plain: read all lines the plain way.

    Returns:
        Time of the newest file that holds a line, ISO 8601, or None; and by variant `lines_read`,
        `records_accepted` and `predictions_in_records`.
    """
    if plain or not understands((*capture.scores, *capture.features)):
        return _write_plainly(text_lines(spark, files, "variant"), capture, list(files), output)
    read = read_capture(spark, capture, files)
    read.write(output)
    counts = {
        variant: {
            "lines_read": found.lines,
            "records_accepted": found.records,
            "predictions_in_records": found.entries,
        }
        for variant, found in read.counts().items()
    }
    if any(found.lines > found.records for found in read.counts().values()):
        left = _write_unread(spark, capture, list(files), output)
        for variant, found in counts.items():
            found["records_accepted"] += left[variant]["records_accepted"]
            found["predictions_in_records"] += left[variant]["predictions_in_records"]
    return _iso_time(read.newest) if read.newest else None, counts


def _iso_time(milliseconds: int) -> str:
    utc = timezone.utc  # noqa: UP017 (Python 3.9 has no datetime.UTC)
    time = datetime.fromtimestamp(milliseconds // 1000, utc)
    return f"{time:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03}000Z"


def _write_unread(
    spark: SparkSession, capture: CaptureFormat, variants: Sequence[str], output: str
) -> Counts:
    """Read the lines that were left the plain way, and replace them by their rows."""
    folder = f"{output}/kind={UNREAD}"
    unread = spark.read.schema(_UNREAD_DDL).option("basePath", folder).parquet(folder)
    lines = unread.select(
        F.col("line").alias("value"),
        "variant",
        "source_object",
        F.lit(None).cast("timestamp").alias("modified"),
    )
    _, counts = _write_plainly(lines, capture, variants, output, mode="append")
    Files(spark, output).delete(folder)
    return counts


def _write_plainly(
    lines: DataFrame,
    capture: CaptureFormat,
    variants: Sequence[str],
    output: str,
    mode: str = "overwrite",
) -> tuple[Optional[str], Counts]:
    observation = Observation(output)
    records = data_capture.records(lines, capture)
    observed = data_capture.observe_records(records, variants, observation)
    _write(data_capture.predictions(observed, capture), output, mode)
    return data_capture.observed_counts(variants, observation)


def _write(rows: DataFrame, output: str, mode: str) -> None:
    # Ids repeat rarely: a dictionary of them would be built and thrown away.
    rows.write.partitionBy("kind", "variant").options(
        **{"compression": "zstd", "parquet.enable.dictionary#event_id": "false"}
    ).mode(mode).parquet(output)
