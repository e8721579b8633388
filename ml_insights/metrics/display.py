"""The few points that draw a precision-recall curve without changing its shape.

Charts show at most 200 points of a curve that may have 20,000. The points are chosen greedily
after Ramer, Douglas & Peucker: again and again the point that lies farthest from the line drawn so
far is added; the ends of precision's interval, which charts draw as a band, count as much as the
curve. How far the worst left-out point lies from its line is reported, not hidden. What does not
belong here: charts.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ml_insights.metrics.binning import threshold_index_at_or_below
from ml_insights.metrics.intervals import wilson_interval
from ml_insights.metrics.precision_recall import best_f1, precision, recall

if TYPE_CHECKING:
    import numpy.typing as npt

    from ml_insights.metrics.arrays import FloatArray, IntArray
    from ml_insights.metrics.confusion import BinCounts

DISPLAY_POINTS = 200
"""At most so many points draw a curve."""


class DrawnPoints(NamedTuple):
    """The points that draw a curve.

    Attributes:
        positions: positions of the points in the curve's arrays, ascending.
        deviation: largest distance, in the recall-precision plane, of a left-out point of the
            curve or its band to the line that is drawn past it; 0 if none is left out, NaN if
            there is nothing to draw.
    """

    positions: IntArray
    deviation: float


def display_points(bins: BinCounts, operating_threshold: float) -> DrawnPoints:
    """Choose the points of a curve: the ends, best F1, the operating threshold, and its shape.

    Args:
        bins: counts of the curve.
        operating_threshold: in [0, 1]; kept is the point with its counts, which is that of the
            next occupied bin.

    Returns:
        Positions among the occupied bins; none without positives.

    Raises:
        ContractError: the operating threshold is not in [0, 1].
    """
    operating = threshold_index_at_or_below(bins.grid, operating_threshold)
    keep = [int(np.searchsorted(bins.threshold_index, operating))]
    best = best_f1(bins).position
    if best is not None:
        keep.append(best)
    counts = bins.confusion()
    found = counts.true_positives
    band = wilson_interval(found, found + counts.false_positives)
    return simplified_line(recall(counts), precision(counts), *band, keep=keep)


def simplified_line(
    x: FloatArray, *ys: FloatArray, keep: Iterable[int] = (), limit: int = DISPLAY_POINTS
) -> DrawnPoints:
    """Choose at most ``limit`` points of lines, in O(points x limit) at worst.

    Args:
        x: abscissas in drawing order; NaN for a point that cannot be drawn.
        ys: ordinates of one or more lines over the same abscissas, likewise.
        keep: positions that must be kept; those that cannot be drawn are passed over. The first
            and last point that can be drawn are always kept.
        limit: number of points; what must be kept is kept even beyond it.

    >>> x, y = np.array([0.0, 0.5, 0.6, 1.0]), np.array([0.0, 0.5, 0.9, 1.0])
    >>> points = simplified_line(x, y, limit=3)
    >>> points.positions.tolist(), round(points.deviation, 3)
    ([0, 2, 3], 0.139)
    """
    drawable = np.flatnonzero(np.isfinite([x, *ys]).all(axis=0))
    if drawable.size == 0:
        return DrawnPoints(drawable, float("nan"))
    # Shape (lines, points, 2).
    lines = np.stack([np.stack((x[drawable], y[drawable]), axis=1) for y in ys])
    chosen = {0, drawable.size - 1, *np.flatnonzero(np.isin(drawable, list(keep))).tolist()}
    gaps: list[tuple[float, int, int, int]] = []
    ends = sorted(chosen)
    for left, right in pairwise(ends):
        _push_gap(gaps, lines, left, right)
    while gaps and len(chosen) < limit:
        _, left, farthest, right = heappop(gaps)
        chosen.add(farthest)
        _push_gap(gaps, lines, left, farthest)
        _push_gap(gaps, lines, farthest, right)
    return DrawnPoints(drawable[sorted(chosen)], -gaps[0][0] if gaps else 0.0)


def _push_gap(
    gaps: list[tuple[float, int, int, int]], lines: npt.NDArray[np.float64], left: int, right: int
) -> None:
    """Queue a gap between two drawn points by its farthest point, unless all lie on the lines."""
    if right - left < 2:
        return
    distance = np.max([_distances(line[left : right + 1]) for line in lines], axis=0)
    farthest = int(np.argmax(distance))
    if distance[farthest] > 0.0:
        heappush(gaps, (-float(distance[farthest]), left, left + 1 + farthest, right))


def _distances(points: npt.NDArray[np.float64]) -> FloatArray:
    """Distances of the inner points to the segment between the first and the last."""
    start, along = points[0], points[-1] - points[0]
    length = float(np.hypot(*along))
    # A unit vector: the square of a tiny length would underflow.
    unit = along / length if length else along
    offset = points[1:-1] - start
    reach = np.clip(offset @ unit, 0.0, length)
    distances: FloatArray = np.hypot(*(offset - np.outer(reach, unit)).T)
    return distances
