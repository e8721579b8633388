"""What is measured on a captured day: each workload is one run of this module.

What belongs here: the two heavy steps as the local deployment runs them, and plain Spark jobs they
are compared with, all on the local runner's session. What does not: when and how often they run
(`experiment`), what they cost (`process_tree`), and the floor without Spark (`read_loop`).

    python -m benchmarks.workloads NAME DAY_FOLDER

The last line printed is a JSON object: `rows`, which must be the day's predictions, and
`retained_bytes`, the most that Java's heap held in its old generation.
"""

from __future__ import annotations

import argparse
import json
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyspark.sql import functions as F

from benchmarks.capture_day import DAY, ENDPOINT, VARIANT
from benchmarks.read_loop import capture_files
from ml_insights.contracts import ALL_RECORDS
from ml_insights.lake import Lake
from ml_insights.runners import LocalSparkRunner
from ml_insights.scope import EndpointScope
from ml_insights.settings import Settings
from ml_insights.spark.confusion_counts import BINS_FOLDER, count_day
from ml_insights.spark.raw_predictions import compact_day

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pyspark.sql import DataFrame, SparkSession

PRUNED = (
    "captureData struct<endpointOutput: struct<data: string>>, "
    "eventMetadata struct<eventId: string, inferenceTime: string>"
)


def output_folder(workload: str, day: Path) -> Path:
    """Where a workload writes."""
    return day / "output" / workload


def settings_for(day: Path, *, slices: int = 1) -> Settings:
    """An installation with this one endpoint and defaults for all else.

    Args:
        day: folder with captures and labels.
        slices: how many, with the one of all records; the others are ranges of the first feature.
    """
    # Features have eight digits from 1 to 9.
    edges = [1e8 * n / (slices - 1) for n in range(1, slices - 1)]
    feature = {"name": "first", "content_type": "text/csv", "index": 0, "edges": edges}
    endpoint = {
        "data_capture": str((day / "capture").absolute()),
        "ground_truth": str((day / "ground_truth").absolute()),
        "start_date": DAY.date(),
        "positive_label": "1",
        "score": {"content_type": "text/csv"},
        "operating_threshold": 0.5,
        **({"slices": [feature]} if edges else {}),
    }
    lake = output_folder("raw_predictions", day).absolute()
    return Settings.model_validate({"lake": str(lake), "endpoints": {ENDPOINT: endpoint}})


def session(spark: SparkSession, day: Path) -> dict[str, Any]:
    """Nothing: what remains is the start and the end of Python, Java and the session."""
    java = spark.sparkContext._jvm.System  # type: ignore[union-attr]  # noqa: SLF001
    return {
        "java": java.getProperty("java.version"),
        "spark": spark.version,
        "master": spark.sparkContext.master,
        "heap": settings_for(day).spark.driver_memory,
    }


def text_scan(spark: SparkSession, day: Path) -> dict[str, Any]:
    """Split the bytes into lines and count them, in Spark."""
    return {"rows": spark.read.text(hours(day), lineSep="\n").count()}


def read_json(spark: SparkSession, day: Path) -> dict[str, Any]:
    """The columns of step 1 by Spark's own JSON reader, as a first version would be written.

    It checks nothing: a second object of a line is lost, what is malformed becomes NULL.
    """
    output = str(output_folder("read_json", day))
    records = spark.read.schema(PRUNED).json(hours(day), lineSep="\n")
    write_step_1_columns(records, output)
    return {"rows": spark.read.parquet(output).count()}


def write_step_1_columns(records: DataFrame, output: str) -> None:
    """Write the columns of step 1 from records of the schema `PRUNED`."""
    metadata = F.col("eventMetadata")
    records.select(
        F.unhex(F.translate(metadata["eventId"], "-", "")).alias("event_id"),
        F.lit(0).alias("prediction_index"),
        F.lit(1).alias("predictions_in_record"),
        F.lit("1").alias("class_label"),
        F.col("captureData.endpointOutput.data").cast("double").alias("score"),
        F.lit(0).cast("bigint").alias("slice_id"),
        F.array().cast("array<string>").alias("slice_values"),
        F.to_timestamp(metadata["inferenceTime"]).alias("captured_at"),
        F.lit(VARIANT).alias("variant"),
    ).write.partitionBy("variant").option("compression", "zstd").parquet(output)


def raw_predictions(spark: SparkSession, day: Path, *, slices: int = 1) -> dict[str, Any]:
    """Step 1."""
    scope, lake = _scope(day, slices)
    arguments = scope.raw_predictions_arguments(lake, DAY.date(), run_id="run", recompute=True)
    manifest = compact_day(spark, arguments, report=_silent)
    return {"rows": sum(unit["rows"] for unit in manifest["units"])}


def confusion_counts(spark: SparkSession, day: Path, *, slices: int = 1) -> dict[str, Any]:
    """Step 2, from what step 1 wrote."""
    scope, lake = _scope(day, slices)
    arguments = replace(
        scope.confusion_counts_arguments(lake, DAY.date(), run_id="run"),
        output=str(output_folder("confusion_counts", day).absolute()),
    )
    count_day(spark, arguments, report=_silent)
    bins = pq.read_table(f"{arguments.output}/{BINS_FOLDER}", filters=[("slice", "=", ALL_RECORDS)])
    counts = {
        name: pc.sum(bins[f"bin_{name}"]).as_py()
        for name in ("positives", "negatives", "unlabelled")
    }
    return {"rows": sum(counts.values()), **counts}


WORKLOADS: dict[str, Callable[[SparkSession, Path], dict[str, Any]]] = {
    "session": session,
    "text_scan": text_scan,
    "read_json": read_json,
    "raw_predictions": raw_predictions,
    "confusion_counts": confusion_counts,
}


@contextmanager
def local_session(
    day: Path, configuration: Mapping[str, str] | None = None
) -> Iterator[SparkSession]:
    """The local runner's session; at the end Java has ended, so that its CPU time is accounted."""
    spark_settings = settings_for(day).spark
    spark = LocalSparkRunner(
        driver_memory=spark_settings.driver_memory,
        cores=spark_settings.cores,
        java_options=spark_settings.java_options,
        work_folder=str(day / "spark"),
        configuration=dict(configuration or {}),
    ).session()
    gateway: Any = spark.sparkContext._gateway  # noqa: SLF001 (there is no public way to wait)
    yield spark
    spark.stop()
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait()


def _scope(day: Path, slices: int) -> tuple[EndpointScope, Lake]:
    settings = settings_for(day, slices=slices)
    return EndpointScope(ENDPOINT, settings.endpoints[ENDPOINT], settings), Lake(settings.lake)


def hours(day: Path) -> list[str]:
    """Folders that hold captured files."""
    return sorted({str(path.parent.absolute()) for path in capture_files(day)})


def _silent(_line: str) -> None:
    """Progress is not what is measured."""


def _retained_bytes(spark: SparkSession) -> int:
    """Most bytes in the heap's old generation: buffers of sorts and what outlived collections.

    Unlike the resident set this does not count garbage that Java had no reason to collect yet.
    """
    management: Any = spark.sparkContext._jvm.java.lang.management  # type: ignore[union-attr]  # noqa: SLF001
    pools = management.ManagementFactory.getMemoryPoolMXBeans()
    old = [pool for pool in pools if "Old" in pool.getName() or "Tenured" in pool.getName()]
    return sum(int(pool.getPeakUsage().getUsed()) for pool in old)


def main() -> None:
    """Run the workload that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("workload", choices=WORKLOADS)
    parser.add_argument("day", type=Path)
    chosen = parser.parse_args()
    with local_session(chosen.day) as spark:
        found = WORKLOADS[chosen.workload](spark, chosen.day)
        found["retained_bytes"] = _retained_bytes(spark)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
