"""Arguments survive their way through JSON, and JSON that is not theirs is refused."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, replace

import pytest

from ml_insights.spark.arguments import (
    Arguments,
    CaptureFormat,
    ConfusionCountsArguments,
    RawPredictionsArguments,
    SliceFeature,
    ValueForm,
    from_json,
    to_json,
)

RAW_PREDICTIONS = RawPredictionsArguments(
    day="2026-10-01",
    capture_root="s3://bucket/capture/shop",
    output="s3://lake/shop/raw_predictions/dt=2026-10-01",
    capture=CaptureFormat(
        scores=(ValueForm("text/csv", 1), ValueForm("application/json", path="[*].score")),
        positive_label="ja, natürlich",
        slices=(
            SliceFeature("age", ValueForm("text/csv", 0), (30.0, 50.5)),
            SliceFeature("region", ValueForm("application/json", path="region")),
        ),
    ),
    max_files=1000,
    max_bytes=2**40,
    run_id="a-b",
)
CONFUSION_COUNTS = ConfusionCountsArguments(
    day="2026-10-01",
    predictions="/lake/shop/raw_predictions/dt=2026-10-01",
    earlier_predictions=("/lake/shop/raw_predictions/dt=2026-09-30",),
    ground_truth_root="/labels",
    label_days=("2026-10-01", "2026-10-02"),
    max_files=1_000,
    labels=(ValueForm("text/csv"),),
    positive_label="",
    negative_label="",
    classes=("cat", "dog"),
    slices=("age", "region"),
    crosses=(("age", "region"),),
    max_slices=200,
    octaves=20,
    bits=9,
    output="/staging",
)


@pytest.mark.parametrize(
    ("job", "arguments"),
    [
        ("raw_predictions", RAW_PREDICTIONS),
        ("raw_predictions", replace(RAW_PREDICTIONS, recompute=True)),
        ("confusion_counts", CONFUSION_COUNTS),
        ("confusion_counts", replace(CONFUSION_COUNTS, crosses=(), classes=())),
    ],
)
def test_arguments_are_the_same_after_json(job: str, arguments: Arguments) -> None:
    text = to_json(arguments)
    assert from_json(job, text) == arguments
    assert "\n" not in text


def test_arguments_that_have_a_default_may_be_left_out() -> None:
    document = json.loads(to_json(RAW_PREDICTIONS))
    del document["recompute"], document["capture"]["classes"]
    assert from_json("raw_predictions", json.dumps(document)) == RAW_PREDICTIONS


def test_a_missing_or_unknown_argument_is_refused_by_name() -> None:
    document = json.loads(to_json(RAW_PREDICTIONS))
    with pytest.raises(KeyError, match="colour"):
        from_json("raw_predictions", json.dumps({**document, "colour": "red"}))
    del document["run_id"]
    with pytest.raises(TypeError, match="run_id"):
        from_json("raw_predictions", json.dumps(document))


def test_arguments_of_another_job_are_refused() -> None:
    with pytest.raises(KeyError, match=r"attempt|capture"):
        from_json("confusion_counts", to_json(RAW_PREDICTIONS))
    with pytest.raises(KeyError, match="make_coffee"):
        from_json("make_coffee", "{}")


def test_arguments_cannot_change_on_the_way() -> None:
    with pytest.raises(FrozenInstanceError):
        RAW_PREDICTIONS.day = "2026-10-02"  # type: ignore[misc]
