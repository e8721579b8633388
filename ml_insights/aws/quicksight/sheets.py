"""What each sheet of the dashboard shows, and which rows its visuals are drawn from.

What belongs here: the choice of visuals and filters, with the names, titles and colours of the
HTML page. What does not: how a visual or filter is written (`visuals`, `controls`), and values.

A sheet appears when the tables it draws from are in the contract.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ml_insights.aws.quicksight import controls, visuals
from ml_insights.aws.quicksight.controls import (
    AGE,
    CHOSEN,
    CLASS,
    COMPARED_DAY,
    DAY_NAMES,
    DAYS_BACK,
    SLICE,
    THRESHOLD,
    VARIANT,
    Choices,
)
from ml_insights.aws.quicksight.fields import Format, Json, Source
from ml_insights.aws.quicksight.layout import Row, sheet
from ml_insights.dashboard.chart_style import PALETTE, RATIOS, VOLUMES, colours
from ml_insights.dashboard.charts import CURVE_RATIOS
from ml_insights.dashboard.sections import SECTIONS
from ml_insights.dashboard.tiles import COLUMNS
from ml_insights.dashboard.wording import SHARES

Sources = Mapping[str, Source]
Scope = dict[str, list[str]]


@dataclass(frozen=True)
class Built:
    """A sheet and the filters of its visuals."""

    sheet: Json
    filters: list[Json] = field(default_factory=list)


def shown_as(ratio: str) -> Format:
    """Shares of records in percent, F1 and areas as plain numbers: as on the page."""
    return "share" if ratio in SHARES else "plain"


def today(sources: Sources, choices: Choices) -> Built:
    """The chosen day: headline values, curves, and what the threshold does."""
    name, curves, quality = "today", sources["precision_recall"], sources["model_quality"]
    hue, days = colours(choices.variants), dict(zip(DAY_NAMES, PALETTE, strict=False))
    headline = [visuals.newest_date("chosen_day", "Day", quality)] + [
        visuals.kpi(f"tile_{ratio}", RATIOS[ratio], quality, column, shown_as(ratio))
        for ratio, column in COLUMNS.items()
    ]
    curve = visuals.scatter(
        "precision_recall", "Precision against recall", curves,
        x="recall",
        y="precision",
        axes=("Recall", "Precision"), colour="variant", colours=hue, label="threshold",
    )  # fmt: skip
    compared = visuals.scatter(
        "precision_recall_days", "The chosen variant against days before", curves,
        x="recall",
        y="precision",
        axes=("Recall", "Precision"), colour=COMPARED_DAY, colours=days, label="threshold",
    )  # fmt: skip
    at_threshold = visuals.table(
        "chosen", "At the chosen threshold", curves,
        {
            "variant": ("Variant", None), "threshold": ("Threshold", "plain"),
            "precision": ("Precision", "share"), "recall": ("Recall", "share"),
            "f1": ("F1", "plain"), "true_positives": ("True positives", "count"),
            "false_positives": ("False positives", "count"),
            "false_negatives": ("False negatives", "count"),
            "true_negatives": ("True negatives", "count"),
        },
        sort=("variant", "ASC"),
    )  # fmt: skip
    by_threshold = [
        visuals.scatter(
            f"threshold_{ratio}", RATIOS[ratio], curves, x="threshold", y=ratio,
            axes=("Threshold", RATIOS[ratio]), colour="variant", colours=hue,
        )
        for ratio in CURVE_RATIOS
    ]  # fmt: skip
    of_day = [curve, at_threshold, *by_threshold]
    scope = _scopes(name)
    filters = [
        controls.at_least_parameter(
            "today-not-after", quality, AGE, DAYS_BACK, scope(headline)
        ),
        controls.equals_parameter(
            "today-variant", quality, "variant", VARIANT, scope(headline)
        ),
        *_class_and_slice("today-quality", quality, scope(headline)),
        controls.equals_parameter("today-day", curves, AGE, DAYS_BACK, scope(of_day)),
        controls.is_one_of(
            "today-compared", curves, COMPARED_DAY, DAY_NAMES, scope([compared])
        ),
        controls.equals_parameter(
            "today-compared-variant", curves, "variant", VARIANT, scope([compared])
        ),
        *_class_and_slice("today-curves", curves, scope([*of_day, compared])),
        controls.equals("today-chosen", curves, CHOSEN, 1, scope([at_threshold])),
        controls.defined("today-defined", curves, "precision", scope([curve, compared])),
    ]  # fmt: skip
    rows = [
        Row(headline, 6),
        Row([curve, compared], 14, SECTIONS["curve"]),
        Row([at_threshold], 8, SECTIONS["chosen"]),
        Row(by_threshold, 10, SECTIONS["threshold"]),
    ]
    words, words_filters = _insights(sources, choices, name)
    shown = [DAYS_BACK, VARIANT, CLASS, SLICE, THRESHOLD]
    return Built(
        sheet(name, "Today", [*words, *rows], _controls(shown, name, choices, quality)),
        [*filters, *words_filters],
    )


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
    volumes = [
        visuals.bars(
            f"volume_{volume}", VOLUMES[volume], quality, volume, colour="variant", colours=hue
        )
        for volume in VOLUMES
        if volume in {column.name for column in quality.data_set.columns}
    ]
    every = [*ratios, *intervals, *volumes]
    scope = _scopes(name)
    filters = [
        controls.at_most("trend-days", quality, AGE, _last_days(choices), scope(every)),
        controls.equals_parameter(
            "trend-variant", quality, "variant", VARIANT, scope(intervals)
        ),
        *_class_and_slice("trend", quality, scope(every)),
    ]  # fmt: skip
    rows = [
        Row(ratios[:2], 10, SECTIONS["trend"]),
        Row(ratios[2:], 10),
        Row(intervals[:2], 10),
        Row(intervals[2:], 10),
        Row(volumes, 8, SECTIONS["volume"]),
    ]
    shown = _controls([VARIANT, CLASS, SLICE], name, choices, quality)
    return Built(sheet(name, "Trend", rows, shown), filters)


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
        {
            "dt": ("Day", None), "variant": ("Variant", None),
            "predictions": ("Predictions", "count"), "positives": ("Positives", "count"),
            "label_coverage": ("Label coverage", "share"), "provisional": ("Provisional", "count"),
            "labels_as_of": ("Labels as of", None), "undefined_reason": ("Not defined", None),
            "run_id": ("Run", None), "code_version": ("Version", None),
        },
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
    scope = _scopes(name)
    filters = [
        controls.at_most(
            "quality-days", quality, AGE, _last_days(choices), scope([coverage, days])
        ),
        *_class_and_slice("quality", quality, scope([coverage, days])),
        controls.equals_parameter("balance-day", balance, AGE, DAYS_BACK, scope([accounts])),
    ]  # fmt: skip
    rows = [
        Row([coverage], 8),
        Row([days], 10),
        Row([accounts], 14, SECTIONS["balance"]),
    ]
    shown = _controls([DAYS_BACK, CLASS, SLICE], name, choices, quality)
    return Built(sheet(name, "Data quality", rows, shown), filters)


def _insights(sources: Sources, choices: Choices, name: str) -> tuple[list[Row], list[Json]]:
    """The day's insights in words, when their table is in the contract."""
    return [], []


def _class_and_slice(group: str, source: Source, scope: Scope) -> list[Json]:
    return [
        controls.equals_parameter(f"{group}-class", source, "class_label", CLASS, scope),
        controls.equals_parameter(f"{group}-slice", source, "slice", SLICE, scope),
    ]


def _last_days(choices: Choices) -> int:
    return min(choices.days, visuals.LINE_DAYS) - 1


def _scopes(name: str) -> Callable[[Sequence[Json]], Scope]:
    return lambda chosen: {name: [visuals.visual_id(one) for one in chosen]}


def _controls(
    names: Sequence[str], sheet_name: str, choices: Choices, quality: Source
) -> list[Json]:
    made = [controls.control(name, sheet_name, choices, quality) for name in names]
    return [control for controls_of_one in made for control in controls_of_one]
