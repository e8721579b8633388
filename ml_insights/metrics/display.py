"""The few points that draw the curves of one model without changing the shape of any.

Charts show at most 200 points of a curve that may have 20,000: precision against recall, and each
ratio against the threshold, even or by its log-odds. The same points draw all of these lines. They
are chosen greedily after Ramer, Douglas & Peucker: again and again the point that lies farthest
from the lines drawn so far is added; the ends of intervals, which charts draw as bands, count as
much as the curves. How far the worst left-out point lies from its line is reported, not hidden.
What does not belong here: charts.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ml_insights.metrics.binning import threshold_index_at_or_below, threshold_values
from ml_insights.metrics.intervals import wilson_interval
from ml_insights.metrics.precision_recall import best_f1, f1, precision, recall

if TYPE_CHECKING:
    from typing import TypeAlias

    from ml_insights.metrics.arrays import FloatArray, IntArray
    from ml_insights.metrics.confusion import BinCounts

    _Points: TypeAlias = tuple[FloatArray, FloatArray]
    """Abscissas and ordinates, each of shape (lines, points)."""

DISPLAY_POINTS = 200
"""At most so many points draw a curve."""


def display_points(bins: BinCounts, operating_threshold: float) -> IntArray:
    """Choose the points of a curve: the ends, best F1, the operating threshold, and its shape.

    The shape is that of every line which charts draw: precision with its band against recall;
    precision and recall with their bands, and F1, against the threshold and against its log-odds.

    Args:
        bins: counts of the curve.
        operating_threshold: in [0, 1]; kept is the point with its counts, which is that of the
            next occupied bin.

    Returns:
        Positions among the occupied bins, ascending; none without positives.

    Raises:
        ContractError: the operating threshold is not in [0, 1].
    """
    operating = threshold_index_at_or_below(bins.grid, operating_threshold)
    keep = [int(np.searchsorted(bins.threshold_index, operating))]
    best = best_f1(bins).position
    if best is not None:
        keep.append(best)
    return simplified_lines(drawn_lines(bins), keep=keep)


def display_deviation(bins: BinCounts, positions: IntArray) -> float:
    """How far the curve is from its drawing.

    Args:
        bins: counts of the curve.
        positions: the points that draw it, as `display_points` returns them.

    Returns:
        Largest distance of a left-out point to the line that is drawn past it, over all lines,
        each in a unit square; 0 if none is left out, NaN if there is nothing to draw.
    """
    return largest_deviation(drawn_lines(bins), positions)


def drawn_lines(bins: BinCounts) -> FloatArray:
    """The lines that charts draw of a curve, each in the unit square; shape (17, 2, bins).

    A point is NaN where its ratio is undefined.
    """
    counts = bins.confusion()
    found = counts.true_positives
    precisions = (precision(counts), *wilson_interval(found, found + counts.false_positives))
    recalls = (recall(counts), *wilson_interval(found, found + counts.false_negatives))
    threshold = threshold_values(bins.grid)[bins.threshold_index]
    ratios = (*precisions, *recalls, f1(counts))
    pairs = [(recalls[0], line) for line in precisions]
    pairs += [(axis, line) for axis in (threshold, _log_odds(threshold)) for line in ratios]
    return np.array(pairs)


def simplified_lines(
    lines: FloatArray, *, keep: Iterable[int] = (), limit: int = DISPLAY_POINTS
) -> IntArray:
    """Choose at most ``limit`` points that draw several lines, in O(points x limit) at worst.

    Args:
        lines: shape (lines, 2, points): abscissas and ordinates in drawing order. A position that
            is NaN in any of them cannot be drawn.
        keep: positions that must be kept; those that cannot be drawn are passed over. The first
            and last point that can be drawn are always kept.
        limit: number of points; what must be kept is kept even beyond it.

    Returns:
        Positions of the points, ascending.

    >>> line = np.array([[0.0, 0.5, 0.6, 1.0], [0.0, 0.5, 0.9, 1.0]])
    >>> simplified_lines(line[np.newaxis], limit=3).tolist()
    [0, 2, 3]
    """
    drawable = _drawable(lines)
    if drawable.size == 0:
        return drawable
    # Line by line in memory, as gaps are read.
    points = (lines[:, 0].take(drawable, axis=1), lines[:, 1].take(drawable, axis=1))
    chosen = {0, drawable.size - 1, *np.flatnonzero(np.isin(drawable, list(keep))).tolist()}
    gaps: list[tuple[float, int, int, int]] = []
    ends = sorted(chosen)
    for left, right in pairwise(ends):
        _push_gap(gaps, points, left, right)
    while gaps and len(chosen) < limit:
        _, left, farthest, right = heappop(gaps)
        chosen.add(farthest)
        _push_gap(gaps, points, left, farthest)
        _push_gap(gaps, points, farthest, right)
    return drawable[sorted(chosen)]


def largest_deviation(lines: FloatArray, positions: IntArray) -> float:
    """Largest distance of a point that is not drawn to the line past it; see `display_deviation`.

    >>> line = np.array([[0.0, 0.5, 0.6, 1.0], [0.0, 0.5, 0.9, 1.0]])
    >>> round(largest_deviation(line[np.newaxis], np.array([0, 2, 3])), 3)
    0.139
    """
    if positions.size == 0:
        return float("nan")
    left_out = np.setdiff1d(_drawable(lines), positions, assume_unique=True)
    right = np.searchsorted(positions, left_out)
    points, starts, ends = (
        (lines[:, 0].take(chosen, axis=1), lines[:, 1].take(chosen, axis=1))
        for chosen in (left_out, positions[right - 1], positions[right])
    )
    return float(_distances(points, starts, ends).max(initial=0.0))


def _drawable(lines: FloatArray) -> IntArray:
    """Positions whose points are defined on every line."""
    return np.flatnonzero(np.isfinite(lines).all(axis=(0, 1)))


def _log_odds(threshold: FloatArray) -> FloatArray:
    """Log-odds of ascending thresholds, from 0 at the first to 1 at the last."""
    # As the chart does, 0 is moved to where it can be shown: half the grid's smallest step.
    inside = np.clip(threshold, 2.0**-21, 1.0 - 2.0**-21)
    odds: FloatArray = np.log(inside / (1.0 - inside))
    reach = odds[-1:] - odds[:1]
    return np.divide(odds - odds[:1], reach, out=np.zeros_like(odds), where=reach > 0)


def _push_gap(
    gaps: list[tuple[float, int, int, int]], lines: _Points, left: int, right: int
) -> None:
    """Queue a gap between two drawn points by its farthest point, unless all lie on the lines."""
    if right - left < 2:
        return
    points, start, end = (
        (lines[0][:, part], lines[1][:, part])
        for part in (slice(left + 1, right), slice(left, left + 1), slice(right, right + 1))
    )
    distance = _distances(points, start, end).max(axis=0)
    farthest = int(distance.argmax())
    if distance[farthest] > 0.0:
        heappush(gaps, (-float(distance[farthest]), left, left + 1 + farthest, right))


def _distances(points: _Points, start: _Points, end: _Points) -> FloatArray:
    """Distances of points to segments, each of shape (lines, points) or one segment a line."""
    along_x, along_y = end[0] - start[0], end[1] - start[1]
    length = np.hypot(along_x, along_y)
    # A unit vector, for the square of a tiny length would underflow; of no length, any.
    dot = length == 0
    unit_x, unit_y = (along_x + dot) / (length + dot), along_y / (length + dot)
    x, y = points[0] - start[0], points[1] - start[1]
    # In place: these are the largest arrays of a curve, and most of the time is moving them.
    reach, part = x * unit_x, y * unit_y
    reach += part
    x *= unit_y
    np.multiply(y, unit_x, out=part)
    x -= part
    beside = np.abs(x, out=x)
    # Few points lie beyond the ends of their segment, and hypot takes long.
    np.subtract(reach, length, out=part)
    np.maximum(np.negative(reach, out=reach), part, out=part)
    if part.max(initial=0.0) > 0:
        past = part > 0
        beside[past] = np.hypot(beside[past], part[past])
    return beside
