"""Poisson bootstrap of the precision-recall areas, on bin counts: no second pass over records.

If every record is drawn a Poisson(1) number of times, a bin that holds c records holds Poisson(c)
in the replicate (Chamandy et al. 2012): the law is that of resampling the records themselves.

What belongs here: replicates of average precision and achievable area, and their spread. What does
not: intervals (`intervals`), and the areas of the data (`areas`).

A curve with more than `GROUPS` bins that hold positives is drawn in groups of neighbouring bins,
which keeps 10,000 replicates of 20,000 bins below half a second. Inside a group of several bins the
achievable interpolation stands for the bins. Groups are equal steps of recall and of the logarithm
of alarms, because precision moves with the latter. The spread stays within 5 % of that of
ungrouped bins (measured: benchmarks/numbers.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from ml_insights.metrics.arrays import FloatArray, IntArray, ratio

if TYPE_CHECKING:
    from ml_insights.metrics.confusion import BinCounts

GROUPS = 128
_DRAWN_AT_ONCE = 400_000
"""Numbers held in memory by one step; that many stay in the processor's cache."""


class Replicates(NamedTuple):
    """Areas of resampled records, each of shape (replicates,); NaN if no positive was drawn."""

    average_precision: FloatArray
    achievable_pr_area: FloatArray


@dataclass(frozen=True)
class _Groups:
    """Bins by descending score, each group from its first to its last bin with positives.

    Attributes:
        above: negatives between the group before and this one: they hold no positive.
        positives: positives of the group.
        negatives: negatives of the group.
        tied: the group is a single bin, so its records share one precision.
    """

    above: IntArray
    positives: IntArray
    negatives: IntArray
    tied: npt.NDArray[np.bool_]


def poisson_bootstrap(
    bins: BinCounts, random: np.random.Generator, replicates: int, *, groups: int = GROUPS
) -> Replicates:
    """Areas of replicates in which every record counts a Poisson(1) number of times.

    Replicates are centred as the data are: what grouping does to the value is taken out.

    Args:
        bins: counts of one curve.
        random: from `seeds.generator`, so that a rerun gives the same replicates.
        replicates: how many.
        groups: draw at most so many groups of bins; exact for curves with fewer bins that hold
            positives.

    >>> from ml_insights.metrics.confusion import BinCounts
    >>> from ml_insights.metrics.seeds import generator
    >>> from ml_insights.metrics.thresholds import ThresholdGrid
    >>> bins = BinCounts.from_scores(ThresholdGrid(), [0.9, 0.8, 0.7, 0.6], [1, 0, 1, 0])
    >>> poisson_bootstrap(bins, generator("example"), 3).average_precision.shape
    (3,)
    """
    grouped, exact = _grouped(bins, groups), _grouped(bins, bins.threshold_index.size)
    if grouped.positives.size == 0:
        undefined = np.full(replicates, np.nan)
        return Replicates(undefined, undefined)
    step = max(1, _DRAWN_AT_ONCE // grouped.positives.size)
    drawn = [
        _areas(_resampled(grouped, random, min(step, replicates - start)))
        for start in range(0, replicates, step)
    ]
    stepped, interpolated = (
        np.concatenate(parts) + (at - of)
        for parts, at, of in zip(
            zip(*drawn, strict=True), _areas(exact), _areas(grouped), strict=True
        )
    )
    return Replicates(stepped, interpolated)


def standard_error(replicates: FloatArray) -> float:
    """Standard deviation of the defined replicates; NaN with fewer than two.

    >>> standard_error(np.array([0.5, 0.7, np.nan]))
    0.14142135623730948
    """
    defined = replicates[~np.isnan(replicates)]
    return float(defined.std(ddof=1)) if defined.size > 1 else float("nan")


def _grouped(bins: BinCounts, groups: int) -> _Groups:
    p, n = bins.positives[::-1], bins.negatives[::-1]
    held = np.flatnonzero(p)
    if held.size == 0:
        return _Groups(held, held, held, held.astype(bool))
    group = np.arange(held.size)
    if held.size > groups:
        group = np.floor(_progress(p, n, held) * groups).astype(np.int64)
    starts = np.append(0, np.flatnonzero(np.diff(group)) + 1)
    ends = np.append(starts[1:], held.size) - 1
    first, after = held[starts], held[ends] + 1
    positives, negatives = (np.append(0, np.cumsum(values)) for values in (p, n))
    return _Groups(
        above=negatives[first] - negatives[np.append(0, after[:-1])],
        positives=positives[after] - positives[first],
        negatives=negatives[after] - negatives[first],
        tied=starts == ends,
    )


def _progress(p: IntArray, n: IntArray, held: IntArray) -> FloatArray:
    """Position in [0, 1) of each bin with positives, half by recall, half by log of alarms."""
    recall = (np.cumsum(p)[held] - p[held] / 2) / p.sum()
    alarms = np.cumsum(p + n)[held]
    grown = np.log(alarms / alarms[0])
    return np.asarray((recall + grown / grown[-1]) / 2)


def _resampled(groups: _Groups, random: np.random.Generator, replicates: int) -> _Groups:
    """Counts of replicates, each of shape (replicates, groups)."""
    above, positives, negatives = (
        random.poisson(counts, (replicates, counts.size))
        for counts in (groups.above, groups.positives, groups.negatives)
    )
    return _Groups(above, positives, negatives, groups.tied)


def _areas(groups: _Groups) -> tuple[FloatArray, FloatArray]:
    """Average precision and achievable area; groups along the last axis. See `areas`."""
    p, n = groups.positives.astype(np.float64), groups.negatives.astype(np.float64)
    tp = np.cumsum(p, axis=-1)
    fp = np.cumsum(groups.above + n, axis=-1)
    records, alarms = np.maximum(p + n, 1.0), np.maximum(tp + fp, 1.0)
    before = np.maximum(tp + fp - p - n, 0.0)
    growth = np.log1p((p + n) / np.where(before > 0, before, 1.0))
    offset = (p / records) * ((p * (fp - n) - n * (tp - p)) / records)
    interpolated = p * (p / records) - offset * growth
    stepped = np.where(groups.tied, p * (tp / alarms), interpolated)
    positives = tp[..., -1]
    return ratio(stepped.sum(axis=-1), positives), ratio(interpolated.sum(axis=-1), positives)
