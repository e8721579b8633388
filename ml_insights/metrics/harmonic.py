"""Sums of consecutive reciprocals, ``psi(a + m + 1) - psi(a + 1)``, without cancellation.

The lower limit of average precision needs differences of the digamma function psi whose arguments
are counts of records: 1 to 10^12, often close together. Subtracting two values of psi would lose
all digits there, so the difference itself is expanded. What does not belong here: average
precision (`areas`).
"""

from __future__ import annotations

import numpy as np

from ml_insights.metrics.arrays import FloatArray

_DIRECT_TERMS = 12
"""Terms that are added one by one; behind them the series below is exact to float64."""


def harmonic_difference(start: FloatArray, terms: FloatArray) -> FloatArray:
    """Sum of 1 / (start + k) for k = 1..terms, to about 1e-15 relative.

    The first terms are added as they are. The others follow from
    ``psi(x + 1/2) = ln x + 1/(24 x^2) - 7/(960 x^4) + 31/(8064 x^6) - ...`` (Abramowitz & Stegun
    6.3.18, duplication formula), where the difference of the logarithms is one ``log1p``.

    Args:
        start: whole numbers >= 0 as float64.
        terms: whole numbers >= 0 as float64, the same shape.

    Returns:
        float64 of the same shape; 0 where there are no terms.

    >>> harmonic_difference(np.array([0.0, 1e12]), np.array([2.0, 1.0])).tolist()
    [1.5, 9.99999999999e-13]
    """
    direct = np.zeros_like(start)
    for k in range(1, _DIRECT_TERMS + 1):
        direct += np.where(terms >= k, 1.0 / (start + k), 0.0)
    rest = np.maximum(terms - _DIRECT_TERMS, 0.0)
    x = start + (_DIRECT_TERMS + 0.5)
    return direct + np.log1p(rest / x) + (_series(x + rest) - _series(x))


def _series(x: FloatArray) -> FloatArray:
    """``psi(x + 1/2) - ln x`` for x > 12, to 2e-15."""
    y = 1.0 / (x * x)
    return y * (1 / 24 - y * (7 / 960 - y * (31 / 8064 - y * (127 / 30720 - y * (511 / 67584)))))
