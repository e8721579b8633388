"""Published tables say what the records say: compared with counting every record."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from ml_insights.contracts import CONFUSION_COUNTS, MODEL_QUALITY, PRECISION_RECALL
from ml_insights.lake import Lake
from ml_insights.metrics.confusion import BinCounts
from ml_insights.metrics.display import display_deviation, display_points
from ml_insights.metrics.thresholds import OFFSET_UNITS, ThresholdGrid
from ml_insights.result_tables import (
    Curve,
    confusion_counts_table,
    curves_of,
    drawn_thresholds,
    model_quality_table,
    precision_recall_table,
)

GRID = ThresholdGrid(octaves=4, bits=2)
NEWEST = datetime(2026, 10, 3, 4, 5, 6, 789, tzinfo=UTC)
CURVES = (
    Curve("champion", "1", "all"),
    Curve("champion", "1", "region=EU"),
    Curve("challenger", "1", "all"),
)
PROVENANCE = {"run_id": "run-1", "code_version": "1.2.3", "manifest_digest": "abc"}


class Records(NamedTuple):
    """Records of one curve; label 1, 0 or -1 for none."""

    score: np.ndarray
    label: np.ndarray


def draw(seed: int, size: int = 400) -> Records:
    """Scores in the middle, near 0 and near 1, and on edges of the grid."""
    rng = np.random.default_rng(seed)
    edges = np.append(GRID.thresholds(), 1.0)
    score = np.concatenate(
        (rng.random(size), rng.random(size) ** 9, 1 - rng.random(size) ** 9, edges)
    )
    return Records(score, rng.choice([1, 0, -1], score.size, p=[0.3, 0.5, 0.2]))


def spark_bins(records: dict[Curve, Records]) -> pa.Table:
    """What the Spark step writes for these records, one record after the other, unsorted."""
    bins: dict[tuple[Curve, int], Counter[str]] = {}
    names = {1: "bin_positives", 0: "bin_negatives", -1: "bin_unlabelled"}
    for curve, (scores, labels) in records.items():
        for score, label in zip(scores.tolist(), labels.tolist(), strict=True):
            index = GRID.index_of(score)
            upper = GRID.threshold(index + 1) if index + 1 < GRID.size else 1.0
            width = upper - GRID.threshold(index)
            offset = int((score - GRID.threshold(index)) / width * OFFSET_UNITS)
            found = bins.setdefault((curve, index), Counter())
            found.update({names[label]: 1, "bin_offsets": offset})
    columns = ("bin_positives", "bin_negatives", "bin_unlabelled", "bin_offsets")
    rows = [
        {**curve._asdict(), "threshold_index": index, **{name: found[name] for name in columns}}
        for (curve, index), found in bins.items()
    ]
    return pa.Table.from_pylist(rows).take(np.random.default_rng(0).permutation(len(rows)))


def quality_of(counts: pa.Table, least: float = 0.9) -> pa.Table:
    curves = dict(curves_of(counts, GRID))
    drawn = drawn_thresholds(precision_recall_table(curves, 0.5))
    return model_quality_table(
        curves, drawn, 0.5, labels_as_of=NEWEST, min_label_coverage=least, provenance=PROVENANCE
    )


@pytest.fixture(scope="module")
def records() -> dict[Curve, Records]:
    return {curve: draw(seed) for seed, curve in enumerate(CURVES)}


@pytest.fixture(scope="module")
def counts(records: dict[Curve, Records]) -> pa.Table:
    return confusion_counts_table(spark_bins(records), GRID, NEWEST)


def test_cells_are_those_of_comparing_every_record_with_the_threshold(
    records: dict[Curve, Records], counts: pa.Table
) -> None:
    assert counts.num_rows > 2 * GRID.size
    for row in counts.to_pylist():
        score, label = records[Curve(row["variant"], row["class_label"], row["slice"])]
        above = score >= row["threshold"]
        assert row["threshold"] == GRID.threshold(row["threshold_index"])
        assert row["true_positives"] == np.count_nonzero(above & (label == 1))
        assert row["false_positives"] == np.count_nonzero(above & (label == 0))
        assert row["false_negatives"] == np.count_nonzero(~above & (label == 1))
        assert row["true_negatives"] == np.count_nonzero(~above & (label == 0))


def test_score_sums_are_those_of_the_records_to_a_millionth_of_the_bins_width(
    records: dict[Curve, Records], counts: pa.Table
) -> None:
    for curve, bins in curves_of(counts, GRID):
        exact = BinCounts.from_scores(GRID, *records[curve])
        edges = np.append(GRID.thresholds(), 1.0)
        width = np.diff(edges)[exact.threshold_index]
        error = exact.score_sum - bins.score_sum
        assert (error >= -1e-12).all()
        assert (error <= exact.records * width / OFFSET_UNITS + 1e-12).all()


def test_rows_are_sorted_by_curve_and_threshold(counts: pa.Table) -> None:
    keys = list(zip(*(counts[name].to_pylist() for name in CONFUSION_COUNTS.key), strict=True))
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)


def test_any_order_and_partitioning_of_the_bins_gives_the_same_rows(
    records: dict[Curve, Records], counts: pa.Table
) -> None:
    bins = spark_bins(records)
    shuffled = bins.take(np.random.default_rng(5).permutation(bins.num_rows))
    parts = pa.concat_tables([shuffled.slice(0, 7), shuffled.slice(7, 50), shuffled.slice(57)])
    assert confusion_counts_table(parts, GRID, NEWEST).equals(counts)


def test_counts_go_back_to_the_curves_they_came_from(
    records: dict[Curve, Records], counts: pa.Table
) -> None:
    found = dict(curves_of(counts, GRID))
    assert list(found) == sorted(CURVES)
    for curve, bins in found.items():
        exact = BinCounts.from_scores(GRID, *records[curve])
        for name in ("threshold_index", "positives", "negatives", "unlabelled"):
            assert getattr(bins, name).tolist() == getattr(exact, name).tolist()


def test_slices_that_differ_in_a_trailing_zero_byte_stay_apart() -> None:
    one, other = Curve("v", "1", "note=a"), Curve("v", "1", "note=a\0")
    table = confusion_counts_table(spark_bins({one: draw(1), other: draw(2)}), GRID, None)
    assert [curve for curve, _ in curves_of(table, GRID)] == [one, other]


def test_a_day_without_bins_gives_empty_tables_of_the_contract(
    records: dict[Curve, Records],
) -> None:
    empty = confusion_counts_table(spark_bins(records).slice(0, 0), GRID, None)
    assert empty.schema.equals(CONFUSION_COUNTS.arrow_schema())
    curves = precision_recall_table({}, 0.5)
    assert curves.schema.equals(PRECISION_RECALL.arrow_schema())
    quality = quality_of(empty)
    assert quality.schema.equals(MODEL_QUALITY.arrow_schema())
    assert empty.num_rows == curves.num_rows == quality.num_rows == 0


def test_the_newest_label_time_is_in_every_row(
    records: dict[Curve, Records], counts: pa.Table
) -> None:
    assert set(counts["labels_as_of"].to_pylist()) == {NEWEST}
    without = confusion_counts_table(spark_bins(records), GRID, None)
    assert without["labels_as_of"].null_count == without.num_rows


def test_precision_recall_has_the_thresholds_and_cells_of_the_counts(counts: pa.Table) -> None:
    curves = precision_recall_table(dict(curves_of(counts, GRID)), 0.5)
    shared = [name for name in curves.column_names if name in counts.column_names]
    assert {"variant", "slice", "threshold_index", "true_negatives"} <= set(shared)
    assert curves.select(shared).equals(counts.select(shared))


def test_undefined_ratios_are_null_with_a_reason() -> None:
    bins = spark_bins({CURVES[0]: Records(np.array([0.1, 0.9]), np.array([0, -1]))})
    curves = dict(curves_of(confusion_counts_table(bins, GRID, None), GRID))
    rows = precision_recall_table(curves, 0.5).to_pylist()
    assert [row["precision"] for row in rows] == [0.0, None]
    assert [row["recall"] for row in rows] == [None, None]
    assert all("no_positives" in row["undefined_reason"] for row in rows)


def test_model_quality_has_one_row_a_curve_with_areas_within_their_limits(
    records: dict[Curve, Records], counts: pa.Table
) -> None:
    quality = quality_of(counts)
    rows = quality.to_pylist()
    assert [Curve(row["variant"], row["class_label"], row["slice"]) for row in rows] == sorted(
        CURVES
    )
    for row in rows:
        score, label = records[Curve(row["variant"], row["class_label"], row["slice"])]
        labelled = label >= 0
        for name, measure in (
            ("average_precision", average_precision_score),
            ("roc_auc", roc_auc_score),
        ):
            exact = measure(label[labelled], score[labelled])
            assert row[f"{name}_limit_low"] <= exact <= row[f"{name}_limit_high"]
        assert row["predictions"] == label.size
        assert row["label_coverage"] == np.count_nonzero(labelled) / label.size


def test_model_quality_says_how_closely_the_curve_is_drawn(counts: pa.Table) -> None:
    ranks = precision_recall_table(dict(curves_of(counts, GRID)), 0.5)["display_rank"]
    rows = quality_of(counts).to_pylist()
    assert sum(row["display_points"] for row in rows) == len(ranks) - ranks.null_count
    for row, (_, bins) in zip(rows, curves_of(counts, GRID), strict=True):
        assert row["display_deviation"] == display_deviation(bins, display_points(bins, 0.5))


def test_the_curve_without_positives_is_not_drawn_and_its_deviation_is_null() -> None:
    bins = spark_bins({CURVES[0]: Records(np.array([0.1, 0.9]), np.array([0, -1]))})
    (row,) = quality_of(confusion_counts_table(bins, GRID, None)).to_pylist()
    assert row["display_points"] == 0
    assert row["display_deviation"] is None


def test_model_quality_says_what_it_was_made_from(counts: pa.Table) -> None:
    quality = quality_of(counts)
    for row in quality.to_pylist():
        assert {name: row[name] for name in PROVENANCE} == PROVENANCE
        assert row["grid"] == "two-sided-4-2"
        assert row["labels_as_of"] == NEWEST


@pytest.mark.parametrize(("least", "provisional"), [(0.5, False), (0.75, False), (0.76, True)])
def test_a_curve_is_provisional_below_the_label_coverage_of_the_settings(
    least: float, provisional: bool
) -> None:
    records = Records(np.array([0.1, 0.2, 0.3, 0.9]), np.array([0, 0, -1, 1]))
    counts = confusion_counts_table(spark_bins({CURVES[0]: records}), GRID, None)
    quality = quality_of(counts, least)
    assert quality["provisional"].to_pylist() == [provisional]


def test_all_tables_keep_their_contracts_in_the_lake(counts: pa.Table, tmp_path: Path) -> None:
    lake, day = Lake(str(tmp_path)), date(2026, 10, 1)
    quality = quality_of(counts)
    for table, rows in (
        (CONFUSION_COUNTS, counts),
        (PRECISION_RECALL, precision_recall_table(dict(curves_of(counts, GRID)), 0.5)),
        (MODEL_QUALITY, quality),
    ):
        assert lake.write("churn", table, day, rows).rows == rows.num_rows > 0
        assert lake.read("churn", table, day).equals(rows)
