"""What a threshold is worth in money, and which one is worth most.

What belongs here: values of outcomes, the value at thresholds with its interval, break-even, the
highest capacity allows, regret. What does not: how sure the choice of the best threshold is
(`threshold_choice`).

Value is that of the labelled records: nothing is assumed about the others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from ml_insights.errors import ContractError
from ml_insights.metrics.arrays import FloatArray, IntArray, ratio
from ml_insights.metrics.intervals import Z_95

if TYPE_CHECKING:
    from ml_insights.metrics.confusion import BinCounts, ConfusionCounts


@dataclass(frozen=True)
class OutcomeValues:
    """Money that one record of each outcome is worth; a cost is below 0.

    Raises:
        ContractError: a value is not finite, or acting is not worth more than not acting on a
            positive, or not less on a negative: no threshold could make sense.
    """

    true_positive: float
    false_positive: float
    false_negative: float
    true_negative: float

    def __post_init__(self) -> None:
        """Reject values with which acting on the highest scores would be wrong."""
        if not all(math.isfinite(getattr(self, field.name)) for field in fields(self)):
            raise ContractError("the money values of outcomes must be finite numbers")
        if not (self.gain_of_positive > 0 and self.gain_of_negative < 0):
            raise ContractError(
                "the money values make no sense: a true positive must be worth more than a false "
                "negative, and a true negative more than a false positive"
            )

    @property
    def gain_of_positive(self) -> float:
        """What acting on a positive adds."""
        return self.true_positive - self.false_negative

    @property
    def gain_of_negative(self) -> float:
        """What acting on a negative adds; below 0."""
        return self.false_positive - self.true_negative

    @property
    def break_even_precision(self) -> float:
        """Chance of being right from which an action pays (Elkan 2001).

        >>> OutcomeValues(0.0, -1.0, -9.0, 0.0).break_even_precision
        0.1
        """
        return self.gain_of_negative / (self.gain_of_negative - self.gain_of_positive)


def value_at(counts: ConfusionCounts, values: OutcomeValues) -> FloatArray:
    """Money at each threshold, shape (thresholds,).

    >>> from ml_insights.metrics.confusion import BinCounts
    >>> from ml_insights.metrics.thresholds import ThresholdGrid
    >>> bins = BinCounts.from_scores(ThresholdGrid(), [0.9, 0.5, 0.1], [1, 0, 1])
    >>> value_at(bins.confusion(), OutcomeValues(10.0, -1.0, 0.0, 0.0)).tolist()
    [19.0, 9.0, 10.0]
    """
    return np.asarray(sum(cells * value for cells, value in _cells(counts, values)), np.float64)


def value_interval(
    counts: ConfusionCounts, values: OutcomeValues, z: float = Z_95
) -> tuple[FloatArray, FloatArray]:
    """Interval of the money at each threshold, for as many other labelled records.

    Normal, with the variance of a sum over a multinomial of the four outcomes.

    Returns:
        Lower and upper ends, shape (thresholds,); NaN without labels or without spread.
    """
    records = sum(cells for cells, _ in _cells(counts, values))
    value = value_at(counts, values)
    squares = sum(cells * worth**2 for cells, worth in _cells(counts, values))
    variance = np.maximum(squares - ratio(value**2, np.asarray(records)), 0.0)
    half = z * np.sqrt(np.where(variance > 0, variance, np.nan))
    return value - half, value + half


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


def _cells(counts: ConfusionCounts, values: OutcomeValues) -> tuple[tuple[IntArray, float], ...]:
    """The four outcomes with their values."""
    return (
        (counts.true_positives, values.true_positive),
        (counts.false_positives, values.false_positive),
        (counts.false_negatives, values.false_negative),
        (counts.true_negatives, values.true_negative),
    )
