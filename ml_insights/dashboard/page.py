"""The dashboard as one self-contained HTML page that opens without any network.

What belongs here: putting the template, style, scripts, chart specifications, chart library and
data into one string. What does not: the data's shape (`page_data`), charts (`charts`), and
writing the file.

The scripts share one scope and run in the order of `_SCRIPTS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import pyarrow as pa
import vl_convert
from jinja2 import Environment, StrictUndefined, Template

from ml_insights.dashboard import chart_style, charts
from ml_insights.dashboard.decision_data import COMPARISON, decision_data
from ml_insights.dashboard.held import held_curves
from ml_insights.dashboard.page_data import curve_keys, embed, page_data, require_tables
from ml_insights.dashboard.sections import FIGURES, SECTIONS

_HERE = files("ml_insights.dashboard")
_SCRIPTS = (
    "page_data.js",
    "page_text.js",
    "page_charts.js",
    "page_decisions.js",
    "page_health.js",
    "page_controls.js",
)


def render_page(
    *,
    endpoint: str,
    operating_threshold: float,
    label_window_days: int,
    quality: pa.Table,
    curves: pa.Table,
    balance: pa.Table,
    generated_from: Mapping[str, str],
    decisions: Mapping[str, pa.Table] = MappingProxyType({}),
) -> str:
    """The page of an endpoint with all given days, variants, classes and slices.

    Args:
        endpoint: Name of the endpoint, the page's title.
        operating_threshold: The configured threshold, where the slider starts.
        label_window_days: Labels of a day are used up to so many days after it.
        quality: Rows of `model_quality`, with `dt`.
        curves: Rows of `precision_recall`, with `dt`; only those with a display_rank are used.
        balance: Rows of `record_balance`, with `dt`.
        generated_from: What the page was made from, by name, shown at its end.
        decisions: Rows of the tables of `decision_data.READ`, with `dt`, by name; a table that is
            missing or empty has no section on the page.

    Returns:
        HTML. The same input gives the same text. Size: about 1 MB, 5 kB a day, and what
        `held` allows for curves.

    Raises:
        ContractError: A table lacks a column of its contract, or holds NaN instead of NULL.
    """
    require_tables(quality, curves, balance)
    held = held_curves(quality, curve_keys(curves))
    data = page_data(
        quality,
        curves,
        balance,
        held,
        label_window_days=label_window_days,
        comparison=decisions.get(COMPARISON),
    )
    variants = data["variants"]
    data["operating_threshold"] = operating_threshold
    data["colours"] = chart_style.colours(variants)
    data["marks"] = {v: chart_style.MARKS[s] for v, s in chart_style.shapes(variants).items()}
    data["ratio_words"] = chart_style.RATIOS
    data["decisions"] = decision_data(decisions, held.curves)
    shown = [name for name, there in data["decisions"]["shown"].items() if there]
    return _template().render(
        endpoint=endpoint,
        label_window_days=label_window_days,
        ratios=chart_style.RATIOS,
        volumes=chart_style.VOLUMES,
        sections=SECTIONS,
        figures=FIGURES,
        generated_from=generated_from,
        threshold_changes=data["threshold_changes"],
        data=embed(data),
        shown=shown,
        charts=embed(charts.page_charts(variants, data["calendar"], shown)),
        **_parts(),
    )


@cache
def _parts() -> dict[str, str]:
    """Style, scripts and the chart library (Vega, Vega-Lite, Vega-Embed) as texts."""
    return {
        "style": (_HERE / "page.css").read_text("utf-8"),
        "script": "\n".join((_HERE / name).read_text("utf-8") for name in _SCRIPTS),
        "vega": vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"),
    }


def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    return environment.from_string((_HERE / "page.html.jinja").read_text("utf-8"))
