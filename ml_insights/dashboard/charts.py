"""The catalogue of chart specifications: declarative Vega-Lite, made with Altair, without data.

A specification names its data (`SOURCES`) and does not hold it, so that the page exchanges data
when the reader chooses, and the small picture is drawn from the very same specification. What
does not belong here: how a chart is drawn (`curve_charts`, `history_charts`, `chart_style`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from copy import deepcopy
from functools import cache

from ml_insights.dashboard.chart_style import RATIOS, VOLUMES, Spec
from ml_insights.dashboard.curve_charts import precision_recall_chart, threshold_chart
from ml_insights.dashboard.decision_charts import (
    label_share_chart,
    reliability_chart,
    value_chart,
)
from ml_insights.dashboard.history_charts import (
    set_days,
    trend_chart,
    value_days_chart,
    volume_chart,
)

SOURCES = {
    "curves": "drawn points of the chosen day's curves, one row a variant and threshold",
    "operating": "the operating point of each variant",
    "chosen": "the point of each variant at the threshold the reader chose",
    "days": "one row a variant and day",
    "chosen_day": "one row: the day the reader chose",
    "values": "money of each variant at each drawn threshold",
    "operating_values": "one row: the operating threshold",
    "value_days": "money of each variant and day at its operating threshold",
    "best_values": "the best threshold of each variant, with the interval of its choice",
    "groups": "one row a variant and group of neighbouring scores",
    "diagonal": "where scores say what labels show",
}
"""Names of the data sources, to be filled by whoever shows a chart."""

CURVE_RATIOS = ("precision", "recall", "f1")
"""Ratios that have a value at every threshold."""


MONEY, CALIBRATION = "business_value", "calibration_curve"
"""Tables whose charts a page without their rows does not have."""


def page_charts(
    variants: Sequence[str], days: Sequence[str], shown: Collection[str] = (MONEY, CALIBRATION)
) -> dict[str, Spec]:
    """Every chart of the page, by the id of the element that holds it.

    Args:
        variants: Names of the production variants, in the order of their colours.
        days: Every day of the time axes, `YYYY-MM-DD`, ascending; days without data included.
        shown: Which of the tables `MONEY` and `CALIBRATION` there are.

    Returns:
        Vega-Lite specifications as JSON-ready dictionaries.
    """
    charts = deepcopy(_charts(tuple(variants), frozenset(shown)))
    for ratio in RATIOS:
        set_days(charts[f"trend_{ratio}"], days)
    for volume in VOLUMES:
        set_days(charts[f"volume_{volume}"], days)
    if MONEY in shown:
        set_days(charts["value_days"], days)
    return charts


@cache
def _charts(variants: Sequence[str], shown: Collection[str]) -> dict[str, Spec]:
    """The charts without their days: Altair takes long, and a backfill makes many pages."""
    charts = {"precision_recall": precision_recall_chart(variants)}
    charts |= {f"threshold_{ratio}": threshold_chart(ratio, variants) for ratio in CURVE_RATIOS}
    charts |= {f"trend_{ratio}": trend_chart(ratio, variants) for ratio in RATIOS}
    charts |= {f"volume_{volume}": volume_chart(volume, variants) for volume in VOLUMES}
    if MONEY in shown:
        charts["business_value"] = value_chart(variants)
        charts["value_days"] = value_days_chart(variants)
    if CALIBRATION in shown:
        charts["reliability"] = reliability_chart(variants)
        charts["label_share"] = label_share_chart(variants)
    return charts
