"""From counts to the published tables, curve by curve: Arrow in, Arrow out.

What belongs here: taking a table apart into curves, calling the mathematics, putting the rows of
all curves together in contract order. What does not: formulas (`metrics`) and files (`lake`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ml_insights.columns import Table
from ml_insights.contracts import CONFUSION_COUNTS, CURVE, MODEL_QUALITY, PRECISION_RECALL
from ml_insights.metrics.binning import threshold_values
from ml_insights.metrics.confusion import BinCounts
from ml_insights.metrics.curve_table import curve_table
from ml_insights.metrics.display import display_deviation
from ml_insights.metrics.quality import REPLICATES, curve_quality
from ml_insights.metrics.thresholds import OFFSET_UNITS, ThresholdGrid


class Curve(NamedTuple):
    """Which curve: production variant, class (one against the rest), slice of the traffic."""

    variant: str
    class_label: str
    slice: str


_BINS = ("bin_positives", "bin_negatives", "bin_unlabelled", "bin_score_sum")
COUNTED = (*CURVE, "threshold_index", *_BINS)
"""Columns of confusion_counts from which the others follow."""

DRAWN = (*CURVE, "threshold_index", "display_rank")
"""Columns of precision_recall that say which thresholds draw a curve."""


def confusion_counts_table(
    bins: pa.Table, grid: ThresholdGrid, labels_as_of: datetime | None
) -> pa.Table:
    """Rows of confusion_counts from the integer counts of the Spark step.

    Args:
        bins: `CURVE`, threshold_index and the bin columns of `spark.confusion_counts`, any order.
        grid: the grid they were counted on.
        labels_as_of: time of the newest object in the label window with an accepted line, or None.

    Returns:
        Rows in contract columns, sorted by curve and threshold.
    """
    ordered = bins.sort_by([(name, "ascending") for name in (*CURVE, "threshold_index")])
    tables = []
    for curve, rows in curve_rows(ordered):
        index = _column(rows, "threshold_index").astype(np.int64)
        counts = BinCounts(
            grid=grid,
            threshold_index=index,
            positives=_column(rows, "bin_positives"),
            negatives=_column(rows, "bin_negatives"),
            unlabelled=_column(rows, "bin_unlabelled"),
            score_sum=_score_sums(rows, grid, index),
        )
        cells = counts.confusion()
        tables.append(
            _rows(
                CONFUSION_COUNTS,
                curve,
                {
                    "threshold_index": index,
                    "threshold": threshold_values(grid)[index],
                    "bin_positives": counts.positives,
                    "bin_negatives": counts.negatives,
                    "bin_unlabelled": counts.unlabelled,
                    "bin_score_sum": counts.score_sum,
                    "true_positives": cells.true_positives,
                    "false_positives": cells.false_positives,
                    "false_negatives": cells.false_negatives,
                    "true_negatives": cells.true_negatives,
                    "labels_as_of": [labels_as_of] * index.size,
                },
            )
        )
    return pa.concat_tables(tables) if tables else CONFUSION_COUNTS.arrow_schema().empty_table()


def _score_sums(
    rows: pa.Table, grid: ThresholdGrid, index: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Sum of scores: so many times the threshold, and the distances above it."""
    edges = np.append(threshold_values(grid), 1.0)
    records = sum(_column(rows, f"bin_{part}") for part in ("positives", "negatives", "unlabelled"))
    widths = edges[index + 1] - edges[index]
    sums: npt.NDArray[np.float64] = (
        records * edges[index] + _column(rows, "bin_offsets") * widths / OFFSET_UNITS
    )
    return sums


def every_curve(curve: Curve) -> bool:
    """Choose them all."""
    return True


def curves_of(
    counts: pa.Table, grid: ThresholdGrid, chosen: Callable[[Curve], bool] = every_curve
) -> Iterator[tuple[Curve, BinCounts]]:
    """Curves of published confusion_counts rows, in their order; columns `COUNTED` will do."""
    for curve, rows in curve_rows(counts):
        if chosen(curve):
            names = ("threshold_index", *_BINS)
            # A view would keep the whole table in memory.
            yield curve, BinCounts(grid, *(_column(rows, name).copy() for name in names))


def precision_recall_table(
    curves: Mapping[Curve, BinCounts], operating_threshold: float
) -> pa.Table:
    """Rows of precision_recall of curves, in their order."""
    tables = [
        _rows(PRECISION_RECALL, curve, curve_table(bins, operating_threshold=operating_threshold))
        for curve, bins in curves.items()
    ]
    return pa.concat_tables(tables) if tables else PRECISION_RECALL.arrow_schema().empty_table()


def drawn_thresholds(curves: pa.Table) -> dict[Curve, npt.NDArray[np.int64]]:
    """Indices of the thresholds that draw each curve, ascending.

    Args:
        curves: published precision_recall rows; `DRAWN` of those with a display rank is enough.
    """
    drawn = curves.filter(pc.field("display_rank").is_valid())
    return {
        curve: _column(rows, "threshold_index").astype(np.int64)
        for curve, rows in curve_rows(drawn)
    }


def model_quality_table(
    curves: Mapping[Curve, BinCounts],
    drawn: Mapping[Curve, npt.NDArray[np.int64]],
    operating_threshold: float,
    *,
    labels_as_of: datetime | None,
    min_label_coverage: float,
    provenance: Mapping[str, Any],
    identity: tuple[str, ...] = (),
    replicates: int = REPLICATES,
) -> pa.Table:
    """Rows of model_quality, one a curve.

    Args:
        curves: their counts, in the order of the rows.
        drawn: thresholds that draw the curves, as `drawn_thresholds` returns them.
        operating_threshold: the threshold the settings name.
        labels_as_of: time of the newest object in the label window with an accepted line, or None.
        min_label_coverage: below it a curve is provisional.
        provenance: `run_id`, `code_version`, `manifest_digest`.
        identity: endpoint and day, from which seeds of the bootstrap derive.
        replicates: of the bootstrap.
    """
    rows = [
        {
            **curve._asdict(),
            **curve_quality(
                bins,
                operating_threshold=operating_threshold,
                identity=(*identity, *curve),
                replicates=replicates,
            ),
            **_display(bins, drawn.get(curve, np.array([], dtype=np.int64))),
            "provisional": not bins.label_coverage >= min_label_coverage,
            "labels_as_of": labels_as_of,
            "grid": bins.grid.name,
            **provenance,
        }
        for curve, bins in curves.items()
    ]
    return pa.Table.from_pylist(rows, schema=MODEL_QUALITY.arrow_schema())


def _display(bins: BinCounts, drawn: npt.NDArray[np.int64]) -> dict[str, int | float | None]:
    deviation = display_deviation(bins, np.searchsorted(bins.threshold_index, drawn))
    return {
        "display_points": drawn.size,
        "display_deviation": deviation if drawn.size else None,
    }


def curve_rows(table: pa.Table) -> Iterator[tuple[Curve, pa.Table]]:
    """Slices of a table sorted by curve, one for each curve, in its order."""
    for names, rows in rows_by(table, CURVE):
        yield Curve(*names), rows


def rows_by(table: pa.Table, key: Sequence[str]) -> Iterator[tuple[tuple[Any, ...], pa.Table]]:
    """Slices of a table sorted by a key, one for each of its values, in their order."""
    if not table.num_rows:
        return
    columns = [table[name].unify_dictionaries().combine_chunks() for name in key]
    codes = [c.indices if pa.types.is_dictionary(c.type) else c for c in columns]
    ends = {end for column in codes for end in pc.run_end_encode(column).run_ends.to_pylist()}
    for start, end in pairwise([0, *sorted(ends)]):
        yield tuple(c[start].as_py() for c in columns), table.slice(start, end - start)


def _column(rows: pa.Table, name: str) -> npt.NDArray[Any]:
    column: npt.NDArray[Any] = rows[name].to_numpy()
    return column


def _rows(table: Table, curve: Curve, columns: Mapping[str, Any]) -> pa.Table:
    """Rows of one curve with contract types; NaN becomes NULL."""
    schema = table.arrow_schema()
    size = len(columns["threshold_index"])
    arrays = {
        name: pa.repeat(pa.scalar(value, pa.string()), size)
        for name, value in curve._asdict().items()
    }
    for name, values in columns.items():
        arrays[name] = _arrow(values, schema.field(name).type)
    return pa.table([arrays[name] for name in schema.names], schema=schema)


def _arrow(values: Any, kind: pa.DataType) -> pa.Array:
    if isinstance(values, np.ma.MaskedArray):
        return pa.array(values.filled(0), kind, mask=np.ma.getmaskarray(values))
    convert: Callable[..., pa.Array] = pa.array
    return convert(values, kind, from_pandas=True)
