"""Checking and converting values by the shapes of botocore's service models.

What belongs here: what a shape says of a value, on the way in (`Decoder`, as strict as AWS) and on
the way out (`encode`, where an offence is a defect of the stand-in). What does not: where in an
HTTP request a value travels (`protocol`), and rules no shape states (the service classes).

Unions are shapes that the model marks as such, or whose documentation says that only one of their
members may be set: QuickSight's model marks hardly any.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

import regex
from botocore.utils import parse_timestamp

_ONE_OF = re.compile("only one of the attributes can be|exactly one of", re.IGNORECASE)
_PLAIN = {"string": str, "character": str, "boolean": bool, "structure": dict, "map": dict}
_NUMBERS = {"integer": (int,), "long": (int,), "float": (int, float), "double": (int, float)}
_SURROGATES = r"\uD800\uDC00-\uDBFF\uDFFF"


class Decoder:
    """Turns a value from the wire into Python values and collects every offence on the way.

    Attributes:
        problems: one sentence for each offence, in the words of AWS where it has them.
        malformed: values of the wrong type, which AWS answers before it looks at anything else.
    """

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.malformed: list[str] = []

    def decode(self, shape: Any, value: Any, path: str = "") -> Any:
        """The value with timestamps and blobs converted; members that are null are left out."""
        if not _is_of_type(shape.type_name, value):
            self.malformed.append(f"{path or 'body'} is not a {shape.type_name}")
            return None
        handlers: dict[str, Callable[[Any, Any, str], Any]] = {
            "structure": self._structure,
            "list": self._list,
            "map": self._map,
            "timestamp": self._timestamp,
            "blob": self._blob,
        }
        return handlers.get(shape.type_name, self._scalar)(shape, value, path)

    def refuse(self, path: str, value: Any, constraint: str) -> None:
        shown = "null" if value is None else f"'{str(value)[:200]}'"
        self.problems.append(
            f"Value {shown} at '{path}' failed to satisfy constraint: {constraint}"
        )

    def _structure(self, shape: Any, value: dict[str, Any], path: str) -> dict[str, Any]:
        given = {name: item for name, item in value.items() if item is not None}
        names = {
            member.serialization.get("name", name): name for name, member in shape.members.items()
        }
        for wire_name in given.keys() - names.keys():
            self.refuse(
                _join(path, wire_name), given[wire_name], f"{shape.name} has no such member"
            )
        decoded = {
            name: self.decode(shape.members[name], given[wire_name], _join(path, name))
            for wire_name, name in names.items()
            if wire_name in given
        }
        for name in shape.required_members:
            if name not in decoded:
                self.refuse(_join(path, name), None, "Member must not be null")
        if is_union(shape) and len(decoded) != 1:
            choice = ", ".join(sorted(shape.members))
            self.refuse(path, sorted(decoded), f"exactly one of these must be set: {choice}")
        return decoded

    def _list(self, shape: Any, value: list[Any], path: str) -> list[Any]:
        self._bounds(shape, len(value), value, path, "length")
        return [
            self.decode(shape.member, item, f"{path}.{number}.member")
            for number, item in enumerate(value, start=1)
        ]

    def _map(self, shape: Any, value: dict[str, Any], path: str) -> dict[str, Any]:
        self._bounds(shape, len(value), value, path, "length")
        return {
            self.decode(shape.key, key, f"{path}.key"): self.decode(
                shape.value, item, _join(path, key)
            )
            for key, item in value.items()
        }

    def _scalar(self, shape: Any, value: Any, path: str) -> Any:
        if shape.type_name in _NUMBERS:
            self._bounds(shape, value, value, path, "value")
        if shape.type_name != "string":
            return value
        self._bounds(shape, len(value), value, path, "length")
        if shape.enum and value not in shape.enum:
            self.refuse(path, value, f"Member must satisfy enum value set: {shape.enum}")
        pattern = shape.metadata.get("pattern")
        if pattern and not _compiled(pattern).fullmatch(value):
            message = f"Member must satisfy regular expression pattern: {pattern}"
            self.refuse(path, value, message)
        return value

    def _bounds(self, shape: Any, number: float, value: Any, path: str, what: str) -> None:
        low, high = shape.metadata.get("min"), shape.metadata.get("max")
        if low is not None and number < low:
            self.refuse(path, value, f"Member must have {what} greater than or equal to {low}")
        if high is not None and number > high:
            self.refuse(path, value, f"Member must have {what} less than or equal to {high}")

    def _timestamp(self, shape: Any, value: Any, path: str) -> datetime | None:
        try:
            moment: datetime = parse_timestamp(value)
        except (ValueError, TypeError):
            self.malformed.append(f"{path} is not a timestamp")
            return None
        return moment.astimezone(UTC)

    def _blob(self, shape: Any, value: Any, path: str) -> bytes:
        try:
            decoded = base64.b64decode(value, validate=True)
        except (binascii.Error, TypeError, ValueError):
            self.malformed.append(f"{path} is not base64")
            return b""
        self._bounds(shape, len(decoded), value, path, "length")
        return decoded


def encode(shape: Any, value: Any, path: str = "output") -> Any:
    """A service's answer as JSON has it; members that are None are left out.

    Raises:
        AssertionError: the model does not know such an answer.
    """
    kind = shape.type_name
    if kind == "timestamp":
        assert isinstance(value, datetime), f"{path} is not a datetime: {value!r}"
        iso = shape.serialization.get("timestampFormat") == "iso8601"
        return value.isoformat() if iso else round(value.timestamp(), 3)
    if kind == "blob":
        return base64.b64encode(value).decode()
    assert _is_of_type(kind, value), f"{path} is not a {kind}: {value!r}"
    if kind == "structure":
        return _encode_structure(shape, value, path)
    if kind == "list":
        return [encode(shape.member, item, f"{path}[{n}]") for n, item in enumerate(value)]
    if kind == "map":
        return {key: encode(shape.value, item, _join(path, key)) for key, item in value.items()}
    known = getattr(shape, "enum", None)
    assert not known or value in known, f"{path}: {value!r} is none of {known}"
    return value


def _encode_structure(shape: Any, value: dict[str, Any], path: str) -> dict[str, Any]:
    given = {name: item for name, item in value.items() if item is not None}
    unknown = given.keys() - shape.members.keys()
    assert not unknown, f"{path}: {shape.name} has no member {sorted(unknown)}"
    missing = set(shape.required_members) - given.keys()
    assert not missing, f"{path}: {shape.name} needs {sorted(missing)}"
    members = {name: shape.members[name] for name in given}
    return {
        member.serialization.get("name", name): encode(member, given[name], _join(path, name))
        for name, member in members.items()
    }


def is_union(shape: Any) -> bool:
    """Whether exactly one member must be set."""
    return bool(shape.members) and (shape.is_tagged_union or _says_one_of(shape.documentation))


@cache
def _says_one_of(documentation: str) -> bool:
    return bool(_ONE_OF.search(re.sub("<[^>]+>", "", documentation)))


@cache
def _compiled(pattern: str) -> Any:
    """Patterns are Java's: they name characters beyond the basic plane by surrogates."""
    return regex.compile(pattern.replace(_SURROGATES, r"\U00010000-\U0010FFFF"))


def _is_of_type(kind: str, value: Any) -> bool:
    if kind in _NUMBERS:
        return isinstance(value, _NUMBERS[kind]) and not isinstance(value, bool)
    if kind == "list":
        return isinstance(value, list)
    return isinstance(value, _PLAIN.get(kind, object))


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
