"""What the labelled records of a curve are about in money: their number, amounts and squares.

What belongs here: these three per bin, and what they are worth where a record's worth is a constant
and a factor of its amount. Worth of a record and its square then follow from the three sums alone.
What does not: which worth belongs to which outcome (`business_value`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ml_insights.errors import ContractError
from ml_insights.metrics.arrays import ratio
from ml_insights.metrics.strata import sums

if TYPE_CHECKING:
    from ml_insights.metrics.arrays import FloatArray, IndexArray, IntArray
    from ml_insights.metrics.confusion import BinCounts


_MOST = 2.0**62
"""Above any total that is meant, and with room for the rounding of this test itself."""


class Worth(NamedTuple):
    """Money that a record is worth: `constant + per_amount * amount`."""

    constant: float
    per_amount: float = 0.0

    def less(self, other: Worth) -> Worth:
        """What a record is worth more than with another worth."""
        return Worth(self.constant - other.constant, self.per_amount - other.per_amount)


class Stake(NamedTuple):
    """Records of one label per bin, shape (bins,).

    Attributes:
        records: their number, int64.
        amount: sum of their amounts, int64.
        squares: sum of the squared amounts, float64.
    """

    records: IntArray
    amount: IntArray
    squares: FloatArray

    def worth(self, worth: Worth, centre: FloatArray | float = 0.0) -> FloatArray:
        """Sum of the records' worth, each less `centre`."""
        constant = worth.constant - centre
        return np.asarray(self.records * constant + self.amount * worth.per_amount, float)

    def squared_worth(self, worth: Worth, centre: FloatArray | float = 0.0) -> FloatArray:
        """Sum of the squares of the records' worth, each less `centre`."""
        constant = worth.constant - centre
        return np.asarray(
            self.records * constant**2
            + 2 * constant * worth.per_amount * self.amount
            + worth.per_amount**2 * self.squares,
            float,
        )

    def at_or_above(self, position: IndexArray) -> Stake:
        """Sums of the bins from these positions on; the number of bins stands for no bin."""
        return Stake(*(np.append(np.cumsum(part[::-1])[::-1], 0)[position] for part in self))

    def below(self, position: IndexArray) -> Stake:
        """Sums of the bins before these positions."""
        return Stake(*(np.append(0, np.cumsum(part))[position] for part in self))

    def grouped(self, starts: IndexArray) -> Stake:
        """Sums of groups of bins, which begin at these positions; bins before the first are out."""
        totals: list[Any] = [sums(part, np.asarray(starts, np.int64)) for part in self]
        return Stake(*totals)

    def drawn(self, worth: Worth, random: np.random.Generator, replicates: int) -> FloatArray:
        """Sums of worth in Poisson bootstrap replicates of the records.

        Numbers of records are Poisson. Amounts, given their number, are normal with the mean and
        the variance of the bin's amounts: the sum is compound Poisson in its first two moments.

        Returns:
            Shape (replicates, bins).
        """
        numbers = random.poisson(self.records, (replicates, self.records.size))
        sums = numbers * worth.constant
        if worth.per_amount:
            there = np.maximum(self.records, 1)
            mean = self.amount / there
            spread = np.sqrt(np.maximum(self.squares / there - mean**2, 0.0))
            noise = random.standard_normal(numbers.shape)
            sums += worth.per_amount * (numbers * mean + np.sqrt(numbers) * spread * noise)
        return np.asarray(sums, np.float64)


Cells = Sequence[tuple[Stake, Worth]]
"""Records of one label by what is done with them, and what they are then worth."""


def effective_records(
    positives: Cells, negatives: Cells, centre: FloatArray | float = 0.0
) -> FloatArray:
    """How many records of equal worth would make a sum as unsteady as these do.

    ``(sum w^2)^2 / sum w^4``, with the least fourth powers that the sums of worth allow in each
    cell (Lyapunov); for a single cell that is Kish's number, ``(sum w)^2 / sum w^2``. Never more
    than the records of the rarer label: of what hardly came, the records do not say what it costs.

    Args:
        positives: cells of shape (thresholds,).
        negatives: likewise.
        centre: the mean worth, which brings no spread.

    Returns:
        Shape (thresholds,); 0 without records. An upper limit: of large amounts that did not come,
        the records say nothing.

    >>> few = Stake(np.array([2]), np.array([101]), np.array([1.0 + 100.0**2]))
    >>> many = Stake(np.array([40]), np.array([0]), np.array([0.0]))
    >>> effective_records([(few, Worth(0.0, 1.0))], [(many, Worth(-1.0))]).round(2).tolist()
    [1.03]
    """
    spread: Any = 0.0
    fourth: Any = 0.0
    rarer: Any = np.inf
    for cells in (positives, negatives):
        rarer = np.minimum(rarer, sum(stake.records for stake, _ in cells))
        for stake, worth in cells:
            total, squares = stake.worth(worth, centre) ** 2, stake.squared_worth(worth, centre)
            spread = spread + squares
            fourth = fourth + np.where(total > 0, ratio(squares**3, total), squares**2)
    return np.asarray(np.fmin(ratio(spread**2, fourth), rarer), float)


@dataclass(frozen=True, eq=False)
class Stakes:
    """The labelled records of a curve that money is about, per occupied bin of its counts.

    Attributes:
        threshold_index: the bins, strictly ascending, shape (bins,).
        positives: records labelled positive.
        negatives: records labelled negative.
    """

    threshold_index: IndexArray
    positives: Stake
    negatives: Stake

    @classmethod
    def of(cls, bins: BinCounts) -> Stakes:
        """All labelled records, where no money depends on an amount."""
        none, nothing = np.zeros_like(bins.positives), np.zeros_like(bins.score_sum)
        return cls(
            bins.threshold_index,
            Stake(bins.positives, none, nothing),
            Stake(bins.negatives, none, nothing),
        )

    @classmethod
    def with_amounts(
        cls, bins: BinCounts, threshold_index: IndexArray, positives: Stake, negatives: Stake
    ) -> Stakes:
        """Those of the labelled records that have an amount.

        Args:
            bins: counts of the curve.
            threshold_index: bins with such a record, ascending, shape (known,).
            positives: those labelled positive, shape (known,).
            negatives: those labelled negative, shape (known,).

        Raises:
            ContractError: more records have an amount than there are, or amounts, none of which is
                below 0, add up to more than 64 bits hold: sums over bins would wrap around.
        """
        place = np.searchsorted(bins.threshold_index, threshold_index)
        if not np.array_equal(np.append(bins.threshold_index, -1)[place], threshold_index):
            raise ContractError("amounts are of bins that hold no record")
        spread = []
        for stake, records in ((positives, bins.positives), (negatives, bins.negatives)):
            every: list[Any] = [np.zeros(bins.threshold_index.size, part.dtype) for part in stake]
            for part, known in zip(every, stake, strict=True):
                part[place] = known
            parts = Stake(*every)
            if np.any(parts.records > records):
                raise ContractError("more records have an amount than there are records")
            if parts.amount.sum(dtype=np.float64) > _MOST:
                raise ContractError(
                    "the amounts of a curve add up to more than 64 bits hold. "
                    "Keep fewer `decimals`."
                )
            spread.append(parts)
        return cls(bins.threshold_index, *spread)

    @property
    def records(self) -> int:
        """Number of records."""
        return int((self.positives.records + self.negatives.records).sum())
