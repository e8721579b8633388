"""Seeded random damage: every line is read or rejected as a plain reader does it, none is lost."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from ml_insights.capture_files import (
    Payload,
    csv_columns_response,
    csv_request,
    csv_response,
    json_lines_response,
    json_response,
    softprob_response,
)
from ml_insights_tests.spark.captured import (
    AMOUNTS_OF_CLASSES,
    AMOUNTS_OF_SCORES,
    json_request,
    line,
    probability_lines,
)
from ml_insights_tests.spark.mutations import damaged
from ml_insights_tests.spark.plain_reader import Prediction, RejectedError, read_line
from ml_insights_tests.spark.reading import read_lines

if TYPE_CHECKING:
    from pyspark.sql import Row, SparkSession

    from ml_insights.spark.arguments import CaptureFormat

pytestmark = pytest.mark.spark


@pytest.mark.parametrize("classes", [False, True], ids=["one score", "classes"])
def test_randomly_damaged_lines_are_read_as_a_plain_reader_reads_them(
    spark: SparkSession, tmp_path: Path, classes: bool
) -> None:
    random = Random(20261001)
    capture, write = FORMATS[classes]
    good = [write(random).encode() for _ in range(100)]
    lines = [damaged(random, random.choice(good), good) for _ in range(4_000)]
    found = [as_plain(rows) for rows in read_lines(spark, tmp_path, lines, capture)]
    expected = [plainly_read(damaged_line, capture) for damaged_line in lines]
    differing = [case for case in zip(lines, found, expected, strict=True) if case[1] != case[2]]
    assert differing == []
    kinds = {item if isinstance(item, str) else "read" for items in expected for item in items}
    assert len(kinds) >= 12, "the damage has to reach most reasons"


def line_of_scores(random: Random) -> str:
    """A record in any form, of one to three predictions."""
    scores = [random.random() for _ in range(random.choice((1, 1, 2, 3)))]
    rows = [(random.randrange(20, 60), random.choice(("EU", "US")), amount(random)) for _ in scores]
    forms = (csv_response, json_response, json_lines_response)
    return line_in_any_encoding(random, random.choice(forms)(scores), csv_request(rows))


def line_of_classes(random: Random) -> str:
    rows = [tuple(random.random() for _ in range(3)) for _ in range(random.choice((1, 1, 2, 3)))]
    forms = (
        csv_columns_response,
        softprob_response,
        lambda rows: probability_lines(*rows),
    )
    request = json_request(*([random.randrange(20), amount(random)] for _ in rows))
    return line_in_any_encoding(random, random.choice(forms)(rows), request)


def amount(random: Random) -> float | int | str | None:
    """An amount, nearly always a usable one."""
    cents = random.randrange(10**6)
    odd = ("", "x", -1, 1e14, 12.345, 0.125, "1e2", 10**13, "0.285")
    return random.choice((cents, cents / 100, f"{cents}.50", random.choice(odd)))


FORMATS = {
    False: (AMOUNTS_OF_SCORES, line_of_scores),
    True: (AMOUNTS_OF_CLASSES, line_of_classes),
}
"""Format and lines, with classes or without."""


def line_in_any_encoding(random: Random, response: Payload, request: Payload) -> str:
    sides = [side.in_base64() if random.random() < 0.25 else side for side in (response, request)]
    return line(
        sides[0],
        random.choice((sides[1], sides[1], None)),
        event_id=str(UUID(int=random.getrandbits(128), version=4)),
        inference_id=random.choice((None, None, f"order {random.random()}")),
    )


def as_plain(rows: list[Row]) -> list[Prediction | str]:
    return [
        row["reason"]
        if row["kind"] != "accepted"
        else Prediction(
            bytes(row["event_id"]),
            row["prediction_index"],
            row["predictions_in_record"],
            row["class_label"],
            row["score"],
            tuple(row["slice_values"]),
            row["reason"] if row["amount"] is None else row["amount"],
        )
        for row in rows
    ]


def plainly_read(damaged_line: bytes, capture: CaptureFormat) -> list[Any]:
    try:
        return read_line(damaged_line, capture)
    except RejectedError as rejected:
        return [str(rejected)]
