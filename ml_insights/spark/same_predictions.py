"""When two rows are copies of one prediction: where both stand, and what both say.

What belongs here: that definition, for everything that counts or spreads predictions
(`java/EventPredictions.java` has the same). What does not: what becomes of copies (`plain_counts`),
and of predictions in one place that say different things (`label_account`, `repeated_events`).

SageMaker delivers at least once, so copies are one prediction. Rows in one place that say different
things are different predictions that a caller has given the same inferenceId.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

PLACE = ("event_id", "variant", "prediction_index", "class_label")
"""Of all rows of a record, only one stands here."""


def said_beside_score(predictions: DataFrame) -> list[str]:
    """Columns that say something about a prediction, but for its score."""
    said = ("captured_at", "slice_id", "predictions_in_record", "amount")
    return [name for name in said if name in predictions.columns]


def differ(predictions: DataFrame) -> Column:
    """Whether rows of a group, all in one place, say different things."""
    says = F.xxhash64("score", *said_beside_score(predictions))
    return F.min(says) != F.max(says)
