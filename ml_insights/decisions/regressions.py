"""Which curves became worse beyond doubt: what the gates look at.

What belongs here: the tests of a day over all curves. What does not: the tests themselves
(`metrics.exact_test`, `metrics.gates`), and what Dagster is told (`ml_insights.checks`).

Gated are recall and the false positive rate: both can be tested exactly, and neither moves with the
share of positives, as precision and average precision do. Without a change of the model a day with
fewer positives has a lower precision, which is no regression. What a higher false positive rate
means is said as precision at the prevalence of both sides together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ml_insights.metrics.comparison import STANDARDISED, differences
from ml_insights.metrics.differences import Difference, Share
from ml_insights.metrics.exact_test import fall_p_value
from ml_insights.metrics.gates import regressions

if TYPE_CHECKING:
    from ml_insights.day_counts import CurveCounts
    from ml_insights.metrics.confusion import BinCounts
    from ml_insights.result_tables import Curve

RECALL = "recall"


class Regression(NamedTuple):
    """A metric of a curve that fell beyond doubt.

    Attributes:
        curve: which.
        metric: recall, or standardised precision where false alarms became more; at the operating
            threshold.
        difference: today less the days before, with its interval; NaN where it has none.
        p_value: exact, one-sided: of recall, or of the share of negatives that raise no alarm.
    """

    curve: Curve
    metric: str
    difference: Difference
    p_value: float


def found_regressions(
    today: CurveCounts,
    before: CurveCounts,
    threshold_index: int,
    relevant: float,
    *,
    looks: int = 1,
) -> tuple[list[Regression], int]:
    """Regressions of the day, largest first, and how many tests were made.

    Args:
        today: the day's curves.
        before: counts of the days compared with.
        threshold_index: grid threshold at or just below the operating threshold.
        relevant: smaller falls are none, however certain.
        looks: so many times each day is looked at (`metrics.gates.regressions`).
    """
    tested = []
    for curve, bins in today.items():
        if curve not in before:
            continue
        found = differences(before[curve], bins, threshold_index)
        was, now = (_shares(counts, threshold_index) for counts in (before[curve], bins))
        for metric, first, second in zip((RECALL, STANDARDISED), was, now, strict=True):
            p_value = fall_p_value(first, second)
            tested.append(Regression(curve, metric, found[metric].difference, p_value))
    p_values = np.array([test.p_value for test in tested])
    fallen = [
        test
        for test, falls in zip(tested, regressions(p_values, looks).tolist(), strict=True)
        if falls and test.difference.value <= -relevant
    ]
    fallen.sort(key=lambda test: test.difference.value)
    return fallen, int(np.count_nonzero(~np.isnan(p_values)))


def _shares(bins: BinCounts, threshold_index: int) -> tuple[Share, Share]:
    """Positives that are found, negatives that raise no alarm."""
    counts = bins.confusion_at(np.array([threshold_index]))
    found, missed, alarms, quiet = (
        int(cells[0])
        for cells in (
            counts.true_positives,
            counts.false_negatives,
            counts.false_positives,
            counts.true_negatives,
        )
    )
    return Share(found, found + missed), Share(quiet, quiet + alarms)
