"""Binning a score in Spark is comparing it with every threshold of the grid."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ml_insights.metrics.binning import threshold_values
from ml_insights.metrics.thresholds import OFFSET_UNITS, ThresholdGrid
from ml_insights.spark.binning import with_bin_position

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

DEFAULT = ThresholdGrid()
OTHERS = [(2, 0), (2, 12), (3, 1), (17, 5), (32, 0), (32, 12)]
MOST_EDGES = 4_000
"""Edges that are tried of a grid other than the default one, of which all are."""


@pytest.mark.parametrize("octaves_bits", [(20, 9), *OTHERS], ids=str)
def test_bins_are_those_of_the_grid_on_every_edge_and_beside_it(
    spark: SparkSession, tmp_path: Path, octaves_bits: tuple[int, int]
) -> None:
    grid = ThresholdGrid(*octaves_bits)
    scores = np.concatenate([on_and_beside_edges(grid), anywhere()])
    found = binned(spark, tmp_path, scores, grid)
    assert found["threshold_index"].to_pylist() == [grid.index_of(s) for s in scores.tolist()]


def test_offsets_are_the_distance_above_the_threshold_rounded_down(
    spark: SparkSession, tmp_path: Path
) -> None:
    grid = ThresholdGrid(octaves=17, bits=5)
    scores = np.concatenate([on_and_beside_edges(grid), anywhere()[::20]])
    found = binned(spark, tmp_path, scores, grid)
    edges = [*map(Fraction, grid.thresholds()), Fraction(1)]
    in_bin = [
        (Fraction(score) - edges[index]) / (edges[index + 1] - edges[index])
        for score, index in zip(scores.tolist(), found["threshold_index"].to_pylist(), strict=True)
    ]
    assert found["bin_offset"].to_pylist() == [part * OFFSET_UNITS // 1 for part in in_bin]


def test_offsets_add_up_to_the_sum_of_the_scores_within_their_units(
    spark: SparkSession, tmp_path: Path
) -> None:
    scores = anywhere()
    found = binned(spark, tmp_path, scores, DEFAULT)
    index, offset = (found[name].to_numpy() for name in ("threshold_index", "bin_offset"))
    edges = np.append(threshold_values(DEFAULT), 1.0)
    unit = (edges[index + 1] - edges[index]) / OFFSET_UNITS
    lost = float(np.sum(scores, dtype=np.longdouble) - np.sum(edges[index] + offset * unit))
    assert 0 <= lost < unit.sum()


def test_other_columns_stay_and_none_is_left_behind(spark: SparkSession) -> None:
    rows = spark.sql("select 'a' as event_id, 0.25d as score, 7 as prediction_index")
    placed = with_bin_position(rows, DEFAULT)
    assert placed.dtypes == [
        ("event_id", "string"),
        ("prediction_index", "int"),
        ("threshold_index", "int"),
        ("bin_offset", "bigint"),
    ]


def on_and_beside_edges(grid: ThresholdGrid) -> NDArray[np.float64]:
    """Edges of the grid, 1 included, and the next float64 on either side of each, in [0, 1]."""
    edges = np.append(threshold_values(grid), 1.0)
    if grid != DEFAULT and len(edges) > MOST_EDGES:
        tried = np.random.default_rng(7).choice(edges, MOST_EDGES, replace=False)
        edges = np.concatenate([edges[:100], tried, edges[-100:]])
    below, above = np.nextafter(edges, -1.0), np.nextafter(edges, 2.0)
    scores = np.concatenate([edges, below, above])
    return scores[(scores >= 0) & (scores <= 1)]


def anywhere() -> NDArray[np.float64]:
    """Seeded scores in the middle, near 0, near 1, and the smallest and largest there are."""
    random = np.random.default_rng(20261001)
    near_0 = random.random(10_000) * 2.0 ** -random.integers(0, 1000, 10_000)
    near_1 = 1 - random.random(10_000) * 2.0 ** -random.integers(0, 53, 10_000)
    ends = [0.0, 5e-324, 2.0**-1022, np.nextafter(1.0, 0.0), 1.0]
    return np.concatenate([random.random(10_000), near_0, near_1, ends])


def binned(
    spark: SparkSession, folder: Path, scores: NDArray[np.float64], grid: ThresholdGrid
) -> pa.Table:
    """Scores put through Spark; `threshold_index` and `bin_offset` in their order."""
    pq.write_table(
        pa.table({"position": np.arange(len(scores)), "score": scores}), folder / "scores.parquet"
    )
    rows = spark.read.schema("position bigint, score double").parquet(f"{folder}/scores.parquet")
    with_bin_position(rows, grid).write.parquet(f"{folder}/bins")
    return pq.read_table(folder / "bins").sort_by("position")
