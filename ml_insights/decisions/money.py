"""business_value and threshold_choice: curves in money.

What belongs here: the rows of both tables. What does not: the mathematics
(`metrics.business_value`, `metrics.threshold_choice`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ml_insights.decisions.rows import arrow_rows
from ml_insights.decisions.tables import BUSINESS_VALUE, THRESHOLD_CHOICE
from ml_insights.metrics.binning import threshold_values
from ml_insights.metrics.business_value import (
    OutcomeValues,
    allowed_by_capacity,
    break_even_precision,
    value_at,
    value_interval,
)
from ml_insights.metrics.seeds import generator
from ml_insights.metrics.stakes import Stakes
from ml_insights.metrics.threshold_choice import choose, gains, regret

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

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
        capacity: most actions a day; None if not limited.
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


def business_value_table(
    today: CurveCounts,
    drawn: Mapping[Curve, IntArray],
    rules: MoneyRules,
    stakes: CurveStakes | None = None,
) -> pa.Table:
    """Rows of business_value: the thresholds that draw the curve and today's, ascending.

    A curve of which no labelled record has an amount has no value.

    Args:
        today: the day's curves.
        drawn: indices of the thresholds that draw them; a curve without is not drawn.
        rules: of the settings.
        stakes: what money is about, of every curve; None where it depends on no amount.
    """
    rows = []
    for curve, bins in today.items():
        about = stakes[curve] if stakes is not None else Stakes.of(bins)
        index = np.union1d(drawn.get(curve, []), [rules.threshold_index]).astype(np.int64)
        low, high = value_interval(about, index, rules.values)
        actions = np.append(np.cumsum(bins.records[::-1])[::-1], 0)[
            np.searchsorted(bins.threshold_index, index)
        ]
        thresholds = threshold_values(bins.grid)[index]
        value = value_at(about, index, rules.values)
        if stakes is not None and not about.records:
            value = np.full(index.size, np.nan)
        columns = (index, thresholds, actions, value, low, high)
        for place, threshold, acted, *worth in zip(*(c.tolist() for c in columns), strict=True):
            rows.append(
                {
                    **curve._asdict(),
                    "threshold_index": place,
                    "threshold": threshold,
                    "actions": acted,
                    "within_capacity": rules.capacity is None or acted <= rules.capacity,
                    **dict(zip(("value", "value_low", "value_high"), worth, strict=True)),
                    "currency": rules.currency,
                }
            )
    return arrow_rows(BUSINESS_VALUE, rows)


def threshold_choice_table(
    today: CurveCounts,
    rules: MoneyRules,
    *,
    identity: tuple[str, date],
    chosen_before: Mapping[Curve, float | None],
    stakes: CurveStakes | None = None,
) -> pa.Table:
    """Rows of threshold_choice.

    Args:
        today: the day's curves.
        rules: of the settings.
        identity: endpoint and day, from which seeds derive.
        chosen_before: best threshold of the published day before, by curve.
        stakes: what money is about, of every curve; None where it depends on no amount.
    """
    rows = []
    for curve, bins in today.items():
        about = stakes[curve] if stakes is not None else Stakes.of(bins)
        rows.append(
            {
                **curve._asdict(),
                **_choice(curve, bins, about, rules, identity),
                **_former_choice(bins, about, rules, chosen_before.get(curve)),
                "break_even_precision": break_even_precision(about, rules.values),
                "break_even_threshold": _break_even(bins, about, rules),
                "capacity": rules.capacity,
                "currency": rules.currency,
                "provisional": not bins.label_coverage >= rules.min_label_coverage,
                "undefined_reason": _reason(bins, about, rules),
            }
        )
    return arrow_rows(THRESHOLD_CHOICE, rows)


def _choice(
    curve: Curve, bins: BinCounts, about: Stakes, rules: MoneyRules, identity: tuple[str, date]
) -> dict[str, Any]:
    if not about.records:
        return {"labelled": 0}
    endpoint, day = identity
    random = generator("threshold_choice", endpoint, day.isoformat(), *curve)
    lowest = 0 if rules.capacity is None else allowed_by_capacity(bins, rules.capacity)
    found = choose(about, rules.values, random, lowest=lowest, replicates=rules.replicates)
    operating = int(np.searchsorted(bins.threshold_index, rules.threshold_index))
    lost = regret(about, rules.values, found, operating)
    at = np.array([rules.threshold_index])
    low, high = value_interval(about, at, rules.values)
    value = float(value_at(about, at, rules.values)[0])
    gain = gains(about, rules.values)
    return {
        "labelled": about.records,
        "operating_value": value,
        "operating_value_low": float(low[0]),
        "operating_value_high": float(high[0]),
        "best_threshold": _threshold(bins, found.position),
        "best_threshold_low": _threshold(bins, found.low),
        "best_threshold_high": _threshold(bins, found.high),
        "best_value": value + found.gain - float(gain[operating]),
        "optimism": found.optimism,
        "regret": lost.value,
        "regret_low": lost.low,
        "regret_high": lost.high,
        "capacity_threshold": None if rules.capacity is None else _threshold(bins, lowest),
    }


def _former_choice(
    bins: BinCounts, about: Stakes, rules: MoneyRules, threshold: float | None
) -> dict[str, Any]:
    if threshold is None:
        return {}
    index = np.array([bins.grid.index_of(threshold)])
    value = float(value_at(about, index, rules.values)[0]) if about.records else None
    return {"chosen_before": threshold, "value_of_chosen_before": value}


def _break_even(bins: BinCounts, about: Stakes, rules: MoneyRules) -> float | None:
    """Lowest occupied threshold worth no less than acting on nothing."""
    if not about.records:
        return None
    return _threshold(bins, int(np.argmax(gains(about, rules.values) >= 0.0)))


def _threshold(bins: BinCounts, position: int) -> float | None:
    """Threshold of an occupied bin; None above all of them, where nothing is acted on."""
    if position >= bins.threshold_index.size:
        return None
    return bins.grid.threshold(int(bins.threshold_index[position]))


def _reason(bins: BinCounts, about: Stakes, rules: MoneyRules) -> str | None:
    labelled = int((bins.positives + bins.negatives).sum())
    records = int(bins.records.sum())
    highest = int(bins.records[-1]) if records else 0
    reasons = {
        "no_labels": not labelled,
        "no_positives": not bins.positives.any(),
        "no_amounts": bool(labelled) and not about.records,
        "labels_without_amount": 0 < about.records < labelled,
        "capacity_above_volume": rules.capacity is not None and rules.capacity >= records,
        "capacity_below_highest_score": rules.capacity is not None and rules.capacity < highest,
    }
    return ",".join(reason for reason, holds in reasons.items() if holds) or None
