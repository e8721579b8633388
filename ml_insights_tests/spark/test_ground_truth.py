"""Ground truth lines become codes, one row an event; nothing is taken for a label that is none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from pyspark.sql import functions as F

from ml_insights.capture_files import (
    Payload,
    csv_labels,
    json_label,
    json_labels,
    label_record,
)
from ml_insights.spark.arguments import ConfusionCountsArguments, ValueForm
from ml_insights.spark.ground_truth import (
    INVALID,
    parsed_labels,
)
from ml_insights.spark.label_texts import same_label
from ml_insights_tests.spark.labelled import counting_job
from ml_insights_tests.spark.reading import texts_frame

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

Parsed = tuple[bytes | None, list[int | None] | None, str | None]

CSV, ONE, SEVERAL = (
    ValueForm("text/csv"),
    ValueForm("application/json", path="label"),
    ValueForm("application/json", path="instances[*].label"),
)
EVENT_ID = "eed5a268-2703-4392-901f-70ffab9a7fd3"
GOOD = label_record("7", csv_labels([1]))


def parse(
    spark: SparkSession,
    folder: Path,
    lines: Sequence[bytes | str],
    job: ConfusionCountsArguments,
) -> list[Parsed]:
    """Event, codes and reason of each line, in one job."""
    frame = texts_frame(spark, folder, lines).select(
        F.col("text").alias("value"),
        F.col("number").cast("string").alias("source_object"),
        F.lit(None).cast("timestamp").alias("modified"),
        F.lit("2026-10-01").alias("collected_on"),
    )
    rows = parsed_labels(frame, job).collect()
    found = {int(row["source_object"]): row for row in rows}
    assert len(rows) == len(found) == len(lines)
    return [
        (row["event_id"] and bytes(row["event_id"]), row["codes"], row["reason"])
        for row in (found[number] for number in range(len(lines)))
    ]


def codes_of(
    spark: SparkSession,
    folder: Path,
    payloads: Sequence[Payload],
    job: ConfusionCountsArguments,
) -> list[list[int | None] | None]:
    lines = [label_record("7", payload) for payload in payloads]
    found = parse(spark, folder, lines, job)
    assert {(event_id, reason) for event_id, _, reason in found} == {(b"7", None)}
    return [codes for _, codes, _ in found]


def test_labels_are_read_in_every_form(spark: SparkSession, tmp_path: Path) -> None:
    several = {
        csv_labels([1]): [1],
        csv_labels([1, 0, 1]): [1, 0, 1],
        csv_labels([1, 0]).in_base64(): [1, 0],
        Payload(None, "1\n0\r\n", "CSV"): [1, 0],
        Payload(None, ' "1" , 0', "csv"): [1, 0],
        json_labels([1, 0]): [1, 0],
    }
    assert codes_of(spark, tmp_path, list(several), counting_job(tmp_path)) == [*several.values()]
    one = {json_label(1): [1], json_label("0"): [0], json_label(1).in_base64(): [1]}
    job = counting_job(tmp_path, labels=(ONE, CSV))
    assert codes_of(spark, tmp_path, list(one), job) == [*one.values()]


def test_json_forms_are_tried_in_order_until_one_finds_a_label(
    spark: SparkSession, tmp_path: Path
) -> None:
    lines_form = ValueForm("application/jsonlines", path="label")
    payloads = {
        json_label(1): [1],
        json_label(0).in_base64(): [0],
        json_labels([0, 1]): [0, 1],
        json_labels([None, 1]): [None, 1],
        json_labels([None]): [None],
        Payload(None, '{"label": 1, "instances": [{"label": 0}]}', "JSON"): [1],
        csv_labels([1, 0]): [1, 0],
    }
    for labels in ((ONE, SEVERAL, CSV), (lines_form, SEVERAL, CSV)):
        job = counting_job(tmp_path, labels=labels)
        assert codes_of(spark, tmp_path, list(payloads), job) == [*payloads.values()]
    nothing = [json_labels([]), Payload(None, "[1", "JSON"), Payload(None, "1", "JSON").in_base64()]
    found = parse(
        spark,
        tmp_path,
        [label_record("7", payload) for payload in nothing],
        counting_job(tmp_path, labels=(ONE, SEVERAL, CSV)),
    )
    assert [reason for *_, reason in found] == ["no_labels"] * 3


STRICT_CODES: list[tuple[str, int | None]] = [
    *((text, 1) for text in ["1", "1.0", " 1 ", "+1", "1e0", "0.1e1", "01", "1.", '"1"']),
    *((text, 0) for text in ["0", "0.0", "-0", "0e9", ".0"]),
    *((text, None) for text in ["nan", "NaN", "null", "None", '""', " "]),
    *((text, INVALID) for text in ["2", "-1", "yes", "true", "1 0", "0x1", "1d", "1\u2028", "inf"]),
]
JSON_CODES: list[tuple[object, int | None]] = [
    *((value, 1) for value in [1, 1.0, "1", "1e0"]),
    *((value, 0) for value in [0, 0.0, "0"]),
    *((value, None) for value in [None, float("nan"), "", " "]),
    *((value, INVALID) for value in [2, "yes", True, False, [1], {"label": 1}]),
]


def test_equal_numbers_missing_and_illegal_labels_are_told_apart(
    spark: SparkSession, tmp_path: Path
) -> None:
    # A row of one empty field has no label at all: hence a second label beside each.
    payloads = [
        *(csv_labels([text, 1]) for text, _ in STRICT_CODES),
        json_labels([value for value, _ in JSON_CODES]),
    ]
    *of_csv, of_json = codes_of(spark, tmp_path, payloads, counting_job(tmp_path))
    assert list(zip([text for text, _ in STRICT_CODES], of_csv, strict=True)) == [
        (text, [code, 1]) for text, code in STRICT_CODES
    ]
    assert of_json == [code for _, code in JSON_CODES]


def test_labels_are_the_same_in_ground_truth_and_in_the_settings(
    spark: SparkSession, tmp_path: Path
) -> None:
    texts = ["1", "1.0", "+1e0", "01", "1_0", "10", "inf", "Infinity", "0x1", "yes", "Yes"]
    lines = [label_record("7", csv_labels(texts))]
    for label in texts:
        job = counting_job(tmp_path, positive_label=label, negative_label="")
        ((_, codes, _),) = parse(spark, tmp_path, lines, job)
        assert codes == [int(same_label(label, text)) for text in texts], label


def test_without_a_negative_label_every_other_label_is_negative(
    spark: SparkSession, tmp_path: Path
) -> None:
    job = counting_job(tmp_path, positive_label="fraud", negative_label="")
    payloads = [
        csv_labels(["fraud", "Fraud", "genuine", "2", "nan", "", "fraud "]),
        json_labels(["fraud", 1, True, None, float("nan")]),
    ]
    assert codes_of(spark, tmp_path, payloads, job) == [
        [1, 0, 0, 0, None, None, 1],
        [1, 0, 0, None, None],
    ]


def test_a_label_may_be_a_truth_value(spark: SparkSession, tmp_path: Path) -> None:
    job = counting_job(tmp_path, positive_label="true", negative_label="false")
    found = codes_of(spark, tmp_path, [json_labels([True, False, "true", 1])], job)
    assert found == [[1, 0, 1, INVALID]]


def test_classes_are_found_by_name_and_by_number(spark: SparkSession, tmp_path: Path) -> None:
    named = counting_job(tmp_path, classes=("cat", "dog", "big bird"), positive_label="")
    assert codes_of(
        spark, tmp_path, [csv_labels(["dog", "big bird", "cat", "Cat", ""])], named
    ) == [[1, 2, 0, INVALID, None]]
    numbered = counting_job(tmp_path, classes=("10", "2", "-1"), positive_label="")
    payload = json_labels([2, "2.0", 10.0, 1e1, -1, 0, "1e1"])
    assert codes_of(spark, tmp_path, [payload], numbered) == [[1, 1, 0, 0, 2, INVALID, 0]]


def test_a_bad_line_is_rejected_with_its_reason(spark: SparkSession, tmp_path: Path) -> None:
    record = json.loads(GOOD)
    lines: dict[bytes | str, str] = {
        "": "empty_line",
        " \t\r": "empty_line",
        GOOD.replace("7", "Zürich").encode("latin-1"): "not_utf8",
        GOOD + GOOD: "malformed_json",
        GOOD + "," + GOOD: "malformed_json",
        GOOD[:-1]: "malformed_json",
        GOOD.replace('"', "'"): "malformed_json",
        json.dumps({**record, "groundTruthData": "1"}): "malformed_json",
        json.dumps({**record, "eventMetadata": {}}): "no_event_id",
        json.dumps({**record, "eventMetadata": {"inferenceId": "7"}}): "no_event_id",
        label_record("", csv_labels([1])): "no_event_id",
        json.dumps({**record, "groundTruthData": None}): "no_label_data",
        json.dumps({**record, "groundTruthData": {"encoding": "CSV"}}): "no_label_data",
        json.dumps({**record, "groundTruthData": {"data": "1"}}): "unknown_encoding",
        label_record("7", Payload(None, "1", "TEXT")): "unknown_encoding",
        label_record("7", Payload(None, "{", "BASE64")): "bad_base64",
        label_record("7", csv_labels([])): "no_labels",
        label_record("7", csv_labels([""])): "no_labels",
        label_record("7", json_label(1)): "no_labels",
        label_record("7", json_labels([])): "no_labels",
        label_record("7", Payload(None, "[1", "JSON")): "no_labels",
    }
    found = parse(spark, tmp_path, [*lines, GOOD], counting_job(tmp_path))
    assert dict(zip(lines, (reason for _, _, reason in found), strict=False)) == lines
    assert found[-1] == (b"7", [1], None)


def test_a_label_of_an_encoding_without_a_form_is_no_label(
    spark: SparkSession, tmp_path: Path
) -> None:
    lines = [label_record("7", payload) for payload in (csv_labels([1]), json_label(1))]
    only_csv, only_json = (
        counting_job(tmp_path, labels=(CSV,)),
        counting_job(tmp_path, labels=(ONE,)),
    )
    assert [reason for *_, reason in parse(spark, tmp_path, lines, only_csv)] == [None, "no_labels"]
    assert [reason for *_, reason in parse(spark, tmp_path, lines, only_json)] == [
        "no_labels",
        None,
    ]


def test_event_ids_are_those_of_the_captures(spark: SparkSession, tmp_path: Path) -> None:
    ids = {EVENT_ID: bytes.fromhex(EVENT_ID.replace("-", "")), "order 17": b"order 17"}
    lines = [label_record(event_id, csv_labels([1])) for event_id in ids]
    found = parse(spark, tmp_path, lines, counting_job(tmp_path))
    assert [event_id for event_id, _, _ in found] == [*ids.values()]
