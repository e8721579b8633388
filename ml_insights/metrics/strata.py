"""Neighbouring bins put together until they hold about equal numbers of records.

What belongs here: where groups of bins begin. What does not: what is computed of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ml_insights.metrics.arrays import IntArray

if TYPE_CHECKING:
    from ml_insights.metrics.arrays import FloatArray


def equal_starts(mass: IntArray, groups: int) -> IntArray:
    """First bin of each group, so that groups hold about equal mass.

    Args:
        mass: what each bin holds, shape (bins,), not negative.
        groups: at most so many groups, at least 1; a bin is never divided, so that one heavy bin
            makes fewer of them.

    Returns:
        Ascending positions, the first is 0; empty without bins. A group holds a bin with mass,
        unless no bin does.

    >>> equal_starts(np.array([1, 1, 5, 1, 1]), 3).tolist()
    [0, 2, 3]
    """
    if mass.size == 0:
        return np.zeros(0, dtype=np.int64)
    before = np.cumsum(mass) - mass
    total = max(int(mass.sum()), 1)
    # The group of a bin is where the middle of its mass lies.
    group = np.floor((before + mass / 2) * groups / total).astype(np.int64)
    group[mass == 0] = -1
    group = np.maximum.accumulate(group)
    group[group < 0] = group.max() if group.max() < 0 else group[group >= 0][0]
    return np.append(0, np.flatnonzero(np.diff(group)) + 1)


def sums(values: npt.NDArray[Any], starts: IntArray) -> FloatArray | IntArray:
    """Sum of the values of each group.

    >>> sums(np.array([1, 1, 5, 1, 1]), np.array([0, 2, 3])).tolist()
    [2, 5, 2]
    """
    total: FloatArray | IntArray = np.add.reduceat(values, starts) if starts.size else values[:0]
    return total
