"""Copies of a prediction are dropped, and each that stays has the label of its own position."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ml_insights.metrics.thresholds import ThresholdGrid
from ml_insights.spark.plain_counts import distinct_predictions, with_labels
from ml_insights_tests.spark.labelled import (
    LATER,
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
