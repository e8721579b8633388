"""Labels and predictions of a day met by event, and counted by an operator in Java.

What belongs here: the rows that the operator is given, and the columns that it gives. What does
not: what it does with them (`java/DayEvents.java`), the same in SQL (`plain_counts`, its check).

Predictions and label records go through one shuffle by event and are sorted by it, so that the
operator sees an event at a time: it drops duplicates, chooses the record that counts, accounts for
each label and counts by bin, in one pass and in little memory. Records of one event are combined
before the shuffle (`java/LabelCombining.java`), so that no task gets millions of them.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Optional

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ml_insights.spark.counted import Counted, keep_rejected
from ml_insights.spark.java_classes import native
from ml_insights.spark.label_fates import known_before_day
from ml_insights.spark.repeated_events import among, spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import Column, SparkSession

    from ml_insights.spark.arguments import ConfusionCountsArguments

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
    "labels_read",
    "rejected",
    "collected",
    "known_today",
    "superseded",
    "conflicting",
    "of_other_days",
    "ambiguous",
    "wrong_number",
    "missing",
    "illegal",
    "used",
)
"""What `java/DayEvents.java` adds up, in its order; then labelled predictions by variant."""
_LABEL_DDL = (
    "struct<codes:array<int>,today:boolean,modified:timestamp,source_object:string,"
    "reason:string,line:string,records:bigint,entries:bigint,entries_of_object:bigint>"
)
"""Label records of an event, how many, and the labels in them and in those of the last object;
`codes` is NULL where these disagree. Or a rejected line.
"""
_LABEL_PLACE, _LABEL_OF_MANY_PLACE = 2**31 - 1, 2**31 - 2
"""Label records sort behind all predictions of their event."""
_HELD = 1 << 14
"""Events whose records a task combines at a time."""
_ORDER = ("event_id", "place", "position", "captured_at", "slice_id")


def counted_natively(
    spark: SparkSession,
    job: ConfusionCountsArguments,
    predictions: DataFrame,
    variants: Sequence[str],
    labels: Optional[DataFrame],
    *,
    repeated: Sequence[bytes] = (),
) -> Counted:
    """Count a day.

    Args:
        spark: session.
        job: labels, grid, classes, and the threshold that pairs are split at.
        predictions: the day's rows of raw_predictions.
        variants: of the day, ascending.
        labels: what `label_rows` returns.
        repeated: events of which no task should hold all, see `repeated_events`.
    """
    rows = spread(_prediction_rows(predictions, variants, _class_labels(job)), repeated)
    if labels is not None:
        rows = rows.unionAll(_label_rows(_combined(spark, labels, job), job, repeated))
    output = f"{job.output}/counted"
    sums, newest = _write_counts(spark, job, rows, variants, output)
    counted = spark.read.schema(_ddl(job)).parquet(output)

    def record(name: str) -> DataFrame:
        return counted.where(F.col("record") == name)

    reasons = keep_rejected(record("rejected"), job.output) if sums.pop("rejected") else {}
    accepted = sums.pop("label_records")
    lines = {"label_lines_read": accepted + sum(reasons.values())}
    return Counted(
        bins=record("bins"),
        pairs=record("pairs") if job.pairs_at >= 0 else None,
        label_lines=lines if labels is None else {**lines, "label_records": accepted, **reasons},
        labels_read=sums.pop("labels_read"),
        labels_as_of=None if newest is None else _iso_time(newest),
        fates=_fates(spark, job, sums, record("open"), variants),
    )


def _fates(
    spark: SparkSession,
    job: ConfusionCountsArguments,
    sums: dict[str, int],
    open_labels: DataFrame,
    variants: Sequence[str],
) -> dict[str, Any]:
    """What `label_fates.label_fates` returns, from the sums that the operator has added up."""
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
    job: ConfusionCountsArguments,
    rows: DataFrame,
    variants: Sequence[str],
    output: str,
) -> tuple[dict[str, int], Optional[int]]:
    """Count rows by event and write the table of `_COUNTED_DDL`.

    Returns:
        Sums by name, and the time of the newest object with an accepted line, microseconds.
    """
    spec = {
        "variants": list(variants),
        "class_labels": _class_labels(job),
        "classes": bool(job.classes),
        "octaves": job.octaves,
        "bits": job.bits,
        "pairs_at": job.pairs_at,
        "amounts": job.amounts,
    }
    # Scores last: those that differ by less than their place on the grid tells are neighbours.
    order = (*_ORDER, "amount", "score") if job.amounts else (*_ORDER, "score")
    events = rows.repartition("event_id").sortWithinPartitions(*order)
    context: Any = spark._jsparkSession.sparkContext()  # noqa: SLF001
    names = [*_SUMS, *(f"labelled/{n}" for n in range(len(variants)))]
    sums, times = [context.longAccumulator() for _ in names], context.collectionAccumulator()
    operator = native(spark, "ml_insights.EventCounting")
    counted = operator.over(_rows_of(events), json.dumps(spec), sums, times)
    table = _table(spark, counted, _ddl(job))
    table.write.partitionBy("record").mode("overwrite").parquet(output)
    found = {name: int(sum_.sum()) for name, sum_ in zip(names, sums)}
    return found, max(times.value(), default=None)


def _ddl(job: ConfusionCountsArguments) -> str:
    return f"{_COUNTED_DDL}, {_AMOUNTS_DDL}" if job.amounts else _COUNTED_DDL


def _class_labels(job: ConfusionCountsArguments) -> list[str]:
    return list(job.classes) or [job.positive_label]


def _prediction_rows(
    predictions: DataFrame, variants: Sequence[str], class_labels: Sequence[str]
) -> DataFrame:
    place = _position("variant", variants) * len(class_labels) + _position(
        "class_label", class_labels
    )
    index = F.shiftleft(F.col("prediction_index").cast("bigint"), 32)
    return predictions.select(
        "event_id",
        place.alias("place"),
        (index + F.col("predictions_in_record")).alias("position"),
        "captured_at",
        "slice_id",
        "score",
        F.lit(None).cast(_LABEL_DDL).alias("label"),
        *(["amount"] if "amount" in predictions.columns else []),
    )


def _position(name: str, values: Sequence[str]) -> Column:
    """Position of a column's value among the values that it has."""
    unknown = F.raise_error(
        F.concat(
            F.lit(f"raw_predictions has a {name} that the settings do not name, "),
            F.col(name),
            F.lit(": materialize raw_predictions of the day again."),
        )
    ).cast("int")
    found = (F.when(F.col(name) == value, n) for n, value in enumerate(values))
    return F.coalesce(*found, unknown)


def _combined(spark: SparkSession, labels: DataFrame, job: ConfusionCountsArguments) -> DataFrame:
    """Label records, few an event: `event_id` and `label`, see `_LABEL_DDL`."""
    entries = F.size("codes").cast("bigint")
    label = F.struct(
        "codes",
        (F.col("collected_on") == job.day).alias("today"),
        "modified",
        "source_object",
        "reason",
        "line",
        F.lit(1).cast("bigint").alias("records"),
        entries.alias("entries"),
        entries.alias("entries_of_object"),
    )
    rows = labels.select("event_id", label.alias("label"))
    operator = native(spark, "ml_insights.LabelCombining")
    combined = operator.over(_rows_of(rows), _HELD)
    return _table(spark, combined, f"event_id binary, label {_LABEL_DDL}")


def _label_rows(
    labels: DataFrame, job: ConfusionCountsArguments, repeated: Sequence[bytes]
) -> DataFrame:
    nothing = {"position": "bigint", "captured_at": "timestamp", "slice_id": "bigint"}
    place = F.when(among(repeated), _LABEL_OF_MANY_PLACE).otherwise(_LABEL_PLACE)
    return labels.select(
        "event_id",
        place.alias("place"),
        *(F.lit(None).cast(kind).alias(name) for name, kind in nothing.items()),
        F.lit(None).cast("double").alias("score"),
        "label",
        *([F.lit(None).cast("bigint").alias("amount")] if job.amounts else []),
    )


def _rows_of(table: DataFrame) -> Any:
    """Rows of Spark's engine, which its public interface would copy into objects."""
    return table._jdf.queryExecution().toRdd()  # noqa: SLF001


def _table(spark: SparkSession, rows: Any, ddl: str) -> DataFrame:
    """A table of rows of Spark's engine."""
    session: Any = spark._jsparkSession  # noqa: SLF001
    java: Any = spark.sparkContext._jvm  # noqa: SLF001
    schema = java.org.apache.spark.sql.types.StructType.fromDDL(ddl)
    return DataFrame(session.internalCreateDataFrame(rows, schema, False), spark)
