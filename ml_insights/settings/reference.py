"""Every setting in words: key, type, default, unit, legal values, meaning; read off the models.

What belongs here: the flat description that messages and the manual share, and its Markdown form.
What does not: any setting (`model`, `endpoint`, `forms`).
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ml_insights.settings.section import Legal, Unit, WrittenAs

NAME = "<name>"
"""Stands in a path for the keys that users choose."""

KeyPath = tuple[str, ...]
"""Keys from the root down; entries of a list have the path of the list."""

_TYPES: dict[object, str] = {
    bool: "flag",
    str: "text",
    int: "whole number",
    float: "number",
    date: "date",
    time: "time",
}


@dataclass(frozen=True)
class Setting:
    """One setting, described for users.

    Attributes:
        type: `text`, `number`, `section`, `list` and so on.
        default: as it is written in the file; "required" if the key must be given, "optional" for
            a section whose keys have defaults, "none" if nothing takes its place.
        unit: what a number is counted in; "" otherwise.
        legal: legal values.
        meaning: what it is for.
        keys: legal keys below it; empty for a value.
    """

    type: str
    default: str
    unit: str
    legal: str
    meaning: str
    keys: tuple[str, ...] = ()


Reference = dict[KeyPath, Setting]


def reference(model: type[BaseModel]) -> Reference:
    """Describe the settings of a model and of the sections below it; the root has the path ()."""
    root = Setting("section", "required", "", "", _plain(model.__doc__), tuple(model.model_fields))
    return {(): root} | dict(_below(model, ()))


def _below(model: type[BaseModel], path: KeyPath) -> Iterator[tuple[KeyPath, Setting]]:
    for key, field in model.model_fields.items():
        here = (*path, key)
        sections = list(_sections(field.annotation, *field.metadata))
        keys = tuple(dict.fromkeys(key for section in sections for key in section.model_fields))
        named = bool(sections) and get_origin(field.annotation) is Mapping
        yield here, _setting(field, () if named else keys)
        if named:
            entry, legal = sections[0], _legal(*_unwrapped(get_args(field.annotation)[0]))
            here = (*here, NAME)
            yield here, Setting("section", "required", "", legal, _plain(entry.__doc__), keys)
        for section in sections:
            yield from _below(section, here)


def _setting(field: FieldInfo, keys: tuple[str, ...]) -> Setting:
    unit = [mark.text for mark in field.metadata if isinstance(mark, Unit)]
    kind = _type(field.annotation, keys)
    return Setting(
        type=kind,
        default=_default(field, kind),
        unit=unit[-1] if unit else "",
        legal=_legal(field.annotation, field.metadata) or _keys_in_words(keys),
        meaning=_plain(field.description),
        keys=keys,
    )


def _sections(*types_and_marks: Any) -> Iterator[type[BaseModel]]:
    """The models among the parts of a type, such as those of a list's entries."""
    for item in types_and_marks:
        if isinstance(item, type) and issubclass(item, BaseModel):
            yield item
        if isinstance(item, WrittenAs):
            yield item.section
        yield from _sections(*get_args(item))


def _unwrapped(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    if get_origin(annotation) is Annotated:
        return annotation.__origin__, annotation.__metadata__
    return annotation, ()


def _type(annotation: Any, keys: tuple[str, ...]) -> str:
    annotation, _ = _unwrapped(annotation)
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType) and type(None) in get_args(annotation):
        return _type(get_args(annotation)[0], keys)
    if origin is tuple:
        return "list of sections" if keys else f"list of {_type(get_args(annotation)[0], ())}s"
    if origin is Literal:
        return "text"
    if origin is Mapping and get_args(annotation)[1] is str:
        return "names and values"
    return _TYPES.get(annotation, "section")


def _legal(annotation: Any, marks: Any) -> str:
    words = [mark.text for mark in marks if isinstance(mark, Legal)]
    if words:
        return words[-1]
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(annotation))
    low = [f"at least {mark.ge}" for mark in marks if isinstance(mark, Ge)]
    low += [f"above {mark.gt}" for mark in marks if isinstance(mark, Gt)]
    high = [f"at most {mark.le}" for mark in marks if isinstance(mark, Le)]
    return ", ".join([f"a {_type(annotation, ())}", *low, *high]) if low or high else ""


def _keys_in_words(keys: tuple[str, ...]) -> str:
    return "the keys " + ", ".join(f"`{key}`" for key in keys) if keys else ""


def _default(field: FieldInfo, kind: str) -> str:
    if field.is_required():
        return "required"
    return (
        "optional" if kind == "section" else _written(field.get_default(call_default_factory=True))
    )


def _written(value: Any) -> str:
    """A default as a user would write it in the file."""
    if isinstance(value, BaseModel):
        keys = value.model_dump(exclude_unset=True)
        return "{" + ", ".join(f"{key}: {item}" for key, item in keys.items()) + "}"
    if isinstance(value, tuple | Mapping):
        return ", ".join(_written(item) for item in value) or "none"
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _plain(text: str | None) -> str:
    return " ".join((text or "").split())


def markdown(rows: Reference) -> str:
    """The reference as one Markdown table a section, for the manual."""
    return "\n".join(_table(path, setting, rows) for path, setting in rows.items() if setting.keys)


def _table(path: KeyPath, section: Setting, rows: Reference) -> str:
    title = f"`{'.'.join(path)}`" if path else "Top level"
    head = "| key | type | default | unit | legal values | meaning |\n" + "| --- " * 6 + "|"
    lines = [_line(key, rows[(*path, key)]) for key in section.keys]
    return "\n".join([f"### {title}\n\n{section.meaning}\n\n{head}", *lines, ""])


def _line(key: str, row: Setting) -> str:
    words = ("required", "optional", "none")
    default = row.default if row.default in words else f"`{row.default}`"
    return f"| `{key}` | {row.type} | {default} | {row.unit} | {row.legal} | {row.meaning} |"
