"""Counts of records per bin, which add up, and the confusion counts at thresholds they imply.

Counts are the stored state of the platform: any split of the records, in any order, merges to the
same counts, and every metric is computed from counts alone. What does not belong here: ratios
(`precision_recall`), areas (`areas`), and counting at scale (`ml_insights.spark`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ml_insights.errors import ContractError
from ml_insights.metrics.arrays import ratio
from ml_insights.metrics.binning import bin_scores

if TYPE_CHECKING:
    import numpy.typing as npt

    from ml_insights.metrics.arrays import FloatArray, IndexArray, IntArray
    from ml_insights.metrics.thresholds import ThresholdGrid


@dataclass(frozen=True, eq=False)
class ConfusionCounts:
    """The four cells of the confusion matrix at thresholds of a grid.

    Attributes:
        threshold_index: position of each threshold on the grid, shape (thresholds,).
        true_positives: positives with score >= threshold, int64, shape (thresholds,).
        false_positives: negatives with score >= threshold, likewise.
        false_negatives: positives with score < threshold, likewise.
        true_negatives: negatives with score < threshold, likewise.
    """

    threshold_index: IndexArray
    true_positives: IntArray
    false_positives: IntArray
    false_negatives: IntArray
    true_negatives: IntArray


@dataclass(frozen=True, eq=False)
class BinCounts:
    """Records of one curve per bin of the grid; bins without a record are left out.

    Bin i holds ``threshold(i) <= score < threshold(i + 1)``, the last bin also 1. ``+`` merges the
    counts of disjoint records on the same grid: exactly, whatever the order, for the integers;
    up to rounding for `score_sum`.

    Attributes:
        grid: the threshold grid.
        threshold_index: the occupied bins, integers, strictly ascending, shape (bins,).
        positives: records labelled positive, int64, shape (bins,).
        negatives: records labelled negative, int64, shape (bins,).
        unlabelled: records without a label, int64, shape (bins,).
        score_sum: sum of the scores of the bin's records, float64, shape (bins,).

    Raises:
        ContractError: an array does not keep what is said above; the message names it.
    """

    grid: ThresholdGrid
    threshold_index: IndexArray
    positives: IntArray
    negatives: IntArray
    unlabelled: IntArray
    score_sum: FloatArray

    def __post_init__(self) -> None:
        """Reject arrays that break a promise of the class."""
        self._check_layout()
        self._check_values()

    @classmethod
    def from_scores(
        cls, grid: ThresholdGrid, scores: npt.ArrayLike, labels: npt.ArrayLike
    ) -> BinCounts:
        """Count records that fit in memory: the reference for what Spark counts.

        Args:
            grid: the threshold grid.
            scores: shape (records,), in [0, 1], in any order.
            labels: shape (records,); 1 or True positive, 0 or False negative, -1 without a label.

        Returns:
            Counts that are the same, to the last bit, for every order of the records.

        Raises:
            ContractError: a score outside [0, 1], another label, or shapes that do not fit.

        >>> from ml_insights.metrics.thresholds import ThresholdGrid
        >>> bins = BinCounts.from_scores(ThresholdGrid(), [0.9, 0.9, 0.1, 0.2], [1, 0, 0, -1])
        >>> bins.positives.tolist(), bins.negatives.tolist(), bins.unlabelled.tolist()
        ([0, 0, 1], [1, 0, 1], [0, 1, 0])
        """
        score, label = np.asarray(scores, dtype=np.float64), np.asarray(labels)
        _require(
            score.ndim == 1 and score.shape == label.shape,
            f"come from one label for each score, not shapes {score.shape} and {label.shape}",
        )
        _require(bool(np.isin(label, (-1, 0, 1)).all()), "come from labels 1, 0 and -1 only")
        # Sorted, because the rounding of a float sum depends on the order.
        order = np.argsort(score)
        score, label = score[order], label[order]
        occupied, place = np.unique(bin_scores(grid, score), return_inverse=True)
        positives, negatives, unlabelled = (
            np.bincount(place[label == kind], minlength=occupied.size) for kind in (1, 0, -1)
        )
        score_sum = np.bincount(place, weights=score, minlength=occupied.size).astype(np.float64)
        return cls(grid, occupied, positives, negatives, unlabelled, score_sum)

    def __add__(self, other: BinCounts) -> BinCounts:
        """Counts of the records of both.

        Raises:
            ContractError: the grids differ.
        """
        if self.grid != other.grid:
            msg = f"counts on the grids {self.grid.name} and {other.grid.name} cannot be added"
            raise ContractError(msg)
        occupied, place = np.unique(
            np.concatenate((self.threshold_index, other.threshold_index)), return_inverse=True
        )
        totals = []
        for name in ("positives", "negatives", "unlabelled", "score_sum"):
            values = np.concatenate((getattr(self, name), getattr(other, name)))
            total = np.zeros(occupied.size, dtype=values.dtype)
            np.add.at(total, place, values)
            totals.append(total)
        return BinCounts(self.grid, occupied, *totals)

    @property
    def records(self) -> IntArray:
        """All records of each bin, labelled or not, int64, shape (bins,)."""
        return self.positives + self.negatives + self.unlabelled

    @cached_property
    def _at_or_above(self) -> tuple[IntArray, IntArray]:
        """Positives and negatives in each bin or above, and 0 for thresholds above all bins."""
        positives, negatives = (
            np.append(np.cumsum(counts[::-1])[::-1], 0)
            for counts in (self.positives, self.negatives)
        )
        return positives, negatives

    @property
    def label_coverage(self) -> float:
        """Labelled of all records; NaN without records."""
        labelled = self.positives.sum() + self.negatives.sum()
        return float(ratio(labelled, self.records.sum()))

    def confusion(self) -> ConfusionCounts:
        """Confusion counts at the threshold of every occupied bin, ascending.

        >>> from ml_insights.metrics.thresholds import ThresholdGrid
        >>> bins = BinCounts.from_scores(ThresholdGrid(), [0.9, 0.9, 0.1], [1, 0, 0])
        >>> bins.confusion().false_positives.tolist()
        [2, 1]
        """
        return self._confusion(self.threshold_index, slice(-1))

    def confusion_at(self, threshold_index: IndexArray) -> ConfusionCounts:
        """Confusion counts at any thresholds of the grid, exactly as comparing every record.

        Between occupied bins the counts are those of the next occupied threshold above; above the
        last one nothing is predicted positive.

        Args:
            threshold_index: shape (thresholds,), in any order.

        Raises:
            ContractError: an index is not on the grid.

        >>> from ml_insights.metrics.thresholds import ThresholdGrid
        >>> bins = BinCounts.from_scores(ThresholdGrid(), [0.9, 0.9, 0.1], [1, 0, 0])
        >>> bins.confusion_at(np.array([9729, 19457])).true_positives.tolist()
        [1, 0]
        """
        _require_on_grid(self.grid, threshold_index)
        return self._confusion(
            threshold_index, np.searchsorted(self.threshold_index, threshold_index)
        )

    def _confusion(self, threshold_index: IndexArray, first: slice | IntArray) -> ConfusionCounts:
        """Counts at thresholds whose first occupied bins have these positions."""
        positives, negatives = self._at_or_above
        return ConfusionCounts(
            threshold_index,
            true_positives=positives[first],
            false_positives=negatives[first],
            false_negatives=positives[0] - positives[first],
            true_negatives=negatives[0] - negatives[first],
        )

    def _check_layout(self) -> None:
        """Types and shapes."""
        index = self.threshold_index
        _require(
            np.issubdtype(index.dtype, np.integer) and index.ndim == 1,
            f"have one list of integer threshold indices, not {index.dtype} of shape {index.shape}",
        )
        types = dict.fromkeys(("positives", "negatives", "unlabelled"), "int64")
        for name, expected in {**types, "score_sum": "float64"}.items():
            values = getattr(self, name)
            _require(values.dtype == expected, f"hold {name} as {expected}, not {values.dtype}")
            _require(
                values.shape == index.shape,
                f"have {name} for each of {index.size} bins, not of shape {values.shape}",
            )

    def _check_values(self) -> None:
        """Order and signs."""
        index = self.threshold_index
        _require_on_grid(self.grid, index)
        repeated = index[1:][index[1:] <= index[:-1]]
        _require(not repeated.size, f"have strictly ascending indices, unlike at {repeated[:3]}")
        for name in ("positives", "negatives", "unlabelled", "score_sum"):
            values = getattr(self, name)
            wrong = index[~((values >= 0) & np.isfinite(values))]
            _require(not wrong.size, f"be finite and not negative: {name} of bins {wrong[:3]}")
        empty = index[self.records == 0]
        _require(not empty.size, f"leave out bins without a record, such as {empty[:3]}")


def _require_on_grid(grid: ThresholdGrid, threshold_index: IndexArray) -> None:
    outside = threshold_index[(threshold_index < 0) | (threshold_index >= grid.size)]
    _require(not outside.size, f"stay on grid {grid.name} (0..{grid.size - 1}), not {outside[:3]}")


def _require(holds: bool, promise: str) -> None:
    if not holds:
        msg = f"bin counts must {promise}"
        raise ContractError(msg)
