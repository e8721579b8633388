"""Curves that metrics tests share: given groups, drawn by hypothesis, and seeded hard ones."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from ml_insights.metrics.binning import threshold_values
from ml_insights.metrics.confusion import BinCounts
from ml_insights.metrics.thresholds import ThresholdGrid

GRID = ThresholdGrid()
SMALL_GRID = ThresholdGrid(octaves=3, bits=1)

EXAMPLE_A = ((10, 0), (90, 9900))
EXAMPLE_B = ((5, 5), (5, 5))
EXAMPLE_C = ((4, 1), (3, 2), (2, 3), (1, 4))

Records = tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]


def from_groups(groups: Sequence[tuple[int, int]], grid: ThresholdGrid = GRID) -> BinCounts:
    """Bins from the highest down, each (positives, negatives)."""
    pairs = np.array(groups[::-1], dtype=np.int64).reshape(-1, 2)
    index = np.arange(grid.size - len(groups), grid.size)
    return BinCounts(
        grid,
        index,
        positives=pairs[:, 0],
        negatives=pairs[:, 1],
        unlabelled=np.zeros(len(groups), dtype=np.int64),
        score_sum=pairs.sum(axis=1) * threshold_values(grid)[index],
    )


def columns(bins: BinCounts) -> dict[str, list[Any]]:
    """What is stored of the counts, for comparison."""
    names = ("threshold_index", "positives", "negatives", "unlabelled", "score_sum")
    return {name: getattr(bins, name).tolist() for name in names}


def groups(max_count: int = 6) -> st.SearchStrategy[list[tuple[int, int]]]:
    """Up to eight bins of labelled records, none empty."""
    count = st.integers(0, max_count)
    return st.lists(st.tuples(count, count).filter(any), min_size=1, max_size=8)


def scores(grid: ThresholdGrid) -> st.SearchStrategy[float]:
    """Scores on the grid's edges, one unit in the last place beside them, and anywhere."""
    index = st.integers(0, grid.size)
    edges = index.map(lambda i: grid.threshold(i) if i < grid.size else 1.0)
    beside = st.builds(math.nextafter, edges, st.sampled_from([0.0, 1.0]))
    return st.one_of(edges, beside, st.floats(0.0, 1.0))


def records(
    grid: ThresholdGrid, *, labels: Sequence[int] = (0, 1, -1), max_size: int = 40
) -> st.SearchStrategy[list[tuple[float, int]]]:
    """Lists of (score, label)."""
    return st.lists(st.tuples(scores(grid), st.sampled_from(labels)), max_size=max_size)


def bins_of(grid: ThresholdGrid, drawn: Sequence[tuple[float, int]]) -> BinCounts:
    """Counts of drawn records."""
    return BinCounts.from_scores(grid, [score for score, _ in drawn], [label for _, label in drawn])


def neighbours(values: npt.NDArray[np.float64], towards: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The next float64 of each value; numpy reports the ones next to 0 as underflow."""
    with np.errstate(under="ignore"):
        return np.nextafter(values, towards)


def hard_curves(seed: int, count: int) -> Iterator[Records]:
    """Seeded labelled records with both classes, of every kind that is hard to bin."""
    random = np.random.default_rng(seed)
    kinds = (_calibrated, _saturated, _on_edges, _in_one_bin, _tied)
    for number in range(count):
        size = int(random.integers(2, 120))
        score = kinds[number % len(kinds)](random, size)
        rate = random.choice([0.02, 0.3, 0.7, 0.98])
        informed = random.random() < 0.5
        label = (random.random(size) < (score * rate * 2 if informed else rate)).astype(np.int64)
        label[:2] = random.permutation(2)
        yield score, label


def _calibrated(random: np.random.Generator, size: int) -> npt.NDArray[np.float64]:
    """Spread evenly in log-odds, from rare to sure."""
    return 1.0 / (1.0 + np.exp(-random.normal(random.normal(0, 4), 3, size)))


def _saturated(random: np.random.Generator, size: int) -> npt.NDArray[np.float64]:
    """Against 0 and 1, below the resolution of the grid, the ends included."""
    near_0 = random.random(size) * 2.0 ** -random.integers(18, 60)
    return np.where(random.random(size) < 0.5, near_0, 1.0 - near_0)


def _on_edges(random: np.random.Generator, size: int) -> npt.NDArray[np.float64]:
    """On a few neighbouring edges of the grid and one unit in the last place beside them."""
    first = random.integers(0, GRID.size - 5)
    edge = threshold_values(GRID)[random.integers(first, first + 5, size)]
    return np.where(
        random.random(size) < 0.4, edge, neighbours(edge, random.choice([0.0, 1.0], size))
    )


def _in_one_bin(random: np.random.Generator, size: int) -> npt.NDArray[np.float64]:
    """All inside one or two bins, in any order."""
    index = int(random.integers(0, GRID.size - 2))
    low, high = GRID.threshold(index), GRID.threshold(index + 2)
    return random.uniform(low, high, size)


def _tied(random: np.random.Generator, size: int) -> npt.NDArray[np.float64]:
    """Few distinct scores."""
    return random.choice(random.random(int(random.integers(1, 6))), size)
