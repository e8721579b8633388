"""Rows of precision_recall: the contract's columns, NULLs with reasons, and the drawn points."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import given

from ml_insights.contracts import PRECISION_RECALL
from ml_insights.metrics.confusion import BinCounts
from ml_insights.metrics.curve_table import curve_table
from ml_insights.metrics.display import display_points
from ml_insights.metrics.undefined import UNDEFINED_REASONS
from ml_insights_tests.metrics.cases import EXAMPLE_C, GRID, Records, bins_of, from_groups, records

CALLERS = ("variant", "class_label", "slice")
COLUMNS = [column for column in PRECISION_RECALL.columns if column.name not in CALLERS]


def arrow(table: dict[str, npt.NDArray[Any]]) -> pa.Table:
    """The rows as the lake would hold them: typed, NaN as NULL."""
    return pa.table(
        [
            pa.array(
                table[column.name],
                PRECISION_RECALL.arrow_schema().field(column.name).type,
                from_pandas=True,
            )
            for column in COLUMNS
        ],
        names=[column.name for column in COLUMNS],
    )


@given(records(GRID))
def test_rows_keep_the_contract_of_the_table(drawn: list[tuple[float, int]]) -> None:
    bins = bins_of(GRID, drawn)
    table = curve_table(bins, operating_threshold=0.5)
    assert list(table) == [column.name for column in COLUMNS]
    for column in COLUMNS:
        values = table[column.name]
        assert values.shape == bins.threshold_index.shape
        assert values.dtype == ("object" if column.type == "string" else column.type)
        assert column.nullable or arrow(table)[column.name].null_count == 0


@given(records(GRID))
def test_a_row_has_a_reason_exactly_if_a_ratio_is_null(drawn: list[tuple[float, int]]) -> None:
    table = arrow(curve_table(bins_of(GRID, drawn), operating_threshold=0.5))
    ratios = [column.name for column in COLUMNS if column.unit == "ratio"]
    for row in table.to_pylist():
        reason = row["undefined_reason"]
        assert (reason is not None) == any(row[name] is None for name in ratios)
        assert reason is None or set(reason.split(",")) <= UNDEFINED_REASONS.keys()


def test_worked_values_stand_beside_their_thresholds() -> None:
    table = curve_table(from_groups(EXAMPLE_C), operating_threshold=0.5)
    assert table["threshold_index"].tolist() == list(range(GRID.size - 4, GRID.size))
    assert table["threshold"].tolist() == GRID.thresholds()[-4:]
    assert table["true_positives"].tolist() == [10, 9, 7, 4]
    assert table["precision"].tolist() == pytest.approx([0.5, 0.6, 0.7, 0.8])
    assert table["recall"].tolist() == pytest.approx([1.0, 0.9, 0.7, 0.4])
    assert table["f1"].tolist() == pytest.approx([2 / 3, 0.72, 0.7, 8 / 15])
    assert table["false_positive_rate"].tolist() == pytest.approx([1.0, 0.6, 0.3, 0.1])


def test_wilson_limits_are_those_of_the_predicted_and_of_the_actual_positives() -> None:
    """Published: 81 of 263 for precision; recall is 81 of 100."""
    table = curve_table(from_groups([(81, 182), (19, 718)]), operating_threshold=0.5)
    assert table["precision_low"][1] == pytest.approx(0.2553, abs=5e-5)
    assert table["precision_high"][1] == pytest.approx(0.3662, abs=5e-5)
    assert table["recall"][1] == 0.81
    assert table["recall_low"][1] < 0.81 < table["recall_high"][1]


def test_display_rank_counts_the_drawn_points_from_the_highest_threshold(
    employment: Records,
) -> None:
    bins = BinCounts.from_scores(GRID, *employment)
    rank = curve_table(bins, operating_threshold=0.5)["display_rank"]
    positions = display_points(bins, 0.5)
    assert isinstance(rank, np.ma.MaskedArray)
    assert np.flatnonzero(~np.ma.getmaskarray(rank)).tolist() == positions.tolist()
    assert rank[positions].tolist() == list(range(positions.size, 0, -1))


def test_nothing_is_drawn_without_positives() -> None:
    table = curve_table(bins_of(GRID, [(0.3, 0), (0.6, -1)]), operating_threshold=0.5)
    assert table["display_rank"].tolist() == [None, None]


def test_no_records_make_no_rows() -> None:
    assert arrow(curve_table(bins_of(GRID, []), operating_threshold=0.5)).num_rows == 0
