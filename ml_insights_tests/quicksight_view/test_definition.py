"""What the sheets of the dashboard show: which fields, beside what, of which rows."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from ml_insights.aws.quicksight.controls import CHOSEN, LABEL_NOTE, Choices
from ml_insights.aws.quicksight.dashboard import publish_options
from ml_insights.aws.quicksight.definition import Description, dashboard_definition
from ml_insights.aws.quicksight.shown_tables import DataSet
from ml_insights.contracts import TABLES
from ml_insights.dashboard.chart_style import RATIOS, VOLUMES
from ml_insights.dashboard.charts import page_charts
from ml_insights.dashboard.sections import FIGURES
from ml_insights.dashboard.tiles import COLUMNS
from ml_insights.decisions.comparisons import SAME_EVENTS, VARIANTS, over_days
from ml_insights.decisions.tables import DECISION_TABLES
from ml_insights.metrics.reasons import REASONS
from ml_insights.metrics.undefined import RECALL_NOT_IDENTIFIABLE
from ml_insights.quicksight_view.data_sets import SHOWN

COVERAGE = 0.85
DESCRIPTION = Description(
    "fraud-1",
    Choices(["champion", "challenger"], ["fraud"], 0.5, 90, "all"),
    COVERAGE,
    min_positives=20,
)


@cache
def definition() -> dict[str, Any]:
    tables = {**TABLES, **DECISION_TABLES}
    sets = {name: DataSet(tables[name]) for name in SHOWN}
    return dashboard_definition(DESCRIPTION, sets, {name: f"arn:{name}" for name in sets})


def visuals(sheet: str) -> dict[str, dict[str, Any]]:
    """Visuals of a sheet by their ids, each with its kind as `kind`."""
    (found,) = [one for one in definition()["Sheets"] if one["Name"] == sheet]
    return {
        content["VisualId"]: {**content, "kind": kind}
        for visual in found["Visuals"]
        for kind, content in visual.items()
    }


def chart(sheet: str, visual: str) -> dict[str, Any]:
    configuration: dict[str, Any] = visuals(sheet)[visual]["ChartConfiguration"]
    return configuration


def columns(node: Any) -> list[str]:
    """Names of columns anywhere below a node, in order."""
    if isinstance(node, list):
        return [name for item in node for name in columns(item)]
    if not isinstance(node, dict):
        return []
    own = [node["ColumnName"]] if "ColumnName" in node else []
    return own + [name for value in node.values() for name in columns(value)]


def fields(sheet: str, visual: str) -> list[str]:
    return columns(chart(sheet, visual)["FieldWells"])


def title(content: dict[str, Any]) -> str:
    text: str = content["Title"]["FormatText"]["PlainText"]
    return text


def filters_on(visual: str) -> dict[str, dict[str, Any]]:
    """Filters of a visual by their column."""
    found = {}
    for group in definition()["FilterGroups"]:
        scopes = group["ScopeConfiguration"]["SelectedSheets"]["SheetVisualScopingConfigurations"]
        if any(visual in scope["VisualIds"] for scope in scopes):
            for one in group["Filters"]:
                (content,) = one.values()
                found[content["Column"]["ColumnName"]] = content
    return found


def references(sheet: str, visual: str) -> list[dict[str, Any]]:
    return [one["DataConfiguration"] for one in chart(sheet, visual).get("ReferenceLines", [])]


@pytest.mark.parametrize(
    ("sheet", "tile", "columns_beside", "same_rows"),
    [
        *(
            ("Today", f"tile_{ratio}", [f"{column}_low", f"{column}_high"], "variant")
            for ratio, column in COLUMNS.items()
        ),
        (
            "Value",
            "value_operating_value",
            ["operating_value_low", "operating_value_high"],
            "slice",
        ),
        ("Value", "value_regret", ["regret_low", "regret_high"], "slice"),
        ("Value", "value_best_threshold", ["best_threshold_low", "best_threshold_high"], "slice"),
    ],
)
def test_a_tile_names_the_table_that_says_how_sure_its_number_is(
    sheet: str, tile: str, columns_beside: list[str], same_rows: str
) -> None:
    """A tile holds numbers alone: it cannot say that those of its day are provisional."""
    subtitle = visuals(sheet)[tile]["Subtitle"]
    assert subtitle["Visibility"] == "VISIBLE"
    named = subtitle["FormatText"]["PlainText"].partition(": ")[2]
    (beside,) = [name for name, content in visuals(sheet).items() if title(content) == named]
    assert {LABEL_NOTE, *columns_beside} <= set(fields(sheet, beside))
    assert filters_on(beside)["days_before_newest"]["ParameterName"] == "DaysBack"
    assert filters_on(beside)[same_rows] == filters_on(tile)[same_rows]


def test_few_labels_are_named_by_the_limits_of_the_settings() -> None:
    notes = {
        one["DataSetIdentifier"]: one["Expression"]
        for one in definition()["CalculatedFields"]
        if one["Name"] == LABEL_NOTE
    }
    missing = '"provisional: labels are missing"'
    few = 'ifelse({positives} < 20, "fewer than 20 positives", "")'
    assert notes["model_quality"] == f"ifelse({{provisional}} = 1, {missing}, {few})"
    assert notes["threshold_choice"] == f'ifelse({{provisional}} = 1, {missing}, "")'
    assert notes["variant_comparison"] == notes["threshold_choice"]


@pytest.mark.parametrize("ratio", RATIOS)
def test_a_headline_value_is_compared_with_the_day_before(ratio: str) -> None:
    """A KPI compares the newest of its trend with the one before it, and the trend is of days."""
    tile = visuals("Today")[f"tile_{ratio}"]
    assert tile["kind"] == "KPIVisual"
    wells, options = chart("Today", f"tile_{ratio}").values()
    assert columns(wells["Values"]) == [COLUMNS[ratio]]
    (trend,) = wells["TrendGroups"]
    assert trend["DateDimensionField"]["Column"]["ColumnName"] == "dt"
    assert trend["DateDimensionField"]["DateGranularity"] == "DAY"
    assert options["Comparison"]["ComparisonMethod"] == "DIFFERENCE"
    assert options["TrendArrows"] == options["SecondaryValue"] == {"Visibility": "VISIBLE"}
    chosen = filters_on(f"tile_{ratio}")
    assert chosen["days_before_newest"]["RangeMinimum"] == {"Parameter": "DaysBack"}
    assert "RangeMaximum" not in chosen["days_before_newest"]


@pytest.mark.parametrize("ratio", RATIOS)
def test_a_trend_has_the_mean_of_its_days_as_a_reference(ratio: str) -> None:
    assert fields("Trend", f"trend_{ratio}") == ["dt", COLUMNS[ratio], "variant"]
    (mean,) = references("Trend", f"trend_{ratio}")
    assert columns(mean) == [COLUMNS[ratio]]
    assert mean["DynamicConfiguration"]["Calculation"] == {"SimpleNumericalAggregation": "AVERAGE"}
    ends = [f"{COLUMNS[ratio]}_low", COLUMNS[ratio], f"{COLUMNS[ratio]}_high"]
    assert fields("Trend", f"interval_{ratio}") == ["dt", *ends]


@pytest.mark.parametrize(
    ("sheet", "visual", "value"),
    [
        ("A/B", "difference_precision", 0.0),
        ("A/B", "difference_recall", 0.0),
        ("A/B", "difference_average_precision", 0.0),
        ("Data quality", "label_coverage", COVERAGE),
        ("Data quality", "drift", 0.25),
    ],
)
def test_a_line_has_what_it_is_judged_by_as_a_reference(
    sheet: str, visual: str, value: float
) -> None:
    assert [one["StaticConfiguration"]["Value"] for one in references(sheet, visual)] == [value]


def test_the_table_of_the_chosen_threshold_has_the_nearest_drawn_threshold_alone() -> None:
    assert fields("Today", "chosen") == [
        "variant", "threshold", "precision", "recall", "f1",
        "true_positives", "false_positives", "false_negatives", "true_negatives",
    ]  # fmt: skip
    chosen = filters_on("chosen")
    assert chosen[CHOSEN]["Value"] == 1.0
    assert chosen["days_before_newest"]["ParameterName"] == "DaysBack"
    (nearest,) = [
        one["Expression"] for one in definition()["CalculatedFields"] if one["Name"] == CHOSEN
    ]
    assert "minOver(ifelse({threshold} >= ${Threshold}, {threshold_index}, NULL)" in nearest
    assert "{threshold_index} =" in nearest


def test_insights_stand_first_and_in_their_order() -> None:
    first = next(iter(visuals("Today")))
    assert first == "insights"
    assert fields("Today", first) == ["rank", "tone", "sentence", "variant", "slice"]
    (order,) = chart("Today", first)["SortConfiguration"]["RowSort"]
    assert order == {"FieldSort": {"FieldId": "insights.rank", "Direction": "ASC"}}
    assert filters_on(first)["days_before_newest"]["ParameterName"] == "DaysBack"


def test_a_b_shows_differences_verdicts_and_labels_needed() -> None:
    compared = [
        "comparison", "variant", "baseline_variant", "metric", "baseline_value", "value",
        "difference", "difference_low", "difference_high", "adjusted_p_value", "verdict",
        "labels", "labels_needed", LABEL_NOTE,
    ]  # fmt: skip
    assert {name: fields("A/B", name) for name in visuals("A/B")} == {
        "comparison_variants": compared,
        "comparison_days": compared,
        **{
            f"difference_{metric}": ["dt", "difference", "variant"]
            for metric in ("average_precision", "precision", "recall")
        },
    }
    chosen = {
        name: filters_on(name)["comparison"]["Configuration"]["FilterListConfiguration"]
        for name in ("comparison_variants", "comparison_days")
    }
    assert chosen["comparison_variants"]["CategoryValues"] == [
        over_days(comparison, days) for days in (1, 7, 28) for comparison in (VARIANTS, SAME_EVENTS)
    ]
    assert chosen["comparison_days"]["CategoryValues"] == ["previous_day", "trailing_7_days"]
    for metric in ("average_precision", "precision", "recall"):
        only = filters_on(f"difference_{metric}")["metric"]["Configuration"]
        assert only["FilterListConfiguration"]["CategoryValues"] == [metric]


def test_value_shows_money_by_threshold_and_the_best_choice() -> None:
    shown = {name: fields("Value", name) for name in visuals("Value")}
    choice = shown.pop("value_choice")
    assert shown == {
        "value_operating_value": ["operating_value", "dt"],
        "value_best_value": ["best_value", "dt"],
        "value_regret": ["regret", "dt"],
        "value_best_threshold": ["best_threshold", "dt"],
        "business_value": ["threshold", "value", "variant"],
        "value_days": ["dt", "operating_value", "best_value", "value_of_chosen_before"],
    }
    assert choice[:5] == [
        "variant", LABEL_NOTE, "best_threshold", "best_threshold_low", "best_threshold_high",
    ]  # fmt: skip
    assert choice[-1] == "currency"
    assert {"capacity_threshold", "regret", "regret_low", "regret_high"} <= set(choice)


@pytest.mark.parametrize("number", ["value", "regret", "kept"])
def test_an_interval_of_money_has_its_mark_for_few_records_beside_it(number: str) -> None:
    """As on the page: the mark follows the reason that the table gives."""
    shown = fields("Value", "value_choice")
    last = {"value": "operating_value_high", "regret": "regret_high", "kept": "gain_of_kept_high"}
    assert shown[shown.index(last[number]) + 1] == f"{number}_note"
    (note,) = [one for one in definition()["CalculatedFields"] if one["Name"] == f"{number}_note"]
    reason = f"few_records_behind_{number}"
    assert reason in REASONS
    assert note["DataSetIdentifier"] == "threshold_choice"
    assert note["Expression"] == (
        f'ifelse(contains(coalesce({{undefined_reason}}, ""), "{reason}"), '
        '"few records decide: the interval may be too narrow", "")'
    )


def test_recall_that_nobody_can_know_is_marked_beside_its_interval() -> None:
    shown = fields("Today", "how_sure")
    assert shown[shown.index("operating_recall_high") + 1] == "recall_note"
    (note,) = [one for one in definition()["CalculatedFields"] if one["Name"] == "recall_note"]
    assert note["DataSetIdentifier"] == "model_quality"
    assert f'"{RECALL_NOT_IDENTIFIABLE}"' in note["Expression"]


def test_every_chart_of_the_page_is_on_the_dashboard_under_its_name_and_title() -> None:
    titles = {
        **{f"trend_{name}": text for name, text in RATIOS.items()},
        **{f"threshold_{name}": text for name, text in RATIOS.items()},
        **{f"volume_{name}": text for name, text in VOLUMES.items()},
        **FIGURES,
        "precision_recall": "Precision against recall",
    }
    charts = set(page_charts(["champion"], ["2026-11-07"])) - {"volume_rejected"}
    own = {
        name: title(content)
        for sheet in definition()["Sheets"]
        for name, content in visuals(sheet["Name"]).items()
    }
    assert {name: own.get(name) for name in charts} == {name: titles[name] for name in charts}
    assert "volume_rejected" not in own


@pytest.mark.parametrize("exports", [False, True])
def test_only_exports_can_be_switched_on(exports: bool) -> None:
    options = publish_options(exports=exports)
    polarity = options.pop("ExportToCSVOption")["AvailabilityStatus"]
    assert polarity == ("ENABLED" if exports else "DISABLED")
    states = {one["AvailabilityStatus"] for one in options.values() if "AvailabilityStatus" in one}
    assert states == {"DISABLED"}
