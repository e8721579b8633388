"""Values out of payloads once more, in plain Python: slow, obvious, strict.

What belongs here: what a text of an encoding and form holds. What does not: which record it belongs
to (`plain_reader`).
"""

from __future__ import annotations

import base64
import csv
import json
import math
import re
from typing import TYPE_CHECKING, Any

from ml_insights.spark.json_path import EACH, parse_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from ml_insights.spark.arguments import ValueForm


class ShapeError(ValueError):
    """A JSON value is not of the type that the format needs at its place."""


def json_value(text: str, *, nan: bool = False) -> Any:
    """A document whose numbers are texts."""

    def constant(name: str) -> str:
        if not nan:
            raise ValueError(name)
        return name

    def number(digits: str) -> str:
        return "Infinity" if math.isinf(float(digits)) else digits

    return json.loads(text, parse_constant=constant, parse_float=number, parse_int=str)


def members(parent: dict[str, Any], name: str) -> dict[str, Any]:
    value = parent.get(name)
    if value is not None and not isinstance(value, dict):
        raise ShapeError(name)
    return value or {}


def leaf(value: Any) -> str | None:
    """A value as text, whatever its type."""
    return value if value is None or isinstance(value, str) else json.dumps(value)


def leaves(value: Any) -> list[str | None]:
    if not isinstance(value, list):
        raise ShapeError(value)
    return [leaf(item) for item in value]


def decoded(payload: dict[str, Any]) -> str | None:
    """Text of a payload; None when it is absent or not base64."""
    data = leaf(payload.get("data"))
    if data is None or (leaf(payload.get("encoding")) or "").strip(" ").upper() != "BASE64":
        return data
    digits = re.sub("[ \t\r\n]", "", data)
    padded = digits if "=" in digits else digits + "=" * (-len(digits) % 4)
    if len(padded) % 4 or not re.fullmatch("[A-Za-z0-9+/]*={0,2}", padded):
        return None
    return base64.b64decode(padded).decode("utf-8", "replace")


def media_type(payload: dict[str, Any]) -> str | None:
    observed = leaf(payload.get("observedContentType"))
    return None if observed is None else observed.split(";")[0].strip(" ").lower()


def values_of(text: str, form: ValueForm, *, lists: bool = False) -> list[Any] | None:
    lines = [line for line in re.split("\r?\n", text) if line.strip(" \t\r")]
    if form.content_type == "text/csv":
        if lists:
            return [line.split(",") for line in lines]
        if form.index is None:
            return list(",".join(lines).split(",")) if lines else []
        return [column(line, form.index) for line in lines]
    if form.content_type == "application/jsonlines":
        found = [document_values(line, form, lists=lists) or [None] for line in lines]
        return [values[0] for values in found]
    return document_values(text, form, lists=lists)


def column(row: str, index: int) -> str | None:
    columns = next(csv.reader([row])) if '"' in row else row.split(",")
    return columns[index] if index < len(columns) else None


def document_values(text: str, form: ValueForm, *, lists: bool) -> list[Any] | None:
    """Values at the form's path; None unless the text is one document of that shape."""
    steps = parse_path(form.path)
    try:
        found = followed(json_value(text, nan=True), steps, leaves if lists else leaf)
    except ValueError:
        return None
    if EACH in steps:
        return None if found is None else list(found)
    return None if found is None else [found]


def followed(value: Any, steps: list[str | int], end: Callable[[Any], Any]) -> Any:
    if value is None:
        return None
    if not steps:
        return end(value)
    step, rest = steps[0], steps[1:]
    if isinstance(step, str) and step != EACH:
        return followed(members({"": value}, "").get(step), rest, end)
    if not isinstance(value, list):
        raise ShapeError(step)
    if isinstance(step, int):
        return followed(value[step], rest, end) if step < len(value) else None
    return [followed(item, rest, end) for item in value]
