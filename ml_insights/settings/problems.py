"""What is wrong with settings, in words a user can act on.

What belongs here: sentences about one wrong key. What does not: where it was written (`file`,
`environment`), and collecting the sentences (`load`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from ml_insights.settings.reference import NAME, KeyPath, Reference, Setting

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_LONGEST_VALUE = 60
_OWN_CHECKS = ("value_error", "finding")
_NOT_A_SECTION = ("model_type", "model_attributes_type", "mapping_type", "dict_type")
_NOT_AMONG_LEGAL_VALUES = ("literal_error", "string_pattern_mismatch")


@dataclass(frozen=True)
class Problem:
    """Something wrong in what the user wrote.

    Attributes:
        source: the file as the user named it, or the environment variable.
        line: from 1; 0 where there are no lines.
        text: the key and what is wrong with it.
    """

    source: str
    line: int
    text: str

    def __str__(self) -> str:
        place = f"{self.source}:{self.line}" if self.line else self.source
        return f"{place}: {self.text}"


def explain(error: ErrorDetails, rows: Reference) -> str:
    """What a validation error says about its key, with the legal values."""
    path = key_path(error["loc"], rows)
    kind = error["type"]
    if kind == "extra_forbidden":
        return unknown_key(path, str(error["loc"][-1]), rows)
    setting = rows[path]
    if kind == "missing":
        text = "is missing"
    elif error["input"] is None and kind not in _OWN_CHECKS:
        text = "has no value; write one, or leave the key out if it has a default"
    elif kind in _NOT_A_SECTION:
        return f"{_shown(error['input'])}must be a section. {_legal_keys(setting)}"
    elif kind == "too_short" and not error["input"]:
        text = "is empty"
    elif kind in _NOT_AMONG_LEGAL_VALUES:
        text = f"{_shown(error['input'])}is not legal"
    else:
        words = error["msg"].removeprefix("Value error, ").removeprefix("Input ")
        text = _shown(error["input"]) + words.replace("tuple", "list")
    return f"{text}. Legal: {setting.legal}." if setting.legal else f"{text}."


def unknown_key(section: KeyPath, key: str, rows: Reference) -> str:
    """That a section has no such key, and which one may have been meant."""
    legal = rows[section].keys
    near = get_close_matches(key.lower(), legal, n=1)
    elsewhere = [".".join(path[:-1]) or "the top level" for path in rows if path[-1:] == (key,)]
    text = f"{key!r} is not a key here"
    if near:
        text += f"; did you mean {near[0]!r}?"
    elif elsewhere:
        text += f"; it belongs to {_in_words(elsewhere)}, so check the indentation."
    else:
        text += "."
    return f"{text} {_legal_keys(rows[section])}"


def _legal_keys(section: Setting) -> str:
    return f"Legal keys: {', '.join(section.keys) or 'none'}."


def key_path(place: Iterable[str | int], rows: Reference) -> KeyPath:
    """The described setting that a validation error's location is about, or lies in."""
    path: KeyPath = ()
    for step in place:
        if (*path, step) in rows:
            path = (*path, str(step))
        elif (*path, NAME) in rows:
            path = (*path, NAME)
    return path


def _shown(value: object) -> str:
    if not isinstance(value, str | int | float):
        return ""
    text = str(value)
    short = text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."
    return f"{short!r} "


def _in_words(places: list[str]) -> str:
    return " or ".join(f"`{place}`" if place != "the top level" else place for place in places)
