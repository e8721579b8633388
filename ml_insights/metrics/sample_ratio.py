"""Whether traffic was split as it should have been: the sample-ratio mismatch test.

A split that is off by more than chance means that records were lost or sent astray, and then no
difference between the variants can be trusted. What does not belong here: those differences.
"""

from __future__ import annotations

import math
from typing import NamedTuple

ALARM_BELOW = 1e-3
"""Customary: the test is looked at every day, and its alarm stops the comparison."""


class SampleRatio(NamedTuple):
    """Chi-square statistic with one degree of freedom and its p-value; NaN if undefined."""

    chi_square: float
    p_value: float

    @property
    def mismatch(self) -> bool:
        """The split is off by more than chance; never for an undefined test."""
        return self.p_value < ALARM_BELOW


def sample_ratio(first: int, second: int, expected_first: float) -> SampleRatio:
    """Test of the records of two variants against the share the first should have.

    Args:
        first: records of the first variant.
        second: records of the second.
        expected_first: share of both that the first should have, in (0, 1).

    Returns:
        NaN without records.

    Raises:
        ValueError: the expected share is not between 0 and 1.

    >>> test = sample_ratio(50_500, 49_500, 0.5)
    >>> test.chi_square, round(test.p_value, 6), test.mismatch
    (10.0, 0.001565, False)
    """
    if not 0.0 < expected_first < 1.0:
        msg = f"an expected share must lie between 0 and 1, not {expected_first!r}"
        raise ValueError(msg)
    records = first + second
    if records == 0:
        return SampleRatio(float("nan"), float("nan"))
    off = first - records * expected_first
    chi_square = off * off / (records * expected_first * (1.0 - expected_first))
    return SampleRatio(chi_square, math.erfc(math.sqrt(chi_square / 2.0)))
