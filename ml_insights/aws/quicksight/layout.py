"""Where things stand on a sheet: rows of elements on QuickSight's grid of 36 columns.

What belongs here: the sheet as a grid. What does not: what stands there (`sheets`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from ml_insights.aws.quicksight.fields import Json
from ml_insights.aws.quicksight.visuals import visual_id

_COLUMNS = 36
_TEXT_HEIGHT = 2


@dataclass(frozen=True)
class Row:
    """Visuals side by side, all of one width and height.

    Attributes:
        visuals: built visuals; none for a row of text.
        height: grid rows.
        text: a heading and its hint, above the visuals.
    """

    visuals: Sequence[Json]
    height: int
    text: tuple[str, str] | None = None


def sheet(sheet_id: str, name: str, rows: Sequence[Row], controls: Sequence[Json]) -> Json:
    """A sheet with its rows from top to bottom, and its controls above them."""
    elements: list[Json] = []
    texts: list[Json] = []
    top = 0
    for number, row in enumerate(rows):
        if row.text:
            box = f"{sheet_id}-text-{number}"
            texts.append({"SheetTextBoxId": box, "Content": _rich_text(*row.text)})
            elements.append(_element(box, "TEXT_BOX", top, 0, width=_COLUMNS, height=_TEXT_HEIGHT))
            top += _TEXT_HEIGHT
        elements += _side_by_side([visual_id(one) for one in row.visuals], top, row.height)
        top += row.height
    return {
        "SheetId": sheet_id,
        "Name": name,
        "ContentType": "INTERACTIVE",
        "Visuals": [visual for row in rows for visual in row.visuals],
        **({"TextBoxes": texts} if texts else {}),
        "Layouts": [_grid(elements)],
        **_controls(controls),
    }


def _side_by_side(names: Sequence[str], top: int, height: int) -> list[Json]:
    edges = [round(_COLUMNS * place / len(names)) for place in range(len(names) + 1)]
    return [
        _element(name, "VISUAL", top, left, width=right - left, height=height)
        for name, (left, right) in zip(names, pairwise(edges), strict=True)
    ]


def _controls(controls: Sequence[Json]) -> Json:
    """The controls, in one line at the top of the sheet."""
    if not controls:
        return {}
    names = [next(iter(control.values()))["ParameterControlId"] for control in controls]
    width = min(6, _COLUMNS // len(names))
    lefts = accumulate([width] * (len(names) - 1), initial=0)
    elements = [
        _element(name, "PARAMETER_CONTROL", 0, left, width=width, height=3)
        for name, left in zip(names, lefts, strict=True)
    ]
    grid = {"Configuration": {"GridLayout": {"Elements": elements}}}
    return {"ParameterControls": list(controls), "SheetControlLayouts": [grid]}


def _element(name: str, kind: str, row: int, column: int, *, width: int, height: int) -> Json:
    return {
        "ElementId": name,
        "ElementType": kind,
        "RowIndex": row,
        "ColumnIndex": column,
        "ColumnSpan": width,
        "RowSpan": height,
    }


def _grid(elements: list[Json]) -> Json:
    screen = {"ResizeOption": "RESPONSIVE"}
    canvas = {"ScreenCanvasSizeOptions": screen}
    return {"Configuration": {"GridLayout": {"Elements": elements, "CanvasSizeOptions": canvas}}}


def _rich_text(heading: str, hint: str) -> str:
    """QuickSight's text markup: a large heading, a line break, the hint."""
    head = f'<inline font-size="20px">{_escaped(heading)}</inline>'
    return f"<text-box>{head}<br/>{_escaped(hint)}</text-box>"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
