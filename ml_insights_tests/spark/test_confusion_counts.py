"""Counts by bin are counts of `score >= t` at every threshold, whatever the order of rows."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pyspark.sql import functions as F

from ml_insights.metrics.binning import threshold_values
from ml_insights.metrics.thresholds import ThresholdGrid
from ml_insights.spark.confusion_counts import (
    BIN_COUNTS,
    CURVE,
    count_bins,
    distinct_predictions,
    slice_names,
    with_labels,
)
from ml_insights_tests.spark.labelled import (
    LATER,
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
KINDS = ("classes", "positions", "variants")
Curves = dict[tuple[str, str, str], dict[int, tuple[int, ...]]]


def quiet(_: str) -> None:
    """Report to nobody."""


def slices_frame(spark: SparkSession) -> DataFrame:
    rows = [
        f"({slice_id}L, '{name}')"
        for slice_id, values in SLICES.items()
        for name in slice_names(dict(values), CROSSES)
    ]
    return spark.sql(f"select * from values {', '.join(rows)} as slices(slice_id, slice)")


def counted(
    events: DataFrame, labels: DataFrame, slices: DataFrame, job: ConfusionCountsArguments
) -> Curves:
    """Bin counts by curve and threshold index."""
    bins = count_bins(with_labels(distinct_predictions(events, GRID), labels, job), slices)
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
) -> tuple[DataFrame, DataFrame]:
    """The records' predictions, some captured again later, in random order; and their labels."""
    random = Random(1)
    rows = [{name: value for name, value in row.items() if name != "label"} for row in records]
    again = [
        {**row, "score": hard_score(random), "captured_at": random.choice((LATER, None))}
        for row in random.choices(rows, k=300)
    ]
    codes: dict[str, list[int | None]] = {}
    for row in records:
        codes.setdefault(row["event_id"].decode(), []).append(row["label"])
    labelled = [label(event_id, its) for event_id, its in codes.items() if its != [None]]
    folder = tmp_path_factory.mktemp("records")
    return (
        predictions_frame(spark, folder, random.sample(rows + again, len(rows) + len(again))),
        labels_frame(spark, folder, [*labelled, label("of another day", [1])]),
    )


@pytest.fixture(scope="module")
def curves(spark: SparkSession, frames: tuple[DataFrame, DataFrame]) -> Curves:
    return counted(*frames, slices_frame(spark), counting_job(Path()))


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
    return sum(
        (score >= threshold_values(GRID) for score in scores), np.zeros(GRID.size, dtype=np.int64)
    )


def test_dropped_copies_are_counted_once_in_all_traffic(curves: Curves) -> None:
    everything = [bins for (*_, name), bins in curves.items() if name == "all"]
    assert sum(counts[-1] for bins in everything for counts in bins.values()) == 300


@pytest.mark.parametrize("partitions", [1, 7, 200])
def test_rows_do_not_depend_on_how_the_work_is_split(
    spark: SparkSession, frames: tuple[DataFrame, DataFrame], curves: Curves, partitions: int
) -> None:
    setting = "spark.sql.shuffle.partitions"
    before = spark.conf.get(setting)
    spark.conf.set(setting, str(partitions))
    try:
        split = [frame.repartition(partitions, F.rand(partitions)) for frame in frames]
        assert counted(split[0], split[1], slices_frame(spark), counting_job(Path())) == curves
    finally:
        spark.conf.set(setting, before)


def test_the_first_captured_of_several_copies_stays(spark: SparkSession, tmp_path: Path) -> None:
    rows = [
        prediction("later is dropped", 0.75),
        prediction("later is dropped", 0.25, captured_at=LATER),
        prediction("no time is last", 0.25, captured_at=None),
        prediction("no time is last", 0.75, captured_at=LATER),
        prediction("lowest of a time", 0.75),
        prediction("lowest of a time", 0.25),
        prediction("lowest of a time", 0.5),
        prediction("of two variants", 0.25),
        prediction("of two variants", 0.75, variant="shadow"),
        prediction("of two positions", 0.25, predictions_in_record=2),
        prediction("of two positions", 0.75, predictions_in_record=2, prediction_index=1),
        prediction("of two classes", 0.25),
        prediction("of two classes", 0.75, class_label="2"),
    ]
    events = distinct_predictions(predictions_frame(spark, tmp_path, rows), GRID).collect()
    found = [
        (row["event_id"].decode(), GRID.threshold(row["threshold_index"]), row["copies"])
        for row in events
    ]
    assert sorted(found) == [
        ("later is dropped", 0.75, 2),
        ("lowest of a time", 0.25, 3),
        ("no time is last", 0.75, 2),
        *((f"of two {kind}", score, 1) for kind in KINDS for score in (0.25, 0.75)),
    ]


def test_a_prediction_has_the_label_of_its_position_and_variants_share_it(
    spark: SparkSession, tmp_path: Path
) -> None:
    def record(event_id: str, number: int, **given: Any) -> list[dict[str, Any]]:
        return [
            prediction(event_id, 0.5, prediction_index=n, predictions_in_record=number, **given)
            for n in range(number)
        ]

    rows = [
        *record("fits", 3),
        *record("too few", 2),
        *record("too many", 2),
        *record("torn", 1),
        *record("illegal", 1),
        *record("unlabelled", 1),
        *record("shared", 1),
        *record("shared", 1, variant="shadow"),
        *record("shared", 2, variant="batching"),
    ]
    labels = {
        "fits": [1, None, 0],
        "too few": [1],
        "too many": [1, 0, 1],
        "torn": None,
        "illegal": [-1],
        "shared": [1],
    }
    events = distinct_predictions(predictions_frame(spark, tmp_path, rows), GRID)
    known = labels_frame(spark, tmp_path, [label(event, codes) for event, codes in labels.items()])
    joined = with_labels(events, known, counting_job(tmp_path)).collect()
    found = {
        (row["event_id"].decode(), row["variant"], row["prediction_index"]): row["positive"]
        for row in joined
    }
    assert {key: value for key, value in found.items() if value is not None} == {
        ("fits", "main", 0): True,
        ("fits", "main", 2): False,
        ("shared", "main", 0): True,
        ("shared", "shadow", 0): True,
    }
    assert len(found) == len(rows)


def test_each_class_is_counted_against_the_rest(spark: SparkSession, tmp_path: Path) -> None:
    random = Random(7)
    classes, codes = ("cat", "dog", "bird"), (0, 1, 2, -1, None)
    truth = {f"event {number}": random.choice(codes) for number in range(120)}
    scores = {(event, name): hard_score(random) for event in truth for name in classes}
    rows = [
        prediction(event, score, class_label=name, slice_id=11)
        for (event, name), score in scores.items()
    ]
    job = counting_job(tmp_path, classes=classes, positive_label="", negative_label="")
    known = labels_frame(spark, tmp_path, [label(event, [code]) for event, code in truth.items()])
    found = counted(predictions_frame(spark, tmp_path, rows), known, slices_frame(spark), job)
    for own, name in enumerate(classes):
        others = {0, 1, 2} - {own}
        for part, wanted in enumerate(({own}, others, {-1, None})):
            expected = [scores[event, name] for event, code in truth.items() if code in wanted]
            bins = found["main", name, "all"]
            assert at_thresholds(bins, part).tolist() == compared(expected).tolist()
