"""What a threshold is worth in money, and which one is worth most.

What belongs here: values of outcomes, the value at thresholds with its interval, break-even, the
highest capacity allows. What does not: how sure the choice of the best threshold is
(`threshold_choice`), adding up worth (`stakes`).

Value is that of the labelled records, with amounts of those that have one: nothing is assumed about
the others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ml_insights.errors import ContractError
from ml_insights.metrics.arrays import FloatArray, IndexArray, ratio
from ml_insights.metrics.intervals import Z_95
from ml_insights.metrics.stakes import Cells, Stake, Stakes, Worth, effective_records

if TYPE_CHECKING:
    from ml_insights.metrics.confusion import BinCounts


ENOUGH_OF_EQUAL, ENOUGH_OF_VARIOUS = 20, 100
"""Effective records from which an interval of money is believable; the latter with amounts."""

INDEPENDENT_RECORDS = "independent_records"
"""Name of the method of every interval of money: normal, for a sum of independent records."""

_ROUNDING = 1e-14
"""A variance below this share of the squares is none."""


class Outcomes(NamedTuple):
    """A number for each outcome."""

    true_positive: float
    false_positive: float
    false_negative: float
    true_negative: float


_NOTHING = Outcomes(0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class OutcomeValues:
    """Money that a record of each outcome is worth; a cost is below 0.

    Attributes:
        constant: whatever its amount.
        per_amount: more for each unit of its amount, which is never below 0.

    Raises:
        ContractError: a value is not finite, or acting is not worth more than not acting on a
            positive (of a large amount), or not less on a negative: no threshold could make sense.
    """

    constant: Outcomes
    per_amount: Outcomes = _NOTHING

    def __post_init__(self) -> None:
        """Reject values with which acting on the highest scores would be wrong."""
        if not all(map(math.isfinite, (*self.constant, *self.per_amount))):
            raise ContractError("the money values of outcomes must be finite numbers")
        gain, loss = self.gain_of_positive, self.gain_of_negative
        pays = gain.per_amount > 0 or (gain.per_amount == 0 and gain.constant > 0)
        if not (pays and max(loss) <= 0 and min(loss) < 0):
            raise ContractError(
                "the money values make no sense: a true positive must be worth more than a false "
                "negative, and a true negative more than a false positive; with an amount, a true "
                "positive at least of a large one, and a true negative of any"
            )

    @property
    def true_positive(self) -> Worth:
        """Worth of a positive that is acted on."""
        return Worth(self.constant.true_positive, self.per_amount.true_positive)

    @property
    def false_positive(self) -> Worth:
        """Worth of a negative that is acted on."""
        return Worth(self.constant.false_positive, self.per_amount.false_positive)

    @property
    def false_negative(self) -> Worth:
        """Worth of a positive that is left alone."""
        return Worth(self.constant.false_negative, self.per_amount.false_negative)

    @property
    def true_negative(self) -> Worth:
        """Worth of a negative that is left alone."""
        return Worth(self.constant.true_negative, self.per_amount.true_negative)

    @property
    def gain_of_positive(self) -> Worth:
        """What acting on a positive adds."""
        return self.true_positive.less(self.false_negative)

    @property
    def gain_of_negative(self) -> Worth:
        """What acting on a negative adds; below 0."""
        return self.false_positive.less(self.true_negative)


def break_even_precision(stakes: Stakes, values: OutcomeValues) -> float:
    """Chance of being right from which an action pays (Elkan 2001).

    Where money depends on amounts, it is that of the records' mean gains; NaN if they do not say.

    >>> from ml_insights.metrics.confusion import BinCounts
    >>> from ml_insights.metrics.thresholds import ThresholdGrid
    >>> stakes = Stakes.of(BinCounts.from_scores(ThresholdGrid(), [], []))
    >>> break_even_precision(stakes, OutcomeValues(Outcomes(0.0, -1.0, -9.0, 0.0)))
    0.1
    """
    gain = _mean(stakes.positives, values.gain_of_positive)
    loss = _mean(stakes.negatives, values.gain_of_negative)
    return loss / (loss - gain) if gain > 0 > loss else math.nan


def _mean(stake: Stake, worth: Worth) -> float:
    if not worth.per_amount:
        return worth.constant
    return worth.constant + worth.per_amount * float(ratio(stake.amount.sum(), stake.records.sum()))


def value_at(stakes: Stakes, threshold_index: IndexArray, values: OutcomeValues) -> FloatArray:
    """Money at each of some thresholds of the grid, shape (thresholds,); NaN without records.

    >>> from ml_insights.metrics.confusion import BinCounts
    >>> from ml_insights.metrics.thresholds import ThresholdGrid
    >>> bins = BinCounts.from_scores(ThresholdGrid(), [0.9, 0.5, 0.1], [1, 0, 1])
    >>> values = OutcomeValues(Outcomes(10.0, -1.0, 0.0, 0.0))
    >>> value_at(Stakes.of(bins), bins.threshold_index, values).tolist()
    [19.0, 9.0, 10.0]
    """
    worth = sum(stake.worth(worth) for stake, worth in _all(stakes, threshold_index, values))
    return np.asarray(worth if stakes.records else np.full(len(threshold_index), np.nan), float)


def value_interval(
    stakes: Stakes, threshold_index: IndexArray, values: OutcomeValues, z: float = Z_95
) -> tuple[FloatArray, FloatArray]:
    """Interval of the money at each threshold, for as many other labelled records.

    Normal, with the variance of a sum of independent records: over a multinomial of the four
    outcomes where worth is constant, else also over the amounts within each.

    Returns:
        Lower and upper ends, shape (thresholds,); NaN without labels or without spread.
    """
    cells = _all(stakes, threshold_index, values)
    value, mean = _value_and_mean(stakes, threshold_index, values)
    variance = sum(stake.squared_worth(worth, mean) for stake, worth in cells)
    rounding = _ROUNDING * sum(stake.squared_worth(worth) for stake, worth in cells)
    half = z * np.sqrt(np.where(variance > rounding, variance, np.nan))
    return value - half, value + half


def value_records(stakes: Stakes, threshold_index: IndexArray, values: OutcomeValues) -> FloatArray:
    """Effective number of records behind the interval at each threshold; see `stakes`."""
    _, mean = _value_and_mean(stakes, threshold_index, values)
    return effective_records(*_cells(stakes, threshold_index, values), mean)


def interval_is_believable(effective: float, values: OutcomeValues) -> bool:
    """Whether so many effective records make an interval that holds what it claims.

    Measured (benchmarks/numbers.md): where records of an outcome are worth the same, a few are
    enough; where amounts differ, the day may lack the large ones.
    """
    return effective >= (ENOUGH_OF_VARIOUS if any(values.per_amount) else ENOUGH_OF_EQUAL)


def allowed_by_capacity(bins: BinCounts, actions: int) -> int:
    """Position of the lowest occupied threshold with at most so many records at or above it.

    All records count, labelled or not: each of them is acted on.

    Args:
        bins: counts of one curve.
        actions: most actions; not negative.

    Returns:
        0 if capacity exceeds the volume; the number of bins if even the highest bin holds more
        records than actions, so that no threshold keeps to it.

    >>> from ml_insights.metrics.confusion import BinCounts
    >>> from ml_insights.metrics.thresholds import ThresholdGrid
    >>> bins = BinCounts.from_scores(ThresholdGrid(), [0.9, 0.5, 0.1], [1, -1, 1])
    >>> [allowed_by_capacity(bins, actions) for actions in (0, 2, 9)]
    [3, 1, 0]
    """
    acted_on = np.cumsum(bins.records[::-1])
    return int(bins.threshold_index.size - np.searchsorted(acted_on, actions, side="right"))


def _value_and_mean(
    stakes: Stakes, threshold_index: IndexArray, values: OutcomeValues
) -> tuple[FloatArray, FloatArray]:
    value = value_at(stakes, threshold_index, values)
    return value, value / max(stakes.records, 1)


def _all(
    stakes: Stakes, threshold_index: IndexArray, values: OutcomeValues
) -> tuple[tuple[Stake, Worth], ...]:
    positives, negatives = _cells(stakes, threshold_index, values)
    return (*positives, *negatives)


def _cells(
    stakes: Stakes, threshold_index: IndexArray, values: OutcomeValues
) -> tuple[Cells, Cells]:
    """Positives and negatives, each at or above and below, with what they are worth."""
    position = np.searchsorted(stakes.threshold_index, threshold_index)
    return (
        (
            (stakes.positives.at_or_above(position), values.true_positive),
            (stakes.positives.below(position), values.false_negative),
        ),
        (
            (stakes.negatives.at_or_above(position), values.false_positive),
            (stakes.negatives.below(position), values.true_negative),
        ),
    )
