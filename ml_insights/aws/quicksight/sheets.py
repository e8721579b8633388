"""What each sheet of the dashboard shows, and which rows its visuals are drawn from.

What belongs here: the choice of visuals and filters, with the names, titles and colours of the
HTML page. Of its charts one is missing: rejected records are of no curve and stand in the balance.
What does not: how a visual or filter is written (`visuals`, `controls`), and values.

What people decide from has a module of its own (`decision_sheets`).
"""

from __future__ import annotations

from ml_insights.aws.quicksight import controls, visuals
from ml_insights.aws.quicksight.controls import (
    AGE,
    CHOSEN,
    CLASS,
    COMPARED_DAY,
    DAY_NAMES,
    DAYS_BACK,
    LABEL_NOTE,
    RECALL_NOTE,
    SLICE,
    THRESHOLD,
    VARIANT,
    Choices,
)
from ml_insights.aws.quicksight.decision_sheets import health, insights
from ml_insights.aws.quicksight.fields import Format, Json, Source
from ml_insights.aws.quicksight.layout import Row, sheet
from ml_insights.aws.quicksight.sheet_parts import (
    Built,
    Part,
    Sources,
    class_and_slice,
    controls_of,
    last_days,
    scopes,
    shown_as,
)
from ml_insights.dashboard.chart_style import PALETTE, RATIOS, VOLUMES, colours
from ml_insights.dashboard.charts import CURVE_RATIOS
from ml_insights.dashboard.sections import SECTIONS
from ml_insights.dashboard.tiles import COLUMNS

_HOW_SURE = "How sure"
_AT_THRESHOLD: dict[str, tuple[str, Format | None]] = {
    "variant": ("Variant", None),
    "threshold": ("Threshold", "plain"),
    "precision": ("Precision", "share"),
    "recall": ("Recall", "share"),
    "f1": ("F1", "plain"),
    "true_positives": ("True positives", "count"),
    "false_positives": ("False positives", "count"),
    "false_negatives": ("False negatives", "count"),
    "true_negatives": ("True negatives", "count"),
}
_DAY_STATE: dict[str, tuple[str, Format | None]] = {
    "dt": ("Day", None),
    "variant": ("Variant", None),
    "predictions": ("Predictions", "count"),
    "positives": ("Positives", "count"),
    "label_coverage": ("Label coverage", "share"),
    "provisional": ("Provisional", "count"),
    "labels_as_of": ("Labels as of", None),
    "undefined_reason": ("Not defined, or to mind", None),
    "run_id": ("Run", None),
    "code_version": ("Version", None),
}


def today(sources: Sources, choices: Choices) -> Built:
    """The chosen day: insights, headline values, curves, and what the threshold does."""
    name, quality = "today", sources["model_quality"]
    parts = [
        insights(sources, name),
        _headline(quality, name),
        _curves(sources["precision_recall"], choices, name),
        _thresholds(sources["precision_recall"], choices, name),
    ]
    rows = [row for part_rows, _ in parts for row in part_rows]
    filters = [group for _, groups in parts for group in groups]
    shown = controls_of([DAYS_BACK, VARIANT, CLASS, SLICE, THRESHOLD], name, choices, quality)
    return Built(sheet(name, "Today", rows, shown), filters)


def _headline(quality: Source, name: str) -> Part:
    """The values everybody sees first, beside those of the day before."""
    tiles = [
        visuals.kpi(
            f"tile_{ratio}", RATIOS[ratio], quality, column, shown_as(ratio), beside=_HOW_SURE
        )
        for ratio, column in COLUMNS.items()
    ]
    shown = [visuals.newest_date("chosen_day", "Day", quality), *tiles]
    sure = visuals.table("how_sure", _HOW_SURE, quality, _sureness(), sort=("variant", "ASC"))
    scope = scopes(name)
    tiles_of, table_of, both = scope(shown), scope([sure]), scope([*shown, sure])
    return [Row(shown, 6), Row([sure], 4)], [
        controls.at_least_parameter("today-not-after", quality, AGE, DAYS_BACK, tiles_of),
        controls.equals_parameter("today-how-sure", quality, AGE, DAYS_BACK, table_of),
        controls.equals_parameter("today-variant", quality, "variant", VARIANT, both),
        *class_and_slice("today-quality", quality, both),
    ]


def _sureness() -> dict[str, tuple[str, Format | None]]:
    """Columns that say how far the headline values may be off."""
    columns: dict[str, tuple[str, Format | None]] = {
        "variant": ("Variant", None),
        LABEL_NOTE: ("Mind", None),
        "label_coverage": ("Label coverage", "share"),
        "positives": ("Positives", "count"),
    }
    for ratio, column in COLUMNS.items():
        columns[f"{column}_low"] = (f"{RATIOS[ratio]}: 95 % from", shown_as(ratio))
        columns[f"{column}_high"] = (f"{RATIOS[ratio]}: to", shown_as(ratio))
        if ratio == "recall":
            columns[RECALL_NOTE] = ("Recall: mind", None)
    return columns


def _curves(curves: Source, choices: Choices, name: str) -> Part:
    """Precision against recall: all variants on the day, and one variant on several days."""
    hues = {
        "variant": colours(choices.variants),
        COMPARED_DAY: dict(zip(DAY_NAMES, PALETTE, strict=False)),
    }
    titles = {
        "precision_recall": ("Precision against recall", "variant"),
        "precision_recall_days": ("The chosen variant against days before", COMPARED_DAY),
    }
    drawn = [
        visuals.scatter(
            visual, title, curves, x="recall", y="precision", axes=("Recall", "Precision"),
            colour=colour, colours=hues[colour], label="threshold",
        )
        for visual, (title, colour) in titles.items()
    ]  # fmt: skip
    scope = scopes(name)
    both, of_day, of_days = scope(drawn), scope(drawn[:1]), scope(drawn[1:])
    return [Row(drawn, 14, SECTIONS["curve"])], [
        controls.equals_parameter("today-curve-day", curves, AGE, DAYS_BACK, of_day),
        controls.is_one_of("today-compared", curves, COMPARED_DAY, DAY_NAMES, of_days),
        controls.equals_parameter("today-one-variant", curves, "variant", VARIANT, of_days),
        controls.defined("today-defined", curves, "precision", both),
        *class_and_slice("today-curves", curves, both),
    ]


def _thresholds(curves: Source, choices: Choices, name: str) -> Part:
    """Exact values at the chosen threshold, and each ratio at every threshold."""
    chosen = visuals.table(
        "chosen", "At the chosen threshold", curves, _AT_THRESHOLD, sort=("variant", "ASC")
    )
    ratios = [
        visuals.scatter(
            f"threshold_{ratio}", RATIOS[ratio], curves, x="threshold", y=ratio,
            axes=("Threshold", RATIOS[ratio]), colour="variant",
            colours=colours(choices.variants),
        )
        for ratio in CURVE_RATIOS
    ]  # fmt: skip
    scope = scopes(name)
    every = scope([chosen, *ratios])
    rows = [Row([chosen], 8, SECTIONS["chosen"]), Row(ratios, 10, SECTIONS["threshold"])]
    return rows, [
        controls.equals_parameter("today-day", curves, AGE, DAYS_BACK, every),
        controls.equals("today-chosen", curves, CHOSEN, 1, scope([chosen])),
        *class_and_slice("today-thresholds", curves, every),
    ]


def trend(sources: Sources, choices: Choices) -> Built:
    """Each headline value and each volume over the days."""
    name, quality = "trend", sources["model_quality"]
    hue = colours(choices.variants)
    ratios = [
        visuals.line(
            f"trend_{ratio}", RATIOS[ratio], quality, [column], shown_as(ratio),
            colour="variant", colours=hue,
            references=[visuals.mean_line(quality, column, "mean of the shown days")],
        )
        for ratio, column in COLUMNS.items()
    ]  # fmt: skip
    intervals = [
        visuals.line(
            f"interval_{ratio}", f"{RATIOS[ratio]}: 95 % interval of the chosen variant", quality,
            [f"{column}_low", column, f"{column}_high"], shown_as(ratio),
        )
        for ratio, column in COLUMNS.items()
    ]  # fmt: skip
    volumes = _volumes(quality, choices)
    every = [*ratios, *intervals, *volumes]
    scope = scopes(name)
    filters = [
        controls.at_most("trend-days", quality, AGE, last_days(choices), scope(every)),
        controls.equals_parameter(
            "trend-variant", quality, "variant", VARIANT, scope(intervals)
        ),
        *class_and_slice("trend", quality, scope(every)),
    ]  # fmt: skip
    rows = [
        Row(ratios[:2], 10, SECTIONS["trend"]),
        Row(ratios[2:], 10),
        Row(intervals[:2], 10),
        Row(intervals[2:], 10),
        Row(volumes, 8, SECTIONS["volume"]),
    ]
    shown = controls_of([VARIANT, CLASS, SLICE], name, choices, quality)
    return Built(sheet(name, "Trend", rows, shown), filters)


def _volumes(quality: Source, choices: Choices) -> list[Json]:
    """Records of each kind that a curve has."""
    own = {column.name for column in quality.data_set.columns}
    return [
        visuals.bars(
            f"volume_{volume}", title, quality, volume, colour="variant",
            colours=colours(choices.variants),
        )
        for volume, title in VOLUMES.items()
        if volume in own
    ]  # fmt: skip


def data_quality(sources: Sources, choices: Choices, min_coverage: float) -> Built:
    """How complete the labels are, and where every record went."""
    name, quality, balance = "data-quality", sources["model_quality"], sources["record_balance"]
    coverage = visuals.line(
        "label_coverage", "Label coverage", quality, ["label_coverage"], "share",
        colour="variant", colours=colours(choices.variants),
        references=[visuals.reference_line(min_coverage, "below it a day is provisional")],
    )  # fmt: skip
    days = visuals.table(
        "day_states", "State of each day", quality,
        _DAY_STATE,
        sort=("dt", "DESC"),
    )  # fmt: skip
    accounts = visuals.table(
        "balance", "Records of the chosen day", balance,
        {
            "account": ("Account", None), "variant": ("Variant", None), "item": ("Item", None),
            "records": ("Records", "count"),
        },
        sort=("account", "ASC"),
    )  # fmt: skip
    scope = scopes(name)
    filters = [
        controls.at_most(
            "quality-days", quality, AGE, last_days(choices), scope([coverage, days])
        ),
        *class_and_slice("quality", quality, scope([coverage, days])),
        controls.equals_parameter("balance-day", balance, AGE, DAYS_BACK, scope([accounts])),
    ]  # fmt: skip
    rows = [
        Row([coverage], 8),
        Row([days], 10),
        Row([accounts], 14, SECTIONS["balance"]),
    ]
    more, more_filters = health(sources, choices, name)
    shown = controls_of([DAYS_BACK, VARIANT, CLASS, SLICE], name, choices, quality)
    built = sheet(name, "Data quality", [*rows, *more], shown)
    return Built(built, [*filters, *more_filters])
