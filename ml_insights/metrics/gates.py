"""When a day is worse than the days before: tests that may be looked at every day, on many slices.

What belongs here: the exact test of a fall of a share, and the decision over all tests of a day.
What does not: reading days, saying it in words (the caller does).

A gate that looks at 100 slices on 31 days makes 3,100 tests. To be wrong at most once in twenty
months over all of them, single tests must be right far into their tail, where normal
approximations are not (off by a factor of up to 40 for recall near 1; benchmarks/numbers.md).
Shares are therefore tested exactly, as Fisher did: given how many successes there are on both
sides together, the number on the day is hypergeometric. The month's rate is divided by the days of
a month, and Holm's rule holds it over the tests of a day, however they depend on each other.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ml_insights.metrics.false_discovery import holm

if TYPE_CHECKING:
    from ml_insights.metrics.arrays import FloatArray
    from ml_insights.metrics.differences import Share

MONTHLY_RATE = 0.05
"""Chance of any false alarm in a month, over all slices, variants and metrics of an endpoint."""

LONGEST_MONTH = 31
_NEGLIGIBLE = -100.0
"""Logarithm of a part of a sum that float64 does not see, far above its underflow."""


def regressions(p_values: FloatArray) -> npt.NDArray[np.bool_]:
    """Which tests of one day are regressions, at `MONTHLY_RATE` over a month of days.

    Args:
        p_values: of `fall_p_value` for all tests of the day, shape (tests,); NaN is no test.

    >>> regressions(np.array([1e-6, 0.01, np.nan])).tolist()
    [True, False, False]
    """
    return np.asarray(holm(p_values) <= MONTHLY_RATE / LONGEST_MONTH)


def fall_p_value(before: Share, today: Share) -> float:
    """Exact one-sided p-value of a share that fell (Fisher's test); NaN without trials.

    Args:
        before: successes of trials on the days compared with.
        today: successes of trials on the day.

    >>> from ml_insights.metrics.differences import Share
    >>> round(fall_p_value(Share(9, 10), Share(4, 10)), 6)
    0.028638
    """
    if before.trials == 0 or today.trials == 0:
        return float("nan")
    successes, trials = before.successes + today.successes, before.trials + today.trials
    if today.successes * trials >= successes * today.trials:
        # Not below its expectation: no fall, and the sum below would be long.
        return 1.0
    found = today.successes
    terms = np.arange(found, _smallest(found, successes, trials, today.trials), -1.0)
    # Each term of the hypergeometric law from the one above it.
    failures = trials - successes
    steps = (
        terms
        * (failures - today.trials + terms)
        / ((successes - terms + 1.0) * (today.trials - terms + 1.0))
    )
    top = (
        _log_choose(successes, found)
        + _log_choose(failures, today.trials - found)
        - _log_choose(trials, today.trials)
    )
    fallen = np.cumsum(np.log(steps))
    rest = np.exp(fallen[fallen > _NEGLIGIBLE]).sum()
    return float(min(1.0, math.exp(top) * (1.0 + rest)))


def _smallest(found: int, successes: int, trials: int, drawn: int) -> float:
    """Where the sum may stop: at the least possible count, or 40 standard deviations below."""
    share = successes / trials
    spread = math.sqrt(drawn * share * (1.0 - share))
    return max(0.0, float(drawn - (trials - successes)), found - 40.0 * spread - 100.0)


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
