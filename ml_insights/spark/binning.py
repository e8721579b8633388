"""The threshold grid as Spark column arithmetic: the bin of a score, and its place in the bin.

The same integers as `ThresholdGrid.index_of`, which tests compare on every edge of the grid and
one unit in the last place beside it. What does not belong here: counting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from ml_insights.metrics.thresholds import OFFSET_UNITS

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from ml_insights.metrics.thresholds import ThresholdGrid


def with_bin_position(predictions: DataFrame, grid: ThresholdGrid) -> DataFrame:
    """Replace `score` by its integer place on the grid.

    Args:
        predictions: has a column `score`, float64 in [0, 1].
        grid: the threshold grid.

    Returns:
        The other columns, `threshold_index` (int) and `bin_offset` (bigint): the distance above
        the bin's threshold in units of the bin's width / `OFFSET_UNITS`, rounded down. Integers
        add up to the same sum in any order; floats do not.
    """
    part = 2**grid.bits
    score, low, units, octave, place, whole = (
        F.col(name) for name in ("score", "_low", "_units", "_octave", "_place", "_whole")
    )
    distance = F.when(low, score).otherwise(1.0 - score) * float(2 ** (grid.octaves + grid.bits))
    # A bin below 1/2 holds its lower edge: floor. Above, `score >= 1 - e` means `u <= e`: a bin
    # holds its upper edge in u = 1 - score: ceiling. Scaling by powers of two is exact.
    lower_end = F.when(low, F.floor(F.col("_distance"))).otherwise(F.ceil(F.col("_distance")) - 1)
    # floor(log2(n + 1/2)) is exactly the place of the highest bit of an integer 0 < n < 2**47.
    highest_bit = F.floor(F.log2(units + 0.5))
    side_index = F.when(units < part, 0).otherwise(1 + octave * part + whole - part)
    index = F.when(low, side_index).otherwise(grid.size - 1 - side_index).cast("int")
    in_bin = F.when(low, place - whole).otherwise(whole + 1 - place)
    return (
        predictions.withColumn("_low", score < 0.5)
        .withColumn("_distance", distance)
        .withColumn("_units", lower_end)
        .withColumn("_octave", F.when(units < part, grid.bits).otherwise(highest_bit - grid.bits))
        .withColumn("_place", F.col("_distance") / F.pow(F.lit(2.0), octave))
        .withColumn("_whole", F.when(low, F.floor(place)).otherwise(F.ceil(place) - 1))
        .withColumn("_whole", F.when(units < part, 0).otherwise(whole))
        .withColumn("threshold_index", index)
        .withColumn("bin_offset", F.floor(in_bin * OFFSET_UNITS))
        .drop("score", "_low", "_distance", "_units", "_octave", "_place", "_whole")
    )
