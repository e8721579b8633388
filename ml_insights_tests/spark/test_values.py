"""Values out of text: exactly one JSON document or nothing, and every form of payload."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from pyspark.sql import functions as F

from ml_insights.spark.arguments import ValueForm
from ml_insights.spark.decimal_number import DECIMAL_NUMBER, decimal_number
from ml_insights.spark.values import (
    decoded,
    is_blank,
    media_type,
    valid_utf8,
    values_of,
)
from ml_insights_tests.spark.reading import evaluated

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

CSV, CSV_0, CSV_1 = ValueForm("text/csv"), ValueForm("text/csv", 0), ValueForm("text/csv", 1)
ITEMS = ValueForm("application/json", path="predictions[*].score")
NESTED = ValueForm("application/json", path="a.b c[1].d")
ROOT = ValueForm("application/json")
ROOT_LIST = ValueForm("application/json", path="[*]")
SECOND = ValueForm("application/json", path="[*][1]")
LINES = ValueForm("application/jsonlines", path="score")
ROOT_LINES = ValueForm("application/jsonlines")

FOUND: list[tuple[ValueForm, str, list[str | None] | None]] = [
    (CSV, "0.5", ["0.5"]),
    (CSV, "0.5\n", ["0.5"]),
    (CSV, " 0.5\t\r\n", ["0.5"]),
    (CSV, "0.1,0.2", ["0.1", "0.2"]),
    (CSV, "0.1\n0.2\r\n0.3", ["0.1", "0.2", "0.3"]),
    (CSV, "0.1,0.2\n0.3,\n", ["0.1", "0.2", "0.3", ""]),
    (CSV, '"0.5"', ["0.5"]),
    (CSV, "", []),
    (CSV, "\r\n \t\n", []),
    (CSV, ",", ["", ""]),
    (CSV_0, "0.5", ["0.5"]),
    (CSV_0, "0.1,1\n0.2,0\n", ["0.1", "0.2"]),
    (CSV_0, "", None),
    (CSV_1, "1,0.1", ["0.1"]),
    (CSV_1, "1, 0.1 ,9\r\n0,0.2,9\r\n", ["0.1", "0.2"]),
    (CSV_1, "1,0.1\n0", ["0.1", None]),
    (CSV_1, "1,\n", [""]),
    (CSV_1, '"no, never",0.1', ["0.1"]),
    (CSV_1, '"say ""no, never""",0.1,"a,b"\nyes,0.2', ["0.1", "0.2"]),
    (CSV_1, 'x,"say ""no"", never"', ['say "no", never']),
    (
        ITEMS,
        '{"predictions": [{"score": 0.98, "predicted_label": 1}, {"score": 2}]}',
        ["0.98", "2"],
    ),
    (ITEMS, '{"predictions": [{"label": 1}, null, {"score": null}]}', [None, None, None]),
    (ITEMS, '{"predictions": [{"score": "0.5"}, {"score": NaN}]}', ["0.5", '"NaN"']),
    (ITEMS, '{"predictions": []}', []),
    (ITEMS, '{"predictions": [{"score": 0.1}, 5, {"score": 0.3}]}', None),
    (ITEMS, '{"predictions": {"score": 0.5}}', None),
    (ITEMS, '{"outputs": []}', None),
    (ITEMS, '[{"score": 0.5}]', None),
    (ITEMS, '{"predictions": [{"score": 0.5}]}{}', None),
    (NESTED, '{"a":{"b c":[{"d":"no"},{"d":0.25}]}}', ["0.25"]),
    (NESTED, '{"a":{"b c":[{"d":"no"}]}}', None),
    (ROOT, "0.5", ["0.5"]),
    (ROOT, '"0.5"\n', ["0.5"]),
    (ROOT, "null", None),
    (ROOT_LIST, "[0.1, 0.25]", ["0.1", "0.25"]),
    (ROOT_LIST, "[]", []),
    (SECOND, "[[0.75, 0.25], [0.5], []]", ["0.25", None, None]),
    (LINES, '{"score":0.5}\n', ["0.5"]),
    (LINES, '{"score":0.1}\r\n\n{"score":0.2}', ["0.1", "0.2"]),
    (LINES, '{"score":0.1}\n{"score":0.2\n{"s":0}\n{"score":0.4}', ["0.1", None, None, "0.4"]),
    (LINES, "", []),
    (ROOT_LINES, "0.1\n0.2", ["0.1", "0.2"]),
]
FOUND_LISTS: list[tuple[ValueForm, str, list[list[str | None] | None] | None]] = [
    (CSV, "0.1,0.9\n0.8, 0.2\n", [["0.1", "0.9"], ["0.8", "0.2"]]),
    (CSV, "", []),
    (ROOT_LIST, "[[0.1, 0.9], [0.75, null, 1], null]", [["0.1", "0.9"], ["0.75", None, "1"], None]),
    (ROOT_LIST, "[[0.1, 0.9], 5]", None),
    (ROOT, "[0.1, 0.9]", [["0.1", "0.9"]]),
    (
        ValueForm("application/json", path="predictions[*].p"),
        '{"predictions": [{"p": [0.1, 0.9]}, {}]}',
        [["0.1", "0.9"], None],
    ),
    (LINES, '{"score":[0.1,0.9]}\n{"score":[1]}\n', [["0.1", "0.9"], ["1"]]),
]


def test_every_form_gives_one_value_a_prediction(spark: SparkSession, tmp_path: Path) -> None:
    assert_found(spark, tmp_path, FOUND, lists=False)


def test_every_form_gives_one_list_a_prediction_with_classes(
    spark: SparkSession, tmp_path: Path
) -> None:
    assert_found(spark, tmp_path, FOUND_LISTS, lists=True)


def assert_found(
    spark: SparkSession,
    folder: Path,
    cases: Sequence[tuple[ValueForm, str, Any]],
    *,
    lists: bool,
) -> None:
    forms = list(dict.fromkeys(form for form, _, _ in cases))
    columns = [partial(values_of, form=form, lists=lists) for form in forms]
    results = evaluated(spark, folder, [text for _, text, _ in cases], *columns)
    found = [
        (form, text, values[forms.index(form)])
        for (form, text, _), values in zip(cases, results, strict=True)
    ]
    assert found == cases


def test_a_number_is_a_decimal_and_nothing_else(spark: SparkSession, tmp_path: Path) -> None:
    numbers = ["0", "1.", ".5", "-0.0", "+1", "00.5", "1e-400", "1E+5", "9" * 400]
    others = [
        "",
        ".",
        "-",
        "e5",
        "1e",
        "0x1p3",
        "0.5d",
        "0.5f",
        "1_000",
        "1,5",
        "\u0660.5",
        "Infinity",
    ]
    ends = ["0.5\n", "0.5\r", "0.5\u2028", "0.5\u0085", "\n0.5", " 0.5", "0.5 "]
    texts = [*numbers, *others, *ends, "nan"]
    found = evaluated(spark, tmp_path, texts, lambda text: text.rlike(DECIMAL_NUMBER))
    assert [text for text, (matches,) in zip(texts, found, strict=True) if matches] == numbers
    assert [text for text in texts if decimal_number(text) is not None] == numbers


def test_payloads_are_decoded_as_their_encoding_says(spark: SparkSession, tmp_path: Path) -> None:
    payloads: dict[tuple[str | None, str | None], bytes | None] = {
        ("0.5", "CSV"): b"0.5",
        ("MC41", "JSON"): b"MC41",
        ("MC41", "BASE64"): b"0.5",
        ("MC41", " base64 "): b"0.5",
        ("MC41\r\nMC41", "BASE64"): b"0.50.5",
        ("MC4xMQ==", "BASE64"): b"0.11",
        ("MC4xMQ", "BASE64"): b"0.11",
        ("", "BASE64"): b"",
        ("Ynl0ZTr/", "BASE64"): "byte:\ufffd".encode(),
        ("not base64!", "BASE64"): None,
        ("MC4x=MC4x", "BASE64"): None,
        ("M", "BASE64"): None,
        (None, "BASE64"): None,
        (None, "CSV"): None,
    }
    texts = [json.dumps({"data": data, "encoding": encoding}) for data, encoding in payloads]
    found = evaluated(
        spark,
        tmp_path,
        texts,
        lambda text: decoded(F.from_json(text, "data string, encoding string")).cast("binary"),
    )
    assert dict(zip(payloads, (value for (value,) in found), strict=True)) == payloads


def test_media_types_lose_their_parameters(spark: SparkSession, tmp_path: Path) -> None:
    given = ["text/csv", "text/csv; charset=utf-8", " Text/CSV ;x", "", None]
    found = evaluated(spark, tmp_path, given, media_type)
    assert [value for (value,) in found] == ["text/csv", "text/csv", "text/csv", "", None]


def test_text_is_told_from_bytes_and_blanks(spark: SparkSession, tmp_path: Path) -> None:
    given: dict[bytes, tuple[bool, bool]] = {
        b"": (True, True),
        b" \t \r": (True, True),
        b"x": (True, False),
        "ä𝄞\u2028".encode(): (True, False),
        "ä".encode("latin-1"): (False, False),
        "ä".encode("utf-16"): (False, False),
        b"\xc0\x80": (False, False),
        b"\xed\xa0\x80": (False, False),
        b"ok\xf0\x9f": (False, False),
    }
    found = evaluated(spark, tmp_path, list(given), valid_utf8, is_blank)
    assert dict(zip(given, map(tuple, found), strict=True)) == given
