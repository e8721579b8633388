"""The rows of `precision_recall` for one curve: what is known at each of its thresholds.

What does not belong here: formulas (they are in the modules this one calls), the columns that say
which curve it is (the caller knows them), and files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ml_insights.metrics.binning import threshold_values
from ml_insights.metrics.display import display_points
from ml_insights.metrics.intervals import wilson_interval
from ml_insights.metrics.precision_recall import (
    f1,
    false_positive_rate,
    precision,
    recall,
    undefined_reasons,
)

if TYPE_CHECKING:
    from ml_insights.metrics.arrays import IntArray
    from ml_insights.metrics.confusion import BinCounts


def curve_table(bins: BinCounts, *, operating_threshold: float) -> dict[str, npt.NDArray[Any]]:
    """Columns of `contracts.PRECISION_RECALL` but variant, class_label and slice, in its order.

    Args:
        bins: counts of one curve.
        operating_threshold: in [0, 1]; its point is among those that draw the curve.

    Returns:
        Column name -> array, one element for each occupied bin, by ascending threshold. NULL is
        NaN in a ratio, None in `undefined_reason`, and masked in `display_rank` (a masked int32
        array). `display_rank` counts from 1 at the highest threshold drawn, so by rising recall.

    Raises:
        ContractError: the operating threshold is not in [0, 1].

    >>> from ml_insights.metrics.confusion import BinCounts
    >>> from ml_insights.metrics.thresholds import ThresholdGrid
    >>> bins = BinCounts.from_scores(ThresholdGrid(), [0.9, 0.5, 0.5], [-1, 1, 0])
    >>> table = curve_table(bins, operating_threshold=0.5)
    >>> table["precision"].tolist(), table["undefined_reason"].tolist()
    ([0.5, nan], [None, 'nothing_labelled_above'])
    """
    counts = bins.confusion()
    found = counts.true_positives
    precision_low, precision_high = wilson_interval(found, found + counts.false_positives)
    recall_low, recall_high = wilson_interval(found, found + counts.false_negatives)
    drawn = display_points(bins, operating_threshold)
    return {
        "threshold_index": counts.threshold_index.astype(np.int32),
        "threshold": threshold_values(bins.grid)[counts.threshold_index],
        "true_positives": found,
        "false_positives": counts.false_positives,
        "false_negatives": counts.false_negatives,
        "true_negatives": counts.true_negatives,
        "precision": precision(counts),
        "precision_low": precision_low,
        "precision_high": precision_high,
        "recall": recall(counts),
        "recall_low": recall_low,
        "recall_high": recall_high,
        "f1": f1(counts),
        "false_positive_rate": false_positive_rate(counts),
        "undefined_reason": undefined_reasons(counts),
        "display_rank": _display_rank(drawn, found.size),
    }


def _display_rank(positions: IntArray, size: int) -> np.ma.MaskedArray[Any, Any]:
    """1, 2, ... at the drawn positions from the last to the first; masked elsewhere."""
    rank = np.zeros(size, dtype=np.int32)
    rank[positions] = np.arange(positions.size, 0, -1)
    return np.ma.MaskedArray(rank, mask=rank == 0)
