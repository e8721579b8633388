"""Events that several variants scored: labelled records per slice, pair of variants and of bins.

What belongs here: counting pairs. What does not: counts of one variant (`confusion_counts`), and
what follows from pairs (`ml_insights.metrics.paired`).

Bins are put together 2^`COARSER_BITS` at a time, so that the result stays small whatever the
traffic, and split at the operating threshold, so that counts there are exact. A slice has no more
rows than all records have, nor than it has labelled pairs of predictions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from ml_insights.contracts import ALL_RECORDS

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

PAIRS_FOLDER = "pairs"
PAIR = ("class_label", "slice", "first_variant", "second_variant", "first_index", "second_index")
COARSER_BITS = 5


def count_pairs(labelled: DataFrame, operating_index: int) -> DataFrame:
    """Count labelled records that two variants scored.

    Args:
        labelled: what `plain_counts.with_labels` returns, partitioned by event.
        operating_index: grid threshold at or just below the operating threshold.

    Returns:
        `class_label`, `slice_id` (NULL where it is not that of both variants), `first_variant`,
        `second_variant` (in alphabetical order), `first_index`, `second_index` (grid thresholds:
        lower edges of the coarse bins), `positives`, `negatives`.
    """
    index = _coarse(F.col("threshold_index"), operating_index).alias("index")
    together = (
        labelled.where(F.col("positive").isNotNull())
        .groupBy("event_id", "prediction_index", "class_label")
        .agg(
            F.sort_array(F.collect_list(F.struct("variant", index, "slice_id"))).alias("scored"),
            F.first("positive").alias("positive"),
        )
        .where(F.size("scored") > 1)
    )
    first, second = F.col("first"), F.col("second")
    # Every ordered pair of the sorted list.
    pairs = (
        together.select("class_label", "positive", "scored", F.posexplode("scored"))
        .withColumnRenamed("col", "first")
        .withColumn("second", F.explode(F.expr("slice(scored, pos + 2, size(scored))")))
    )
    return pairs.groupBy(
        "class_label",
        F.when(first["slice_id"] == second["slice_id"], first["slice_id"]).alias("slice_id"),
        first["variant"].alias("first_variant"),
        second["variant"].alias("second_variant"),
        first["index"].alias("first_index"),
        second["index"].alias("second_index"),
    ).agg(
        F.sum(F.col("positive").cast("bigint")).alias("positives"),
        F.sum((~F.col("positive")).cast("bigint")).alias("negatives"),
    )


def pairs_of_slices(pairs: DataFrame, slices: DataFrame) -> DataFrame:
    """Pairs by slice; one whose variants saw different slices is in that of all records alone.

    Args:
        pairs: what `count_pairs` returns, in any number of rows a pair of bins.
        slices: `slice_id` and `slice`, one row for each slice a combination belongs to.

    Returns:
        `PAIR`, `positives`, `negatives`.
    """
    named = pairs.join(F.broadcast(slices), "slice_id", "left")
    of_slice = named.withColumn("slice", F.coalesce("slice", F.lit(ALL_RECORDS)))
    return of_slice.groupBy(*PAIR).agg(
        *(F.sum(name).alias(name) for name in ("positives", "negatives"))
    )


def _coarse(index: Any, operating_index: int) -> Any:
    """Lowest grid threshold of the coarse bin that holds a bin."""
    lowest = F.shiftleft(F.shiftright(index, COARSER_BITS), COARSER_BITS)
    return F.when(index >= operating_index, F.greatest(lowest, F.lit(operating_index))).otherwise(
        lowest
    )
