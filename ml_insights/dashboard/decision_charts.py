"""Charts people decide from: money against the threshold, and whether scores mean what they say.

What belongs here: what is drawn of money and calibration. What does not: data (named sources, see
`charts`) and the common look (`chart_style`).
"""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from ml_insights.dashboard.chart_style import (
    AXIS_EXTENT,
    Spec,
    colour_of,
    finished,
    interval_of,
    shape_of,
    source,
)

_TICKS = [0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 1]
"""Of shares on a root scale, which opens up the low scores of rare positives."""


def value_chart(variants: Sequence[str]) -> Spec:
    """Money against the threshold with its 95 % band; dashed what capacity does not allow."""
    x = alt.X("threshold:Q", title="Threshold: scores from here on are acted on")
    x = x.axis(format=".2~f", tickCount=6, grid=False).scale(domain=[0, 1])
    axis = alt.Axis(format="~s", tickCount=5, minExtent=AXIS_EXTENT)
    y = alt.Y("value:Q", title="Money of the day's labelled records", axis=axis).scale(zero=False)
    points = source("values").encode(x=x, y=y, color=colour_of(variants))
    best = source("best_values").encode(x=x, y=y, color=colour_of(variants))
    operating = source("operating_values").encode(x=x)
    allowed = points.transform_filter("datum.within_capacity")
    layers = [
        interval_of(points.mark_area(opacity=0.14), "value"),
        points.mark_line(strokeWidth=1.2, strokeDash=[3, 3], opacity=0.7),
        allowed.mark_line(strokeWidth=2.5),
        operating.mark_rule(strokeDash=[5, 4], stroke="#8a94a1"),
        best.mark_rule(strokeWidth=5, opacity=0.3).encode(
            x=alt.X("threshold_low:Q"), x2=alt.X2("threshold_high:Q")
        ),
        best.mark_point(size=130, filled=True, opacity=1, stroke="white").encode(
            shape=shape_of(variants), tooltip=_value_tooltip()
        ),
        points.mark_point(size=120, opacity=0).encode(tooltip=_value_tooltip()),
    ]
    return finished(layers, height=330)


def reliability_chart(variants: Sequence[str]) -> Spec:
    """Rate of positives found against the rate the scores say, on root scales."""
    scale = alt.Scale(type="sqrt", domain=[0, 1])
    x = alt.X("mean_score:Q", title="What the scores say")
    x = x.axis(format=".2~%", grid=False, values=_TICKS)
    y = alt.Y("positive_rate:Q", title="What labels show").axis(format=".2~%", values=_TICKS)
    groups = source("groups").transform_filter("isValid(datum.positive_rate)")
    groups = groups.encode(x=x.scale(scale), y=y.scale(scale), color=colour_of(variants))
    diagonal = source("diagonal").mark_line(strokeDash=[5, 4], stroke="#8a94a1", strokeWidth=1.2)
    layers = [
        diagonal.encode(x=alt.X("mean_score:Q"), y=alt.Y("positive_rate:Q")),
        interval_of(groups.mark_rule(strokeWidth=1.5), "positive_rate"),
        groups.mark_line(strokeWidth=1.5, opacity=0.6),
        groups.mark_point(size=70, filled=True, opacity=1, stroke="white").encode(
            shape=shape_of(variants), tooltip=_group_tooltip()
        ),
    ]
    return finished(layers, height=330)


def label_share_chart(variants: Sequence[str]) -> Spec:
    """Share of records with a label by mean score of the group."""
    x = alt.X("mean_score:Q", title="Mean score of the group")
    x = x.axis(format=".2~%", grid=False, values=_TICKS)
    y = alt.Y("labelled_share:Q", title="Records with a label")
    y = y.axis(format=".2~%", tickCount=5).scale(domain=[0, 1])
    groups = source("groups").encode(
        x=x.scale(type="sqrt", domain=[0, 1]), y=y, color=colour_of(variants)
    )
    layers = [
        groups.mark_line(strokeWidth=1.5, opacity=0.6),
        groups.mark_point(size=70, filled=True, opacity=1, stroke="white").encode(
            shape=shape_of(variants), tooltip=_group_tooltip()
        ),
    ]
    return finished(layers, height=330)


def _value_tooltip() -> list[alt.Tooltip]:
    return [
        alt.Tooltip("variant:N", title="Variant"),
        alt.Tooltip("threshold:Q", title="Threshold", format=".4~g"),
        alt.Tooltip("value_text:N", title="Value"),
    ]


def _group_tooltip() -> list[alt.Tooltip]:
    return [
        alt.Tooltip("variant:N", title="Variant"),
        alt.Tooltip("mean_score:Q", title="Scores say", format=".3~%"),
        alt.Tooltip("positive_rate:Q", title="Labels show", format=".3~%"),
        alt.Tooltip("records:Q", title="Records", format=","),
        alt.Tooltip("labelled:Q", title="With a label", format=","),
    ]
