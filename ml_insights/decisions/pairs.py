"""joint_counts: events that two variants scored, from the Spark step and back to mathematics.

What belongs here: the rows of joint_counts, and reading them. What does not: counting
(`spark.joint_counts`), differences (`metrics.paired`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from ml_insights.decisions.comparison_tables import JOINT_COUNTS
from ml_insights.metrics.paired import JointCounts
from ml_insights.result_tables import rows_by

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ml_insights.metrics.thresholds import ThresholdGrid


class Pair(NamedTuple):
    """Two variants that scored the same events, in alphabetical order; class and slice of these."""

    class_label: str
    slice: str
    first_variant: str
    second_variant: str


def joint_counts_table(pairs: pa.Table | None) -> pa.Table:
    """Rows in contract columns, sorted by key; empty where no event was shared."""
    schema = JOINT_COUNTS.arrow_schema()
    if pairs is None:
        return schema.empty_table()
    return pairs.select(schema.names).sort_by([(name, "ascending") for name in JOINT_COUNTS.key])


def joint_counts_added(days: Sequence[pa.Table]) -> pa.Table:
    """Rows of joint_counts of several days added up, sorted by key."""
    names = JOINT_COUNTS.arrow_schema().names
    counts = ("positives", "negatives")
    added = (
        pa.concat_tables(days)
        .group_by([name for name in names if name not in counts])
        .aggregate([(name, "sum") for name in counts])
    )
    return joint_counts_table(
        added.rename_columns([name.removesuffix("_sum") for name in added.column_names])
    )


def joint_counts_of(rows: pa.Table, grid: ThresholdGrid) -> dict[Pair, JointCounts]:
    """Joint counts by pair of variants.

    Args:
        rows: of joint_counts, sorted by key.
        grid: the grid they were counted on.
    """
    found = {}
    for pair, own in rows_by(rows, Pair._fields):
        index = (own[name].to_numpy().astype(np.int64) for name in ("first_index", "second_index"))
        counts = (own[name].to_numpy() for name in ("positives", "negatives"))
        found[Pair(*pair)] = JointCounts(grid, *index, *counts)
    return found
