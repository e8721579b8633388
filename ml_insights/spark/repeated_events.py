"""Events that so many predictions name that one task would hold back the day.

What belongs here: finding them, and spreading their predictions over tasks. What does not: events
as they should be, and what becomes of labels (`native_counts`).

A caller that gives many requests the same inferenceId makes one event of them. Its predictions say
different things, so no label is used for any: they need not meet each other, but for copies of the
same, and their labels need not meet them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from ml_insights.spark.same_predictions import PLACE, differ, said_beside_score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import Column, DataFrame

FEWEST_ROWS = 50_000_000
"""Of fewer rows a day none are searched: one task could count them all in minutes."""
SHARE = 0.01
"""Of a day's rows that are looked at."""
OFTEN = 10_000_000
"""An event is repeated if it has about so many rows."""
_MOST = 1000
_PARTS = 1024
_APART = b"\xff" * 17
"""No event begins so: ids are text, which has no such byte, or 16 bytes."""


def repeated_events(predictions: DataFrame, rows: int) -> list[bytes]:
    """Events with very many predictions, some of one variant and place saying different things.

    Args:
        predictions: rows of raw_predictions.
        rows: their number.
    """
    if rows < FEWEST_ROWS:
        return []
    sample = predictions.select("event_id").sample(SHARE, seed=1)
    often = sample.groupBy("event_id").count().where(F.col("count") >= OFTEN * SHARE)
    candidates = [bytes(row["event_id"]) for row in often.limit(_MOST).collect()]
    if not candidates:
        return []
    places = (
        predictions.where(among(candidates))
        .groupBy(*PLACE)
        .agg(differ(predictions).alias("ambiguous"))
    )
    ambiguous = places.where("ambiguous").select("event_id").distinct().collect()
    return sorted(bytes(row["event_id"]) for row in ambiguous)


def spread(rows: DataFrame, repeated: Sequence[bytes]) -> DataFrame:
    """Give predictions of repeated events an event of their own, copies of the same the same one.

    Copies may have scores that lie beside each other, in one place of the grid.

    Args:
        rows: what `native_counts` takes of predictions.
        repeated: events.
    """
    if not repeated:
        return rows
    of_copies = [name for name in (*PLACE, *said_beside_score(rows)) if name != "event_id"]
    part = F.pmod(F.xxhash64(*of_copies), F.lit(_PARTS))
    part = part.cast("string").cast("binary")
    own = F.concat(F.lit(_APART), part, F.col("event_id"))
    spread_id = F.when(among(repeated), own).otherwise(F.col("event_id"))
    return rows.withColumn("event_id", spread_id)


def among(events: Sequence[bytes]) -> Column:
    """Whether `event_id` is one of some events."""
    return F.col("event_id").isin([F.lit(event) for event in events])
