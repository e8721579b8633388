"""Sheets and parts of sheets that people decide from: comparisons, money, insights, model health.

What belongs here: what is shown of the decision tables. What does not: curves, trends and the
record balance (`sheets`). A part appears when its table is among the endpoint's data sets.
"""

from __future__ import annotations

from ml_insights.aws.quicksight import controls, visuals
from ml_insights.aws.quicksight.controls import (
    AGE,
    CLASS,
    DAYS_BACK,
    SLICE,
    VARIANT,
    Choices,
)
from ml_insights.aws.quicksight.fields import Format
from ml_insights.aws.quicksight.layout import Row, sheet
from ml_insights.aws.quicksight.sheet_parts import (
    Built,
    Part,
    Sources,
    class_and_slice,
    controls_of,
    last_days,
    scopes,
)
from ml_insights.dashboard.chart_style import colours
from ml_insights.dashboard.sections import FIGURES, SECTIONS

_OF_THE_DAY = ("variants", "same_events")
_BETWEEN_VARIANTS = (
    *_OF_THE_DAY,
    *(f"{name}_{days}_days" for days in (7, 28) for name in _OF_THE_DAY),
)
_WITH_DAYS_BEFORE = ("previous_day", "trailing_7_days")
_COMPARISON: dict[str, tuple[str, Format | None]] = {
    "comparison": ("Compared with", None), "variant": ("Variant", None),
    "baseline_variant": ("Baseline", None), "metric": ("Metric", None),
    "baseline_value": ("Baseline value", "plain"), "value": ("Value", "plain"),
    "difference": ("Difference", "signed"), "difference_low": ("95 % from", "signed"),
    "difference_high": ("to", "signed"), "adjusted_p_value": ("Adjusted p", "plain"),
    "verdict": ("Verdict", None), "labels": ("Labels", "count"),
    "labels_needed": ("Labels needed", "count"), controls.LABEL_NOTE: ("Mind", None),
}  # fmt: skip
_WHICH = "Which threshold"
_TILES: dict[str, tuple[str, Format]] = {
    "operating_value": ("Value at the operating threshold", "count"),
    "best_value": ("Value at the best threshold", "count"),
    "regret": ("Cost of today's threshold a day", "count"),
    "best_threshold": ("Best threshold", "plain"),
}
_CHOICE: dict[str, tuple[str, Format | None]] = {
    "variant": ("Variant", None), controls.LABEL_NOTE: ("Labels", None),
    "best_threshold": ("Best threshold", "plain"),
    "best_threshold_low": ("95 % from", "plain"), "best_threshold_high": ("to", "plain"),
    "break_even_threshold": ("Break even", "plain"),
    "capacity_threshold": ("Within capacity from", "plain"),
    "operating_value": ("Operating value", "count"),
    "operating_value_low": ("95 % from   ", "count"), "operating_value_high": ("to   ", "count"),
    controls.VALUE_NOTE: ("Mind", None),
    "regret": ("Regret", "count"),
    "regret_low": ("95 % from ", "count"), "regret_high": ("to ", "count"),
    controls.REGRET_NOTE: ("Mind ", None),
    "kept_since": ("Former choice of", None), "kept_threshold": ("kept at", "plain"),
    "kept_days": ("Days since", "count"), "gain_of_kept": ("would have gained", "count"),
    "gain_of_kept_low": ("95 % from  ", "count"), "gain_of_kept_high": ("to  ", "count"),
    controls.KEPT_NOTE: ("Mind  ", None),
    "currency": ("Currency", None),
}  # fmt: skip


def insights(sources: Sources, sheet_name: str) -> Part:
    """The day's insights in words."""
    if "insights" not in sources:
        return [], []
    source = sources["insights"]
    table = visuals.table(
        "insights", "Worth knowing", source,
        {
            "rank": ("No.", "count"), "tone": ("Change", None), "sentence": ("Insight", None),
            "variant": ("Variant", None), "slice": ("Slice", None),
        },
        sort=("rank", "ASC"),
    )  # fmt: skip
    scope = scopes(sheet_name)([table])
    return [Row([table], 7)], [
        controls.equals_parameter(f"{sheet_name}-insights", source, AGE, DAYS_BACK, scope)
    ]


def comparisons(sources: Sources, choices: Choices) -> Built | None:
    """A/B: variants against each other, and against their own days before."""
    if "variant_comparison" not in sources:
        return None
    name, source = "a-b", sources["variant_comparison"]
    between = visuals.table(
        "comparison_variants", "Against other variants", source, _COMPARISON, sort=("metric", "ASC")
    )
    before = visuals.table(
        "comparison_days", "Against days before", source, _COMPARISON, sort=("metric", "ASC")
    )
    lines = [
        visuals.line(
            f"difference_{metric}", f"Difference in {metric.replace('_', ' ')}", source,
            ["difference"], "signed", colour="variant", colours=colours(choices.variants),
            references=[visuals.reference_line(0.0, "no difference")],
        )
        for metric in ("average_precision", "precision", "recall")
    ]  # fmt: skip
    scope = scopes(name)
    filters = [
        controls.is_one_of("a-b-between", source, "comparison", _BETWEEN_VARIANTS,
                           scope([between])),
        controls.is_one_of("a-b-lines", source, "comparison", _OF_THE_DAY, scope(lines)),
        controls.is_one_of("a-b-before", source, "comparison", _WITH_DAYS_BEFORE,
                           scope([before])),
        controls.equals_parameter("a-b-day", source, AGE, DAYS_BACK, scope([between, before])),
        controls.at_most("a-b-days", source, AGE, last_days(choices), scope(lines)),
        *(
            controls.is_one_of(f"a-b-{visuals.visual_id(line)}", source, "metric",
                               [visuals.visual_id(line).removeprefix("difference_")],
                               scope([line]))
            for line in lines
        ),
        *class_and_slice("a-b", source, scope([between, before, *lines])),
    ]  # fmt: skip
    rows = [Row([between], 9, SECTIONS["comparison"]), Row(lines, 9), Row([before], 10)]
    shown = controls_of([DAYS_BACK, CLASS, SLICE], name, choices, sources["model_quality"])
    return Built(sheet(name, "A/B", rows, shown), filters)


def value(sources: Sources, choices: Choices) -> Built | None:
    """Money per threshold, the best threshold, and what today's threshold costs."""
    if not {"business_value", "threshold_choice"} <= set(sources):
        return None
    name, money, choice = "value", sources["business_value"], sources["threshold_choice"]
    hue = colours(choices.variants)
    tiles = [
        visuals.kpi(f"value_{column}", title, choice, column, shown_as, beside=_WHICH)
        for column, (title, shown_as) in _TILES.items()
    ]
    curve = visuals.scatter(
        "business_value", FIGURES["business_value"], money, x="threshold", y="value",
        axes=("Threshold", "Money of the day's labelled records"), colour="variant", colours=hue,
        unit_y=False,
    )  # fmt: skip
    over_days = visuals.line(
        "value_days", FIGURES["value_days"], choice,
        ["operating_value", "best_value", "value_of_chosen_before"], "count",
    )  # fmt: skip
    table = visuals.table(
        "value_choice", _WHICH, choice,
        _CHOICE,
        sort=("variant", "ASC"),
    )  # fmt: skip
    scope = scopes(name)
    filters = [
        controls.at_least_parameter("value-not-after", choice, AGE, DAYS_BACK, scope(tiles)),
        controls.equals_parameter("value-variant", choice, "variant", VARIANT,
                                  scope([*tiles, over_days])),
        controls.at_most("value-days", choice, AGE, last_days(choices), scope([over_days])),
        controls.equals_parameter("value-choice-day", choice, AGE, DAYS_BACK, scope([table])),
        *class_and_slice("value-choice", choice, scope([*tiles, over_days, table])),
        controls.equals_parameter("value-day", money, AGE, DAYS_BACK, scope([curve])),
        *class_and_slice("value-money", money, scope([curve])),
    ]  # fmt: skip
    rows = [Row(tiles, 6, SECTIONS["value"]), Row([curve, over_days], 12), Row([table], 7)]
    chosen = controls_of(
        [DAYS_BACK, VARIANT, CLASS, SLICE], name, choices, sources["model_quality"]
    )
    return Built(sheet(name, "Value", rows, chosen), filters)


def health(sources: Sources, choices: Choices, name: str) -> Part:
    """Calibration, drift and what the labels can tell, as rows of a sheet."""
    if not {"calibration_curve", "model_health"} <= set(sources):
        return [], []
    groups, state = sources["calibration_curve"], sources["model_health"]
    hue = colours(choices.variants)
    reliability = visuals.scatter(
        "reliability", FIGURES["reliability"], groups, x="mean_score", y="positive_rate",
        axes=("Mean score", "Rate of positives"), colour="variant", colours=hue,
    )  # fmt: skip
    labelled = visuals.scatter(
        "label_share", FIGURES["label_share"], groups, x="mean_score", y="labelled_share",
        axes=("Mean score", "Records with a label"), colour="variant", colours=hue,
    )  # fmt: skip
    drift = visuals.line(
        "drift", "Drift of scores against the 7 days before, chosen variant", state,
        ["population_stability_index", "population_stability_index_by_chance"], "plain",
        references=[visuals.reference_line(0.25, "rule of thumb: large")],
    )  # fmt: skip
    table = visuals.table(
        "health", "Health of the model", state,
        {
            "variant": ("Variant", None), "calibration_error": ("Calibration error", "plain"),
            "calibration_error_by_chance": ("by chance below", "plain"),
            "calibration_gap": ("Scores too high by", "signed"),
            "population_stability_index": ("Population stability index", "plain"),
            "kolmogorov_smirnov_p_value": ("p of no drift", "plain"),
            "label_selection_p_value": ("p of labels at random", "plain"),
            "recall_identifiable": ("Recall identifiable", "count"),
            "estimated_precision": ("Estimated precision", "share"),
            "estimated_precision_low": ("95 % from", "share"),
            "estimated_precision_high": ("to", "share"),
            "estimated_recall": ("Estimated recall", "share"),
            "estimated_recall_low": ("95 % from ", "share"),
            "estimated_recall_high": ("to ", "share"),
        },
        sort=("variant", "ASC"),
    )  # fmt: skip
    scope = scopes(name)
    filters = [
        controls.equals_parameter("groups-day", groups, AGE, DAYS_BACK,
                                  scope([reliability, labelled])),
        controls.defined("groups-defined", groups, "positive_rate", scope([reliability])),
        *class_and_slice("groups", groups, scope([reliability, labelled])),
        controls.at_most("health-days", state, AGE, last_days(choices), scope([drift])),
        controls.equals_parameter("health-variant", state, "variant", VARIANT, scope([drift])),
        controls.equals_parameter("health-day", state, AGE, DAYS_BACK, scope([table])),
        *class_and_slice("health", state, scope([drift, table])),
    ]  # fmt: skip
    rows = [
        Row([reliability, labelled], 11, SECTIONS["health"]),
        Row([drift], 9),
        Row([table], 6),
    ]
    return rows, filters
