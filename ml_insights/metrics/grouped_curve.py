"""A curve in groups of neighbouring bins, and its metrics, for many resampled curves at once.

Groups are equal steps of recall and of the logarithm of alarms, because precision moves with the
latter. Inside a group of several bins negatives are taken to come evenly among the positives, as in
the achievable interpolation of Davis & Goadrich (2006): a metric may be reached between its ends.

What belongs here: grouping, and every metric of `metrics` on groups. What does not: resampling
(`bootstrap`), the same metrics on bins (`areas`, `precision_recall`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ml_insights.contracts import FIXED_LEVELS
from ml_insights.metrics.arrays import FloatArray, IntArray, ratio

if TYPE_CHECKING:
    from ml_insights.metrics.confusion import BinCounts


_SHARES = tuple(level / 100 for level in FIXED_LEVELS)


@dataclass(frozen=True, eq=False)
class GroupedCurve:
    """Bins by descending score, each group from its first to its last bin with positives.

    Shapes are (groups,), or (curves, groups) for several curves; `tied` is shared by all.

    Attributes:
        above: negatives between the group before and this one: they hold no positive.
        positives: positives of the group.
        negatives: negatives of the group.
        tied: the group is a single bin, so its records share one precision.
    """

    above: IntArray
    positives: IntArray
    negatives: IntArray
    tied: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, bins: BinCounts, groups: int) -> GroupedCurve:
        """At most so many groups; bins without positives have none, so there may be no group."""
        p, n = bins.positives[::-1], bins.negatives[::-1]
        held = np.flatnonzero(p)
        if held.size == 0:
            return cls(held, held, held, held.astype(bool))
        group = np.arange(held.size)
        if held.size > groups:
            group = np.floor(_progress(p, n, held) * groups).astype(np.int64)
        starts = np.append(0, np.flatnonzero(np.diff(group)) + 1)
        ends = np.append(starts[1:], held.size) - 1
        first, after = held[starts], held[ends] + 1
        positives, negatives = (np.append(0, np.cumsum(values)) for values in (p, n))
        return cls(
            above=negatives[first] - negatives[np.append(0, after[:-1])],
            positives=positives[after] - positives[first],
            negatives=negatives[after] - negatives[first],
            tied=starts == ends,
        )

    @cached_property
    def found(self) -> FloatArray:
        """True positives at the end of each group."""
        return np.cumsum(self.positives, axis=-1, dtype=np.float64)

    @cached_property
    def false_alarms(self) -> FloatArray:
        """False positives at the end of each group."""
        return np.cumsum(self.above + self.negatives, axis=-1, dtype=np.float64)

    @cached_property
    def precision(self) -> FloatArray:
        """Precision at the end of each group; 0 where there is no alarm."""
        return np.asarray(self.found / np.maximum(self.found + self.false_alarms, 1.0))

    @property
    def total(self) -> FloatArray:
        """All positives of each curve."""
        return np.asarray(self.found[..., -1])


def metrics(curves: GroupedCurve) -> dict[str, FloatArray]:
    """Metrics by their column of `contracts.MODEL_QUALITY`, each of shape (curves,).

    Args:
        curves: of shape (curves, groups), at least one group.

    Returns:
        NaN for a curve without positives. A precision that no threshold reaches has recall 0, as
        acting on nothing has.
    """
    return {
        **_areas(curves),
        "best_f1": _best_f1(curves),
        **_by_level("recall_at_precision", _recall_at_precision(curves)),
        **_by_level("precision_at_recall", _precision_at_recall(curves)),
    }


def _by_level(name: str, values: FloatArray) -> dict[str, FloatArray]:
    return {f"{name}_{level}": of for level, of in zip(FIXED_LEVELS, values, strict=True)}


def _progress(p: IntArray, n: IntArray, held: IntArray) -> FloatArray:
    """Position in [0, 1) of each bin with positives, half by recall, half by log of alarms."""
    recall = (np.cumsum(p)[held] - p[held] / 2) / p.sum()
    alarms = np.cumsum(p + n)[held]
    grown = np.log(alarms / alarms[0])
    return np.asarray((recall + grown / grown[-1]) / 2)


def _areas(curves: GroupedCurve) -> dict[str, FloatArray]:
    """Average precision and achievable area. See `areas`."""
    p, n = curves.positives.astype(np.float64), curves.negatives.astype(np.float64)
    tp, fp = curves.found, curves.false_alarms
    records = np.maximum(p + n, 1.0)
    before = np.maximum(tp + fp - p - n, 0.0)
    growth = np.log1p((p + n) / np.where(before > 0, before, 1.0))
    offset = (p / records) * ((p * (fp - n) - n * (tp - p)) / records)
    interpolated = p * (p / records) - offset * growth
    stepped = np.where(curves.tied, p * curves.precision, interpolated)
    return {
        "average_precision": ratio(stepped.sum(axis=-1), curves.total),
        "achievable_pr_area": ratio(interpolated.sum(axis=-1), curves.total),
    }


def _best_f1(curves: GroupedCurve) -> FloatArray:
    """Largest F1: it is monotone between the ends of a group, so one of them has it."""
    alarms = curves.found + curves.false_alarms
    half = curves.found / np.maximum(alarms + curves.total[..., None], 1.0)
    return np.where(curves.total > 0, 2.0 * half.max(axis=-1), np.nan)


def _recall_at_precision(curves: GroupedCurve) -> FloatArray:
    """Largest recall with each precision: at the last end that has it, or in the group after it.

    Returns:
        Shape (levels, curves).
    """
    groups = curves.tied.size
    turned = curves.precision[..., ::-1]
    reached = [turned >= level for level in _SHARES]
    after = np.array([np.where(r.any(axis=-1), groups - r.argmax(axis=-1), 0) for r in reached])
    inside = np.minimum(after, groups - 1)
    p, n, tp, fp = _at(curves, inside)
    # Groups after the last one stand for nothing more.
    start = np.where(after < groups, tp - p, tp)
    level = _across(np.array(_SHARES), after)
    # What precision has to spare at the start of the group, and lacks at its end.
    spare = (1.0 - level) * start - level * (fp - n)
    lacking = level * fp - (1.0 - level) * tp
    within = (after < groups) & ~curves.tied[inside] & (spare > 0) & (lacking > 0)
    share = np.where(within, spare / np.where(within, spare + lacking, 1.0), 0.0)
    return ratio(start + share * p, curves.total)


def _precision_at_recall(curves: GroupedCurve) -> FloatArray:
    """Largest precision with each recall: where the recall is reached, or at a later end.

    Returns:
        Shape (levels, curves).
    """
    best_later = np.maximum.accumulate(curves.precision[..., ::-1], axis=-1)[..., ::-1]
    needed = np.multiply.outer(np.array(_SHARES), curves.total)
    # Rounding must not ask for more positives than there are.
    first = np.array([np.argmax(curves.found >= (of - 1e-6)[..., None], axis=-1) for of in needed])
    p, n, tp, fp = _at(curves, first)
    missing = np.clip(tp - needed, 0.0, None)
    alarms = needed + fp - n * (missing / np.maximum(p, 1.0))
    inside = np.where(curves.tied[first], 0.0, needed / np.maximum(alarms, 1.0))
    later = np.take(best_later, _flat(curves, first))
    return np.where(curves.total > 0, np.maximum(later, inside), np.nan)


def _at(curves: GroupedCurve, place: IntArray) -> tuple[FloatArray, ...]:
    """p, n, tp, fp of a group of each curve, by levels: float64 of the shape of `place`."""
    flat = _flat(curves, place)
    return tuple(
        np.take(values, flat).astype(np.float64)
        for values in (curves.positives, curves.negatives, curves.found, curves.false_alarms)
    )


def _flat(curves: GroupedCurve, place: IntArray) -> IntArray:
    """Places in arrays of all curves and groups, (levels, curves)."""
    rows = np.arange(curves.found.size // curves.tied.size) * curves.tied.size
    return np.asarray(place + rows.reshape(place.shape[1:]))


def _across(levels: FloatArray, like: IntArray) -> FloatArray:
    """Levels along the first axis of an array."""
    return levels.reshape(-1, *[1] * (like.ndim - 1))
