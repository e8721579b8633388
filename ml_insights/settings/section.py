"""What every section of the settings is made of: strict, frozen, and described where it is defined.

What belongs here: the base model, the marks that describe a setting to users, types that several
sections share, and how a check across entries reports beside the checks of the entries. What does
not: any setting.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, ValidationInfo
from pydantic_core import InitErrorDetails, PydanticCustomError

_PATTERN_SIGNS = re.compile(r"[?*\[\]{}]")
S3_LOCATION = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?")

Finding = tuple[tuple[str | int, ...], str]
"""Where, from the checked value down, and what is wrong there."""


class Section(BaseModel):
    """Base of all sections: an unknown key is an error, and nothing changes once it is read."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_default=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )


@dataclass(frozen=True)
class Legal:
    """Legal values in words, where the type and its bounds do not say them."""

    text: str


@dataclass(frozen=True)
class Unit:
    """What a number is counted or measured in."""

    text: str


@dataclass(frozen=True)
class WrittenAs:
    """The section that users write where the setting itself is something else."""

    section: type[Section]


def is_s3(location: str) -> bool:
    """Whether a location is on S3 rather than a local folder."""
    return location.startswith("s3:")


def _location(value: str, info: ValidationInfo) -> str:
    """Make folders absolute and drop trailing slashes, so that appending `/...` is safe."""
    if S3_LOCATION.fullmatch(value):
        return _literal(value.rstrip("/"))
    if "://" in value or is_s3(value) or not value.strip():
        raise ValueError("is neither a folder nor s3://bucket/folder")
    base: Path = (info.context or {}).get("folder", Path())
    return _literal(str((base / Path(value).expanduser()).resolve()))


def _literal(location: str) -> str:
    if found := _PATTERN_SIGNS.search(location):
        raise ValueError(
            f"has {found.group()!r} in {location!r}: Spark takes ? * [ ] {{ }} for a pattern and "
            "would read other folders, or none. Rename the folder, or link to it by another name"
        )
    return location


Location = Annotated[
    str,
    AfterValidator(_location),
    Legal(
        "a folder (from the settings file's folder, if relative) or `s3://bucket/folder`, without "
        "any of `?*[]{}`"
    ),
]
Share = Annotated[float, Field(ge=0, le=1), Unit("ratio")]


def part(item: object, key: str) -> object:
    """Value of an entry that is still as the user wrote it (a mapping) or already a section."""
    return item.get(key) if isinstance(item, Mapping) else getattr(item, key, None)


def checked(validate: Callable[[Any], Any], value: Any, findings: Sequence[Finding]) -> Any:
    """Validate a value and report findings about it as a whole beside those of its entries.

    Pydantic runs a check of the whole only when every entry is legal; users want all problems at
    once. So checks of the whole read the entries as written (`part`) and are merged here.

    Raises:
        ValidationError: an entry is illegal, or there are findings.
    """
    problems = [_detail("finding", place, text, value) for place, text in findings]
    try:
        legal = validate(value)
    except ValidationError as error:
        problems += [
            _detail(found["type"], found["loc"], found["msg"], found["input"])
            for found in error.errors()
        ]
    if problems:
        raise ValidationError.from_exception_data("settings", problems)
    return legal


def _detail(kind: str, place: tuple[str | int, ...], text: str, value: Any) -> InitErrorDetails:
    error = PydanticCustomError(kind, "{text}", {"text": text})
    return InitErrorDetails(type=error, loc=place, input=value)
