"""Labels and predictions of a day met by event, and counted by an operator in Java.

What belongs here: the rows that the operator is given, and the columns that it gives. What does
not: what it does with them (`java/DayEvents.java`), the same in SQL (`plain_counts`, its check).

Predictions and label records go through one shuffle by event, packed into blocks by the part of the
day that the event belongs to (`java/Blocks.java`), and are sorted after it. So the operator sees an
event at a time: it drops duplicates, chooses the record that counts, accounts for each label and
counts by bin, in one pass and in little memory. Label records of one event are combined before the
shuffle (`java/PackedLabels.java`), so that no task gets millions.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Optional

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ml_insights.spark.counted import Counted, keep_rejected
from ml_insights.spark.files import Files
from ml_insights.spark.java_classes import native
from ml_insights.spark.label_account import known_before_day
from ml_insights.spark.label_rows import LabelCounts
from ml_insights.spark.other_labels import BOUNDS, others_told
from ml_insights.spark.packing import packing
from ml_insights.spark.repeated_events import among, spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import SparkSession

    from ml_insights.spark.arguments import ConfusionCountsArguments
    from ml_insights.spark.label_rows import LabelRows
    from ml_insights.spark.other_labels import OtherLabels

_COUNTED_DDL = (
    "record string, "
    "variant string, class_label string, slice_id bigint, threshold_index int, "
    "bin_positives bigint, bin_negatives bigint, bin_unlabelled bigint, bin_offsets bigint, "
    "bin_duplicates bigint, "
    "first_variant string, second_variant string, first_index int, second_index int, "
    "positives bigint, negatives bigint, "
    "event_id binary, counting bigint, "
    "source_object string, reason string, line string"
)
"""Columns of the table, in the order of `java/Counts.java`: `record` says which of these lines are
filled. `bins` and `pairs` are partial counts; `open` are labels collected on the day for an event
without a prediction of it; `rejected` are lines of ground truth.
"""
_AMOUNTS_DDL = (
    "positives_with_amount bigint, negatives_with_amount bigint, "
    "amount_of_positives decimal(38, 0), amount_of_negatives decimal(38, 0), "
    "squares_of_positives decimal(38, 0), squares_of_negatives decimal(38, 0)"
)
"""Further columns, of `bins`, where money depends on amounts."""
_SUMS = (
    "label_records",
    "rejected",
    "collected",
    "known_today",
    "superseded",
    "conflicting",
    "not_of_the_day",
    "ambiguous",
    "wrong_length",
    "missing",
    "illegal",
    "used",
)
"""What `java/DayEvents.java` adds up, in its order; then labelled predictions by variant."""


def counted_natively(
    spark: SparkSession,
    job: ConfusionCountsArguments,
    predictions: DataFrame,
    variants: Sequence[str],
    labels: Optional[LabelRows],
    *,
    records_bytes: int,
    repeated: Sequence[bytes] = (),
) -> Counted:
    """Count a day.

    Args:
        spark: session.
        job: labels, grid, classes, and the threshold that pairs are split at.
        predictions: the day's rows of raw_predictions.
        variants: of the day, ascending.
        labels: what `label_rows` returns.
        records_bytes: of all predictions and labels packed, about; see `packing`.
        repeated: events of which no task should hold all, see `repeated_events`.
    """
    rows = spread(_prediction_rows(predictions, job), repeated)
    records = None if labels is None else _label_rows(labels.table, job, repeated)
    spec, output = _spec(spark, job, variants, records_bytes), f"{job.output}/counted"
    sums, newest, others = _write_counts(spark, rows, records, spec, output)
    shared = job.pairs_at >= 0 and "record=pairs" in Files(spark, output).folders(output)
    counted = spark.read.schema(_ddl(amounts=job.amounts)).parquet(output)

    def record(name: str) -> DataFrame:
        return counted.where(F.col("record") == name)

    reasons = keep_rejected(record("rejected"), job.output) if sums.pop("rejected") else {}
    accepted, uncounted = sums.pop("label_records"), sums.pop("uncounted")
    read = LabelCounts() if labels is None else labels.counts()
    lines = {"label_lines_read": read.lines}
    return Counted(
        bins=record("bins"),
        pairs=record("pairs") if shared else None,
        label_lines=lines if labels is None else {**lines, "label_records": accepted, **reasons},
        labels_read=read.labels + uncounted,
        other_labels=read.others + others,
        labels_as_of=None if newest is None else _iso_time(newest),
        account=_account(spark, job, sums, record("open"), variants),
    )


def _account(
    spark: SparkSession,
    job: ConfusionCountsArguments,
    sums: dict[str, int],
    open_labels: DataFrame,
    variants: Sequence[str],
) -> dict[str, Any]:
    """What `label_account.label_account` returns, from the sums that the operator has added up."""
    labelled = {variant: sums.pop(f"labelled/{n}") for n, variant in enumerate(variants)}
    collected, known = sums.pop("collected"), sums.pop("known_today")
    known_before, missing = 0, 0
    if collected > known:
        known_before, missing = known_before_day(spark, job, open_labels)
    return {
        "labels": sums,
        "labelled": labelled,
        "labels_collected": {"collected": collected, "known": known + known_before},
        "earlier_days_missing": missing,
    }


def _iso_time(microseconds: int) -> str:
    utc = timezone.utc  # noqa: UP017 (Python 3.9 has no datetime.UTC)
    time = datetime(1970, 1, 1, tzinfo=utc) + timedelta(microseconds=microseconds)
    return f"{time:%Y-%m-%dT%H:%M:%S.%f}Z"


def _write_counts(
    spark: SparkSession,
    predictions: DataFrame,
    labels: Optional[DataFrame],
    spec: dict[str, Any],
    output: str,
) -> tuple[dict[str, int], Optional[int], OtherLabels]:
    """Count rows by event and write the table of `_COUNTED_DDL`.

    Returns:
        Sums by name, with `uncounted` labels of lines whose labels no reader has counted; the time
        of the newest object with an accepted line, microseconds; and what is in `others`.
    """
    context: Any = spark._jsparkSession.sparkContext()  # noqa: SLF001
    names = [*_SUMS, *(f"labelled/{n}" for n in range(len(spec["variants"])))]
    sums, times = [context.longAccumulator() for _ in names], context.collectionAccumulator()
    uncounted = context.collectionAccumulator()
    operator = native(spark, "ml_insights.EventCounting")
    plans = _plan(predictions), None if labels is None else _plan(labels)
    counted = operator.over(*plans, json.dumps(spec), sums, times, uncounted)
    table = _table(spark, counted, _ddl(amounts=spec["amounts"]))
    table.write.partitionBy("record").mode("overwrite").parquet(output)
    found = {name: int(sum_.sum()) for name, sum_ in zip(names, sums)}
    reports = native(spark, "ml_insights.TaskReports")
    found["uncounted"] = int(reports.sums(uncounted, 1)[0])
    # Arrays: at the end of a list Java throws, and PySpark asks it at length what that was.
    newest = max(times.value().toArray(), default=None)
    return found, newest, others_told(reports.texts(uncounted).toArray())


def _spec(
    spark: SparkSession,
    job: ConfusionCountsArguments,
    variants: Sequence[str],
    records_bytes: int,
) -> dict[str, Any]:
    """What the operator is told."""
    return {
        "variants": list(variants),
        "class_labels": list(job.classes) or [job.positive_label],
        "classes": bool(job.classes),
        "octaves": job.octaves,
        "bits": job.bits,
        "pairs_at": job.pairs_at,
        "amounts": job.amounts,
        "others": BOUNDS,
        **packing(records_bytes, int(str(spark.conf.get("spark.sql.shuffle.partitions")))),
    }


def _ddl(*, amounts: bool) -> str:
    return f"{_COUNTED_DDL}, {_AMOUNTS_DDL}" if amounts else _COUNTED_DDL


def _prediction_rows(predictions: DataFrame, job: ConfusionCountsArguments) -> DataFrame:
    """What `java/PackedPredictions.java` takes, in the order in which files are read.

    Columns that are only read stay columns, see `java/PlanRows.java`.
    """
    return predictions.select(
        "event_id",
        "prediction_index",
        "predictions_in_record",
        "class_label",
        "score",
        "slice_id",
        "captured_at",
        *(["amount"] if job.amounts else []),
        "variant",
    )


def _label_rows(
    labels: DataFrame, job: ConfusionCountsArguments, repeated: Sequence[bytes]
) -> DataFrame:
    """What `java/PackedLabels.java` takes."""
    return labels.select(
        "event_id",
        "codes",
        (F.col("collected_on") == job.day).alias("today"),
        "modified",
        "source_object",
        "reason",
        "line",
        among(repeated).alias("of_repeated"),
        "uncounted",
        "others",
    )


def _plan(table: DataFrame) -> Any:
    """Spark's plan, for its public interface would copy the rows into objects."""
    return table._jdf.queryExecution().executedPlan()  # noqa: SLF001


def _table(spark: SparkSession, rows: Any, ddl: str) -> DataFrame:
    """A table of rows of Spark's engine."""
    session: Any = spark._jsparkSession  # noqa: SLF001
    java: Any = spark.sparkContext._jvm  # noqa: SLF001
    schema = java.org.apache.spark.sql.types.StructType.fromDDL(ddl)
    return DataFrame(session.internalCreateDataFrame(rows, schema, False), spark)
