"""Copies of a prediction are dropped, and each that stays has the label of its own position."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from ml_insights.metrics.thresholds import ThresholdGrid
from ml_insights.spark.confusion_counts import distinct_predictions, with_labels
from ml_insights_tests.spark.labelled import (
    LATER,
    NOON,
    counting_job,
    label,
    labels_frame,
    prediction,
    predictions_frame,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

GRID = ThresholdGrid()
KINDS = ("classes", "positions", "scores", "times", "variants")


def test_only_rows_that_say_the_same_are_duplicates(spark: SparkSession, tmp_path: Path) -> None:
    rows = [
        prediction("repeated", 0.75),
        prediction("repeated", 0.75),
        prediction("repeated", 0.75),
        prediction("without a time", 0.5, captured_at=None),
        prediction("without a time", 0.5, captured_at=None),
        prediction("of two times", 0.25),
        prediction("of two times", 0.75, captured_at=LATER),
        prediction("of two scores", 0.25),
        prediction("of two scores", 0.75),
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
    assert sorted(found) == sorted(
        [
            ("repeated", 0.75, 3),
            ("without a time", 0.5, 2),
            *((f"of two {kind}", score, 1) for kind in KINDS for score in (0.25, 0.75)),
        ]
    )


def test_hashing_keeps_the_rows_that_sorting_keeps_or_says_that_it_cannot_decide(
    spark: SparkSession, tmp_path: Path
) -> None:
    random = Random(20261126)
    rows = [
        prediction(
            f"event {event}",
            random.choice((0.25, 0.5)),
            captured_at=random.choice((NOON, LATER, None)),
            slice_id=random.choice((1, 1, 2)),
        )
        for event in range(300)
        for _ in range(random.choice((1, 2, 2, 3)))
    ]
    frame = predictions_frame(spark, tmp_path, rows)
    exactly = distinct_predictions(frame, GRID, exact=True).collect()
    sorted_rows = {bytes(row["event_id"]): row for row in exactly}
    hashed = distinct_predictions(frame, GRID, exact=False).collect()
    columns = ("threshold_index", "bin_offset", "slice_id", "predictions_in_record", "copies")
    undecided = [row for row in hashed if row["undecided"]]
    for row in hashed:
        kept = sorted_rows.pop(bytes(row["event_id"]))
        if not row["undecided"]:
            assert [row[name] for name in columns] == [kept[name] for name in columns]
    assert not sorted_rows
    assert {row["copies"] for row in undecided} == {2, 3}
    assert 0 < len(undecided) < 150


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
    labels: dict[str, list[int | None] | None] = {
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
