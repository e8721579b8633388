"""Slice values come from the input row of the prediction itself, or are missing, never guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ml_insights.capture_files import Payload, csv_request, csv_response, softprob_response
from ml_insights_tests.spark.captured import CLASSES, CSV, JSON, ONE_SCORE, json_request, line
from ml_insights_tests.spark.reading import read_lines

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import Row, SparkSession

pytestmark = pytest.mark.spark

TWO = [0.25, 0.875]
THREE = [(0.25, 0.5, 0.25), (1.0, 0.0, 0.0)]
MISSING = ("(missing)", "(missing)")

SLICES: dict[str, tuple[str, list[tuple[str, ...]]]] = {
    "a row for each prediction": (
        line(csv_response(TWO), csv_request([(29.5, "EU"), (51, "US")])),
        [("<30", "EU"), (">=50.5", "US")],
    ),
    "an edge belongs to the interval above it": (
        line(csv_response([0, 0.5, 1]), csv_request([(30, ""), ("50.49999", "x"), (50.5, "x")])),
        [("30..50.5", "(missing)"), ("30..50.5", "x"), (">=50.5", "x")],
    ),
    "the input is in base64": (
        line(csv_response([0.5]), csv_request([(40, "EU")]).in_base64()),
        [("30..50.5", "EU")],
    ),
    "the input has no content type": (
        line(csv_response([0.5]), Payload(None, "40,EU", "CSV")),
        [("30..50.5", "EU")],
    ),
    "commas in quotes": (
        line(csv_response([0.5]), csv_request([('"40"', '"EU, ""north"""', 1)])),
        [("30..50.5", 'EU, "north')],
    ),
    "blanks around values": (
        line(csv_response([0.5]), csv_request([(" 4e1\t", " New York ")])),
        [("30..50.5", "New York")],
    ),
    "values that are no numbers": (
        line(csv_response(TWO), csv_request([("old", "EU"), ("nan", "EU")])),
        [("(not a number)", "EU")] * 2,
    ),
    "a missing column": (line(csv_response([0.5]), csv_request([(7,)])), [("<30", "(missing)")]),
    "no input": (line(csv_response(TWO)), [MISSING] * 2),
    "another number of rows": (
        line(csv_response(TWO), csv_request([(40, "EU")])),
        [MISSING] * 2,
    ),
    "input of another content type": (
        line(csv_response([0.5]), json_request([40, "EU"])),
        [MISSING],
    ),
    "input that is not base64": (
        line(csv_response([0.5]), Payload(CSV, "40,EU?", "BASE64")),
        [MISSING],
    ),
    "input of bytes that are no text": (
        line(csv_response([0.5]), Payload(CSV, "NDAs/w==", "BASE64")),
        [("30..50.5", "\ufffd")],
    ),
}


def test_slices_are_the_values_of_the_predictions_own_input_row(
    spark: SparkSession, tmp_path: Path
) -> None:
    lines, expected = zip(*SLICES.values(), strict=True)
    found = read_lines(spark, tmp_path, lines, ONE_SCORE)
    assert dict(zip(SLICES, slices_of(found), strict=True)) == dict(
        zip(SLICES, expected, strict=True)
    )
    ids = {(row["slice_id"], tuple(row["slice_values"])) for rows in found for row in rows}
    assert len(ids) == len({values for _, values in ids}) == len({slice_id for slice_id, _ in ids})


def test_slices_of_classes_come_from_json_input(spark: SparkSession, tmp_path: Path) -> None:
    lines = [
        line(softprob_response(THREE), json_request([9.75, "x"], [10])),
        line(softprob_response(THREE[:1]), json_request([])),
        line(softprob_response(THREE[:1]), Payload(JSON, '{"instances": 5}', "JSON")),
    ]
    found = slices_of(read_lines(spark, tmp_path, lines, CLASSES))
    assert found == [[("<10",)] * 3 + [(">=10",)] * 3, [("(missing)",)] * 3, [("(missing)",)] * 3]


def slices_of(found: list[list[Row]]) -> list[list[tuple[str, ...]]]:
    return [[tuple(row["slice_values"]) for row in rows] for rows in found]
