"""Builders of QuickSight visuals, each within the documented limit of points.

What belongs here: one function a kind of visual, JSON out. What does not: which visual shows what
(`sheets`), and filters. Long, because QuickSight wants many words for each kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ml_insights.aws.quicksight.fields import Format, Json, Source, number_format

if TYPE_CHECKING:
    from collections.abc import Mapping

LINE_DAYS = 200
"""Points a line that is coloured may have; with colours QuickSight draws 200 of 25 lines."""
CURVES = 10
"""Curves of a chart: 10 of at most 200 points stay below the 2,500 points of a scatter plot."""
SCATTER_POINTS = 2500
TABLE_PAGE = 100


def kpi(
    visual: str, title: str, source: Source, column: str, shown_as: Format, *, beside: str
) -> Json:
    """A value beside that of the day before, with its course.

    What its day has to say about it is not in the tile, which holds numbers alone: `beside` is
    the title of the table that has it.
    """
    return _visual(
        "KPIVisual",
        visual,
        title,
        {
            "FieldWells": {
                "Values": [source.measure(visual, column, shown_as)],
                "TrendGroups": [source.dimension(visual, "dt")],
            },
            "KPIOptions": {
                "Comparison": {
                    "ComparisonMethod": "DIFFERENCE",
                    "ComparisonFormat": number_format(shown_as)["FormatConfiguration"],
                },
                "PrimaryValueDisplayType": "ACTUAL",
                "SecondaryValue": {"Visibility": "VISIBLE"},
                "TrendArrows": {"Visibility": "VISIBLE"},
                "Sparkline": {"Visibility": "VISIBLE", "Type": "LINE"},
            },
        },
        f"Its interval, and whether labels are few: {beside}",
    )


def newest_date(visual: str, title: str, source: Source, column: str = "dt") -> Json:
    """The latest date of a column, large."""
    wells = {"Values": [source.newest(visual, column)]}
    return _visual("KPIVisual", visual, title, {"FieldWells": wells})


def scatter(
    visual: str,
    title: str,
    source: Source,
    *,
    x: str,
    y: str,
    axes: tuple[str, str],
    colour: str,
    colours: Mapping[str, str],
    label: str | None = None,
    unit_y: bool = True,
) -> Json:
    """One point a row, coloured by a column; axes from 0 to 1, the upright one if it is so."""
    wells = {
        "XAxis": [source.dimension(visual, x)],
        "YAxis": [source.dimension(visual, y)],
        "Category": [source.dimension(visual, colour)],
    }
    if label:
        wells["Label"] = [source.dimension(visual, label)]
    return _visual(
        "ScatterPlotVisual",
        visual,
        title,
        {
            "FieldWells": {"ScatterPlotUnaggregatedFieldWells": wells},
            "SortConfiguration": {"ScatterPlotLimitConfiguration": _limit(SCATTER_POINTS)},
            "XAxisLabelOptions": _axis_label(axes[0]),
            "YAxisLabelOptions": _axis_label(axes[1]),
            "XAxisDisplayOptions": _unit_axis(),
            **({"YAxisDisplayOptions": _unit_axis()} if unit_y else {}),
            "DataLabels": {"Visibility": "HIDDEN"},
            **_legend(),
            **_palette(f"{visual}.{colour}", colours),
        },
    )


def line(
    visual: str,
    title: str,
    source: Source,
    values: Sequence[str],
    shown_as: Format,
    *,
    colour: str | None = None,
    colours: Mapping[str, str] | None = None,
    references: Sequence[Json] = (),
    aggregation: str = "AVERAGE",
) -> Json:
    """Values over the days, one line a value of the colour column, or one a value."""
    wells: Json = {
        "Category": [source.dimension(visual, "dt")],
        "Values": [source.measure(visual, name, shown_as, aggregation) for name in values],
    }
    sort: Json = {
        "CategorySort": [{"FieldSort": {"FieldId": f"{visual}.dt", "Direction": "ASC"}}],
        "CategoryItemsLimitConfiguration": _limit(LINE_DAYS),
    }
    if colour:
        wells["Colors"] = [source.dimension(visual, colour)]
        sort["ColorItemsLimitConfiguration"] = _limit(CURVES)
    # A day whose value is NULL is a gap, never a zero and never a guess.
    gaps = {"MissingDataConfigurations": [{"TreatmentOption": "SHOW_AS_BLANK"}]}
    return _visual(
        "LineChartVisual",
        visual,
        title,
        {
            "Type": "LINE",
            "FieldWells": {"LineChartAggregatedFieldWells": wells},
            "SortConfiguration": sort,
            "PrimaryYAxisDisplayOptions": gaps,
            **_legend(),
            **({"ReferenceLines": list(references)} if references else {}),
            **(_palette(f"{visual}.{colour}", colours or {}) if colour else {}),
        },
    )


def bars(
    visual: str, title: str, source: Source, value: str, *, colour: str, colours: Mapping[str, str]
) -> Json:
    """A count over the days, the values of the colour column on top of each other."""
    return _visual(
        "BarChartVisual",
        visual,
        title,
        {
            "FieldWells": {
                "BarChartAggregatedFieldWells": {
                    "Category": [source.dimension(visual, "dt")],
                    "Values": [source.measure(visual, value, "count", "SUM")],
                    "Colors": [source.dimension(visual, colour)],
                }
            },
            "SortConfiguration": {
                "CategorySort": [{"FieldSort": {"FieldId": f"{visual}.dt", "Direction": "ASC"}}],
                "CategoryItemsLimit": _limit(LINE_DAYS),
                "ColorItemsLimit": _limit(CURVES),
            },
            "Orientation": "VERTICAL",
            "BarsArrangement": "STACKED",
            **_legend(),
            **_palette(f"{visual}.{colour}", colours),
        },
    )


def table(
    visual: str,
    title: str,
    source: Source,
    columns: Mapping[str, tuple[str, Format | None]],
    *,
    sort: tuple[str, str],
) -> Json:
    """Rows as they are: column -> (heading, format); sorted by (column, ASC or DESC)."""
    values = [source.unaggregated(visual, name, shown) for name, (_, shown) in columns.items()]
    labels = [
        {"FieldId": f"{visual}.{name}", "CustomLabel": heading}
        for name, (heading, _) in columns.items()
    ]
    by = {"FieldSort": {"FieldId": f"{visual}.{sort[0]}", "Direction": sort[1]}}
    return _visual(
        "TableVisual",
        visual,
        title,
        {
            "FieldWells": {"TableUnaggregatedFieldWells": {"Values": values}},
            "SortConfiguration": {
                "RowSort": [by],
                "PaginationConfiguration": {"PageSize": TABLE_PAGE, "PageNumber": 1},
            },
            "FieldOptions": {"SelectedFieldOptions": labels},
        },
    )


def reference_line(value: float, label: str) -> Json:
    """A fixed value to compare with, such as a limit of the settings."""
    return _reference({"StaticConfiguration": {"Value": value}}, label)


def mean_line(source: Source, column: str, label: str) -> Json:
    """The mean of the shown days."""
    mean = {"SimpleNumericalAggregation": "AVERAGE"}
    return _reference(
        {
            "DynamicConfiguration": {
                "Column": source.column(column),
                "MeasureAggregationFunction": {"NumericalAggregationFunction": mean},
                "Calculation": mean,
            }
        },
        label,
    )


def visual_id(visual: Json) -> str:
    """Id of a built visual."""
    (content,) = visual.values()
    return str(content["VisualId"])


def _reference(data: Json, label: str) -> Json:
    return {
        "Status": "ENABLED",
        "DataConfiguration": {**data, "AxisBinding": "PRIMARY_YAXIS"},
        "StyleConfiguration": {"Pattern": "DASHED", "Color": "#566170".upper()},
        "LabelConfiguration": {
            "CustomLabelConfiguration": {"CustomLabel": label},
            "HorizontalPosition": "RIGHT",
            "VerticalPosition": "ABOVE",
        },
    }


def _visual(
    kind: str, visual: str, title: str, chart: dict[str, Any], subtitle: str | None = None
) -> Json:
    shown = {"Visibility": "VISIBLE", "FormatText": {"PlainText": title}}
    below: Json = {"Visibility": "HIDDEN"}
    if subtitle:
        below = {"Visibility": "VISIBLE", "FormatText": {"PlainText": subtitle}}
    content = {
        "VisualId": visual,
        "Title": shown,
        "Subtitle": below,
        "ChartConfiguration": chart,
        "VisualContentAltText": title,
    }
    return {kind: content}


def _limit(items: int) -> Json:
    return {"ItemsLimit": items, "OtherCategories": "EXCLUDE"}


def _legend() -> Json:
    return {"Legend": {"Visibility": "VISIBLE", "Position": "TOP"}}


def _axis_label(text: str) -> Json:
    return {"Visibility": "VISIBLE", "AxisLabelOptions": [{"CustomLabel": text}]}


def _unit_axis() -> Json:
    whole = {"MinMax": {"Minimum": 0.0, "Maximum": 1.0}}
    return {"DataOptions": {"NumericAxisOptions": {"Range": whole}}}


def _palette(field: str, colours: Mapping[str, str]) -> Json:
    mapped = [
        {"Element": {"FieldId": field, "FieldValue": value}, "Color": colour.upper()}
        for value, colour in colours.items()
    ]
    return {"VisualPalette": {"ColorMap": mapped}} if mapped else {}
