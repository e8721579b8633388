"""Whether scores are distributed as they were: population stability index and Kolmogorov-Smirnov.

Both need no labels, so they speak on the day itself. What belongs here: the statistics and how
large they are by chance. What does not: whether the model got worse (labels say that).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ml_insights.metrics.strata import equal_starts, sums

if TYPE_CHECKING:
    from ml_insights.metrics.confusion import BinCounts

GROUPS = 10
"""Customary for the population stability index: tenths of the reference."""

_Z_95_ONE_SIDED = 1.6448536269514722


class ScoreDrift(NamedTuple):
    """Distance of two score distributions; NaN if either has no records.

    Attributes:
        population_stability_index: over tenths of the reference.
        population_stability_index_by_chance: without drift it stays below this on 95 of 100 days.
        kolmogorov_smirnov: its statistic: largest distance of the distributions, on bins.
        p_value: of the largest gap (asymptotic; too large, so on the safe side, with many ties).
    """

    population_stability_index: float
    population_stability_index_by_chance: float
    kolmogorov_smirnov: float
    p_value: float


def score_drift(reference: BinCounts, today: BinCounts, groups: int = GROUPS) -> ScoreDrift:
    """Compare the scores of all records, labelled or not.

    Args:
        reference: counts of the days compared with.
        today: counts of the day, on the same grid.
        groups: parts of the reference for the stability index. Each count is raised by 1/2, so
            that an empty part does not make it infinite.
    """
    first, second = int(reference.records.sum()), int(today.records.sum())
    if first == 0 or second == 0:
        return ScoreDrift(*[float("nan")] * 4)
    before, now = _aligned(reference, today)
    starts = equal_starts(before, groups)
    share_before, share_now = (
        (sums(counts, starts) + 0.5) / (counts.sum() + 0.5 * starts.size)
        for counts in (before, now)
    )
    index = float(np.sum((share_now - share_before) * np.log(share_now / share_before)))
    gap = float(np.abs(np.cumsum(before) / first - np.cumsum(now) / second).max())
    chance = _chi_square_95(starts.size - 1) * (1.0 / first + 1.0 / second)
    return ScoreDrift(index, chance, gap, _kolmogorov(gap, first * second / (first + second)))


def _aligned(*curves: BinCounts) -> list[np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Records of each curve on the bins that any of them occupies."""
    occupied = np.unique(np.concatenate([bins.threshold_index for bins in curves]))
    aligned = []
    for bins in curves:
        records = np.zeros(occupied.size, dtype=np.int64)
        records[np.searchsorted(occupied, bins.threshold_index)] = bins.records
        aligned.append(records)
    return aligned


def _chi_square_95(freedom: int) -> float:
    """95 % quantile of chi-square (Wilson & Hilferty 1931), within 1 % from 1 degree upwards."""
    if freedom < 1:
        return 0.0
    spread = 2.0 / (9.0 * freedom)
    return float(freedom * (1.0 - spread + _Z_95_ONE_SIDED * math.sqrt(spread)) ** 3)


def _kolmogorov(gap: float, records: float) -> float:
    """P-value of the largest gap, with Stephens' (1970) correction for few records."""
    root = math.sqrt(records)
    scaled = (root + 0.12 + 0.11 / root) * gap
    if scaled < 0.2:
        return 1.0
    # Later terms are below 1e-30.
    k = np.arange(1, 2 + int(6.0 / scaled))
    total = 2.0 * np.sum((-1.0) ** (k - 1) * np.exp(-2.0 * k**2 * scaled**2))
    return float(np.clip(total, 0.0, 1.0))
