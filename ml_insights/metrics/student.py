"""Student's t: quantiles and tails where a spread is itself estimated from few records.

What belongs here: approximations of the distribution. What does not: how many degrees of freedom a
number has (the module that estimates its spread knows that).
"""

from __future__ import annotations

import math

from ml_insights.metrics.intervals import Z_95

_LARGEST_EXPONENT = 700.0
"""Of e; beyond it a quantile is no float64."""


def student_95(freedom: int) -> float:
    """Quantile of Student's t that leaves 2.5 % on either side, within 0.2 % from 3 degrees on.

    Expansion around the normal quantile (Abramowitz & Stegun 26.7.5).
    """
    z = Z_95
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + math.fsum(term / freedom**power for power, term in enumerate(terms, start=1))


def normal_of_student(t: float, freedom: float) -> float:
    """Normal quantile with about the same tails as t of Student's distribution (Wallace 1959).

    Any degrees of freedom above 0; from 3 on within 2 % at the 95 % quantile. Its inverse is
    `student_of_normal`, exactly, so that an interval and a p-value made of both agree.

    >>> round(normal_of_student(2.228, 10.0), 2)
    1.96
    """
    shrunk = (8.0 * freedom + 1.0) / (8.0 * freedom + 3.0)
    return math.copysign(shrunk * math.sqrt(freedom * math.log1p(t * t / freedom)), t)


def student_of_normal(z: float, freedom: float) -> float:
    """Quantile of Student's t with about the tails of a normal quantile; infinite beyond floats.

    >>> round(student_of_normal(1.959964, 10.0), 2)
    2.23
    """
    stretched = z * (8.0 * freedom + 3.0) / (8.0 * freedom + 1.0)
    exponent = stretched * stretched / freedom
    if exponent > _LARGEST_EXPONENT:
        return math.copysign(math.inf, z)
    return math.copysign(math.sqrt(freedom * math.expm1(exponent)), z)
