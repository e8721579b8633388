"""The work of the two heavy steps by engines that users would take instead, and ours beside them.

What belongs here: one workload an engine and a piece of work, all on the same files. What does
not: our steps as whole processes (`workloads`), measuring (`warm_process`), the order of runs
(`beside`).

    python -m benchmarks.peers ENGINE DAY_FOLDER

reads names of workloads from standard input, a line each, and answers each with a line of JSON:
`rows`, the predictions that it has found, which must be all of the day.

Others get the easier task where the tasks differ: they check nothing, keep no account of lines and
labels, know one form of record, and count on an even grid.
"""

from __future__ import annotations

import json
import shutil
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from benchmarks.read_loop import capture_files, count_lines
from benchmarks.workloads import (
    PRUNED,
    confusion_counts,
    hours,
    local_session,
    output_folder,
    raw_predictions,
    read_json,
    write_step_1_columns,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pyspark.sql import DataFrame, SparkSession

    Workload = Callable[[], dict[str, Any]]

BINS = 20_000
_EVENT_COLUMNS = (
    "event_id",
    "variant",
    "prediction_index",
    "predictions_in_record",
    "class_label",
    "score",
    "slice_id",
    "captured_at",
)


def spark_workloads(spark: SparkSession, day: Path) -> Mapping[str, Workload]:
    """Ours, and what Spark itself offers."""
    return {
        "raw_predictions": lambda: raw_predictions(spark, day),
        "read_json": lambda: read_json(spark, day),
        "from_json": lambda: _from_json(spark, day),
        "confusion_counts": lambda: confusion_counts(spark, day),
        "scan": lambda: _scan(spark, day),
        "mllib_1000_bins": lambda: _mllib(spark, day, bins=1000),
        "mllib_exact": lambda: _mllib(spark, day, bins=0),
    }


def _from_json(spark: SparkSession, day: Path) -> dict[str, Any]:
    """Lines as text, parsed by an expression."""
    lines = spark.read.text(hours(day), lineSep="\n")
    output = str(output_folder("from_json", day))
    parsed = lines.select(F.from_json("value", PRUNED).alias("record"))
    write_step_1_columns(parsed.select("record.*"), output)
    return {"rows": spark.read.parquet(output).count()}


def _table(day: Path) -> list[str]:
    """Files of the compact table that step 1 has written."""
    return sorted(map(str, output_folder("raw_predictions", day).rglob("*.parquet")))


def _scan(spark: SparkSession, day: Path) -> dict[str, Any]:
    """Read the columns that step 2 needs: its floor."""
    rows = _predictions(spark, day).select(*_EVENT_COLUMNS)
    rows.write.format("noop").mode("overwrite").save()
    return {"rows": rows.count()}


def _predictions(spark: SparkSession, day: Path) -> DataFrame:
    partition = str(Path(_table(day)[0]).parents[1])
    return spark.read.parquet(partition)


def _mllib(spark: SparkSession, day: Path, *, bins: int) -> dict[str, Any]:
    """Join labels, then MLlib's evaluator; with 0 bins it keeps every distinct score."""
    from pyspark.ml.evaluation import BinaryClassificationEvaluator  # noqa: PLC0415

    truth = "groundTruthData struct<data: string>, eventMetadata struct<eventId: string>"
    labels = spark.read.schema(truth).json(str(day / "ground_truth"), recursiveFileLookup=True)
    labelled = _predictions(spark, day).join(
        labels.select(
            F.unhex(F.translate("eventMetadata.eventId", "-", "")).alias("event_id"),
            F.col("groundTruthData.data").cast("double").alias("label"),
        ),
        "event_id",
    )
    evaluator = BinaryClassificationEvaluator(
        rawPredictionCol="score", metricName="areaUnderPR", numBins=bins
    )
    return {"area": evaluator.evaluate(labelled.select("score", "label"))}


def duckdb_workloads(day: Path) -> Mapping[str, Workload]:
    """DuckDB on all cores."""
    import duckdb  # noqa: PLC0415

    database = duckdb.connect()

    def files(paths: list[str]) -> str:
        return "[" + ", ".join(f"'{path}'" for path in paths) + "]"

    def read() -> dict[str, Any]:
        output = output_folder("duckdb", day)
        output.mkdir(parents=True, exist_ok=True)
        target = output / "predictions.parquet"
        database.execute(
            f"""
            COPY (
              SELECT unhex(replace(eventMetadata.eventId, '-', '')) AS event_id,
                     0 AS prediction_index, 1 AS predictions_in_record, '1' AS class_label,
                     CAST(captureData.endpointOutput.data AS DOUBLE) AS score,
                     CAST(0 AS BIGINT) AS slice_id, CAST([] AS VARCHAR[]) AS slice_values,
                     CAST(eventMetadata.inferenceTime AS TIMESTAMPTZ) AS captured_at
              FROM read_json({files([*map(str, capture_files(day))])},
                format = 'newline_delimited',
                columns = {{captureData: 'STRUCT(endpointOutput STRUCT(data VARCHAR))',
                            eventMetadata: 'STRUCT(eventId VARCHAR, inferenceTime VARCHAR)'}})
            ) TO '{target}' (FORMAT parquet, COMPRESSION zstd)
            """  # noqa: S608 (paths of our own)
        )
        (count,) = database.execute(f"SELECT count(*) FROM '{target}'").fetchone()  # type: ignore[misc]  # noqa: S608
        return {"rows": count}

    def count() -> dict[str, Any]:
        truth = sorted(map(str, (day / "ground_truth").rglob("*.jsonl*")))
        rows = database.execute(
            f"""
            WITH predictions AS (
              SELECT DISTINCT {", ".join(_EVENT_COLUMNS)}
              FROM read_parquet({files(_table(day))}, hive_partitioning = true)
            ), labels AS (
              SELECT unhex(replace(eventMetadata.eventId, '-', '')) AS event_id,
                     max(groundTruthData.data) AS label
              FROM read_json({files(truth)}, format = 'newline_delimited',
                columns = {{groundTruthData: 'STRUCT(data VARCHAR)',
                            eventMetadata: 'STRUCT(eventId VARCHAR)'}})
              GROUP BY 1
            )
            SELECT variant, slice_id, CAST(floor(score * {BINS}) AS INTEGER) AS bin,
                   count(*) FILTER (label = '1') AS positives,
                   count(*) FILTER (label = '0') AS negatives,
                   count(*) FILTER (label IS NULL) AS unlabelled
            FROM predictions LEFT JOIN labels USING (event_id) GROUP BY ALL
            """  # noqa: S608
        ).fetchall()
        return {"rows": sum(sum(row[3:]) for row in rows)}

    return {"duckdb": read, "duckdb_counts": count}


def polars_workloads(day: Path) -> Mapping[str, Workload]:
    """Polars on all cores, lazily."""
    import polars as pl  # noqa: PLC0415

    def without_dashes(name: str) -> Any:
        return pl.col("eventMetadata").struct.field(name).str.replace_all("-", "", literal=True)

    def read() -> dict[str, Any]:
        output = output_folder("polars", day)
        output.mkdir(parents=True, exist_ok=True)
        side = pl.Struct({"data": pl.String})
        schema = {
            "captureData": pl.Struct({"endpointOutput": side}),
            "eventMetadata": pl.Struct({"eventId": pl.String, "inferenceTime": pl.String}),
        }
        score = pl.col("captureData").struct.field("endpointOutput").struct.field("data")
        time = pl.col("eventMetadata").struct.field("inferenceTime")
        pl.scan_ndjson(capture_files(day), schema=schema).select(
            without_dashes("eventId").str.decode("hex").alias("event_id"),
            pl.lit(0).alias("prediction_index"),
            pl.lit(1).alias("predictions_in_record"),
            pl.lit("1").alias("class_label"),
            score.cast(pl.Float64).alias("score"),
            pl.lit(0, pl.Int64).alias("slice_id"),
            time.str.to_datetime("%Y-%m-%dT%H:%M:%SZ").alias("captured_at"),
        ).sink_parquet(output / "predictions.parquet", compression="zstd")
        return {"rows": pl.scan_parquet(output).select(pl.len()).collect().item()}

    def count() -> dict[str, Any]:
        truth = sorted((day / "ground_truth").rglob("*.jsonl*"))
        schema = {
            "groundTruthData": pl.Struct({"data": pl.String}),
            "eventMetadata": pl.Struct({"eventId": pl.String}),
        }
        labels = (
            pl.scan_ndjson(truth, schema=schema)
            .select(
                without_dashes("eventId").str.decode("hex").alias("event_id"),
                pl.col("groundTruthData").struct.field("data").alias("label"),
            )
            .group_by("event_id")
            .max()
        )
        predictions = pl.scan_parquet(_table(day), hive_partitioning=True)
        label, one = pl.col("label"), pl.len()
        counts = (
            predictions.select(_EVENT_COLUMNS)
            .unique()
            .join(labels, on="event_id", how="left")
            .group_by("variant", "slice_id", (pl.col("score") * BINS).floor().cast(pl.Int32))
            .agg(
                (label == "1").sum().alias("positives"),
                (label == "0").sum().alias("negatives"),
                label.is_null().sum().alias("unlabelled"),
                one.alias("records"),
            )
            .collect(engine="streaming")
        )
        return {"rows": int(counts["records"].sum())}

    return {"polars": read, "polars_counts": count}


def python_workloads(day: Path) -> Mapping[str, Workload]:
    """One thread of Python: the floor of step 1, and scikit-learn on all scores."""

    def floor() -> dict[str, Any]:
        return {"rows": count_lines(capture_files(day))}

    def scikit_learn() -> dict[str, Any]:
        import duckdb  # noqa: PLC0415
        from sklearn.metrics import (  # noqa: PLC0415
            average_precision_score,
            precision_recall_curve,
            roc_auc_score,
        )

        # It does not join: DuckDB does, as fast as anything here.
        labelled = (
            duckdb.connect()
            .execute(
                f"""
            SELECT score, CAST(groundTruthData.data AS TINYINT) AS label
            FROM read_parquet({_table(day)}, hive_partitioning = true) AS predictions
            JOIN read_json({sorted(map(str, (day / "ground_truth").rglob("*.jsonl")))},
              format = 'newline_delimited',
              columns = {{groundTruthData: 'STRUCT(data VARCHAR)',
                          eventMetadata: 'STRUCT(eventId VARCHAR)'}}) AS labels
            ON event_id = unhex(replace(eventMetadata.eventId, '-', ''))
            """  # noqa: S608 (paths of our own)
            )
            .fetchnumpy()
        )
        truth, scores = labelled["label"], labelled["score"]
        precision_recall_curve(truth, scores)
        roc_auc_score(truth, scores)
        return {"area": average_precision_score(truth, scores)}

    return {"read_loop": floor, "scikit_learn": scikit_learn}


def main() -> None:
    """Run workloads by name until the input ends."""
    engine, day = sys.argv[1], Path(sys.argv[2])
    with ExitStack() as stack:
        if engine == "spark":
            workloads = spark_workloads(stack.enter_context(local_session(day)), day)
        else:
            makers = {
                "duckdb": duckdb_workloads,
                "polars": polars_workloads,
                "python": python_workloads,
            }
            workloads = makers[engine](day)
        for line in sys.stdin:
            shutil.rmtree(output_folder(line.strip(), day), ignore_errors=True)
            print(json.dumps(workloads[line.strip()]()), flush=True)


if __name__ == "__main__":
    main()
