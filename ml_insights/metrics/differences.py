"""The difference of two independent estimates: its interval and its p-value.

What belongs here: estimates that know their own interval, and what follows for a difference. What
does not: which numbers are compared (`comparison`), and estimates from the same records (`paired`).

The interval is Newcombe's hybrid (1998; MOVER in the later literature): the distances from each
value to its own limits are added in quadrature, so limits that keep to [0, 1] and lean to one side
are respected. The p-value of two shares is exact (`exact_test`), and so it may be above 0.05 where
the interval of few records leaves out 0. That of other estimates belongs to the interval: 1 less
the largest confidence at which it leaves out 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple, Protocol

import numpy as np

from ml_insights.metrics.arrays import FloatArray
from ml_insights.metrics.exact_test import exact_p_value
from ml_insights.metrics.intervals import Z_95, wilson_interval

_LARGEST_Z = 38.0
"""Beyond it a p-value is no float64."""

_ROUNDS, _STEPS = 5, 96
"""Each round narrows z by so many steps; together to a part in 10^9, fewer numbers than at once."""


class Estimate(Protocol):
    """A value with an interval for any normal quantile z."""

    @property
    def value(self) -> float:
        """The estimate; NaN if undefined."""

    @property
    def method(self) -> str:
        """Name of the method of its interval."""

    def interval(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Lower and upper ends for each z; NaN if undefined."""


@dataclass(frozen=True)
class Share:
    """So many of so many, with Wilson's interval."""

    successes: int
    trials: int
    method: ClassVar[str] = "wilson"

    @property
    def value(self) -> float:
        """The share; NaN without trials."""
        return self.successes / self.trials if self.trials else math.nan

    def interval(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Wilson's interval."""
        return wilson_interval(np.array(self.successes), np.array(self.trials), z)


@dataclass(frozen=True)
class F1Share:
    """F1 through Jaccard's index, which is a share: found of all that are positive or alarms."""

    jaccard: Share
    method: ClassVar[str] = "jaccard"

    @property
    def value(self) -> float:
        """F1; NaN without positives or alarms."""
        return 2.0 * self.jaccard.value / (1.0 + self.jaccard.value)

    def interval(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Wilson's limits of Jaccard's index, transformed."""
        low, high = self.jaccard.interval(z)
        return 2.0 * low / (1.0 + low), 2.0 * high / (1.0 + high)


@dataclass(frozen=True)
class EffectiveShare:
    """A value in [0, 1] that varies as a share of so many trials, with Wilson's interval."""

    value: float
    trials: float
    method: ClassVar[str] = "wilson"

    def interval(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Wilson's interval."""
        return wilson_interval(np.array(self.value * self.trials), np.array(self.trials), z)


@dataclass(frozen=True)
class LogitNormal:
    """A value in (0, 1) whose logit is about normal: average precision, ROC AUC."""

    value: float
    standard_error: float
    method: str = field(default="normal", compare=False)
    """Where the standard error comes from."""

    def interval(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Normal on the logit scale; NaN at 0 and 1, where it has no logit, and without width."""
        variance = self.value * (1.0 - self.value)
        if not (variance > 0.0 and self.standard_error > 0.0):
            return np.full_like(z, np.nan), np.full_like(z, np.nan)
        logit = math.log(self.value) - math.log1p(-self.value)
        half = z * (self.standard_error / variance)
        return 0.5 * (1 + np.tanh((logit - half) / 2)), 0.5 * (1 + np.tanh((logit + half) / 2))


class Difference(NamedTuple):
    """Second less first, its interval, and the p-value of "no difference"; NaN if undefined."""

    value: float
    low: float
    high: float
    p_value: float


def difference(first: Estimate, second: Estimate, z: float = Z_95) -> Difference:
    """Second less first, for independent records.

    Args:
        first: what is compared with.
        second: what is compared.
        z: normal quantile of the interval; 95 % unless told.

    >>> compared = difference(Share(48, 80), Share(56, 70))
    >>> round(compared.low, 4), round(compared.high, 4), round(compared.p_value, 4)
    (0.0524, 0.3339, 0.0126)
    """
    low, high = limits(first, second, np.array([z]))
    return Difference(
        second.value - first.value, float(low[0]), float(high[0]), p_value(first, second)
    )


class Compared(NamedTuple):
    """Two values and their difference; NaN where undefined.

    Attributes:
        first: what is compared with.
        second: what is compared.
        difference: second less first.
        method: of the interval of the difference.
        p_value_method: of its p-value.
    """

    first: float
    second: float
    difference: Difference
    method: str
    p_value_method: str

    @classmethod
    def of(cls, first: Estimate, second: Estimate) -> Compared:
        """Compare two independent estimates.

        >>> Compared.of(Share(48, 80), Share(56, 70))[3:]
        ('newcombe of wilson', 'fisher')
        """
        of = " and ".join(dict.fromkeys((first.method, second.method)))
        tested = "fisher" if _shares(first, second) else "interval"
        found = difference(first, second)
        return cls(first.value, second.value, found, f"newcombe of {of}", tested)


def limits(first: Estimate, second: Estimate, z: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Ends of the interval of second less first, for each z."""
    (low_1, high_1), (low_2, high_2) = first.interval(z), second.interval(z)
    was, became = first.value, second.value
    low = became - was - np.hypot(became - low_2, high_1 - was)
    high = became - was + np.hypot(high_2 - became, was - low_1)
    return low, high


def p_value(first: Estimate, second: Estimate) -> float:
    """Two-sided p-value of no difference; NaN if undefined."""
    shares = _shares(first, second)
    return exact_p_value(*shares) if shares else _p_value_of_interval(first, second)


def _shares(first: Estimate, second: Estimate) -> tuple[Share, Share] | None:
    """What is tested exactly; None if the estimates are no shares."""
    if isinstance(first, F1Share) and isinstance(second, F1Share):
        return first.jaccard, second.jaccard
    if isinstance(first, Share) and isinstance(second, Share):
        return first, second
    return None


def _p_value_of_interval(first: Estimate, second: Estimate) -> float:
    """Found by narrowing the z at which the interval's nearer end reaches 0."""
    above = second.value > first.value
    start, end = 0.0, _LARGEST_Z
    for _ in range(_ROUNDS):
        z = np.linspace(start, end, _STEPS)
        low, high = limits(first, second, z)
        if np.isnan(low).any():
            return float("nan")
        excluded = low > 0.0 if above else high < 0.0
        # At z = 0 the interval is the value itself.
        last = int(np.count_nonzero(excluded))
        start, end = z[max(last - 1, 0)], z[min(last, z.size - 1)]
    return two_sided((start + end) / 2) if start != end else two_sided(start)


def two_sided(z: float) -> float:
    """Probability that a standard normal lies further from 0 than z.

    >>> round(two_sided(1.959963984540054), 12)
    0.05
    """
    return math.erfc(abs(z) / math.sqrt(2.0))
