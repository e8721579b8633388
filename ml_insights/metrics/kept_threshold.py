"""What a threshold chosen earlier brought on days that took no part in choosing it.

On each day no more actions are taken than capacity allows, the highest scores first: where more
records reach the threshold, that of the day is the lowest one that keeps to capacity. Of the bin
below it a part would still fit. Counts do not say which of its records, so money is that without
them, and limits say what any of them could change.

What belongs here: a threshold and another one on the same days. What does not: choosing it
(`threshold_choice`), which days and which threshold (the caller knows).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ml_insights.metrics.business_value import allowed_by_capacity
from ml_insights.metrics.threshold_choice import between, gains, uncertainty

if TYPE_CHECKING:
    from ml_insights.metrics.business_value import OutcomeValues
    from ml_insights.metrics.confusion import BinCounts
    from ml_insights.metrics.stakes import Stake, Stakes, Worth


class KeptDay(NamedTuple):
    """A day of a curve on which a threshold is judged.

    Attributes:
        bins: all its records, each of which takes an action at or above the threshold.
        stakes: what its money is about, on the same bins.
    """

    bins: BinCounts
    stakes: Stakes


class Kept(NamedTuple):
    """What a threshold brought on days that took no part in choosing it.

    Attributes:
        value: money at it, of all days together; 0 without records.
        value_limit_low: guaranteed: not less, whichever records of a bin that capacity cuts were
            acted on; equal to `value` where it cuts none.
        value_limit_high: guaranteed: not more.
        gain: value less the money at the other threshold, on the same days.
        low: lower end of the 95 % interval of the gain, normal for independent records, from its
            lower limit on; NaN if no record lies between the two.
        high: upper end.
        effective_records: so many records of equal worth would spread as much; see `stakes`.
    """

    value: float
    value_limit_low: float
    value_limit_high: float
    gain: float
    low: float
    high: float
    effective_records: float


class _Acted(NamedTuple):
    """Bins from `position` on are acted on; a part of the next may change money by so much."""

    position: int
    less: float = 0.0
    more: float = 0.0


def kept_threshold(
    days: Sequence[KeptDay],
    values: OutcomeValues,
    index: int,
    other: int,
    capacity: int | None = None,
) -> Kept:
    """What a threshold of the grid brought on other days, and how much more than another one.

    Args:
        days: the days; one without records that money is about counts as nothing.
        values: money by outcome.
        index: the threshold, from another day; the size of the grid stands for acting on nothing.
        other: the threshold it is set against.
        capacity: most actions a day, at both thresholds; None if not limited.
    """
    value = gain = 0.0
    pairs, differ = [], []
    acted = [[_acted(day, values, i, capacity) for i in (index, other)] for day in days]
    for (_, stakes), (one, two) in zip(days, acted, strict=True):
        above = gains(stakes, values)
        nothing = stakes.positives.worth(values.false_negative).sum()
        nothing += stakes.negatives.worth(values.true_negative).sum()
        value += float(nothing + above[one.position])
        gain += float(above[one.position] - above[two.position])
        pairs.append(between(stakes, values, one.position, two.position))
        if one != two:
            differ.append((one.less - two.more, one.more - two.less))
    half, records = uncertainty(pairs)
    less, more = (sum(part) for part in zip((0.0, 0.0), *differ, strict=True))
    if math.isnan(half) and less < more:
        half = 0.0
    return Kept(
        value,
        value + sum(one.less for one, _ in acted),
        value + sum(one.more for one, _ in acted),
        gain,
        gain + less - half,
        gain + more + half,
        records,
    )


def _acted(day: KeptDay, values: OutcomeValues, index: int, capacity: int | None) -> _Acted:
    """Bins that are acted on at a threshold, the highest scores first."""
    bins, stakes = day
    position = int(np.searchsorted(bins.threshold_index, index))
    lowest = 0 if capacity is None else allowed_by_capacity(bins, capacity)
    if capacity is None or position >= lowest:
        return _Acted(position)
    left = capacity - int(bins.records[lowest:].sum())
    ranges = [
        _any_of(stake, lowest - 1, left, worth)
        for stake, worth in (
            (stakes.positives, values.gain_of_positive),
            (stakes.negatives, values.gain_of_negative),
        )
    ]
    return _Acted(lowest, *(sum(ends) for ends in zip(*ranges, strict=True)))


def _any_of(stake: Stake, position: int, most: int, worth: Worth) -> tuple[float, float]:
    """Least and most money of at most so many records of a bin, whatever their amounts."""
    records = min(most, int(stake.records[position]))
    amount = float(stake.amount[position]) if records else 0.0
    ends = np.array([records * worth.constant, amount * worth.per_amount])
    return float(np.minimum(ends, 0.0).sum()), float(np.maximum(ends, 0.0).sum())
