"""Endpoints and capture lines that the tests of the Spark layer share.

What belongs here: formats of made-up endpoints, and lines with as little around the payload as
possible. What does not: the form of a record (`ml_insights.capture_files`).
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ml_insights.capture_files import Payload, capture_record
from ml_insights.spark.arguments import AmountFeature, CaptureFormat, SliceFeature, ValueForm

EVENT_ID = "eed5a268-2703-4392-901f-70ffab9a7fd3"
NOON = datetime(2026, 10, 1, 12, 0, 7, tzinfo=UTC)
CSV, JSON, JSON_LINES = "text/csv", "application/json", "application/jsonlines"

AGE = SliceFeature("age", ValueForm(CSV, 0), (30.0, 50.5))
REGION = SliceFeature("region", ValueForm(CSV, 1))
ONE_SCORE = CaptureFormat(
    scores=(
        ValueForm(CSV),
        ValueForm(JSON, path="predictions[*].score"),
        ValueForm(JSON_LINES, path="score"),
    ),
    positive_label="yes",
    slices=(AGE, REGION),
)
"""One score a prediction, in any of the three content types; sliced by columns of CSV input."""

CLASSES = CaptureFormat(
    scores=(
        ValueForm(JSON, path="[*]"),
        ValueForm(CSV),
        ValueForm(JSON_LINES, path="probabilities"),
    ),
    positive_label="",
    classes=("cat", "dog", "bird"),
    slices=(SliceFeature("size", ValueForm(JSON, path="instances[*].features[0]"), (10.0,)),),
)
"""Scores of three classes a prediction; sliced by a feature of JSON input."""

AMOUNTS_OF_SCORES = replace(ONE_SCORE, amount=AmountFeature(ValueForm(CSV, 2), 2))
"""The same with an amount in the third column of CSV input."""

AMOUNTS_OF_CLASSES = replace(
    CLASSES, amount=AmountFeature(ValueForm(JSON, path="instances[*].features[1]"), 2)
)


def line(response: Payload | None, request: Payload | None = None, **given: Any) -> str:
    """A capture line of `EVENT_ID` at `NOON`, unless something else is given."""
    record = {"event_id": EVENT_ID, "time": NOON, "request": request, "response": response}
    return capture_record(**{**record, **given})


def probability_lines(*rows: tuple[float, ...]) -> Payload:
    """Scores of all classes in JSON Lines, one line a prediction."""
    data = "".join(json.dumps({"probabilities": row}) + "\n" for row in rows)
    return Payload(JSON_LINES, data, "JSON")


def json_request(*features: list[Any]) -> Payload:
    """A JSON request with the features of each prediction."""
    data = json.dumps({"instances": [{"features": row} for row in features]})
    return Payload(JSON, data, "JSON")
