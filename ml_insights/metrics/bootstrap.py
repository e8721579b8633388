"""Poisson bootstrap of a curve's metrics, on bin counts: no second pass over records.

If every record is drawn a Poisson(1) number of times, a bin that holds c records holds Poisson(c)
in the replicate (Chamandy et al. 2012): the law is that of resampling the records themselves.

What belongs here: drawing replicates, and their spread. What does not: their metrics
(`grouped_curve`), intervals made of them (`quality`).

A curve with more than `GROUPS` bins that hold positives is drawn in groups of neighbouring bins,
which keeps 10,000 replicates of 20,000 bins below a second. The spread stays within 5 % of that of
ungrouped bins (measured: benchmarks/numbers.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ml_insights.metrics.arrays import FloatArray
from ml_insights.metrics.grouped_curve import GroupedCurve, metrics

if TYPE_CHECKING:
    from ml_insights.metrics.confusion import BinCounts

GROUPS = 128
_DRAWN_AT_ONCE = 400_000
"""Numbers held in memory by one step; that many stay in the processor's cache."""


def poisson_bootstrap(
    bins: BinCounts, random: np.random.Generator, replicates: int, *, groups: int = GROUPS
) -> dict[str, FloatArray]:
    """Metrics of replicates in which every record counts a Poisson(1) number of times.

    Replicates are centred as the data are: what grouping does to the value is taken out.

    Args:
        bins: counts of one curve.
        random: from `seeds.generator`, so that a rerun gives the same replicates.
        replicates: how many.
        groups: draw at most so many groups of bins; exact for curves with fewer bins that hold
            positives.

    Returns:
        By the columns of `grouped_curve.metrics`, each of shape (replicates,); NaN where no
        positive was drawn. Empty for a curve without positives, or without replicates.

    >>> from ml_insights.metrics.confusion import BinCounts
    >>> from ml_insights.metrics.seeds import generator
    >>> from ml_insights.metrics.thresholds import ThresholdGrid
    >>> bins = BinCounts.from_scores(ThresholdGrid(), [0.9, 0.8, 0.7, 0.6], [1, 0, 1, 0])
    >>> poisson_bootstrap(bins, generator("example"), 3)["average_precision"].shape
    (3,)
    """
    grouped = GroupedCurve.of(bins, groups)
    size = grouped.positives.size
    if size == 0 or not replicates:
        return {}
    step = max(1, _DRAWN_AT_ONCE // size)
    drawn = [
        metrics(_resampled(grouped, random, min(step, replicates - start)))
        for start in range(0, replicates, step)
    ]
    together = {name: np.concatenate([part[name] for part in drawn]) for name in drawn[0]}
    if grouped.tied.all():
        return together
    exact, of_groups = (
        metrics(one) for one in (GroupedCurve.of(bins, bins.threshold_index.size), grouped)
    )
    return {name: of + (exact[name] - of_groups[name]) for name, of in together.items()}


def standard_error(replicates: FloatArray) -> float:
    """Standard deviation of the defined replicates; NaN with fewer than two.

    >>> standard_error(np.array([0.5, 0.7, np.nan]))
    0.14142135623730948
    """
    defined = replicates[~np.isnan(replicates)]
    return float(defined.std(ddof=1)) if defined.size > 1 else float("nan")


def _resampled(groups: GroupedCurve, random: np.random.Generator, replicates: int) -> GroupedCurve:
    """Counts of replicates, each of shape (replicates, groups)."""
    above, positives, negatives = (
        random.poisson(counts, (replicates, counts.size))
        for counts in (groups.above, groups.positives, groups.negatives)
    )
    return GroupedCurve(above, positives, negatives, groups.tied)
