"""What a Spark job is told: typed, immutable, and the same as JSON on a command line.

What belongs here: the arguments of the two heavy jobs and their JSON form. What does not: how they
are derived from settings (`ml_insights.runners`) or used (`raw_predictions`, `confusion_counts`).

This module travels to the Spark cluster: standard library only, Python 3.9.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any, Optional, TypeVar

JobArguments = TypeVar("JobArguments", bound="_Arguments")

CSV = "text/csv"
JSON = "application/json"
JSON_LINES = "application/jsonlines"


@dataclass(frozen=True)
class ValueForm:
    """Where values stand in the `data` of one content type.

    Attributes:
        content_type: `text/csv`, `application/json` or `application/jsonlines`.
        index: CSV: column of the value, from 0; None means that every value counts.
        path: JSON: path from the document's root, such as `predictions[*].score`; JSON Lines: path
            from the root of a line. "" is the root itself.
    """

    content_type: str
    index: Optional[int] = None
    path: str = ""


@dataclass(frozen=True)
class SliceFeature:
    """An input feature that slices the traffic.

    Attributes:
        name: name of the slice.
        form: where the feature stands in the input's data.
        edges: ascending cut points of a number; empty: every distinct value is a slice. With edges
            30 and 50 the slices are `<30`, `30..50` (closed below) and `>=50`.
    """

    name: str
    form: ValueForm
    edges: tuple[float, ...] = ()


@dataclass(frozen=True)
class CaptureFormat:
    """How an endpoint's capture records hold scores and slice features.

    Attributes:
        scores: one form for each content type the endpoint answers in.
        classes: names of the classes of a score list, in its order; empty: one score.
        positive_label: class_label of the rows when there is one score.
        slices: features that slice the traffic.
    """

    scores: tuple[ValueForm, ...]
    positive_label: str
    classes: tuple[str, ...] = ()
    slices: tuple[SliceFeature, ...] = ()


@dataclass(frozen=True)
class _Arguments:
    """JSON form shared by the jobs."""

    def to_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls: type[JobArguments], text: str) -> JobArguments:
        values = json.loads(text)
        return cls(**{field.name: values[field.name] for field in fields(cls)})
