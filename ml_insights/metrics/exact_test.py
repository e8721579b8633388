"""Fisher's exact test of two shares, which is right however far in the tail.

What belongs here: p-values of two independent shares. What does not: which shares are tested, and
what many tests together allow to say (`gates`, `false_discovery`).

Many slices on many days are tests far into the tail, where normal approximations are not right (off
by a factor of up to 40 for recall near 1; benchmarks/numbers.md). So shares are tested as Fisher
did: given how many successes there are on both sides together, the number on one side is
hypergeometric.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ml_insights.metrics.differences import Share

_NEGLIGIBLE = -100.0
"""Logarithm of a part of a sum that float64 does not see, far above its underflow."""


def exact_p_value(first: Share, second: Share) -> float:
    """Exact two-sided p-value of two shares: twice the smaller tail; NaN without trials.

    >>> from ml_insights.metrics.differences import Share
    >>> round(exact_p_value(Share(0, 30), Share(1, 1)), 6)
    0.064516
    """
    if first.trials == 0 or second.trials == 0:
        return float("nan")
    tails = fall_p_value(first, second), fall_p_value(second, first)
    return min(1.0, 2.0 * min(tails))


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
    return min(1.0, math.exp(top + math.log1p(rest)))


def _smallest(found: int, successes: int, trials: int, drawn: int) -> float:
    """Where the sum may stop: at the least possible count, or 40 standard deviations below."""
    share = successes / trials
    spread = math.sqrt(drawn * share * (1.0 - share))
    return max(0.0, float(drawn - (trials - successes)), found - 40.0 * spread - 100.0)


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
