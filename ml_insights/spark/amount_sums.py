"""Amounts of the labelled records of a bin, added up exactly: how much money its labels are about.

What belongs here: the sums of one group of records. What does not: which records form a group
(`confusion_counts`), what an amount is (`data_capture`), what it is worth
(`ml_insights.metrics.stakes`).

Sums are decimals of 38 digits, so that they are the same in any order and none overflows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import Column

AMOUNT_SUMS = (
    "positives_with_amount",
    "negatives_with_amount",
    "amount_of_positives",
    "amount_of_negatives",
    "squares_of_positives",
    "squares_of_negatives",
)
"""Columns of the result: they add up over days, files, variants and slices."""

_EXACT = "decimal(16, 0)"


def amount_sums() -> list[Column]:
    """`AMOUNT_SUMS` of rows with `positive` and `amount`; rows without one of them do not count."""
    positive, amount = F.col("positive"), F.col("amount").cast(_EXACT)
    known = amount.isNotNull()
    positives, negatives = (
        F.coalesce(side & known, F.lit(False)) for side in (positive, ~positive)
    )
    columns = (
        *(F.sum(side.cast("bigint")) for side in (positives, negatives)),
        *(_total(F.when(side, amount)) for side in (positives, negatives)),
        *(_total(F.when(side, amount * amount)) for side in (positives, negatives)),
    )
    return [column.alias(name) for column, name in zip(columns, AMOUNT_SUMS)]


def _total(values: Column) -> Column:
    return F.coalesce(F.sum(values), F.lit(0)).cast("decimal(38, 0)")
