"""Capture and ground truth files look exactly like those that SageMaker wrote."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.capture_day import CaptureDay
from ml_insights.capture_files import (
    Payload,
    capture_record,
    csv_columns_response,
    csv_labels,
    csv_request,
    csv_response,
    json_label,
    json_labels,
    json_lines_response,
    json_response,
    label_record,
    softprob_response,
    write_capture_files,
    write_label_files,
)
from ml_insights_tests.capture_data import CAPTURE_LAYOUT, LABEL_LAYOUT, UUID4, lines_below

EVENT_ID = "f04a8538-696c-4648-8064-8b680b2e3318"
NOON = datetime(2026, 11, 14, 12, 5, 7, 250_000, tzinfo=UTC)


def recorded_lines(data: Path) -> list[str]:
    files = sorted((data / "capture").glob("endpoint_capture_*.jsonl"))
    return [line for file in files for line in file.read_text().splitlines()]


def as_written_by_us(recorded: dict[str, Any]) -> str:
    """The recorded facts, passed through our functions."""
    sides, metadata = recorded["captureData"], recorded["eventMetadata"]
    request, output = sides["endpointInput"], sides["endpointOutput"]
    data = output["data"]
    if output["observedContentType"].startswith("text/csv"):
        response = csv_response([float(data)])
    elif output["observedContentType"] == "application/json":
        response = json_response([one["score"] for one in json.loads(data)["predictions"]])
    else:
        response = json_lines_response(json.loads(line)["score"] for line in data.splitlines())
    return capture_record(
        event_id=metadata["eventId"],
        time=datetime.fromisoformat(metadata["inferenceTime"]),
        request=Payload(request["observedContentType"], request["data"], request["encoding"]),
        response=response,
    )


def test_records_of_sagemaker_are_reproduced_byte_for_byte(real_data: Path) -> None:
    lines = recorded_lines(real_data)
    assert len(lines) == 7
    assert [as_written_by_us(json.loads(line)) for line in lines] == lines


def test_recorded_csv_input_is_what_a_csv_request_gives(real_data: Path) -> None:
    recorded = json.loads(recorded_lines(real_data)[0])["captureData"]["endpointInput"]
    rows = [row.split(",") for row in recorded["data"].splitlines()]
    request = csv_request(rows)
    assert (request.content_type, request.data, request.encoding) == (
        recorded["observedContentType"],
        recorded["data"],
        recorded["encoding"],
    )


def test_recorded_label_array_is_reproduced(real_data: Path) -> None:
    merged = json.loads((real_data / "capture/endpoint_merged_json.json").read_text())
    truth = merged["groundTruthData"]
    labels = [instance["label"] for instance in json.loads(truth["data"])["instances"]]
    assert len(labels) == 334
    assert json_labels(labels).data == truth["data"]
    assert json_labels(labels).encoding == truth["encoding"]


@pytest.mark.parametrize(
    ("response", "data", "encoding"),
    [
        (csv_response([0.25]), "0.25", "CSV"),
        (csv_response([0.25, 0.5]), "0.25\n0.5", "CSV"),
        (csv_response([0.25, 0.5], separator=","), "0.25,0.5", "CSV"),
        (csv_columns_response([("yes", 0.25), ("no", 0.5)]), "yes,0.25\nno,0.5", "CSV"),
        (json_response([0.5]), '{"predictions": [{"score": 0.5, "predicted_label": 1}]}', "JSON"),
        (json_lines_response([0.25]), '{"predicted_label":0,"score":0.25}\n', "JSON"),
        (softprob_response([(0.25, 0.75), (1, 0)]), "[[0.25, 0.75], [1.0, 0.0]]", "JSON"),
    ],
)
def test_every_output_form_is_recorded_plainly_and_as_base64(
    response: Payload, data: str, encoding: str
) -> None:
    assert (response.data, response.encoding) == (data, encoding)
    hidden = response.in_base64()
    assert base64.b64decode(hidden.data, validate=True).decode() == data
    assert (hidden.encoding, hidden.content_type) == ("BASE64", response.content_type)


@given(st.floats(0, 1, allow_subnormal=True))
def test_scores_read_back_as_the_same_float(score: float) -> None:
    (prediction,) = json.loads(json_response([score]).data)["predictions"]
    (line,) = json_lines_response([score]).data.splitlines()
    assert float(csv_response([score]).data) == score
    assert prediction["score"] == json.loads(line)["score"] == score


def test_optional_parts_are_absent_unless_given() -> None:
    plain = json.loads(capture_record(event_id=EVENT_ID, time=NOON, response=None))
    assert plain == {
        "captureData": {},
        "eventMetadata": {"eventId": EVENT_ID, "inferenceTime": "2026-11-14T12:05:07Z"},
        "eventVersion": "0",
    }
    full = json.loads(
        capture_record(
            event_id=EVENT_ID,
            time=NOON,
            request=csv_request([(30, "EU")]),
            response=csv_response([0.5]),
            inference_id="order 17",
            custom_attributes=["tenant=3"],
        )
    )
    assert list(full["captureData"]) == ["endpointInput", "endpointOutput"]
    assert list(full["eventMetadata"]) == [
        "eventId",
        "inferenceId",
        "inferenceTime",
        "customAttributes",
    ]


@pytest.mark.parametrize(
    ("labels", "data"),
    [
        (csv_labels([1]), r'"data":"1","encoding":"CSV"'),
        (csv_labels(["0", "1"]), r'"data":"0,1","encoding":"CSV"'),
        (json_label(1), r'"data":"{\"label\": 1}","encoding":"JSON"'),
        (csv_labels([1]).in_base64(), r'"data":"MQ==","encoding":"BASE64"'),
    ],
)
def test_label_records_have_the_documented_form(labels: Payload, data: str) -> None:
    assert label_record(EVENT_ID, labels) == (
        f'{{"groundTruthData":{{{data}}},"eventMetadata":{{"eventId":"{EVENT_ID}"}},'
        f'"eventVersion":"0"}}'
    )


def test_capture_files_lie_in_the_utc_hour_of_the_invocation(tmp_path: Path) -> None:
    kolkata = timezone(timedelta(hours=5, minutes=30))
    time = datetime(2026, 11, 15, 1, 2, 3, 45_678, tzinfo=kolkata)
    (path,) = write_capture_files(tmp_path / "shop/main", [(time, b"{}")])
    assert CAPTURE_LAYOUT.fullmatch(path.relative_to(tmp_path).as_posix())
    assert path.parent == tmp_path / "shop/main/2026/11/14/19"
    assert path.name.startswith("32-03-045-")


def test_label_files_lie_in_the_utc_hour_of_collection(tmp_path: Path) -> None:
    lines = [(NOON + timedelta(hours=13), b"late"), (NOON, b"early")]
    paths = write_label_files(tmp_path, lines, name="confirmed")
    assert [path.relative_to(tmp_path).as_posix() for path in paths] == [
        "2026/11/14/12/confirmed.jsonl",
        "2026/11/15/01/confirmed.jsonl",
    ]
    assert [path.read_bytes() for path in paths] == [b"early\n", b"late\n"]


def test_lines_are_in_order_of_time_and_keep_every_byte(tmp_path: Path) -> None:
    lines = [(NOON + timedelta(seconds=2), b"\xff\xfe"), (NOON, b"a"), (NOON, b"")]
    (path,) = write_capture_files(tmp_path, lines)
    assert path.read_bytes() == b"a\n\n\xff\xfe\n"


def test_a_file_is_closed_after_the_given_minutes(tmp_path: Path) -> None:
    lines = [(NOON + timedelta(minutes=n), b"%d" % n) for n in range(0, 60, 10)]
    paths = write_capture_files(tmp_path, lines, minutes_per_file=15)
    assert [path.read_bytes() for path in paths] == [b"0\n", b"10\n20\n", b"30\n", b"40\n50\n"]


def test_writing_the_same_lines_again_gives_the_same_files(tmp_path: Path) -> None:
    lines = [(NOON + timedelta(hours=n), b"{}") for n in range(3)]
    first = write_capture_files(tmp_path, lines)
    assert write_capture_files(tmp_path, reversed(lines)) == first
    assert len(set(first)) == 3


def test_naive_times_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="aware"):
        write_capture_files(tmp_path, [(NOON.replace(tzinfo=None), b"{}")])


def test_lines_of_the_benchmark_are_records_of_this_form(tmp_path: Path) -> None:
    size = CaptureDay(tmp_path, lines=500, files_per_hour=1, label_share=0.5, seed=1).write()
    lines = lines_below(tmp_path / "capture", CAPTURE_LAYOUT)
    assert sum(len(line) + 1 for line in lines) == size
    assert len(lines) == 500
    records = [json.loads(line) for line in lines]
    assert [exactly_as_read(record) for record in records] == lines
    scores = [float(record["captureData"]["endpointOutput"]["data"]) for record in records]
    assert all(0 <= score <= 1 for score in scores)
    event_ids = {record["eventMetadata"]["eventId"] for record in records}
    assert len(event_ids) == 500
    assert all(re.fullmatch(UUID4, event_id) for event_id in event_ids)
    labels = [json.loads(line) for line in lines_below(tmp_path / "ground_truth", LABEL_LAYOUT)]
    assert {label["eventMetadata"]["eventId"] for label in labels} < event_ids
    assert 200 < len(labels) < 300
    assert {label["groundTruthData"]["data"] for label in labels} == {"0", "1"}


def test_the_benchmark_refuses_a_folder_that_holds_something(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(FileExistsError, match="not empty"):
        CaptureDay(tmp_path, lines=1).write()


def exactly_as_read(record: dict[str, Any]) -> str:
    """A parsed record passed through `capture_record` with its payloads as they are."""
    payloads = {
        side: Payload(one["observedContentType"], one["data"], one["encoding"])
        for side, one in record["captureData"].items()
    }
    metadata = record["eventMetadata"]
    return capture_record(
        event_id=metadata["eventId"],
        time=datetime.fromisoformat(metadata["inferenceTime"]),
        request=payloads["endpointInput"],
        response=payloads["endpointOutput"],
    )
