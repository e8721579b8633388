"""Numbers at thresholds that the records themselves choose, with intervals that count the choice.

The largest F1, the largest recall at a precision, the largest precision at a recall. On other
records another threshold would have been best, so the intervals come from choosing again in
replicates of the bootstrap. Near 0 and 1 replicates hardly vary: what no record showed, none of
them shows. So no interval is narrower than that of the number at its threshold, taken as given.
The largest F1 is moreover too high by chance: its lower end is lowered by as much as replicates
exceed it on average. And recall at a precision may be that of a few lucky hits: with fewer
than `ENOUGH_HITS` its lower end is not above the recall of thresholds that have the precision
beyond doubt, by Wilson's lower limit.

What belongs here: the columns of these numbers. What does not: finding the thresholds
(`precision_recall`), drawing replicates (`bootstrap`). How often the intervals hold is in
benchmarks/numbers.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ml_insights.contracts import FIXED_LEVELS
from ml_insights.metrics.arrays import FloatArray
from ml_insights.metrics.confusion import ConfusionCounts
from ml_insights.metrics.intervals import f1_interval, precision_interval, recall_interval
from ml_insights.metrics.precision_recall import (
    Best,
    best_f1,
    precision_at_recall,
    recall,
    recall_at_precision,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from ml_insights.metrics.confusion import BinCounts

    Limits = tuple[FloatArray, FloatArray]

METHOD = "bootstrap"
ENOUGH_HITS = 60
"""So many positives are not found with a precision by luck alone (benchmarks/numbers.md)."""


def best_points(bins: BinCounts, drawn: Mapping[str, FloatArray]) -> dict[str, Any]:
    """Columns of `contracts.MODEL_QUALITY` from `best_f1` to `precision_at_recall_method`.

    Args:
        bins: counts of one curve.
        drawn: what `poisson_bootstrap` returns for them; without, there are no intervals.

    Returns:
        Column name -> value; NaN without positives, and where no threshold has the precision.
    """
    counts, best, ends = bins.confusion(), best_f1(bins), _ends(drawn)
    threshold = float("nan")
    if best.position is not None:
        threshold = bins.grid.threshold(int(bins.threshold_index[best.position]))
    f1_columns = _columns(counts, {"best_f1": Best(best.value, best.position)}, f1_interval, ends)
    if ends:
        # A maximum is too high by chance, as those of replicates are against it.
        optimism = max(0.0, float(np.nanmean(drawn["best_f1"])) - best.value)
        f1_columns["best_f1_low"] = max(0.0, f1_columns["best_f1_low"] - optimism)
    return {
        **f1_columns,
        "best_f1_limit_high": best.limit_high,
        "best_f1_threshold": threshold,
        "best_f1_method": _method(f1_columns),
        **_recall_at_levels(counts, ends),
        **_at_levels("precision_at_recall", counts, precision_at_recall, precision_interval, ends),
    }


def _ends(drawn: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """The middle 95 % of the replicates that are defined, within [0, 1]."""
    if not drawn:
        return {}
    replicates = np.stack(list(drawn.values()))
    # All metrics of a replicate are undefined together: where it has no positive.
    defined = replicates[:, ~np.isnan(replicates[0])]
    ends = np.quantile(np.clip(defined, 0.0, 1.0), (0.025, 0.975), axis=1).T
    return dict(zip(drawn, ends, strict=True))


def _recall_at_levels(counts: ConfusionCounts, ends: Mapping[str, FloatArray]) -> dict[str, Any]:
    """Few hits may be luck: their lower end is not above what has the precision beyond doubt."""
    name = "recall_at_precision"
    columns = _at_levels(name, counts, recall_at_precision, recall_interval, ends)
    if ends:
        least, found = np.nan_to_num(precision_interval(counts)[0]), recall(counts)
        positives = counts.true_positives[0] + counts.false_negatives[0]
        for level in FIXED_LEVELS:
            if columns[f"{name}_{level}"] * positives < ENOUGH_HITS:
                beyond_doubt = found[least >= level / 100].max(initial=0.0)
                low = columns[f"{name}_{level}_low"]
                columns[f"{name}_{level}_low"] = float(np.minimum(low, beyond_doubt))
    return columns


def _at_levels(
    name: str,
    counts: ConfusionCounts,
    best_at: Callable[[ConfusionCounts, int], Best],
    interval: Callable[[ConfusionCounts], Limits],
    ends: Mapping[str, FloatArray],
) -> dict[str, Any]:
    found = {f"{name}_{level}": best_at(counts, level) for level in FIXED_LEVELS}
    columns = _columns(counts, found, interval, ends)
    return {**columns, f"{name}_method": _method(columns)}


def _columns(
    counts: ConfusionCounts,
    found: Mapping[str, Best],
    interval: Callable[[ConfusionCounts], Limits],
    ends: Mapping[str, FloatArray],
) -> dict[str, float]:
    """Numbers with their ends: of the replicates, or of the threshold itself if farther out."""
    there = {name: best.position for name, best in found.items() if best.position is not None}
    columns: dict[str, float] = {}
    for name, best in found.items():
        columns |= {name: best.value, f"{name}_low": np.nan, f"{name}_high": np.nan}
    if there and ends:
        limits = interval(_at(counts, list(there.values())))
        for name, low, high in zip(there, *limits, strict=True):
            columns[f"{name}_low"] = float(min(low, ends[name][0]))
            columns[f"{name}_high"] = float(max(high, ends[name][1]))
    return columns


def _method(columns: Mapping[str, float]) -> str | None:
    """How intervals came about, if any of the numbers has one."""
    return METHOD if any(columns[name] <= 1.0 for name in columns if name[-4:] == "_low") else None


def _at(counts: ConfusionCounts, positions: list[int]) -> ConfusionCounts:
    """Counts at some of the thresholds."""
    return ConfusionCounts(
        counts.threshold_index[positions],
        counts.true_positives[positions],
        counts.false_positives[positions],
        counts.false_negatives[positions],
        counts.true_negatives[positions],
    )
