"""Counts by bin are counts of `score >= t` at every threshold, whatever the order of rows."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import functions as F

from ml_insights.contracts import CURVE
from ml_insights.metrics.binning import threshold_values
from ml_insights.metrics.thresholds import ThresholdGrid
from ml_insights.spark.amount_sums import AMOUNT_SUMS
from ml_insights.spark.confusion_counts import BIN_COUNTS, bins_of_slices, slice_names
from ml_insights.spark.ground_truth import INVALID
from ml_insights.spark.plain_counts import count_bins, distinct_predictions, with_labels
from ml_insights_tests.spark.labelled import (
    counting_job,
    label,
    labels_frame,
    prediction,
    predictions_frame,
)

if TYPE_CHECKING:
    import numpy.typing as npt
    from pyspark.sql import DataFrame, SparkSession

    from ml_insights.spark.arguments import ConfusionCountsArguments

pytestmark = pytest.mark.spark

GRID = ThresholdGrid()
SLICES = {
    11: [("region", "EU"), ("sex", "F")],
    12: [("region", "EU"), ("sex", "M")],
    -13: [("region", "US"), ("sex", "F")],
}
CROSSES = (("region", "sex"),)
SLICES_BY_NAME = {
    name: [
        slice_id
        for slice_id, values in SLICES.items()
        if name in slice_names(dict(values), CROSSES)
    ]
    for name in {name for values in SLICES.values() for name in slice_names(dict(values), CROSSES)}
}
Curves = dict[tuple[str, str, str], dict[int, tuple[int, ...]]]
Frames = tuple["DataFrame", "DataFrame", "DataFrame"]


VALUES = st.sampled_from(
    ["EU", ">=50", '"EU"', '"EU', "EU &", "& b=EU", "EU & b=EU", 'EU & b="EU', '"EU & b=EU"', "\\"]
)


@given(st.lists(st.fixed_dictionaries(dict.fromkeys("abc", VALUES)), min_size=2, max_size=6))
def test_no_two_slices_have_the_same_name(rows: list[dict[str, str]]) -> None:
    crosses = (("a", "b"), ("a", "b", "c"), ("b", "c"))
    wanted = [("a",), ("b",), ("c",), *crosses]
    parts = {
        tuple((feature, row[feature]) for feature in features)
        for row in rows
        for features in wanted
    }
    names = {name for row in rows for name in slice_names(row, crosses)}
    assert len(names - {"all"}) == len(parts)


def slices_frame(spark: SparkSession, folder: Path) -> DataFrame:
    """The slices each combination of feature values belongs to."""
    rows = [(slice_id, name) for name, ids in SLICES_BY_NAME.items() for slice_id in ids]
    table = pa.table({"slice_id": [id_ for id_, _ in rows], "slice": [name for _, name in rows]})
    pq.write_table(table, folder / "slices.parquet")
    return spark.read.parquet(f"{folder}/slices.parquet")


def counted(
    events: DataFrame, labels: DataFrame, slices: DataFrame, job: ConfusionCountsArguments
) -> Curves:
    """Bin counts by curve and threshold index."""
    counts = count_bins(with_labels(distinct_predictions(events, GRID), labels, job))
    bins = bins_of_slices(counts, slices)
    curves: Curves = {}
    for row in bins.select(*CURVE, "threshold_index", *BIN_COUNTS).collect():
        curves.setdefault(tuple(row[:3]), {})[row[3]] = tuple(row[4:])
    return curves


def hard_score(random: Random) -> float:
    """On an edge of the grid, beside it, tied, or anywhere."""
    edge = GRID.threshold(random.randrange(GRID.size))
    return random.choice(
        (
            edge,
            np.nextafter(edge, 0.0).item(),
            np.nextafter(edge, 1.0).item(),
            random.choice((0.0, 1.0, 0.5, 0.25, 2.0**-21, 1 - 2.0**-21)),
            random.random(),
            random.random() ** 8,
        )
    )


@pytest.fixture(scope="module")
def records() -> list[dict[str, Any]]:
    """Distinct predictions, each with its label: 1, 0, or None where there is none."""
    random = Random(20261001)
    found = []
    for number in range(900):
        of = random.choice((1, 1, 2))
        shared = {
            "variant": random.choice(("main", "shadow")),
            "slice_id": random.choice([*SLICES]),
            "predictions_in_record": of,
        }
        for index in range(of):
            row = prediction(
                f"event {number}", hard_score(random), prediction_index=index, **shared
            )
            found.append({**row, "label": random.choice((0, 0, 1, None))})
    return found


@pytest.fixture(scope="module")
def frames(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, Any]]
) -> Frames:
    """The records' predictions, some delivered again, in any order; their labels; slices."""
    random = Random(1)
    rows = [{name: value for name, value in row.items() if name != "label"} for row in records]
    again = random.choices(rows, k=300)
    codes: dict[str, list[int | None]] = {}
    for row in records:
        codes.setdefault(row["event_id"].decode(), []).append(row["label"])
    labelled = [label(event_id, its) for event_id, its in codes.items() if its != [None]]
    folder = tmp_path_factory.mktemp("records")
    return (
        predictions_frame(spark, folder, random.sample(rows + again, len(rows) + len(again))),
        labels_frame(spark, folder, [*labelled, label("of another day", [1])]),
        slices_frame(spark, folder),
    )


@pytest.fixture(scope="module")
def curves(spark: SparkSession, frames: Frames) -> Curves:
    return counted(*frames, counting_job(Path()))


def test_counts_are_those_of_comparing_every_score_with_every_threshold(
    curves: Curves, records: list[dict[str, Any]]
) -> None:
    expected_curves = {
        (variant, "1", name) for variant in ("main", "shadow") for name in SLICES_BY_NAME
    }
    assert curves.keys() == expected_curves
    for (variant, class_label, name), bins in curves.items():
        own = [
            row
            for row in records
            if row["variant"] == variant and row["slice_id"] in SLICES_BY_NAME[name]
        ]
        for part, value in enumerate((1, 0, None)):
            scores = [row["score"] for row in own if row["label"] == value]
            assert at_thresholds(bins, part).tolist() == compared(scores).tolist(), (
                f"{variant} {class_label} {name} {value}"
            )


def at_thresholds(bins: dict[int, tuple[int, ...]], part: int) -> npt.NDArray[np.int64]:
    """Records at or above each threshold of the grid, added up over bins."""
    dense = np.zeros(GRID.size, dtype=np.int64)
    dense[[*bins]] = [counts[part] for counts in bins.values()]
    return dense[::-1].cumsum()[::-1]


def compared(scores: list[float]) -> npt.NDArray[np.int64]:
    """Records at or above each threshold of the grid, each compared with it."""
    thresholds, counts = threshold_values(GRID), np.zeros(GRID.size, dtype=np.int64)
    for score in scores:
        counts += score >= thresholds
    return counts


def test_dropped_copies_are_counted_once_in_all_traffic(curves: Curves) -> None:
    everything = [bins for (*_, name), bins in curves.items() if name == "all"]
    assert sum(counts[-1] for bins in everything for counts in bins.values()) == 300


@pytest.mark.parametrize("partitions", [1, 7, 200])
def test_rows_do_not_depend_on_how_the_work_is_split(
    spark: SparkSession,
    frames: Frames,
    curves: Curves,
    partitions: int,
) -> None:
    setting = "spark.sql.shuffle.partitions"
    before = str(spark.conf.get(setting))
    spark.conf.set(setting, partitions)
    try:
        events, labels = (frame.repartition(partitions, F.rand(7)) for frame in frames[:2])
        assert counted(events, labels, frames[2], counting_job(Path())) == curves
    finally:
        spark.conf.set(setting, before)


def test_each_class_is_counted_against_the_rest(spark: SparkSession, tmp_path: Path) -> None:
    random = Random(7)
    classes = ("cat", "dog", "bird")
    codes: dict[str, int | None] = {
        f"event {number}": random.choice((0, 1, 2, INVALID, None)) for number in range(120)
    }
    scores = {(event, name): hard_score(random) for event in codes for name in classes}
    rows = [
        prediction(event, score, class_label=name, slice_id=11)
        for (event, name), score in scores.items()
    ]
    found = counted(
        predictions_frame(spark, tmp_path, rows),
        labels_frame(spark, tmp_path, [label(event, [code]) for event, code in codes.items()]),
        slices_frame(spark, tmp_path),
        counting_job(tmp_path, classes=classes, positive_label="", negative_label=""),
    )
    for own, name in enumerate(classes):
        for part, wanted in enumerate(([own], {0, 1, 2} - {own}, [INVALID, None])):
            expected = [scores[event, name] for event, code in codes.items() if code in wanted]
            bins = found["main", name, "all"]
            assert at_thresholds(bins, part).tolist() == compared(expected).tolist()


def test_amounts_of_labelled_records_add_up_exactly(spark: SparkSession, tmp_path: Path) -> None:
    random = Random(5)
    rows = [
        {
            **prediction(f"event {n}", random.choice((0.25, 0.75))),
            "slice_id": random.choice([*SLICES]),
            "amount": random.choice((None, 0, 10**15, random.randrange(10**15))),
        }
        for n in range(400)
    ]
    truth = [random.choice((1, 0, None)) for _ in rows]
    events = predictions_frame(spark, tmp_path, rows + rows[:50])
    labels = labels_frame(spark, tmp_path, [label(f"event {n}", [truth[n]]) for n in range(400)])
    labelled = with_labels(distinct_predictions(events, GRID), labels, counting_job(tmp_path))
    counted = bins_of_slices(count_bins(labelled), slices_frame(spark, tmp_path))
    found = {
        (row["slice"], row["threshold_index"]): [int(row[name]) for name in AMOUNT_SUMS]
        for row in counted.collect()
    }
    for (name, index), sums in found.items():
        amounts = {
            side: [
                row["amount"]
                for row, its in zip(rows, truth, strict=True)
                if row["amount"] is not None
                and its == side
                and GRID.index_of(row["score"]) == index
                and row["slice_id"] in SLICES_BY_NAME[name]
            ]
            for side in (1, 0)
        }
        assert sums == [
            *(len(amounts[side]) for side in (1, 0)),
            *(sum(amounts[side]) for side in (1, 0)),
            *(sum(amount**2 for amount in amounts[side]) for side in (1, 0)),
        ]


def test_predictions_that_differ_in_their_amount_are_no_duplicates(
    spark: SparkSession, tmp_path: Path
) -> None:
    rows = [{**prediction("a", 0.5), "amount": amount} for amount in (1, 1, 2, None)]
    events = distinct_predictions(predictions_frame(spark, tmp_path, rows), GRID)
    copies = {row["amount"]: row["copies"] for row in events.collect()}
    assert copies == {1: 2, 2: 1, None: 1}
