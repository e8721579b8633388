"""Values out of text: JSON without silent loss, decoded payloads, CSV columns and JSON paths.

What belongs here: column expressions that know the encodings in which SageMaker records `data`.
What does not: which record a value belongs to (`data_capture`, `ground_truth`).

Spark's own JSON reader loses the second object of a line without a trace. Here a document is put
into an object as the first of two members and parsed with it: only if the text is exactly one JSON
value are there two members, and the second is ours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Union

from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, DataType, MapType, StringType, StructField, StructType

from ml_insights.spark.arguments import CSV, JSON, JSON_LINES, ValueForm
from ml_insights.spark.json_path import EACH, parse_path

if TYPE_CHECKING:
    from pyspark.sql import Column

_DOCUMENT, _END = "", "~ml_insights_end_of_"
_STRICT = {"allowSingleQuotes": "false", "allowNonNumericNumbers": "false"}
_STRICT_BUT_NAN = {**_STRICT, "allowNonNumericNumbers": "true"}


def parse_json(text: Column, schema: DataType, *, nan: bool = False) -> Column:
    """The text as a value of the schema; NULL unless it is exactly one JSON value of that shape.

    Args:
        text: JSON text. Fields that are not in the schema are skipped.
        schema: Strings as leaves, so that a value of another type keeps its text.
        nan: accept the tokens NaN and Infinity, which many writers use and JSON does not know.
    """
    # The length in its name tells the closing member from any text that happens to look like it.
    end = F.concat(F.lit(_END), F.octet_length(text).cast("string"))
    wrapped = F.concat(F.lit(f'{{"{_DOCUMENT}":'), text, F.lit(',"'), end, F.lit('":null}'))
    members = MapType(StringType(), schema)
    parsed = F.from_json(wrapped, members.json(), _STRICT_BUT_NAN if nan else _STRICT)
    # Through a list, since the engine would parse again for each mention of `parsed`.
    whole = F.filter(
        F.array(parsed),
        lambda read: (F.size(read) == 2) & (F.get(F.map_keys(read), F.lit(1)) == end),
    )
    return F.get(whole, F.lit(0))[_DOCUMENT]


def is_blank(text: Column) -> Column:
    """Whether a string is empty or made of blanks."""
    return F.btrim(text, F.lit(" \t\r")) == ""


def valid_utf8(text: Column) -> Column:
    """Whether the bytes of a string column are valid UTF-8."""
    if hasattr(F, "is_valid_utf8"):  # Spark 4; there `decode` raises on bad bytes
        return F.is_valid_utf8(text)
    return F.decode(text.cast("binary"), "UTF-8") == text


def readable_text(text: Column) -> Column:
    """The string with bytes that are not UTF-8 replaced, fit to be written as text."""
    if hasattr(F, "make_valid_utf8"):
        return F.make_valid_utf8(text)
    return F.decode(text.cast("binary"), "UTF-8")


def decoded(payload: Column) -> Column:
    """Text of a captured payload (a struct with `data` and `encoding`); NULL for bad base64.

    Base64 may hold anything: bytes that are not UTF-8 are replaced.
    """
    encoding = F.upper(F.trim(payload["encoding"]))
    from_base64 = F.try_to_binary(payload["data"], F.lit("base64")).cast("string")
    return F.when(encoding == "BASE64", readable_text(from_base64)).otherwise(payload["data"])


def media_type(content_type: Column) -> Column:
    """`text/csv` of `text/csv; charset=utf-8`."""
    return F.lower(F.trim(F.substring_index(content_type, ";", 1)))


def values_of(text: Column, form: ValueForm, *, lists: bool = False) -> Column:
    """The values of a payload, one element a prediction.

    Args:
        text: decoded payload.
        form: where the values stand.
        lists: each prediction has a list of values (scores of several classes) instead of one.

    Returns:
        array<string>, or array<array<string>> with `lists`. A prediction without the value is a
        NULL element, so that positions stay aligned; a text that is not of the form is NULL.
    """
    read = {CSV: _csv_values, JSON: _json_values, JSON_LINES: _json_lines_values}
    return read[form.content_type](text, form, lists)


def _lines(text: Column) -> Column:
    return F.filter(F.split(text, "\r?\n"), lambda line: ~is_blank(line))


def _csv_values(text: Column, form: ValueForm, lists: bool) -> Column:
    if lists:
        return F.transform(_lines(text), lambda row: F.transform(F.split(row, ","), _unquoted))
    if form.index is None:
        joined = F.concat_ws(",", _lines(text))
        every = F.when(joined != "", F.split(joined, ",")).otherwise(F.array())
        return F.transform(every, _unquoted)
    index, row = form.index, F.btrim(text, F.lit(" \t\r\n"))
    several = F.transform(_lines(text), lambda row: _unquoted(_csv_column(row, index)))
    # Nearly every payload is one row, which needs no loop.
    return F.when(row.contains("\n"), several).when(
        row != "", F.array(_unquoted(_csv_column(row, index)))
    )


def _csv_column(row: Column, index: int) -> Column:
    """One column of a row; the full CSV parser only where quotes may hide a comma."""
    names = [f"_{position}" for position in range(index + 1)]
    parsed = F.from_csv(row, ", ".join(f"{name} string" for name in names), {"escape": '"'})
    plain = F.get(F.split(row, ",", index + 2), F.lit(index))
    first = F.substring_index(row, ",", 1)
    return F.when(row.contains('"'), parsed[names[-1]]).otherwise(plain if index else first)


def _unquoted(value: Column) -> Column:
    return F.btrim(value, F.lit(' \t\r"'))


def _json_values(text: Column, form: ValueForm, lists: bool) -> Column:
    leaf: DataType = ArrayType(StringType()) if lists else StringType()
    steps = parse_path(form.path)
    found = _follow(parse_json(text, _schema(steps, leaf), nan=True), steps)
    return found if EACH in steps else F.when(found.isNotNull(), F.array(found))


def _json_lines_values(text: Column, form: ValueForm, lists: bool) -> Column:
    leaf: DataType = ArrayType(StringType()) if lists else StringType()
    steps = parse_path(form.path)
    schema = _schema(steps, leaf)
    return F.transform(
        _lines(text), lambda line: _follow(parse_json(line, schema, nan=True), steps)
    )


def _schema(steps: list[Union[str, int]], leaf: DataType) -> DataType:
    """The smallest schema that holds what the path leads to."""
    schema = leaf
    for step in reversed(steps):
        if isinstance(step, int) or step is EACH:
            schema = ArrayType(schema)
        else:
            schema = StructType([StructField(step, schema)])
    return schema


def _follow(value: Column, steps: list[Union[str, int]]) -> Column:
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if step is EACH:
        follow_rest: Callable[[Column], Column] = lambda item: _follow(item, rest)  # noqa: E731
        return F.transform(value, follow_rest)
    if isinstance(step, int):
        return _follow(F.get(value, F.lit(step)), rest)
    return _follow(value.getField(step), rest)
