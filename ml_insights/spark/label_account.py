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
from ml_insights.spark.same_predictions import PLACE, differ

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import Column, SparkSession

    from ml_insights.spark.arguments import ConfusionCountsArguments


def match_labels(predictions: DataFrame, labels: DataFrame, variants: Sequence[str]) -> DataFrame:
    """Look each label's event up among the day's predictions.

    Args:
        predictions: the day's rows of raw_predictions.
        labels: what `ground_truth.one_per_event` returns.
        variants: of the day.

    Returns:
        The labels with `fits` (there is a prediction, and the record has as many as there are
        labels; NULL without a prediction), `ambiguous` (one variant answered the event with
        predictions that say different things, so the label belongs to none of them for sure) and,
        by position in `variants`, `labelled`: rows of raw_predictions, duplicates dropped, that
        the labels name.
    """
    pairs = predictions.join(labels.select("event_id", "codes"), "event_id")
    same_number = F.coalesce(F.size("codes") == F.col("predictions_in_record"), F.lit(False))
    code = F.when(same_number, F.get("codes", F.col("prediction_index")))
    places = pairs.groupBy(*PLACE).agg(
        F.max(same_number).alias("fits"),
        differ(predictions).alias("ambiguous"),
        F.max(code).alias("code"),
    )
    labelled = [
        F.count_if((F.col("variant") == variant) & (F.col("code") >= 0)) for variant in variants
    ]
    events = places.groupBy("event_id").agg(
        F.max("fits").alias("fits"),
        F.max("ambiguous").alias("ambiguous"),
        F.array(*labelled).alias("labelled"),
    )
    return labels.join(events, "event_id", "left")


def usable_labels(matched: DataFrame) -> DataFrame:
    """Of what `match_labels` returns, the events whose labels count."""
    return matched.where(_usable())


def label_account(
    spark: SparkSession, job: ConfusionCountsArguments, matched: DataFrame, variants: Sequence[str]
) -> dict[str, Any]:
    """Add up the labels of the window by what became of them.

    Args:
        spark: session.
        job: the day, its label window and the earlier days' predictions.
        matched: what `match_labels` returns.
        variants: of the day.

    Returns:
        `labels`: labels superseded by a later record of the event, conflicting (records of one
        file disagree), not of the day (no usable prediction of it has the event: another day's
        has, or it was rejected, or not captured), ambiguous (several predictions have the event's
        id), of the wrong number for the record, missing, illegal, used. `labelled`: by variant, the
        rows of raw_predictions they name. `labels_collected`: those collected on the day itself,
        and how many of them belong to usable predictions of the day or the days before. If
        `earlier_days_missing` is 0 the rest are orphans: their predictions were rejected, not
        captured, or are older. Else so many of the days before were not published, also for they
        lie before the first day, and not searched.
    """
    row = matched.agg(*_sums(job.day), *_labelled(variants)).collect()[0].asDict()
    collected = row.pop("collected")
    known_today = row.pop("known_today")
    labelled = {variant: row.pop(f"labelled/{n}") for n, variant in enumerate(variants)}
    known_before, missing = 0, 0
    if collected > known_today:
        of_day = (F.col("collected_on") == job.day) & F.col("fits").isNull()
        known_before, missing = known_before_day(spark, job, matched.where(of_day))
    return {
        "labels": row,
        "labelled": labelled,
        "labels_collected": {"collected": collected, "known": known_today + known_before},
        "earlier_days_missing": missing,
    }


def _usable() -> Column:
    fits = F.coalesce(F.col("fits"), F.lit(False))
    return F.col("codes").isNotNull() & fits & ~F.coalesce(F.col("ambiguous"), F.lit(False))


def _total(value: Column, name: str) -> Column:
    return F.coalesce(F.sum(value), F.lit(0)).cast("bigint").alias(name)


def _labelled(variants: Sequence[str]) -> list[Column]:
    return [
        _total(F.when(_usable(), F.col("labelled")[position]), f"labelled/{position}")
        for position in range(len(variants))
    ]


def _sums(day: str) -> list[Column]:
    entries, counting, codes = F.col("entries"), F.col("counting"), F.col("codes")
    agrees, matched = codes.isNotNull(), F.col("fits").isNotNull()
    ambiguous = agrees & matched & F.col("ambiguous")
    today = F.col("collected_on") == day

    def of(condition: Any) -> Column:
        return F.when(_usable(), F.size(F.filter("codes", condition)))

    return [
        _total(F.when(matched, entries - counting), "superseded"),
        _total(F.when(matched & ~agrees, counting), "conflicting"),
        _total(F.when(~matched, entries), "not_of_the_day"),
        _total(F.when(ambiguous, counting), "ambiguous"),
        _total(F.when(agrees & matched & ~ambiguous & ~F.col("fits"), counting), "wrong_length"),
        _total(of(lambda code: code.isNull()), "missing"),
        _total(of(lambda code: code == INVALID), "illegal"),
        _total(of(lambda code: code >= 0), "used"),
        _total(F.when(today, counting), "collected"),
        _total(F.when(today & matched, counting), "known_today"),
    ]


def known_before_day(
    spark: SparkSession, job: ConfusionCountsArguments, open_labels: DataFrame
) -> tuple[int, int]:
    """Labels collected on the day, for no prediction of it, that belong to an earlier day.

    Args:
        spark: session.
        job: the day and the earlier days' predictions.
        open_labels: `event_id`, one row an event, and `counting`, its number of labels.

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
    ids = reduce(DataFrame.unionAll, earlier)
    total = (
        known_labels(ids, open_labels).agg(F.coalesce(F.sum("counting"), F.lit(0))).collect()[0][0]
    )
    return int(total), missing


def known_labels(ids: DataFrame, open_labels: DataFrame) -> DataFrame:
    """`event_id` and `counting` of labels whose event is among ids, which may repeat."""
    # The other way round the few labels could not be given to all tasks: Spark would move all ids.
    return ids.join(open_labels.select("event_id", "counting"), "event_id").distinct()
