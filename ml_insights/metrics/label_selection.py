"""Labels that are not a random sample: who was labelled, and what can still be said.

If mostly high scores are labelled, recall among the labelled is too high, because the positives
with low scores are not seen. Within a stratum of neighbouring scores the labelled are taken to be
a random sample; strata are then weighted by all their records (Horvitz & Thompson 1952). Where a
stratum has no label at all, recall is not identifiable, and no number is given.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from ml_insights.metrics.arrays import FloatArray, IntArray, ratio
from ml_insights.metrics.intervals import Z_95
from ml_insights.metrics.strata import equal_starts, sums

if TYPE_CHECKING:
    from ml_insights.metrics.confusion import BinCounts

GROUPS = 20
"""Strata on either side of the threshold, at most."""


class Strata(NamedTuple):
    """Strata by ascending score, none across the threshold, each of shape (strata,)."""

    threshold_index: IntArray
    records: IntArray
    labelled: IntArray
    positives: IntArray
    above: npt.NDArray[np.bool_]

    @property
    def labelled_share(self) -> FloatArray:
        """Labelled of all records."""
        return ratio(self.labelled, self.records)


class StratifiedRecall(NamedTuple):
    """Recall weighted by all records, with its 95 % interval.

    Attributes:
        value: NaN if not identifiable or without expected positives.
        low: lower end.
        high: upper end.
        identifiable: every stratum has a label.
    """

    value: float
    low: float
    high: float
    identifiable: bool


def label_strata(bins: BinCounts, threshold_index: int, groups: int = GROUPS) -> Strata:
    """Strata of about equal numbers of records below the threshold, and above it."""
    border = int(np.searchsorted(bins.threshold_index, threshold_index))
    starts = np.concatenate(
        (
            equal_starts(bins.records[:border], groups),
            border + equal_starts(bins.records[border:], groups),
        )
    )
    records, labelled, positives = (
        sums(counts, starts).astype(np.int64)
        for counts in (bins.records, bins.positives + bins.negatives, bins.positives)
    )
    return Strata(
        bins.threshold_index[starts].astype(np.int64),
        records,
        labelled,
        positives,
        starts >= border,
    )


def recall_identifiable(bins: BinCounts, threshold_index: int) -> bool:
    """Every stratum has a label, or there is no positive and so no recall that could mislead."""
    return not bins.positives.any() or bool(label_strata(bins, threshold_index).labelled.all())


def stratified_recall(strata: Strata, z: float = Z_95) -> StratifiedRecall:
    """Share of all positives, seen and unseen, that lie above the threshold.

    ``sum N_s r_s above / sum N_s r_s`` with N_s records and r_s the positive rate of the labelled;
    the interval is normal for the logarithm of the odds. Its variance counts 1/2 positive more in
    each stratum, so that one without finds is not taken as proof, and that N_s and r_s both vary:
    with all records labelled it is the logit interval of the plain recall. NaN where all records
    lie on one side of the threshold.

    >>> strata = Strata(np.arange(3), np.array([9000, 900, 100]), np.array([1000, 100, 100]),
    ...     np.array([1, 5, 60]), np.array([False, True, True]))
    >>> round(stratified_recall(strata).value, 6)
    0.921053
    """
    if not strata.records.size or (strata.labelled == 0).any():
        undefined = float("nan")
        return StratifiedRecall(undefined, undefined, undefined, not strata.records.size)
    expected = strata.records * ratio(strata.positives, strata.labelled)
    value = float(ratio(expected[strata.above].sum(), expected.sum()))
    if math.isnan(value):
        return StratifiedRecall(value, value, value, identifiable=True)
    rate = (strata.positives + 0.5) / (strata.labelled + 1.0)
    spread = strata.records**2.0 * rate * (1.0 - rate) / strata.labelled + strata.records * rate**2
    centre = expected if 0.0 < value < 1.0 else strata.records * rate
    above, below = centre[strata.above].sum(), centre[~strata.above].sum()
    if above == 0.0 or below == 0.0:
        return StratifiedRecall(value, math.nan, math.nan, identifiable=True)
    odds = math.log(above / below)
    half = z * math.sqrt(
        spread[strata.above].sum() / above**2 + spread[~strata.above].sum() / below**2
    )
    low, high = ((1.0 + math.tanh((odds + side * half) / 2)) / 2 for side in (-1, 1))
    return StratifiedRecall(value, min(low, value), max(high, value), identifiable=True)


def labels_depend_on_score(strata: Strata) -> float:
    """P-value of "every score has the same chance of a label" (chi-square over the strata).

    Normal approximation of chi-square by Wilson & Hilferty; NaN with fewer than two strata or when
    all or none are labelled.
    """
    share = float(ratio(strata.labelled.sum(), strata.records.sum()))
    freedom = strata.records.size - 1
    if freedom < 1 or not 0.0 < share < 1.0:
        return float("nan")
    expected = strata.records * share
    chi_square = float(np.sum((strata.labelled - expected) ** 2 / (expected * (1.0 - share))))
    spread = 2.0 / (9.0 * freedom)
    z = ((chi_square / freedom) ** (1 / 3) - (1.0 - spread)) / math.sqrt(spread)
    return math.erfc(z / math.sqrt(2.0)) / 2.0
