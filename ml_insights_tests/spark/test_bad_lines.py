"""A bad line never stops a day and never vanishes: it has a reason, and its neighbours are read.

What becomes of good lines is in `test_data_capture`, seeded random damage in `test_damaged_lines`.
The file is long for its list of known damage.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ml_insights.capture_files import (
    Payload,
    csv_request,
    csv_response,
)
from ml_insights.contracts import REASONS
from ml_insights_tests.spark.captured import (
    CLASSES,
    CSV,
    EVENT_ID,
    JSON,
    JSON_LINES,
    ONE_SCORE,
    line,
)
from ml_insights_tests.spark.reading import read_lines

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import Row, SparkSession


pytestmark = pytest.mark.spark

GOOD = line(csv_response([0.5]), csv_request([(40, "EU")]))
RECORD = json.loads(GOOD)
INNER = line(csv_response([0.75]))
"""A record that may hide inside another."""


def without(*path: str) -> str:
    """The good line without one of its fields."""
    record = json.loads(GOOD)
    parent = record
    for name in path[:-1]:
        parent = parent[name]
    del parent[path[-1]]
    return json.dumps(record)


def csv_line(data: str) -> str:
    return line(Payload(CSV, data, "CSV"))


def json_line(data: str) -> str:
    return line(Payload(JSON, data, "JSON"))


BAD_LINES: dict[str, list[bytes | str]] = {
    "empty_line": ["", " ", "\t \r"],
    "not_utf8": [
        GOOD.replace("EU", "Zürich").encode("latin-1"),
        GOOD.encode("utf-16"),
        GOOD.encode() + b"\xff",
        b"\xef\xbb",
    ],
    "malformed_json": [
        GOOD[:-1],
        GOOD[:100],
        GOOD[1:],
        "garbage",
        GOOD + GOOD,
        GOOD + " " + GOOD,
        GOOD + "," + GOOD,
        GOOD + ',"eventVersion":' + GOOD,
        GOOD + "]",
        GOOD + "}",
        GOOD + "\0",
        GOOD[:60] + "\0" + GOOD[60:],
        GOOD.encode("utf-16-le"),
        "\ufeff" + GOOD,
        "[" + GOOD + "]",
        "[]",
        "null",
        "0.5",
        '"0.5"',
        "NaN",
        GOOD.replace('"', "'"),
        GOOD.replace('"0"', "NaN"),
        GOOD.replace('"0"', "01"),
        GOOD.replace("EU", "E\tU"),
        '{"~ml_insights_document":' + GOOD,
        GOOD + ',"~ml_insights_end":"."}',
        GOOD + f',"~ml_insights_end_of_{len(GOOD)}":null}}',
        json.dumps({**RECORD, "captureData": 5}),
        json.dumps({**RECORD, "eventMetadata": [RECORD["eventMetadata"]]}),
    ],
    "no_event_id": [
        "{}",
        without("eventMetadata"),
        without("eventMetadata", "eventId"),
        GOOD.replace(EVENT_ID, ""),
        json.dumps({"detail": RECORD}),
    ],
    "no_output": [
        without("captureData"),
        without("captureData", "endpointOutput"),
        without("captureData", "endpointOutput", "data"),
        line(None, csv_request([(40, "EU")])),
        json.dumps({**RECORD, "captureData": None}),
    ],
    "unknown_encoding": [
        without("captureData", "endpointOutput", "encoding"),
        line(Payload(CSV, "0.5", "GZIP")),
        line(Payload(CSV, "0.5", "")),
    ],
    "bad_base64": [
        line(Payload(CSV, "MC41=MC41", "BASE64")),
        line(Payload(CSV, "0.5", "BASE64")),
        line(Payload(CSV, "{}", "BASE64")),
    ],
    "unexpected_content_type": [
        line(Payload("application/x-npy", "k05VTVBZ", "BASE64")),
        line(Payload("text/plain; text/csv", "0.5", "CSV")),
        line(Payload("", "0.5", "CSV")),
    ],
    "no_predictions": [
        csv_line(""),
        csv_line("\r\n \n"),
        line(Payload(CSV, "", "BASE64")),
        line(Payload(JSON_LINES, "\n", "JSON")),
        json_line(""),
        json_line('{"predictions": []}'),
        json_line('{"predictions": null}'),
        json_line('{"predictions": {"score": 0.5}}'),
        json_line('{"predictions": [{"score": 0.5}, 0.5]}'),
        json_line('{"predictions": [{"score": 0.5}]'),
        json_line('{"predictions": [{"score": 0.5}]}{"predictions": []}'),
        json_line("{'predictions': [{'score': 0.5}]}"),
        json_line('{"message": "model is loading"}'),
        json_line("[0.5]"),
    ],
    "score_missing": [
        csv_line('""'),
        csv_line(","),
        json_line('{"predictions": [{}]}'),
        json_line('{"predictions": [null]}'),
        json_line('{"predictions": [{"score": null}]}'),
        json_line('{"predictions": [{"score": ""}]}'),
        line(Payload(JSON_LINES, '{"score": 0.5', "JSON")),
    ],
    "score_nan": [
        csv_line("NaN"),
        csv_line("-nan"),
        json_line('{"predictions": [{"score": NaN}]}'),
        json_line('{"predictions": [{"score": "nan"}]}'),
        line(Payload(JSON_LINES, '{"score": NaN}\n', "JSON")),
    ],
    "score_not_a_number": [
        *map(
            csv_line, ["Infinity", "-inf", "0x1p-1", "0.5d", "0.5f", "1/2", "0 5", "0.5;1", "yes"]
        ),
        *map(csv_line, ["0.5\u2028", "0.5\u0085", "\u0660.5", "0.5\x0b", "1_0", "."]),
        json_line('{"predictions": [{"score": true}]}'),
        json_line('{"predictions": [{"score": {"value": 0.5}}]}'),
        json_line('{"predictions": [{"score": [0.5]}]}'),
        json_line('{"predictions": [{"score": Infinity}]}'),
        line(Payload(CSV, "k05VTVBZAQB2AHsn", "BASE64")),
        csv_line(INNER.replace(",", ";")),
    ],
    "score_below_0": [
        csv_line("-0.1"),
        csv_line("-1e-300"),
        json_line('{"predictions":[{"score":-1}]}'),
    ],
    "score_above_1": [
        csv_line("1.5"),
        csv_line("1e999"),
        csv_line("1.0000000000000002"),
        csv_line("9" * 500),
    ],
}
ODD_BUT_GOOD = {
    GOOD + "\r": 0.5,
    " " + GOOD + "\t": 0.5,
    csv_line("-0.0"): 0.0,
    csv_line("1e-400"): 0.0,
    csv_line("+.5e0"): 0.5,
    csv_line("0.50000000000000000000000000000001"): 0.5,
    json_line('{"predictions": [{"score": "0.5"}]}'): 0.5,
    json_line('{"predictions": [{"score": 1}]}'): 1.0,
    line(csv_response([0.5]), Payload(CSV, INNER, "CSV")): 0.5,
    line(csv_response([0.5]), Payload(CSV, f'{GOOD},"x":{GOOD}', "CSV")): 0.5,
    line(csv_response([0.5]), Payload(CSV, "~ml_insights_end_of_", "CSV")): 0.5,
    line(csv_response([0.5]), custom_attributes=[INNER, "]}"]): 0.5,
    line(csv_response([0.5]), Payload(CSV, "40," + "x" * 6_000_000, "CSV")): 0.5,
    line(csv_response([0.5]), Payload(CSV, "a" * 8_000_000, "BASE64")): 0.5,
}


@pytest.fixture(scope="module")
def read_bad_lines(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> dict[bytes | str, list[Row]]:
    """Rows of all bad and odd lines, in one job."""
    lines = [*(line for lines in BAD_LINES.values() for line in lines), *ODD_BUT_GOOD]
    rows = read_lines(spark, tmp_path_factory.mktemp("bad"), lines, ONE_SCORE)
    return dict(zip(lines, rows, strict=True))


@pytest.mark.parametrize("reason", BAD_LINES)
def test_a_bad_line_is_rejected_once_with_its_reason(
    read_bad_lines: dict[bytes | str, list[Row]], reason: str
) -> None:
    for bad in BAD_LINES[reason]:
        found = [(row["kind"], row["reason"]) for row in read_bad_lines[bad]]
        if reason.startswith("score_"):
            assert set(found) == {("rejected_prediction", reason)}, bad
        else:
            assert found == [("rejected_line", reason)], bad


def test_every_reason_for_a_captured_line_is_tested() -> None:
    of_other_lines = {"no_label_data", "no_labels", "wrong_class_count"}
    assert {*BAD_LINES} == {*REASONS} - of_other_lines


def test_what_only_looks_bad_is_read(read_bad_lines: dict[bytes | str, list[Row]]) -> None:
    found = {
        odd[:200]: [(row["reason"], row["score"], str(row["score"])) for row in read_bad_lines[odd]]
        for odd in ODD_BUT_GOOD
    }
    assert found == {odd[:200]: [(None, score, str(score))] for odd, score in ODD_BUT_GOOD.items()}


def test_a_rejected_line_is_kept_cut_and_readable(
    read_bad_lines: dict[bytes | str, list[Row]],
) -> None:
    (latin,) = read_bad_lines[BAD_LINES["not_utf8"][0]]
    assert latin["line"] == GOOD.replace("EU", "Z\ufffdrich")
    (nines,) = read_bad_lines[csv_line("9" * 500)]
    assert (nines["line"], nines["source_object"]) == (csv_line("9" * 500), "object")
    (doubled,) = read_bad_lines[GOOD + GOOD]
    assert doubled["line"] == (GOOD + GOOD)[:4096]


def test_a_bad_prediction_leaves_the_others_of_its_record(
    spark: SparkSession, tmp_path: Path
) -> None:
    lines = [
        csv_line("0.25,1.5,nan,,0.75"),
        json_line('{"predictions": [{"score": 0.25}, {"score": NaN}, {}, {"score": 0.75}]}'),
        line(Payload(JSON_LINES, '{"score":0.25}\n{"score":\n{"score":0.75}', "JSON")),
    ]
    found = read_lines(spark, tmp_path, lines, ONE_SCORE)
    assert [[row["reason"] or row["score"] for row in rows] for rows in found] == [
        [0.25, "score_above_1", "score_nan", "score_missing", 0.75],
        [0.25, "score_nan", "score_missing", 0.75],
        [0.25, "score_missing", 0.75],
    ]
    assert [[row["prediction_index"] for row in rows] for rows in found] == [
        [*range(len(rows))] for rows in found
    ]


def test_a_bad_score_of_a_class_rejects_the_prediction_once(
    spark: SparkSession, tmp_path: Path
) -> None:
    scores = [[0.25, 0.5], [0.25, 0.5, 0.25, 0], [0.25, -1, 2], [0.25, None, 0.5], [0, 0, 1], []]
    data = json.dumps([*scores, None])
    (rows,) = read_lines(spark, tmp_path, [json_line(data)], CLASSES)
    assert [(row["prediction_index"], row["reason"] or row["class_label"]) for row in rows] == [
        (0, "wrong_class_count"),
        (1, "wrong_class_count"),
        (2, "score_below_0"),
        (3, "score_missing"),
        (4, "cat"),
        (4, "dog"),
        (4, "bird"),
        (5, "wrong_class_count"),
        (6, "wrong_class_count"),
    ]
