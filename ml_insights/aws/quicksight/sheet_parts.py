"""What the sheets share: their form, scopes of filters, controls.

What belongs here: pieces of sheets that say nothing of what is shown. What does not: sheets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ml_insights.aws.quicksight import controls, visuals
from ml_insights.aws.quicksight.controls import CLASS, SLICE, Choices
from ml_insights.aws.quicksight.fields import Format, Json, Source
from ml_insights.aws.quicksight.layout import Row
from ml_insights.dashboard.wording import SHARES

Sources = Mapping[str, Source]
Scope = dict[str, list[str]]
Part = tuple[list[Row], list[Json]]
"""Rows of a sheet, and the filters of their visuals."""


@dataclass(frozen=True)
class Built:
    """A sheet and the filters of its visuals."""

    sheet: Json
    filters: list[Json] = field(default_factory=list)


def shown_as(ratio: str) -> Format:
    """Shares of records in percent, F1 and areas as plain numbers: as on the page."""
    return "share" if ratio in SHARES else "plain"


def class_and_slice(group: str, source: Source, scope: Scope) -> list[Json]:
    """Only rows of the chosen class and slice."""
    return [
        controls.equals_parameter(f"{group}-class", source, "class_label", CLASS, scope),
        controls.equals_parameter(f"{group}-slice", source, "slice", SLICE, scope),
    ]


def last_days(choices: Choices) -> int:
    """Age of the oldest day that charts over days show."""
    return min(choices.days, visuals.LINE_DAYS) - 1


def scopes(name: str) -> Callable[[Sequence[Json]], Scope]:
    """Scope of a filter: these visuals of the sheet."""
    return lambda chosen: {name: [visuals.visual_id(one) for one in chosen]}


def controls_of(
    names: Sequence[str], sheet_name: str, choices: Choices, quality: Source
) -> list[Json]:
    """Controls of parameters on a sheet."""
    made = [controls.control(name, sheet_name, choices, quality) for name in names]
    return [control for controls_of_one in made for control in controls_of_one]
