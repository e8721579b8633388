"""Charts of the days: each headline ratio and money over time, and the volumes behind them.

What belongs here: what is drawn over days. What does not: data (named sources, see `charts`) and
the common look (`chart_style`). A day whose ratio is null is marked `n/d` with its reason; a day
without any row is an empty place. Which days there are is said last (`set_days`).
"""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from ml_insights.dashboard.chart_style import (
    AXIS_EXTENT,
    RATIOS,
    VOLUMES,
    Spec,
    colour_of,
    finished,
    interval_of,
    ratio_axis,
    shape_of,
    source,
)

_GAP = 0.28
"""Share of a day's place that stays free beside its bar."""
_WIDEST = 44
"""Pixels: with few days, bars stay this narrow."""


def set_days(chart: Spec, days: Sequence[str]) -> None:
    """Give the chart a place for every day, so that a missing day is seen as a gap.

    Args:
        chart: one of this module; it is changed.
        days: `YYYY-MM-DD`, ascending.
    """
    for layer in chart["layer"]:
        layer["encoding"]["x"]["scale"]["domain"] = list(days)


def trend_chart(ratio: str, variants: Sequence[str]) -> Spec:
    """One ratio over the days: 95 % interval, guaranteed limits if any, provisional days hollow."""
    x, colour = _day_axis(), colour_of(variants)
    y = alt.Y(f"{ratio}:Q", title=None, axis=ratio_axis(ratio)).scale(zero=False, padding=8)
    every = source("days").encode(x=x, y=y, color=colour)
    known = every.transform_filter(f"isValid(datum.{ratio})")
    unknown = every.transform_filter(f"datum.has_values && !isValid(datum.{ratio})")
    layers = [
        _chosen_day(x),
        interval_of(known.mark_rule(strokeWidth=6, opacity=0.25), ratio),
        every.mark_line(strokeWidth=1.5),  # breaks where the ratio is null
        known.mark_point(size=46, strokeWidth=2, opacity=1, cursor="pointer").encode(
            fill=alt.condition("datum.provisional", alt.value("white"), colour),
            shape=shape_of(variants),
            tooltip=_tooltip(ratio),
        ),
        unknown.mark_text(text="n/d", fontSize=11, dy=-6, opacity=1).encode(
            y=alt.value("height"), tooltip=_tooltip(ratio)
        ),
    ]
    if ratio == "average_precision":
        layers.insert(3, interval_of(known.mark_rule(strokeWidth=12), f"{ratio}_limit"))
    return finished(layers, height=190)


def value_days_chart(variants: Sequence[str]) -> Spec:
    """Money at the operating threshold over the days: 95 % interval, provisional days hollow."""
    x, colour = _day_axis(), colour_of(variants)
    axis = alt.Axis(format="~s", tickCount=5, minExtent=AXIS_EXTENT)
    y = alt.Y("operating_value:Q", title="Money at the day's threshold", axis=axis)
    every = source("value_days").encode(x=x, y=y.scale(zero=False, padding=8), color=colour)
    known = every.transform_filter("isValid(datum.operating_value)")
    layers = [
        _chosen_day(x),
        interval_of(known.mark_rule(strokeWidth=6, opacity=0.25), "operating_value"),
        every.mark_line(strokeWidth=1.5),  # breaks where there is no value
        known.mark_point(size=46, strokeWidth=2, opacity=1, cursor="pointer").encode(
            fill=alt.condition("datum.provisional", alt.value("white"), colour),
            shape=shape_of(variants),
            tooltip=[
                alt.Tooltip("day:N", title="Day"),
                alt.Tooltip("variant:N", title="Variant"),
                alt.Tooltip("value_text:N", title="Value"),
            ],
        ),
    ]
    return finished(layers, height=190)


def volume_chart(volume: str, variants: Sequence[str]) -> Spec:
    """Records of one kind over the days, the variants on top of each other."""
    x = _day_axis()
    short = "datum.value === 0 ? '0' : format(datum.value, '~s')"
    axis = alt.Axis(labelExpr=short, tickCount=4, tickMinStep=1, minExtent=AXIS_EXTENT)
    bars = source("days").mark_bar(cornerRadiusEnd=2, cursor="pointer", width=_bar_width(1))
    bars = bars.encode(
        x=x,
        y=alt.Y(f"{volume}:Q", title=None, axis=axis).scale(zero=True),
        color=colour_of(variants),
        tooltip=[
            alt.Tooltip("day:N", title="Day"),
            alt.Tooltip("variant:N", title="Variant"),
            alt.Tooltip(f"{volume}:Q", title=VOLUMES[volume], format=","),
        ],
    )
    return finished([_chosen_day(x), bars], height=130)


def _day_axis() -> alt.X:
    """The axis of the days, which `set_days` names."""
    label = "utcFormat(toDate(datum.value), '%-d %b')"
    axis = alt.Axis(
        labelExpr=label, labelAngle=0, grid=False, labelOverlap="parity", labelSeparation=10
    )
    scale = alt.Scale(paddingInner=_GAP, paddingOuter=_GAP / 2)
    return alt.X("day:O", title=None, axis=axis, scale=scale)


def _chosen_day(x: alt.X) -> alt.Chart:
    """A ground behind the day the reader chose, as wide as its place on the axis."""
    bar = source("chosen_day").mark_bar(color="#e6edf5", width=_bar_width(1 / (1 - _GAP)))
    ground: alt.Chart = bar.encode(x=x, y=alt.value(0), y2=alt.value("height"))
    return ground


def _bar_width(share: float) -> alt.ExprRef:
    """So many times the width of a bar."""
    return alt.ExprRef(f"{share} * min(bandwidth('x'), {_WIDEST})")


def _tooltip(ratio: str) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("day:N", title="Day"),
        alt.Tooltip("variant:N", title="Variant"),
        alt.Tooltip(f"{ratio}_text:N", title=RATIOS[ratio]),
        alt.Tooltip("labels_text:N", title="Labels"),
    ]
