"""The common look of all charts: colours, marks and axes, and what the drawn quantities are called.

What belongs here: what more than one chart needs. What does not: which chart draws what.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

Spec = dict[str, Any]

PALETTE = ("#0b62a4", "#d9650b", "#0a8a63", "#b3478f", "#7a5cc4", "#a67c00", "#3b9fd1", "#5d6673")
"""Readable on white and told apart with the common colour deficiencies; variants in order."""

MARKS = {
    "circle": "●",
    "square": "■",
    "triangle-up": "▲",
    "triangle-down": "▼",
    "cross": "✚",
    "triangle-right": "▶",
    "triangle-left": "◀",
}
"""Second sign of a variant beside its colour: Vega's shape, and the same shape as a character."""

RATIOS = {
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
    "average_precision": "Average precision",
}
VOLUMES = {
    "positives": "Positives",
    "negatives": "Negatives",
    "unlabelled": "Without a label",
    "rejected": "Rejected",
}

AXIS_EXTENT = 44
"""Pixels for the labels of an upright axis, so that charts above each other stand in line."""

_TEXT, _MUTED = "#1d2733", "#566170"
_FONTS = (
    '-apple-system, BlinkMacSystemFont, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
)
_CONFIG: Spec = {
    "font": _FONTS,
    "background": "transparent",
    "view": {"stroke": None},
    "axis": {
        "domainColor": "#aab3bf",
        "gridColor": "#e8ebef",
        "labelColor": _MUTED,
        "labelFontSize": 12,
        "labelPadding": 6,
        "ticks": False,
        "titleColor": _TEXT,
        "titleFontSize": 12.5,
        "titleFontWeight": "normal",
        "titlePadding": 10,
    },
}


def colours(variants: Sequence[str]) -> dict[str, str]:
    """Colour of each variant; past the palette's end colours repeat."""
    return {name: PALETTE[place % len(PALETTE)] for place, name in enumerate(variants)}


def shapes(variants: Sequence[str]) -> dict[str, str]:
    """Vega shape of each variant, a key of `MARKS`; past their end shapes repeat."""
    return {name: list(MARKS)[place % len(MARKS)] for place, name in enumerate(variants)}


def source(name: str) -> alt.Chart:
    """A chart of the data source of this name, which is filled when the chart is shown."""
    return alt.Chart(alt.NamedData(name))


def colour_of(variants: Sequence[str], *, legend: bool = False) -> alt.Color:
    """Encode the variant by colour."""
    scale = alt.Scale(domain=list(variants), range=list(colours(variants).values()))
    shown = alt.Legend(title=None, orient="top", symbolOpacity=1, labelFontSize=12)
    return alt.Color("variant:N", scale=scale, legend=shown if legend else None)


def shape_of(variants: Sequence[str]) -> alt.Shape:
    """Encode the variant by shape."""
    scale = alt.Scale(domain=list(variants), range=list(shapes(variants).values()))
    return alt.Shape("variant:N", scale=scale, legend=None)


def ratio_axis(ratio: str) -> alt.Axis:
    """The upright axis of a ratio: percent for shares of records, plain for F1 and areas."""
    plain = ratio in ("f1", "average_precision")
    shown_as = ".3~f" if plain else ".2~%"
    return alt.Axis(format=shown_as, tickCount=5, minExtent=AXIS_EXTENT)


def interval_of(chart: alt.Chart, ratio: str) -> alt.Chart:
    """The chart with its marks stretched from the lower to the upper end of the 95 % interval."""
    low = chart.encoding.y.copy()
    low.shorthand = f"{ratio}_low:Q"
    stretched: alt.Chart = chart.encode(y=low, y2=alt.Y2(f"{ratio}_high:Q"))
    return stretched


def finished(
    layers: Sequence[alt.Chart], *, height: int, params: Mapping[str, Any] | None = None
) -> Spec:
    """The layers as one specification, with the common look.

    Args:
        layers: Charts from the ground up.
        height: Pixels; the width is that of the element that will hold the chart.
        params: Start values of the parameters that whoever shows the chart may set.
    """
    chart = alt.layer(*layers).properties(width="container", height=height)
    chart = chart.add_params(*(alt.param(name=n, value=v) for n, v in (params or {}).items()))
    spec: Spec = chart.to_dict()
    return {**spec, "autosize": {"type": "fit-x", "contains": "padding"}, "config": _CONFIG}
