"""business_value: curves in money, and the rules of the settings.

What belongs here: the rows of business_value, what both tables of money share. What does not: which
threshold is worth most (`choices`), the mathematics (`metrics.business_value`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ml_insights.contracts import ALL_RECORDS
from ml_insights.decisions.money_tables import BUSINESS_VALUE
from ml_insights.decisions.rows import arrow_rows, method_of
from ml_insights.metrics.binning import threshold_values
from ml_insights.metrics.business_value import (
    INDEPENDENT_RECORDS,
    OutcomeValues,
    interval_is_believable,
    value_at,
    value_interval,
    value_records,
)
from ml_insights.metrics.reasons import joined_reasons
from ml_insights.metrics.stakes import Stakes

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from ml_insights.day_counts import CurveCounts
    from ml_insights.metrics.arrays import IntArray
    from ml_insights.metrics.confusion import BinCounts
    from ml_insights.result_tables import Curve

    CurveStakes = Mapping[Curve, Stakes]


@dataclass(frozen=True)
class MoneyRules:
    """What the settings say about money.

    Attributes:
        values: money by outcome.
        currency: its unit.
        capacity: most actions a day of a variant and class, over all its records; None if not
            limited.
        threshold_index: grid threshold at or just below the operating threshold of the settings.
        min_label_coverage: below it a curve is provisional.
        replicates: of the bootstrap.
    """

    values: OutcomeValues
    currency: str
    capacity: int | None
    threshold_index: int
    min_label_coverage: float
    replicates: int

    def of(self, curve: Curve) -> MoneyRules:
        """Those of a curve: a slice has no capacity of its own."""
        return self if curve.slice == ALL_RECORDS else replace(self, capacity=None)


def business_value_table(
    today: CurveCounts,
    drawn: Mapping[Curve, IntArray],
    rules: MoneyRules,
    stakes: CurveStakes | None = None,
) -> pa.Table:
    """Rows of business_value: the thresholds that draw the curve and today's, ascending.

    A curve without labels, or of which no labelled record has an amount, has no value.

    Args:
        today: the day's curves.
        drawn: indices of the thresholds that draw them; a curve without is not drawn.
        rules: of the settings.
        stakes: what money is about, of every curve; None where it depends on no amount.
    """
    rows = []
    for curve, bins in today.items():
        limit = rules.of(curve).capacity
        about = stakes[curve] if stakes is not None else Stakes.of(bins)
        index = np.union1d(drawn.get(curve, []), [rules.threshold_index]).astype(np.int64)
        value, records = (of(about, index, rules.values) for of in (value_at, value_records))
        low, high = value_interval(about, index, rules.values)
        columns = {
            "threshold_index": index,
            "threshold": threshold_values(bins.grid)[index],
            "actions": actions_at(bins, index),
            "value": value,
            "value_low": low,
            "value_high": high,
            "effective_records": records,
        }
        missing = missing_money(bins, about)
        for values in zip(*(column.tolist() for column in columns.values()), strict=True):
            row = dict(zip(columns, values, strict=True))
            believable = interval_is_believable(row["effective_records"], rules.values)
            rows.append(
                {
                    **curve._asdict(),
                    **row,
                    "value_method": method_of(row["value_low"], INDEPENDENT_RECORDS),
                    "within_capacity": limit is None or row["actions"] <= limit,
                    "currency": rules.currency,
                    "undefined_reason": joined_reasons(
                        {
                            **missing,
                            "no_spread": bool(about.records) and math.isnan(row["value_low"]),
                            "few_records_behind_value": not (
                                believable or math.isnan(row["value_low"])
                            ),
                        }
                    ),
                }
            )
    return arrow_rows(BUSINESS_VALUE, rows)


def actions_at(bins: BinCounts, index: IntArray) -> IntArray:
    """Records at or above each threshold, labelled or not."""
    above = np.append(np.cumsum(bins.records[::-1])[::-1], 0)
    return above[np.searchsorted(bins.threshold_index, index)]


def missing_money(bins: BinCounts, about: Stakes) -> dict[str, bool]:
    """Reasons why records have no money, and whether they hold."""
    labelled = int((bins.positives + bins.negatives).sum())
    return {
        "no_labels": not labelled,
        "no_positives": bool(labelled) and not bins.positives.any(),
        "no_amounts": bool(labelled) and not about.records,
        "labels_without_amount": 0 < about.records < labelled,
    }
