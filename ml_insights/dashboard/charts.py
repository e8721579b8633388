"""The catalogue of chart specifications: declarative Vega-Lite, made with Altair, without data.

A specification names its data (`SOURCES`) and does not hold it, so that the page exchanges data
when the reader chooses, and the small picture is drawn from the very same specification. What
does not belong here: how a chart is drawn (`curve_charts`, `history_charts`, `chart_style`).
"""

from __future__ import annotations

from collections.abc import Sequence

from ml_insights.dashboard.chart_style import RATIOS, VOLUMES, Spec
from ml_insights.dashboard.curve_charts import precision_recall_chart, threshold_chart
from ml_insights.dashboard.history_charts import trend_chart, volume_chart

SOURCES = {
    "curves": "drawn points of the chosen day's curves, one row a variant and threshold",
    "operating": "the operating point of each variant",
    "chosen": "the point of each variant at the threshold the reader chose",
    "days": "one row a variant and day",
    "chosen_day": "one row: the day the reader chose",
}
"""Names of the data sources, to be filled by whoever shows a chart."""

CURVE_RATIOS = ("precision", "recall", "f1")
"""Ratios that have a value at every threshold."""


def page_charts(variants: Sequence[str], days: Sequence[str]) -> dict[str, Spec]:
    """Every chart of the page, by the id of the element that holds it.

    Args:
        variants: Names of the production variants, in the order of their colours.
        days: Every day of the time axes, `YYYY-MM-DD`, ascending; days without data included.

    Returns:
        Vega-Lite specifications as JSON-ready dictionaries.
    """
    charts = {"precision_recall": precision_recall_chart(variants)}
    charts |= {f"threshold_{ratio}": threshold_chart(ratio, variants) for ratio in CURVE_RATIOS}
    charts |= {f"trend_{ratio}": trend_chart(ratio, variants, days) for ratio in RATIOS}
    charts |= {f"volume_{volume}": volume_chart(volume, variants, days) for volume in VOLUMES}
    return charts
