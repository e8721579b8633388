"""A text is a JSON document as a whole or not at all: no tail, no second object, no leniency."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pyspark.sql.types import StringType, StructField, StructType

from ml_insights.spark.values import parse_json
from ml_insights_tests.spark.reading import evaluated

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

SCHEMA = StructType(
    [
        StructField("a", StringType()),
        StructField("in", StructType([StructField("b", StringType())])),
    ]
)

ONE_DOCUMENT: dict[str, tuple[str | None, str | None]] = {
    '{"a":"x","in":{"b":"y"}}': ("x", "y"),
    ' \t{ "a" : "x" }\r ': ("x", None),
    "{}": (None, None),
    '{"in":null,"a":null}': (None, None),
    '{"c":[1,{"a":"hidden"}],"a":"x"}': ("x", None),
    '{"a":"first","a":"last"}': ("last", None),
    '{"a":"{\\"a\\":\\"inner\\"},{\\"a\\":\\"too\\"}"}': ('{"a":"inner"},{"a":"too"}', None),
    '{"a":"\\u00e4\\n\\ud834\\udd1e\\/"}': ("ä\n𝄞/", None),
    '{"a":"~ml_insights_end_of_24"}': ("~ml_insights_end_of_24", None),
    '{"a":"0.10"}': ("0.10", None),
    '{"a":true,"in":{"b":12345678901234567890123}}': ("true", "12345678901234567890123"),
    '{"a":{"x":[1,"2"]}}': ('{"x":[1,"2"]}', None),
}
NOT_ONE_DOCUMENT = [
    "",
    " ",
    "null",
    "5",
    '"text"',
    "[]",
    '[{"a":"x"}]',
    '{"a":"x"',
    '{"a":"x"}}',
    '{"a":"x"}]',
    '{"a":"x"},',
    '{"a":"x"}{"a":"y"}',
    '{"a":"x"} {"a":"y"}',
    '{"a":"x"},{"a":"y"}',
    '{"a":"x"},"b":{"a":"y"}',
    '{"a":"x"},"":{"a":"y"}',
    '{"a":"x"},"~ml_insights_end_of_9":null}',
    '{"a":"x"}}{"',
    "{'a':'x'}",
    '{a:"x"}',
    '{"a":"x",}',
    '{"a" "x"}',
    '{"a":"x" # note\n}',
    '{"a":"x" /* note */}',
    '{"a":"tab\tin text"}',
    '{"a":"\\x41"}',
    '{"a":"x\x00"}',
    '{"a":"x"}\x00',
    '\ufeff{"a":"x"}',
    '{"a":NaN}',
    '{"a":-Infinity}',
    '{"a":01}',
    '{"a":+1}',
    '{"a":.5}',
    '{"a":1.}',
    '{"a":0x1F}',
    '{"a":TRUE}',
    '{"in":5}',
    '{"in":[{"b":"y"}]}',
    '{"in":""}',
]


def test_a_text_is_a_document_only_as_a_whole(spark: SparkSession, tmp_path: Path) -> None:
    texts = [*ONE_DOCUMENT, *NOT_ONE_DOCUMENT]
    parsed = evaluated(spark, tmp_path, texts, lambda text: parse_json(text, SCHEMA))
    found = {
        text: (document["a"], document["in"] and document["in"]["b"]) if document else None
        for text, (document,) in zip(texts, parsed, strict=True)
    }
    assert found == {**ONE_DOCUMENT, **dict.fromkeys(NOT_ONE_DOCUMENT)}


def test_nan_is_a_value_only_where_it_is_asked_for(spark: SparkSession, tmp_path: Path) -> None:
    ((strict, lenient),) = evaluated(
        spark,
        tmp_path,
        ['{"a":NaN}'],
        lambda text: parse_json(text, SCHEMA),
        lambda text: parse_json(text, SCHEMA, nan=True),
    )
    assert (strict, lenient["a"]) == (None, '"NaN"')
