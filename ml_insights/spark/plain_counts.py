"""A day's events met with their labels and counted in SQL: the check of `native_counts`.

What belongs here: deduplication, the join, counting by bin, all in Spark's own expressions. What
does not: parsing labels and which of them count (`ground_truth`), what became of each
(`label_account`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as F

from ml_insights.metrics.thresholds import ThresholdGrid
from ml_insights.spark.amount_sums import amount_sums
from ml_insights.spark.binning import with_bin_position
from ml_insights.spark.counted import Counted, keep_rejected
from ml_insights.spark.ground_truth import labels_of_day, one_per_event
from ml_insights.spark.joint_counts import count_pairs
from ml_insights.spark.label_account import label_account, match_labels, usable_labels
from ml_insights.spark.other_labels import NO_OTHERS, count_others
from ml_insights.spark.same_predictions import PLACE, said_beside_score
from ml_insights.spark.session import empty

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import SparkSession

    from ml_insights.spark.arguments import ConfusionCountsArguments
    from ml_insights.spark.label_rows import LabelRows

_LABELS_DDL = (
    "event_id binary, codes array<int>, collected_on string, entries bigint, counting bigint"
)


def counted_plainly(
    spark: SparkSession,
    job: ConfusionCountsArguments,
    predictions: DataFrame,
    variants: Sequence[str],
    labels: Optional[LabelRows],
) -> Counted:
    """Count a day; see `native_counts.counted_natively`."""
    lines, read, seen, events = _stage_labels(spark, job, predictions, labels)
    matched = f"{job.output}/matched_labels"
    match_labels(predictions, events, variants).write.mode("overwrite").parquet(matched)
    account = label_account(spark, job, spark.read.parquet(matched), variants)
    account["labels"]["not_of_the_day"] += int(seen["passed_by"])
    distinct = distinct_predictions(predictions, ThresholdGrid(job.octaves, job.bits))
    labelled = with_labels(distinct, usable_labels(spark.read.parquet(matched)), job)
    return Counted(
        bins=count_bins(labelled),
        pairs=count_pairs(labelled, job.pairs_at) if job.pairs_at >= 0 else None,
        label_lines=lines,
        labels_read=read,
        other_labels=NO_OTHERS if labels is None else count_others(labels.table),
        labels_as_of=seen["newest"],
        account=account,
    )


def _stage_labels(
    spark: SparkSession,
    job: ConfusionCountsArguments,
    predictions: DataFrame,
    labels: Optional[LabelRows],
) -> tuple[dict[str, int], int, dict[str, Any], DataFrame]:
    """Keep what the day asks of its label window.

    Returns:
        Lines by what became of them, labels in accepted lines (both as they were read), what
        `labels_of_day` saw, and the labels by event.
    """
    events = f"{job.output}/labels"
    nothing_seen = {"passed_by": 0, "newest": None}
    nothing = empty(spark, _LABELS_DDL)
    if labels is None:
        return {"label_lines_read": 0}, 0, nothing_seen, nothing
    reasons = keep_rejected(labels.table.where(F.col("reason").isNotNull()), job.output)
    accepted = labels.table.where(F.col("reason").isNull())
    number, read = accepted.count(), labels.counts()
    lines = {"label_lines_read": read.lines, "label_records": number, **reasons}
    if not number:
        return lines, read.labels, nothing_seen, nothing
    seen = Observation()
    asked = labels_of_day(accepted, predictions, job.day, seen)
    one_per_event(asked).write.mode("overwrite").parquet(events)
    return lines, read.labels, seen.get, spark.read.schema(_LABELS_DDL).parquet(events)


def distinct_predictions(predictions: DataFrame, grid: ThresholdGrid) -> DataFrame:
    """Drop duplicates and replace scores by their place on the grid.

    A duplicate stands in the same place and says the same, see `same_predictions`, with scores in
    one place of the grid. Rows that say different things are different predictions, also where a
    caller has given them one inferenceId; `label_account` sees to it that they get no label.

    Returns:
        The keys, `threshold_index`, `bin_offset`, `slice_id`, `predictions_in_record`, `copies`,
        and `amount` if predictions have it.
    """
    # One shuffle by event serves the grouping here and the join with labels after it.
    placed = with_bin_position(predictions, grid).repartition("event_id")
    same = (*PLACE, *said_beside_score(predictions), "threshold_index", "bin_offset")
    return placed.groupBy(*same).agg(F.count(F.lit(1)).alias("copies")).drop("captured_at")


def with_labels(events: DataFrame, labels: DataFrame, job: ConfusionCountsArguments) -> DataFrame:
    """Add `positive`: true, false, or NULL without a usable label.

    A record's labels are used only if there is one for each of its predictions. With several
    classes a prediction is positive for the class its label names and negative for all others.
    """
    joined = events.join(labels.select("event_id", "codes"), "event_id", "left")
    fits = F.size("codes") == F.col("predictions_in_record")
    code = F.when(fits, F.get("codes", F.col("prediction_index")))
    if job.classes:
        named = F.col("class_label")
        own_code = F.coalesce(*(F.when(named == name, n) for n, name in enumerate(job.classes)))
    else:
        own_code = F.lit(1)
    return joined.withColumn("positive", F.when(code >= 0, code == own_code))


def count_bins(labelled: DataFrame) -> DataFrame:
    """Counts by bin of what `with_labels` returns; with amounts, those are added up too."""
    positive, copies = F.col("positive"), F.col("copies")

    def number(condition: Any) -> Any:
        return F.sum(condition.cast("bigint"))

    return labelled.groupBy("variant", "class_label", "slice_id", "threshold_index").agg(
        number(F.coalesce(positive, F.lit(False))).alias("bin_positives"),
        number(F.coalesce(~positive, F.lit(False))).alias("bin_negatives"),
        number(positive.isNull()).alias("bin_unlabelled"),
        F.sum("bin_offset").alias("bin_offsets"),
        F.sum(copies - 1).alias("bin_duplicates"),
        *(amount_sums() if "amount" in labelled.columns else ()),
    )
