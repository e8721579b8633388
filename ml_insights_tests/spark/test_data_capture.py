"""Every output form of a capture record is read, with its event, its time and its slices.

What becomes of bad lines is in `test_bad_lines`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from ml_insights.capture_files import (
    Payload,
    csv_columns_response,
    csv_response,
    json_lines_response,
    json_response,
    softprob_response,
)
from ml_insights.spark.arguments import CaptureFormat, ValueForm
from ml_insights.spark.data_capture import event_key
from ml_insights_tests.spark.captured import (
    CLASSES,
    CSV,
    EVENT_ID,
    JSON,
    ONE_SCORE,
    line,
    probability_lines,
)
from ml_insights_tests.spark.reading import evaluated, read_lines

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import Row, SparkSession

pytestmark = pytest.mark.spark

Form = tuple[CaptureFormat, Payload, list[Any]]

SECOND_COLUMN = CaptureFormat((ValueForm(CSV, 1), ValueForm(JSON, path="[*][1]")), "yes")
NESTED = CaptureFormat((ValueForm(JSON, path="a.list[1].p"), ValueForm(CSV, 0)), "yes")
ROOT_LIST = CaptureFormat((ValueForm(JSON, path="[*]"),), "yes")
TWO = [0.25, 0.875]
THREE = [(0.25, 0.5, 0.25), (1.0, 0.0, 0.0)]

PLAIN_FORMS: dict[str, Form] = {
    "csv": (ONE_SCORE, csv_response([0.0363]), [0.0363]),
    "csv with a trailing line feed": (ONE_SCORE, Payload(CSV, "0.0363\n", "CSV"), [0.0363]),
    "csv batch on lines": (ONE_SCORE, csv_response(TWO), TWO),
    "csv batch between commas": (ONE_SCORE, csv_response(TWO, separator=","), TWO),
    "csv of no content type": (ONE_SCORE, Payload(None, "0.25,0.875", "CSV"), TWO),
    "csv in capitals": (ONE_SCORE, Payload("Text/CSV;charset=UTF-8", "0.25", "csv"), [0.25]),
    "json predictions": (ONE_SCORE, json_response(TWO), TWO),
    "json with a charset": (
        ONE_SCORE,
        json_response(TWO)._replace(content_type="application/json; charset=utf-8"),
        TWO,
    ),
    "json lines": (ONE_SCORE, json_lines_response(TWO), TWO),
    "second column": (SECOND_COLUMN, csv_columns_response([("yes", 0.25), ("no", 0.875)]), TWO),
    "second column after a quoted comma": (
        SECOND_COLUMN,
        Payload(CSV, '"yes, surely",0.25\nno,0.875\n', "CSV"),
        TWO,
    ),
    "second of softprob": (SECOND_COLUMN, softprob_response([(0.75, 0.25), (0.125, 0.875)]), TWO),
    "nested json": (
        NESTED,
        Payload(JSON, '{"a":{"list":[{"p":0.5},{"q":1,"p":0.25}]}}', "JSON"),
        [0.25],
    ),
    "json of no content type": (NESTED, Payload(None, '{"a":{"list":[{},{"p":1}]}}', "JSON"), [1]),
    "first column": (NESTED, csv_columns_response([(0.25, 1)]), [0.25]),
    "list at the root": (ROOT_LIST, Payload(JSON, "[0.25, 0.875]", "JSON"), TWO),
    "softprob of classes": (CLASSES, softprob_response(THREE), THREE),
    "csv of classes": (CLASSES, csv_columns_response(THREE), THREE),
    "json lines of classes": (CLASSES, probability_lines(*THREE), THREE),
}
FORMS: dict[str, Form] = PLAIN_FORMS | {
    f"{name}, in base64": (capture, payload.in_base64(), expected)
    for name, (capture, payload, expected) in PLAIN_FORMS.items()
}


@pytest.fixture(scope="module")
def read_forms(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[Row]]:
    """Rows of every form, one job for each format."""
    found: dict[str, list[Row]] = {}
    for capture in {capture: None for capture, _, _ in FORMS.values()}:
        lines = {name: line(payload) for name, (of, payload, _) in FORMS.items() if of == capture}
        rows = read_lines(spark, tmp_path_factory.mktemp("forms"), list(lines.values()), capture)
        found.update(zip(lines, rows, strict=True))
    return found


@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_output_is_read(read_forms: dict[str, list[Row]], name: str) -> None:
    capture, _, expected = FORMS[name]
    rows = read_forms[name]
    labels = capture.classes or (capture.positive_label,)
    scores = [answer if capture.classes else (answer,) for answer in expected]
    assert [(row["kind"], row["reason"]) for row in rows] == [("accepted", None)] * len(rows)
    assert {row["predictions_in_record"] for row in rows} == {len(expected)}
    assert [(row["prediction_index"], row["class_label"], row["score"]) for row in rows] == [
        (index, label, score)
        for index, answer in enumerate(scores)
        for label, score in zip(labels, answer, strict=True)
    ]


def test_every_prediction_that_sagemaker_recorded_is_read(
    spark: SparkSession, tmp_path: Path, real_data: Path
) -> None:
    files = sorted((real_data / "capture").glob("endpoint_capture_*.jsonl"))
    lines = [text for file in files for text in file.read_text().splitlines()]
    merged = (real_data / "capture/endpoint_merged_json.json").read_text()
    rows = read_lines(spark, tmp_path, [*lines, merged.replace("\n", " ")], ONE_SCORE)
    assert [[row["score"] for row in predictions] for predictions in rows[:-1]] == [
        [0.036397725343704224],
        [0.3791300654411316],
        [0.017852725461125374],
        [0.9899773597717285],
        [0.9899773597717285, 0.5041388273239136],
        [0.989977359771728],
        [0.989977359771728, 0.504138827323913],
    ]
    assert len(rows[-1]) == 334
    assert {row["kind"] for predictions in rows for row in predictions} == {"accepted"}
    assert {bytes(row["event_id"]) for row in rows[-1]} == {b"7"}
    assert rows[0][0]["captured_at"] == "2022-04-18 00:21:48"


def test_event_time_and_fields_are_found_wherever_they_stand(
    spark: SparkSession, tmp_path: Path
) -> None:
    record = json.loads(line(csv_response([0.5]), inference_id="order 17"))
    backwards = {key: record[key] for key in reversed(record)}
    metadata = record["eventMetadata"]
    lines = {
        line(csv_response([0.5])): (UUID(EVENT_ID).bytes, "2026-10-01 12:00:07"),
        json.dumps(record): (b"order 17", "2026-10-01 12:00:07"),
        json.dumps(backwards, indent=1).replace("\n", "\r"): (b"order 17", "2026-10-01 12:00:07"),
        json.dumps({"new": [{"data": 1}], **record}): (b"order 17", "2026-10-01 12:00:07"),
        changed(record, {**metadata, "inferenceId": None}): (
            UUID(EVENT_ID).bytes,
            "2026-10-01 12:00:07",
        ),
        changed(record, {"inferenceId": "", "eventId": "e"}): (b"e", None),
        changed(record, {"eventId": "e", "inferenceTime": "soon"}): (b"e", None),
        changed(record, {"eventId": "e", "inferenceTime": "0001-01-01T00:00:00Z"}): (
            b"e",
            "0001-01-01 00:00:00",
        ),
        changed(record, {"eventId": "e", "inferenceTime": "+20026-10-01T00:00:00Z"}): (b"e", None),
        changed(record, {"eventId": "e", "inferenceTime": "2026-10-01T14:00:00.25+02:00"}): (
            b"e",
            "2026-10-01 12:00:00.25",
        ),
    }
    found = read_lines(spark, tmp_path, list(lines), ONE_SCORE)
    rows = [row for (row,) in found]
    assert [(bytes(row["event_id"]), row["captured_at"]) for row in rows] == [*lines.values()]


def changed(record: dict[str, Any], metadata: dict[str, Any]) -> str:
    return json.dumps({**record, "eventMetadata": metadata})


def test_different_event_ids_have_different_keys(spark: SparkSession, tmp_path: Path) -> None:
    keys = {
        EVENT_ID: UUID(EVENT_ID).bytes,
        EVENT_ID.upper(): EVENT_ID.upper().encode(),
        f"{EVENT_ID}\n": f"{EVENT_ID}\n".encode(),
        EVENT_ID.replace("-", ""): EVENT_ID.replace("-", "").encode(),
        "7": b"7",
        "sixteen letters!": b"\0sixteen letters!",
        "sixteen bytes ä": "\0sixteen bytes ä".encode(),
        "seventeen bytes ä": "seventeen bytes ä".encode(),
    }
    found = evaluated(spark, tmp_path, list(keys), event_key)
    assert dict(zip(keys, (bytes(key) for (key,) in found), strict=True)) == keys
    text_of_uuid_bytes = bytes(range(65, 81))
    as_uuid = str(UUID(bytes=text_of_uuid_bytes))
    (one,), (other,) = evaluated(spark, tmp_path, [text_of_uuid_bytes, as_uuid], event_key)
    assert bytes(other) == text_of_uuid_bytes != bytes(one)
