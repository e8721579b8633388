"""Charts of a day's curves: precision against recall, and each ratio against the threshold.

What belongs here: what is drawn of curves. What does not: data (named sources, see `charts`) and
the common look (`chart_style`). A point whose ratio is null is not drawn.
"""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from ml_insights.dashboard.chart_style import (
    Spec,
    colour_of,
    finished,
    interval_of,
    ratio_axis,
    shape_of,
    source,
)


def precision_recall_chart(variants: Sequence[str], *, still: bool = False) -> Spec:
    """Precision against recall with 95 % band, chance level, operating and chosen points.

    The parameter `precision_top` is the upper end of the precision axis. On the page the controls
    are the legend; a still picture has its own, and no marks for the pointer.
    """
    recall = alt.X("recall:Q", title="Recall: share of all positives that is found")
    recall = recall.axis(format=".2~%", tickCount=5).scale(domain=[0, 1])
    precision = alt.Y("precision:Q", title="Precision: share of alarms that is right")
    precision = precision.axis(ratio_axis("precision")).scale(
        domainMin=0, domainMax=alt.ExprRef("precision_top")
    )
    colour, tooltip = colour_of(variants, legend=still), _tooltip()
    curves, operating, chosen = (
        source(name)
        .transform_filter("isValid(datum.precision) && isValid(datum.recall)")
        .encode(x=recall, y=precision, color=colour)
        for name in ("curves", "operating", "chosen")
    )
    chance = source("operating").mark_rule(strokeDash=[2, 4])
    across = operating.mark_rule(strokeWidth=1.5)
    layers = [
        chance.encode(y=alt.Y("prevalence:Q"), color=colour),
        interval_of(curves.mark_area(opacity=0.16), "precision"),
        curves.mark_line(strokeWidth=2.5).encode(order=alt.Order("rank:O")),
        interval_of(operating.mark_rule(strokeWidth=1.5), "precision"),
        across.encode(x=alt.X("recall_low:Q"), x2=alt.X2("recall_high:Q")),
        _chosen_mark(chosen),
        operating.mark_point(size=110, filled=True, opacity=1, stroke="white").encode(
            shape=shape_of(variants), tooltip=tooltip
        ),
    ]
    if not still:
        layers.append(_hover_mark(curves).encode(tooltip=tooltip))
    return finished(layers, height=430, params={"precision_top": 1})


def threshold_chart(ratio: str, variants: Sequence[str]) -> Spec:
    """One ratio against the threshold, with its 95 % band and the chosen and operating thresholds.

    The parameter `stretched` shows thresholds by their log-odds, so that both ends of the scale
    open up; `first`, `last` and `ticks` are the axis, in the shown unit.
    """
    # The grid's outermost thresholds are 0 and 1 - 2**-20: only 0 is moved by the clamp.
    inside = "clamp(datum.threshold, pow(2, -21), 1 - pow(2, -21))"
    shown = f"stretched ? log({inside} / (1 - {inside})) : datum.threshold"
    x = alt.X("shown:Q", title="Threshold", axis=_threshold_axis()).scale(
        domainMin=alt.ExprRef("first"), domainMax=alt.ExprRef("last"), clamp=True
    )
    y = alt.Y(f"{ratio}:Q", title=None, axis=ratio_axis(ratio)).scale(zero=True)
    curves, operating, chosen = (
        source(name).transform_calculate(shown=shown).transform_filter(f"isValid(datum.{ratio})")
        for name in ("curves", "operating", "chosen")
    )
    curves, chosen = (
        chart.encode(x=x, y=y, color=colour_of(variants)) for chart in (curves, chosen)
    )
    layers = [
        operating.mark_rule(strokeDash=[5, 4], stroke="#8a94a1").encode(x=x),
        curves.mark_line(strokeWidth=2),
        _chosen_mark(chosen),
        _hover_mark(curves).encode(tooltip=_tooltip()),
    ]
    if ratio != "f1":  # the table has no interval of F1 along the curve
        layers.insert(1, interval_of(curves.mark_area(opacity=0.16), ratio))
    axis = {"stretched": False, "first": 0, "last": 1, "ticks": [0, 0.5, 1]}
    return finished(layers, height=190, params=axis)


def _threshold_axis() -> alt.Axis:
    labels = "stretched ? format(1 / (1 + exp(-datum.value)), '.6~f') : format(datum.value, '.1f')"
    return alt.Axis(values=alt.ExprRef("ticks"), labelExpr=labels, grid=False, labelOverlap=True)


def _chosen_mark(chosen: alt.Chart) -> alt.Chart:
    mark: alt.Chart = chosen.mark_point(
        size=170, strokeWidth=2.5, fill="white", opacity=1, shape="diamond"
    )
    return mark


def _hover_mark(curves: alt.Chart) -> alt.Chart:
    """Unseen marks that carry the tooltip and take the click of each drawn point."""
    mark: alt.Chart = curves.mark_point(size=120, opacity=0, cursor="pointer")
    return mark


def _tooltip() -> list[alt.Tooltip]:
    return [
        alt.Tooltip("variant:N", title="Variant"),
        alt.Tooltip("threshold:Q", title="Threshold", format=".6~g"),
        alt.Tooltip("precision:Q", title="Precision", format=".2~%"),
        alt.Tooltip("recall:Q", title="Recall", format=".2~%"),
        alt.Tooltip("f1:Q", title="F1", format=".3f"),
    ]
