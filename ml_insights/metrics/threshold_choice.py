"""The threshold that is worth most, and how sure its choice is.

The best threshold of a day is best for that day's records, chance included: its value there is too
high ("optimism"), and on other days another threshold would have come out. Both are measured by
choosing again in Poisson bootstrap replicates of the bins' records. What does not belong here: the
value at a given threshold (`business_value`), and days that took no part in the choice, which judge
it without optimism (`kept_threshold`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ml_insights.metrics.arrays import FloatArray, IntArray
from ml_insights.metrics.intervals import Z_95
from ml_insights.metrics.stakes import Stake, effective_records
from ml_insights.metrics.strata import equal_starts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ml_insights.metrics.business_value import OutcomeValues
    from ml_insights.metrics.stakes import Stakes, Worth

    Cell = tuple[Stake, Worth]

GROUPS = 128
_DRAWN_AT_ONCE = 400_000


class ThresholdChoice(NamedTuple):
    """The best threshold on these records; positions are of occupied bins.

    Attributes:
        position: lowest bin that is acted on; the number of bins stands for acting on nothing.
        low: of 100 choices among replicates of these records, 95 lie from here ...
        high: ... to here. So it holds the best threshold of all such days, but not as often the
            choice of one other day, which has luck of its own.
        gain: money above acting on nothing, on these records.
        optimism: so much of the gain is chance, on average.
    """

    position: int
    low: int
    high: int
    gain: float
    optimism: float


class Regret(NamedTuple):
    """Money that another threshold loses against the best; optimism taken out.

    Attributes:
        value: gain of the best less gain of the other less optimism; below 0 the best is not
            known to be better.
        low: lower end of the 95 % interval; NaN if no record lies between the two thresholds.
        high: upper end.
        effective_records: so many records of equal worth would spread as much; see `stakes`.
    """

    value: float
    low: float
    high: float
    effective_records: float


def gains(stakes: Stakes, values: OutcomeValues) -> FloatArray:
    """Money above acting on nothing for a threshold at each bin, and 0 as last element."""
    each = stakes.positives.worth(values.gain_of_positive) + stakes.negatives.worth(
        values.gain_of_negative
    )
    return np.append(np.cumsum(each[::-1])[::-1], 0.0)


def choose(
    stakes: Stakes,
    values: OutcomeValues,
    random: np.random.Generator,
    *,
    lowest: int = 0,
    replicates: int = 1000,
) -> ThresholdChoice:
    """The best threshold, the highest of equals, and how sure it is.

    Args:
        stakes: what money is about, of one curve.
        values: money by outcome.
        random: from `seeds.generator`.
        lowest: position of the lowest threshold allowed, from `allowed_by_capacity`.
        replicates: choices on resampled records.
    """
    allowed = gains(stakes, values)[lowest:]
    best = lowest + allowed.size - 1 - int(np.argmax(allowed[::-1]))
    gain = float(allowed[best - lowest])
    starts = _edges(stakes, values, lowest, best)
    chosen, optimism = _choices(stakes, values, starts, best, random=random, replicates=replicates)
    low, high = np.quantile(chosen, (0.025, 0.975), method="inverted_cdf")
    return ThresholdChoice(best, min(int(low), best), max(int(high), best), gain, optimism)


def regret(stakes: Stakes, values: OutcomeValues, choice: ThresholdChoice, position: int) -> Regret:
    """What a threshold loses against the chosen one, on other records of the same kind.

    Only records between the two thresholds differ, so only they bring spread.

    Args:
        stakes: what money is about.
        values: money by outcome.
        choice: what `choose` returned for them.
        position: lowest bin that is acted on at the other threshold.
    """
    value = choice.gain - float(gains(stakes, values)[position]) - choice.optimism
    half, records = uncertainty([between(stakes, values, position, choice.position)])
    return Regret(value, value - half, value + half, records)


def between(stakes: Stakes, values: OutcomeValues, one: int, other: int) -> tuple[Cell, Cell]:
    """Positives and negatives between two positions: only what is done with them differs."""
    inside = slice(min(one, other), max(one, other))
    positives, negatives = (
        Stake(*(part[inside].sum(keepdims=True) for part in stake))
        for stake in (stakes.positives, stakes.negatives)
    )
    return (positives, values.gain_of_positive), (negatives, values.gain_of_negative)


def uncertainty(pairs: Sequence[tuple[Cell, Cell]]) -> tuple[float, float]:
    """Half the 95 % interval of what records bring, NaN without any, and their effective number."""
    cells = [cell for pair in pairs for cell in pair]
    variance = sum(float(stake.squared_worth(worth)[0]) for stake, worth in cells)
    if not variance > 0.0:
        return math.nan, 0.0
    records = effective_records([pair[0] for pair in pairs], [pair[1] for pair in pairs])
    return Z_95 * math.sqrt(variance), float(records[0])


def _variances(stakes: Stakes, values: OutcomeValues) -> FloatArray:
    """Variance that each bin brings to a gain."""
    return stakes.positives.squared_worth(values.gain_of_positive) + stakes.negatives.squared_worth(
        values.gain_of_negative
    )


def _edges(stakes: Stakes, values: OutcomeValues, lowest: int, best: int) -> IntArray:
    """First bins of groups among which the replicates choose: equal spread, the best included."""
    spread = _variances(stakes, values)[lowest:]
    whole = np.rint(spread / max(spread.sum(), 1e-300) * 1e9).astype(np.int64)
    starts = lowest + equal_starts(whole, GROUPS)
    return np.union1d(starts, [best]) if best < stakes.threshold_index.size else starts


def _choices(
    stakes: Stakes,
    values: OutcomeValues,
    starts: IntArray,
    best: int,
    *,
    random: np.random.Generator,
    replicates: int,
) -> tuple[IntArray, float]:
    """Chosen position of each replicate, and by how much the choices look better than they are.

    Each is set against the best threshold of the data in the same replicate, whose own luck is 0 on
    average: what is left has less noise, is never below 0, and is 0 if all choose the same.
    """
    none = stakes.threshold_index.size
    if starts.size == 0:
        return np.full(replicates, none), 0.0
    gain, loss = values.gain_of_positive, values.gain_of_negative
    positives, negatives = stakes.positives.grouped(starts), stakes.negatives.grouped(starts)
    each = positives.worth(gain) + negatives.worth(loss)
    true = np.append(0.0, np.cumsum(each[::-1]))
    edges = np.append(none, starts[::-1])
    usual = int(np.flatnonzero(edges == best)[0])
    chosen, excess = [], 0.0
    step = max(1, _DRAWN_AT_ONCE // starts.size)
    for start in range(0, replicates, step):
        size = min(step, replicates - start)
        drawn = positives.drawn(gain, random, size) + negatives.drawn(loss, random, size)
        gained = np.concatenate((np.zeros((size, 1)), np.cumsum(drawn[:, ::-1], axis=1)), axis=1)
        place = np.argmax(gained, axis=1)
        chosen.append(edges[place])
        luck = np.take_along_axis(gained, place[:, None], axis=1)[:, 0] - gained[:, usual]
        excess += float(np.sum(luck + true[usual] - true[place]))
    return np.concatenate(chosen), max(0.0, excess / replicates)
