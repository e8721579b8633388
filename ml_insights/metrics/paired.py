"""Two variants that scored the same events: counts per pair of bins, and differences from them.

Both metrics of a pair rise and fall with the same records, so their difference is far more certain
than that of two disjoint samples. Its variance is the sum over records of the squared difference of
the record's two influences; for ROC AUC this is paired DeLong (1988; Sun & Xu 2014). In a slice
with few labelled events a handful of records may carry all of it, so quantiles are Student's.

What belongs here: the joint counts and what follows. What does not: influences of one metric
(`influence`), differences of disjoint records (`differences`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ml_insights.errors import ContractError
from ml_insights.metrics.arrays import FloatArray, IndexArray, IntArray
from ml_insights.metrics.confusion import BinCounts
from ml_insights.metrics.differences import Compared, Difference, two_sided
from ml_insights.metrics.influence import (
    Influence,
    average_precision_influence,
    class_variance,
    f1_influence,
    precision_influence,
    recall_influence,
    roc_auc_influence,
)
from ml_insights.metrics.intervals import Z_95
from ml_insights.metrics.student import normal_of_student, student_of_normal

if TYPE_CHECKING:
    from ml_insights.metrics.thresholds import ThresholdGrid


@dataclass(frozen=True, eq=False)
class JointCounts:
    """Labelled records per pair of bins: that of the first variant and that of the second.

    Attributes:
        grid: the threshold grid of both.
        first_index: bin of the first variant's score, shape (pairs,), in any order.
        second_index: bin of the second variant's score, shape (pairs,).
        positives: records labelled positive, int64, shape (pairs,).
        negatives: records labelled negative, int64, shape (pairs,).
    """

    grid: ThresholdGrid
    first_index: IndexArray
    second_index: IndexArray
    positives: IntArray
    negatives: IntArray

    def __post_init__(self) -> None:
        """Reject arrays that do not belong together."""
        arrays = (self.first_index, self.second_index, self.positives, self.negatives)
        if len({values.shape for values in arrays}) != 1:
            msg = f"joint counts need arrays of one shape, not {[a.shape for a in arrays]}"
            raise ContractError(msg)

    def first(self) -> BinCounts:
        """Counts of the first variant alone."""
        return self._margin(self.first_index)

    def second(self) -> BinCounts:
        """Counts of the second variant alone."""
        return self._margin(self.second_index)

    def turned(self) -> JointCounts:
        """The same with the variants in the other order."""
        return JointCounts(
            self.grid, self.second_index, self.first_index, self.positives, self.negatives
        )

    def _margin(self, index: IndexArray) -> BinCounts:
        labelled = (self.positives + self.negatives) > 0
        occupied, place = np.unique(index[labelled], return_inverse=True)
        positives, negatives = np.zeros((2, occupied.size), dtype=np.int64)
        np.add.at(positives, place, self.positives[labelled])
        np.add.at(negatives, place, self.negatives[labelled])
        none = np.zeros(occupied.size, dtype=np.int64)
        # Joint counts know no scores; nothing below needs their sum.
        return BinCounts(self.grid, occupied, positives, negatives, none, none.astype(np.float64))


def paired_differences(
    joint: JointCounts, threshold_index: int, z: float = Z_95
) -> dict[str, Compared]:
    """Both values and their difference for `estimates.METRICS`, from the same records.

    Args:
        joint: counts per pair of bins.
        threshold_index: grid threshold at which precision, recall and F1 are taken.
        z: normal quantile of the intervals; 95 % unless told.

    Returns:
        Metric -> values and difference; NaN where a metric is undefined or no record tells the
        two apart.
    """
    first, second = joint.first(), joint.second()
    influences = {
        "average_precision": (
            average_precision_influence(first),
            average_precision_influence(second),
        ),
        "roc_auc": (roc_auc_influence(first), roc_auc_influence(second)),
        **{
            name: (of(first, threshold_index), of(second, threshold_index))
            for name, of in (
                ("precision", precision_influence),
                ("recall", recall_influence),
                ("f1", f1_influence),
            )
        },
    }
    places = (
        np.searchsorted(first.threshold_index, joint.first_index),
        np.searchsorted(second.threshold_index, joint.second_index),
    )
    found = {}
    for name, pair in influences.items():
        method = "paired delong" if name == "roc_auc" else "paired influence"
        values = (pair[0].value, pair[1].value)
        found[name] = Compared(*values, _difference(joint, places, pair, z), method, "student_t")
    return found


def _difference(
    joint: JointCounts,
    places: tuple[IntArray, IntArray],
    pair: tuple[Influence, Influence],
    z: float,
) -> Difference:
    value = pair[1].value - pair[0].value
    variance, freedom = _variance(joint, places, pair)
    if not variance > 0.0:
        undefined = float("nan")
        return Difference(value, undefined, undefined, undefined)
    error = math.sqrt(variance)
    half = error * student_of_normal(z, freedom)
    p_value = two_sided(normal_of_student(value / error, freedom))
    low, high = max(-1.0, value - half), min(1.0, value + half)
    return Difference(value, low, high, p_value)


def _variance(
    joint: JointCounts, places: tuple[IntArray, IntArray], pair: tuple[Influence, Influence]
) -> tuple[float, float]:
    """Variance of the difference, and its degrees of freedom: few records may carry it all.

    Freedom is Satterthwaite's (1946), twice the squared variance by the variance of the variance,
    ``2 (sum w^2)^2 / sum w^4``, for numbers of records that are Poisson.
    """
    variance = squares = fourths = 0.0
    for counts, first, second in (
        (joint.positives, pair[0].of_positives, pair[1].of_positives),
        (joint.negatives, pair[0].of_negatives, pair[1].of_negatives),
    ):
        held = counts > 0
        weight = counts[held].astype(np.float64)
        gap: FloatArray = second[places[1][held]] - first[places[0][held]]
        variance += class_variance(weight, gap)
        squares += float(np.sum(weight * gap**2))
        fourths += float(np.sum(weight * gap**4))
    return variance, 2.0 * squares**2 / fourths if fourths > 0.0 else 0.0
