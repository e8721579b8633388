"""Many tests at once: adjusted p-values.

What belongs here: what a family of p-values becomes when it is looked at as a whole. What does not:
which tests make a family (the caller knows), and tests over days (`gates`).
"""

from __future__ import annotations

import numpy as np

from ml_insights.metrics.arrays import FloatArray


def benjamini_hochberg(p_values: FloatArray) -> FloatArray:
    """Adjusted p-values (Benjamini & Hochberg 1995): those below q are findings, a share q false.

    Args:
        p_values: of one family, shape (tests,); NaN for tests that are undefined, which count
            as no test.

    Returns:
        float64 of the same shape, each at least its p-value; NaN stays NaN.

    >>> benjamini_hochberg(np.array([0.01, 0.04, np.nan, 0.03])).tolist()
    [0.03, 0.04, nan, 0.04]
    """
    adjusted, order = np.full(p_values.shape, np.nan), _ascending(p_values)
    tests = order.size
    raised = p_values[order] * tests / np.arange(1, tests + 1)
    adjusted[order] = np.minimum(np.minimum.accumulate(raised[::-1])[::-1], 1.0)
    return adjusted


def holm(p_values: FloatArray) -> FloatArray:
    """Adjusted p-values (Holm 1979): with those below alpha, any false find has chance alpha.

    Holds for tests that depend on each other in any way, such as slices that overlap.

    Args:
        p_values: of one family, shape (tests,); NaN for tests that are undefined, which count
            as no test.

    Returns:
        float64 of the same shape, each at least its p-value; NaN stays NaN.

    >>> holm(np.array([0.01, 0.04, np.nan, 0.03])).tolist()
    [0.03, 0.06, nan, 0.06]
    """
    adjusted, order = np.full(p_values.shape, np.nan), _ascending(p_values)
    raised = p_values[order] * np.arange(order.size, 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(raised), 1.0)
    return adjusted


def _ascending(p_values: FloatArray) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Places of the defined p-values, smallest first."""
    order = np.argsort(p_values, kind="stable")
    return order[: int(np.count_nonzero(~np.isnan(p_values)))]
