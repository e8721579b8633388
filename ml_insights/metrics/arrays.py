"""The array types of this package, and the one division that may meet 0/0.

What does not belong here: anything with a meaning of its own; a named ratio belongs to
`precision_recall`.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

IntArray: TypeAlias = npt.NDArray[np.int64]
FloatArray: TypeAlias = npt.NDArray[np.float64]
IndexArray: TypeAlias = npt.NDArray[np.integer[Any]]


def ratio(numerator: npt.ArrayLike, denominator: npt.ArrayLike) -> FloatArray:
    """Divide elementwise in float64; NaN, never 0 or 1, where the denominator is 0.

    >>> ratio(np.array([1, 0]), np.array([2, 0]))
    array([0.5, nan])
    """
    divisor = np.where(np.equal(denominator, 0), np.nan, denominator)
    with np.errstate(under="ignore"):  # below the smallest float64 a quotient is 0
        quotient: FloatArray = np.asarray(np.divide(numerator, divisor))
    return quotient
