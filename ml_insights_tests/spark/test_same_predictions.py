"""What makes two rows different predictions does so wherever it is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ml_insights.metrics.thresholds import ThresholdGrid
from ml_insights.spark import repeated_events
from ml_insights.spark.label_account import match_labels
from ml_insights.spark.plain_counts import distinct_predictions
from ml_insights.spark.same_predictions import PLACE, said_beside_score
from ml_insights_tests.spark.labelled import (
    LATER,
    label,
    labels_frame,
    prediction,
    predictions_frame,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

SAID = {
    "captured_at": LATER,
    "score": 0.25,
    "slice_id": 7,
    "predictions_in_record": 2,
    "amount": 99,
}


@pytest.mark.parametrize("said", [*SAID, None])
def test_rows_in_one_place_are_copies_if_they_say_the_same(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str | None
) -> None:
    for name, value in {"FEWEST_ROWS": 0, "SHARE": 1.0, "OFTEN": 2}.items():
        monkeypatch.setattr(repeated_events, name, value)
    one = prediction("a", 0.5, amount=1)
    other = {**one, said: SAID[said]} if said else one
    rows = predictions_frame(spark, tmp_path, [one, other])
    assert said_beside_score(rows) == [name for name in SAID if name != "score"]
    different = said is not None
    assert repeated_events.repeated_events(rows, 2) == ([b"a"] if different else [])
    assert distinct_predictions(rows, ThresholdGrid()).count() == 1 + different
    labels = labels_frame(spark, tmp_path, [label("a", [1])])
    (matched,) = match_labels(rows, labels, ["main"]).collect()
    assert matched["ambiguous"] is different


@pytest.mark.parametrize(
    ("place", "elsewhere"),
    [("event_id", "b"), ("variant", "shadow"), ("prediction_index", 1), ("class_label", "2")],
)
def test_rows_in_different_places_are_neither_copies_nor_contradictions(
    spark: SparkSession,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    elsewhere: Any,
) -> None:
    for name, value in {"FEWEST_ROWS": 0, "SHARE": 1.0, "OFTEN": 1}.items():
        monkeypatch.setattr(repeated_events, name, value)
    assert place in PLACE
    given: dict[str, Any] = {"event_id": "a", "score": 0.5, "amount": 1}
    other = {**given, place: elsewhere, "score": 0.25}
    rows = predictions_frame(spark, tmp_path, [prediction(**given), prediction(**other)])
    assert repeated_events.repeated_events(rows, 2) == []
    assert distinct_predictions(rows, ThresholdGrid()).count() == 2
