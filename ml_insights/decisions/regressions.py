"""Which shares fell beyond doubt: what the gates look at.

What belongs here: the tests of a day over all curves. What does not: the tests themselves
(`metrics.gates`), and what Dagster is told (`ml_insights.checks`).

Precision and recall are gated because they can be tested exactly. Average precision cannot, and
its normal approximation is not good enough this far in the tail; it is reported in `insights`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ml_insights.metrics.differences import Difference, Share, difference
from ml_insights.metrics.estimates import estimates
from ml_insights.metrics.gates import fall_p_value, regressions

if TYPE_CHECKING:
    from ml_insights.day_counts import CurveCounts
    from ml_insights.result_tables import Curve

GATED = ("precision", "recall")


class Regression(NamedTuple):
    """A share of a curve that fell beyond doubt.

    Attributes:
        curve: which.
        metric: precision or recall, at the operating threshold.
        difference: today less the days before, with its interval.
        p_value: exact, one-sided.
    """

    curve: Curve
    metric: str
    difference: Difference
    p_value: float


def found_regressions(
    today: CurveCounts, before: CurveCounts, threshold_index: int, relevant: float
) -> tuple[list[Regression], int]:
    """Regressions of the day, largest first, and how many tests were made.

    Args:
        today: the day's curves.
        before: counts of the days compared with.
        threshold_index: grid threshold at or just below the operating threshold.
        relevant: smaller falls are none, however certain.
    """
    tested = []
    for curve, bins in today.items():
        if curve not in before:
            continue
        was, now = (estimates(counts, threshold_index) for counts in (before[curve], bins))
        for metric in GATED:
            first, second = was[metric], now[metric]
            if isinstance(first, Share) and isinstance(second, Share):
                p_value = fall_p_value(first, second)
                tested.append(Regression(curve, metric, difference(first, second), p_value))
    p_values = np.array([test.p_value for test in tested])
    fallen = [
        test
        for test, falls in zip(tested, regressions(p_values).tolist(), strict=True)
        if falls and test.difference.value <= -relevant
    ]
    fallen.sort(key=lambda test: test.difference.value)
    return fallen, int(np.count_nonzero(~np.isnan(p_values)))
