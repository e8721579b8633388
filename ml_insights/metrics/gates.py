"""When a day is worse than the days before: tests that may be looked at every day, on many slices.

What belongs here: the decision over all tests of a day. What does not: the tests (`exact_test`),
reading days, saying it in words (the caller does).

A gate that looks at 100 slices on 31 days makes 6,200 tests of two shares each. The month's rate of
false alarms is divided by the looks of a month, and Holm's rule holds it over the tests of a look,
however they depend on each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ml_insights.metrics.false_discovery import holm

if TYPE_CHECKING:
    from ml_insights.metrics.arrays import FloatArray

MONTHLY_RATE = 0.05
"""Chance of any false alarm in a month, over all slices, variants and metrics of an endpoint."""

LONGEST_MONTH = 31


def regressions(p_values: FloatArray, looks: int = 1) -> npt.NDArray[np.bool_]:
    """Which tests of one look are regressions, at `MONTHLY_RATE` over a month of days.

    Args:
        p_values: of `exact_test.fall_p_value` for all tests of the look, shape (tests,); NaN is no
            test.
        looks: so many times a day is looked at: once when it is computed, once more if it is
            computed again when its last labels are there.

    >>> regressions(np.array([1e-6, 0.01, np.nan])).tolist()
    [True, False, False]
    """
    return np.asarray(holm(p_values) <= MONTHLY_RATE / (LONGEST_MONTH * looks))
