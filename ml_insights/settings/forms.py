"""Where values stand: scores, labels and slice features in the data that SageMaker records.

What belongs here: sections that point into a captured payload, and what makes a list of them
consistent. What does not: what the values mean (`endpoint`), and reading them
(`ml_insights.spark.values`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import (
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    ValidationInfo,
    WrapValidator,
    field_validator,
)

from ml_insights.settings.section import Finding, Legal, Section, Unit, checked, part
from ml_insights.spark.arguments import CSV, JSON, JSON_LINES, SliceFeature, ValueForm
from ml_insights.spark.json_path import EACH, parse_path

ContentType = Literal["text/csv", "application/json", "application/jsonlines"]


_JSON_FORMS = (JSON, JSON_LINES)


class Form(Section):
    """Where values stand in one content type."""

    content_type: ContentType
    """Content type of the data, without parameters such as `charset`. Base64 needs no form of its
    own: it is decoded first."""

    index: Annotated[int | None, Field(ge=0, le=100_000), Unit("columns")] = None
    """CSV only: column of the value, from 0. Without it every value counts: one a prediction, or
    one a class."""

    path: Annotated[
        str | None,
        Legal(
            "names joined by dots, `[0]` for one element of a list, at most one `[*]` for every "
            "element; such as `predictions[*].score`"
        ),
    ] = None
    """JSON only: path from the root of the document, or of the line for JSON Lines. Without it
    the root itself is the value."""

    @field_validator("index", "path")
    @classmethod
    def _fits_the_content_type(cls, value: object, info: ValidationInfo) -> object:
        kind = info.data.get("content_type")
        if value is not None and kind and (info.field_name == "index") != (kind == CSV):
            other = "path" if info.field_name == "index" else "index"
            raise ValueError(f"does not go with {kind}; give `{other}` instead")
        return value

    @field_validator("path")
    @classmethod
    def _can_be_followed(cls, path: str | None, info: ValidationInfo) -> str | None:
        if path and path.startswith("$"):
            raise ValueError("starts at the root without `$`")
        if EACH in parse_path(path or "") and info.data.get("content_type") == JSON_LINES:
            raise ValueError("must not have `[*]`: each line of JSON Lines is one prediction")
        return path

    def value_form(self) -> ValueForm:
        """The same for the Spark side."""
        return ValueForm(self.content_type, self.index, self.path or "")


def _one_form_a_content_type(value: Any, validate: Callable[[Any], Any]) -> Any:
    forms = list(value) if isinstance(value, list | tuple) else [value]
    kinds = [part(form, "content_type") for form in forms]
    findings: list[Finding] = [
        ((position, "content_type"), f"{kind} has a form already; keep one of them")
        for position, kind in enumerate(kinds)
        if kind is not None and kind in kinds[:position]
    ]
    return checked(validate, forms, findings)


Forms = Annotated[
    tuple[Form, ...],
    WrapValidator(_one_form_a_content_type),
    Field(min_length=1),
    Legal("one form, or a list with one form for each content type"),
]


def _label_forms_can_all_apply(value: Any, validate: Callable[[Any], Any]) -> Any:
    # A ground truth record names its encoding, CSV or JSON, and no content type.
    forms = list(value) if isinstance(value, list | tuple) else [value]
    findings: list[Finding] = []
    for position, form in enumerate(forms):
        kind, path = part(form, "content_type"), part(form, "path")
        earlier = [(part(one, "content_type"), part(one, "path")) for one in forms[:position]]
        if kind == CSV and any(one == CSV for one, _ in earlier):
            text = "is a second CSV form, but CSV labels only say that they are CSV; keep one"
            findings.append(((position, "content_type"), text))
        elif (kind, path) in earlier:
            findings.append(((position, "path"), "is that of a form before it"))
        elif kind in _JSON_FORMS and any(one in _JSON_FORMS and not at for one, at in earlier):
            text = "is never tried: the form without `path` before it takes every document"
            findings.append(((position, "path"), text))
    return checked(validate, forms, findings)


LabelForms = Annotated[
    tuple[Form, ...],
    WrapValidator(_label_forms_can_all_apply),
    Field(min_length=1),
    Legal("one form, or a list: at most one for CSV, and JSON forms with different paths"),
]


class FeatureForm(Form):
    """Where one input feature stands: all of an input is no feature."""

    @field_validator("index", "path")
    @classmethod
    def _is_given(cls, value: object, info: ValidationInfo) -> object:
        kind = info.data.get("content_type")
        if value is None and kind and (info.field_name == "index") == (kind == CSV):
            raise ValueError(f"is needed with {kind}, to say which feature is meant")
        return value


class FeatureSlice(FeatureForm):
    """A slice by an input feature: every value, or every interval of values, is a slice."""

    name: Annotated[
        str,
        StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$"),
        Legal("letters, digits and `_`, not first a digit; other slices have other names"),
    ]
    """Name of the slice, in tables `name=value`."""

    edges: Annotated[tuple[float, ...], Legal("a list of ascending numbers")] = ()
    """Cut points of a numeric feature: `[30, 50]` makes `<30`, `30..50` (with 30, without 50) and
    `>=50`. Without them every distinct value is a slice."""

    @field_validator("edges")
    @classmethod
    def _ascend(cls, edges: tuple[float, ...]) -> tuple[float, ...]:
        for low, high in pairwise(edges):
            if low >= high:
                raise ValueError(f"must ascend, but {high:g} follows {low:g}")
        return edges

    def slice_feature(self) -> SliceFeature:
        """The same for the Spark side."""
        return SliceFeature(self.name, self.value_form(), self.edges)


class CrossedSlice(Section):
    """Every combination of the values of several slices."""

    cross: Annotated[
        tuple[str, ...], Field(min_length=2), Legal("a list of two or more names of other slices")
    ]
    """Names of the slices that are crossed."""


def _kind_of_slice(value: object) -> str:
    crossed = "cross" in value if isinstance(value, Mapping) else isinstance(value, CrossedSlice)
    return "crossed slice" if crossed else "feature slice"


Slice = Annotated[
    Annotated[FeatureSlice, Tag("feature slice")] | Annotated[CrossedSlice, Tag("crossed slice")],
    Discriminator(_kind_of_slice),
]


def _slices_fit_together(value: Any, validate: Callable[[Any], Any]) -> Any:
    entries = value if isinstance(value, list | tuple) else ()
    return checked(validate, value, [*_repeated_names(entries), *_wrong_crosses(entries)])


Slices = Annotated[
    tuple[Slice, ...],
    WrapValidator(_slices_fit_together),
    Legal("a list of features with a name, and of crosses such as `{cross: [region, age]}`"),
]


def _repeated_names(entries: Sequence[object]) -> list[Finding]:
    # Names that differ in case only would be one column in Spark and in Glue.
    names = [str(part(entry, "name") or position).lower() for position, entry in enumerate(entries)]
    return [
        ((position, "name"), f"{part(entries[position], 'name')!r} is the name of another slice")
        for position, name in enumerate(names)
        if name in names[:position]
    ]


def _wrong_crosses(entries: Sequence[object]) -> list[Finding]:
    names = [name for entry in entries if (name := part(entry, "name"))]
    findings: list[Finding] = []
    earlier: list[list[str]] = []
    for position, entry in enumerate(entries):
        cross = part(entry, "cross")
        crossed = sorted(map(str, cross)) if isinstance(cross, list | tuple) else []
        for name in sorted({name for name in crossed if name not in names}):
            known = ", ".join(map(str, names)) or "none has a name"
            text = f"{name!r} is not the name of a slice; the names are: {known}"
            findings.append(((position, "cross"), text))
        if len(crossed) != len(set(crossed)) or (crossed and crossed in earlier):
            findings.append(((position, "cross"), f"{cross} names the same slices twice"))
        earlier.append(crossed)
    return findings
