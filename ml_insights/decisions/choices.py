"""threshold_choice: the threshold that is worth most, and what today's costs.

What belongs here: the rows of threshold_choice. What does not: the mathematics
(`metrics.threshold_choice`), money at every threshold (`money`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from ml_insights.decisions.money import MoneyRules, actions_at, missing_money
from ml_insights.decisions.money_tables import THRESHOLD_CHOICE
from ml_insights.decisions.rows import arrow_rows, method_of
from ml_insights.metrics.business_value import (
    INDEPENDENT_RECORDS,
    allowed_by_capacity,
    break_even_precision,
    interval_is_believable,
    value_at,
    value_interval,
    value_records,
)
from ml_insights.metrics.kept_threshold import KeptDay, kept_threshold
from ml_insights.metrics.reasons import joined_reasons
from ml_insights.metrics.seeds import generator
from ml_insights.metrics.stakes import Stakes
from ml_insights.metrics.threshold_choice import choose, gains, regret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import pyarrow as pa

    from ml_insights.day_counts import CurveCounts
    from ml_insights.decisions.money import CurveStakes
    from ml_insights.metrics.confusion import BinCounts
    from ml_insights.result_tables import Curve


@dataclass(frozen=True)
class KeptChoice:
    """The best threshold of an earlier day, and the days since.

    Attributes:
        chosen_on: the day.
        threshold: best there; None where acting on nothing was.
        days: those after it, without the one that is judged last.
    """

    chosen_on: date
    threshold: float | None
    days: Sequence[KeptDay]


def threshold_choice_table(
    today: CurveCounts,
    rules: MoneyRules,
    *,
    identity: tuple[str, date],
    chosen_before: Mapping[Curve, float | None],
    stakes: CurveStakes | None = None,
    kept: Mapping[Curve, KeptChoice] = MappingProxyType({}),
) -> pa.Table:
    """Rows of threshold_choice.

    Args:
        today: the day's curves.
        rules: of the settings.
        identity: endpoint and day, from which seeds derive.
        chosen_before: best threshold of the published day before, by curve; None where acting on
            nothing was best, no entry where nothing was chosen.
        stakes: what money is about, of every curve; None where it depends on no amount.
        kept: choices of earlier days, by curve, to be judged on the days since.
    """
    rows = []
    for curve, bins in today.items():
        about = stakes[curve] if stakes is not None else Stakes.of(bins)
        limited = rules.of(curve)
        found = _choice(curve, bins, about, limited, identity)
        former = {
            **_former_choice(curve, KeptDay(bins, about), limited, chosen_before),
            **_kept(kept.get(curve), KeptDay(bins, about), limited),
        }
        rows.append(
            {
                **curve._asdict(),
                **found,
                **former,
                "break_even_precision": break_even_precision(about, rules.values),
                "break_even_threshold": _break_even(bins, about, rules),
                "capacity": limited.capacity,
                "currency": rules.currency,
                "provisional": not bins.label_coverage >= rules.min_label_coverage,
                "undefined_reason": joined_reasons(
                    {
                        **missing_money(bins, about),
                        **_about_capacity(bins, limited),
                        **_about_values({**found, **former}, rules),
                        "no_days_before": curve not in chosen_before,
                    }
                ),
            }
        )
    return arrow_rows(THRESHOLD_CHOICE, rows)


def _choice(
    curve: Curve, bins: BinCounts, about: Stakes, rules: MoneyRules, identity: tuple[str, date]
) -> dict[str, Any]:
    if not about.records:
        return {"labelled": 0, "bootstrap_replicates": 0}
    endpoint, day = identity
    random = generator("threshold_choice", endpoint, day.isoformat(), *curve)
    lowest = 0 if rules.capacity is None else allowed_by_capacity(bins, rules.capacity)
    found = choose(about, rules.values, random, lowest=lowest, replicates=rules.replicates)
    operating = int(np.searchsorted(bins.threshold_index, rules.threshold_index))
    at = np.array([rules.threshold_index])
    low, high = value_interval(about, at, rules.values)
    value = float(value_at(about, at, rules.values)[0])
    gain = gains(about, rules.values)
    row = {
        "labelled": about.records,
        "operating_value": value,
        "operating_value_low": float(low[0]),
        "operating_value_high": float(high[0]),
        "effective_records": float(value_records(about, at, rules.values)[0]),
        "operating_value_method": method_of(float(low[0]), INDEPENDENT_RECORDS),
        "best_threshold": _threshold(bins, found.position),
        "best_threshold_low": _threshold(bins, found.low),
        "best_threshold_high": _threshold(bins, found.high),
        "best_threshold_method": "bootstrap",
        "bootstrap_replicates": rules.replicates,
        "best_value": value + found.gain - float(gain[operating]),
        "optimism": found.optimism,
        "capacity_threshold": None if rules.capacity is None else _threshold(bins, lowest),
    }
    if operating < lowest:
        # It cannot be kept, so what it is worth more or less than the best one says nothing.
        return row
    lost = regret(about, rules.values, found, operating)
    return {
        **row,
        "regret": lost.value,
        "regret_low": lost.low,
        "regret_high": lost.high,
        "regret_method": method_of(lost.low, INDEPENDENT_RECORDS),
        "regret_effective_records": lost.effective_records,
    }


def _former_choice(
    curve: Curve,
    today: KeptDay,
    rules: MoneyRules,
    chosen_before: Mapping[Curve, float | None],
) -> dict[str, Any]:
    """What a former choice is worth now; also that to act on nothing."""
    if curve not in chosen_before:
        return {}
    index = _index(today.bins, chosen_before[curve])
    brought = kept_threshold([today], rules.values, index, index, rules.capacity)
    value = brought.value if today.stakes.records else None
    return {"chosen_before": chosen_before[curve], "value_of_chosen_before": value}


def _kept(choice: KeptChoice | None, today: KeptDay, rules: MoneyRules) -> dict[str, Any]:
    """What a former choice is worth if it is kept: on the days since, and this one."""
    days = [day for day in (*(choice.days if choice else ()), today) if day.stakes.records]
    if choice is None or not days:
        return {"kept_days": 0}
    index = _index(today.bins, choice.threshold)
    brought = kept_threshold(days, rules.values, index, rules.threshold_index, rules.capacity)
    return {
        "kept_since": choice.chosen_on,
        "kept_threshold": choice.threshold,
        "kept_days": len(days),
        "value_of_kept": brought.value,
        "value_of_kept_limit_low": brought.value_limit_low,
        "value_of_kept_limit_high": brought.value_limit_high,
        "gain_of_kept": brought.gain,
        "gain_of_kept_low": brought.low,
        "gain_of_kept_high": brought.high,
        "gain_of_kept_method": method_of(brought.low, INDEPENDENT_RECORDS),
        "gain_of_kept_effective_records": brought.effective_records,
    }


def _index(bins: BinCounts, threshold: float | None) -> int:
    """Threshold of the grid; the size of the grid to act on nothing."""
    return bins.grid.size if threshold is None else bins.grid.index_of(threshold)


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


def _about_capacity(bins: BinCounts, rules: MoneyRules) -> dict[str, bool]:
    if rules.capacity is None:
        return {}
    asked = int(actions_at(bins, np.array([rules.threshold_index]))[0])
    highest = int(bins.records[-1]) if bins.records.size else 0
    return {
        "operating_above_capacity": asked > rules.capacity,
        "capacity_above_volume": rules.capacity >= int(bins.records.sum()),
        "capacity_below_highest_score": rules.capacity < highest,
    }


def _about_values(found: dict[str, Any], rules: MoneyRules) -> dict[str, bool]:
    """What to mind about intervals; nothing where there is none."""

    def too_narrow(low: str, effective: str) -> bool:
        there = low in found and not math.isnan(found[low])
        return there and not interval_is_believable(found[effective], rules.values)

    return {
        "no_spread": math.isnan(found.get("operating_value_low", 0.0)),
        "operating_is_best": math.isnan(found.get("regret_low", 0.0)),
        "few_records_behind_value": too_narrow("operating_value_low", "effective_records"),
        "few_records_behind_regret": too_narrow("regret_low", "regret_effective_records"),
        "few_records_behind_kept": too_narrow("gain_of_kept_low", "gain_of_kept_effective_records"),
        "kept_is_operating": math.isnan(found.get("gain_of_kept_low", 0.0)),
    }
