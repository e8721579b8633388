"""What became of each label in a day's window: used, or why not. The labels' side of the balance.

What belongs here: matching label events with prediction events and adding up. What does not:
counting predictions (`confusion_counts`), which asks the same question from the other side.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ml_insights.spark.files import Files
from ml_insights.spark.ground_truth import INVALID
from ml_insights.spark.manifest import manifest_path
from ml_insights.spark.raw_predictions import accepted_predictions

if TYPE_CHECKING:
    from pyspark.sql import Column, SparkSession

    from ml_insights.spark.arguments import ConfusionCountsArguments


def label_fates(
    spark: SparkSession,
    job: ConfusionCountsArguments,
    predictions: DataFrame,
    labels: DataFrame,
) -> dict[str, Any]:
    """Add up the labels of the window by what became of them.

    Args:
        spark: session.
        job: the day, its label window and the earlier days' predictions.
        predictions: the day's rows of raw_predictions.
        labels: what `ground_truth.one_per_event` returns.

    Returns:
        `labels`: labels read and, of those, superseded by a later record of the event, conflicting
        (records of one file disagree), of other days, of the wrong number for the record, missing,
        illegal, used. `labels_collected`: those collected on the day itself, and how many of them
        belong to the captured predictions of the day or the days before. The rest are orphans, if
        `earlier_days_missing` is 0: so many of the days before were not published and not searched.
        `labels_as_of`: ISO 8601 time of the newest object used, or None.
    """
    same_number = F.size("codes") == F.col("predictions_in_record")
    fits = F.max(F.coalesce(same_number, F.lit(False)))
    matched = _of(predictions, labels).groupBy("event_id").agg(fits.alias("fits"))
    fated = labels.join(matched, "event_id", "left")
    row = fated.agg(*_sums(job.day)).collect()[0].asDict()
    labels_as_of = row.pop("labels_as_of")
    collected = row.pop("collected")
    known_today = row.pop("known_today")
    known_before, missing = 0, 0
    if collected > known_today:
        known_before, missing = _known_before(spark, job, fated)
    return {
        "labels": row,
        "labels_collected": {"collected": collected, "known": known_today + known_before},
        "earlier_days_missing": missing,
        "labels_as_of": labels_as_of,
    }


def _of(predictions: DataFrame, labels: DataFrame) -> DataFrame:
    """Label events that have a prediction."""
    return predictions.select("event_id", "predictions_in_record").join(
        labels.select("event_id", "codes"), "event_id"
    )


def _sums(day: str) -> list[Column]:
    entries, counting, codes = F.col("entries"), F.col("counting"), F.col("codes")
    agrees, matched = codes.isNotNull(), F.col("fits").isNotNull()
    fits = agrees & F.coalesce(F.col("fits"), F.lit(False))
    today = F.col("collected_on") == day

    def total(value: Column, name: str) -> Column:
        return F.coalesce(F.sum(value), F.lit(0)).cast("bigint").alias(name)

    def of(condition: Any) -> Column:
        return F.when(fits, F.size(F.filter("codes", condition)))

    return [
        total(entries, "labels_read"),
        total(entries - counting, "superseded"),
        total(F.when(~agrees, counting), "conflicting"),
        total(F.when(agrees & ~matched, counting), "of_other_days"),
        total(F.when(agrees & matched & ~fits, counting), "wrong_number"),
        total(of(lambda code: code.isNull()), "missing"),
        total(of(lambda code: code == INVALID), "illegal"),
        total(of(lambda code: code >= 0), "used"),
        total(F.when(today, counting), "collected"),
        total(F.when(today & matched, counting), "known_today"),
        # As text: Python would shift a timestamp to the time zone of its machine.
        F.date_format(F.max("modified"), "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'").alias("labels_as_of"),
    ]


def _known_before(
    spark: SparkSession, job: ConfusionCountsArguments, fated: DataFrame
) -> tuple[int, int]:
    """Labels collected on the day, for no prediction of it, that belong to an earlier day.

    Returns:
        Their number, and how many of the earlier days are not published.
    """
    earlier = []
    for partition in job.earlier_predictions:
        manifest = Files(spark, partition).read_json(manifest_path(partition))
        if manifest is not None:
            earlier.append(accepted_predictions(spark, partition, manifest).select("event_id"))
    missing = len(job.earlier_predictions) - len(earlier)
    if not earlier:
        return 0, missing
    open_labels = fated.where((F.col("collected_on") == job.day) & F.col("fits").isNull())
    ids = reduce(DataFrame.unionAll, earlier)
    known = ids.join(open_labels.select("event_id", "counting"), "event_id").distinct()
    total = known.agg(F.coalesce(F.sum("counting"), F.lit(0))).collect()[0][0]
    return int(total), missing
