"""The threshold grid for arrays: its thresholds as float64, and the bin of each of many scores.

The same answers as `ThresholdGrid.threshold` and `ThresholdGrid.index_of`. Here a score is looked
up among the thresholds, there (and in `ml_insights.spark.binning`) its index is calculated: two
independent ways that tests hold against each other. What does not belong here: counting.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ml_insights.errors import ContractError

if TYPE_CHECKING:
    from ml_insights.metrics.arrays import FloatArray, IntArray
    from ml_insights.metrics.thresholds import ThresholdGrid


@lru_cache(maxsize=8)
def threshold_values(grid: ThresholdGrid) -> FloatArray:
    """All thresholds of the grid in ascending order, shape (grid.size,), read-only."""
    values = np.array(grid.thresholds())
    values.flags.writeable = False
    return values


def bin_scores(grid: ThresholdGrid, scores: npt.ArrayLike) -> IntArray:
    """Index of the bin of each score: the largest i with ``score >= threshold(i)``.

    Args:
        grid: the threshold grid.
        scores: any shape, in [0, 1].

    Returns:
        int64 of the same shape, each in ``range(grid.size)``.

    Raises:
        ContractError: a score is outside [0, 1] or NaN.

    >>> from ml_insights.metrics.thresholds import ThresholdGrid
    >>> bin_scores(ThresholdGrid(), [0.0, 0.5, 1.0]).tolist()
    [0, 9729, 19457]
    """
    values = np.asarray(scores, dtype=np.float64)
    outside = values[~((values >= 0.0) & (values <= 1.0))]
    if outside.size:
        msg = (
            f"{outside.size} of {values.size} scores are not in [0, 1], the first is "
            f"{outside.flat[0]}; such records belong into quarantine, not into counts"
        )
        raise ContractError(msg)
    return np.searchsorted(threshold_values(grid), values, side="right") - 1


def threshold_index_at_or_below(grid: ThresholdGrid, threshold: float) -> int:
    """Index of the largest grid threshold that is not above ``threshold``.

    Raises:
        ContractError: ``threshold`` is not in [0, 1].

    >>> from ml_insights.metrics.thresholds import ThresholdGrid
    >>> ThresholdGrid().threshold(threshold_index_at_or_below(ThresholdGrid(), 0.3))
    0.2998046875
    """
    if not 0.0 <= threshold <= 1.0:
        msg = f"a threshold must lie in [0, 1], not {threshold!r}; correct it in the settings"
        raise ContractError(msg)
    return grid.index_of(threshold)
