"""The tables people decide from: of scores, insights and windows, and the list of all.

What belongs here: contracts of tables that only the driver writes. What does not: tables that
compare (`comparison_tables`) or are about money (`money_tables`), those that the Spark cluster
knows (`contracts`), and how values come about.
"""

from __future__ import annotations

from ml_insights.columns import Column, Table
from ml_insights.contracts import MODEL_QUALITY
from ml_insights.decisions.columns import (
    CURVE_COLUMNS,
    REASON,
    method,
    ratio,
    replicates,
    with_interval,
)
from ml_insights.decisions.comparison_tables import VARIANT_COMPARISON
from ml_insights.decisions.money_tables import BUSINESS_VALUE, THRESHOLD_CHOICE


def _estimated(metric: str) -> tuple[Column, ...]:
    name = f"estimated_{metric}"
    return (
        ratio(name, "Estimate without labels, from rates of the 7 days before."),
        ratio(
            f"{name}_low",
            "On 95 of 100 days the value that labels show lies from here, if errors are as on the "
            "published days before (Student's t); NULL with fewer than 3 of them ...",
        ),
        ratio(f"{name}_high", "... to here."),
        ratio(f"{name}_past_error", "Mean absolute error on published days before."),
    )


CALIBRATION_CURVE = Table(
    "calibration_curve",
    "neighbouring scores of a curve, about equally many records on each side of the threshold",
    (
        *CURVE_COLUMNS,
        Column("group", "int32", "From 1, by ascending score.", key=True),
        Column("threshold", "float64", "Lowest score of the group.", "score"),
        Column("above_operating_threshold", "boolean", "The group is predicted positive."),
        Column("records", "int64", "Records of the group.", "records"),
        Column("labelled", "int64", "Those with a label.", "records"),
        Column("positives", "int64", "Those labelled positive.", "records"),
        ratio("labelled_share", "Labelled of all records."),
        Column("mean_score", "float64", "The rate of positives the model says.", "score"),
        *with_interval("positive_rate", "The rate there is among the labelled."),
        method("positive_rate", "`wilson`"),
    ),
)

MODEL_HEALTH = Table(
    "model_health",
    "a curve: calibration, drift of scores, and what its labels can tell",
    (
        *CURVE_COLUMNS,
        ratio("calibration_error", "Mean distance of said and found rate (ECE, 15 groups)."),
        ratio("calibration_error_by_chance", "A calibrated model stays below it on 95 of 100."),
        ratio("calibration_p_value", "P-value of so large an error of a calibrated model."),
        Column(
            "calibration_method",
            "string",
            "How chance is known: `simulated` (positives drawn from the mean scores, gamma tail); "
            "NULL without labels.",
            nullable=True,
        ),
        replicates("calibration_replicates", "Draws of positives"),
        ratio("calibration_gap", "Mean score less rate of positives: above 0, scores too high."),
        ratio("population_stability_index", "Of the scores, against the 7 days before."),
        ratio(
            "population_stability_index_by_chance",
            "Without drift it stays below it on 95 of 100 days.",
        ),
        ratio(
            "kolmogorov_smirnov",
            "Its statistic: largest distance of the distributions to the 7 days before.",
        ),
        ratio("kolmogorov_smirnov_p_value", "Its p-value."),
        ratio("label_selection_p_value", "P-value of labels that do not depend on the score."),
        Column("recall_identifiable", "boolean", "Every group of scores has a label."),
        *with_interval("stratified_recall", "Recall if every group counts with all its records."),
        method("stratified_recall", "`logit` (normal for the logarithm of the odds)"),
        *_estimated("precision"),
        *_estimated("recall"),
        *_estimated("f1"),
        method("estimated", "`student_t` (of the errors on the days before), for all three"),
        Column("past_days", "int32", "Days before, of at most 28, the errors are about.", "days"),
        Column("reference_days", "int32", "Published days in the reference, of 7.", "days"),
        REASON,
    ),
)

INSIGHTS = Table(
    "insights",
    "a sentence worth reading, most important first",
    (
        Column("rank", "int32", "From 1.", key=True),
        Column("kind", "string", "What it is about: a key of `insights.table.KINDS`."),
        Column("tone", "string", "better, worse or notice."),
        Column("sentence", "string", "In words, with its interval."),
        Column("variant", "string", "Whom it is about."),
        Column("class_label", "string", "The class."),
        Column("slice", "string", "The slice."),
        Column("metric", "string", "The metric; NULL if it is about none.", nullable=True),
        Column(
            "baseline_variant",
            "string",
            "The variant it is compared with; NULL if with none.",
            nullable=True,
        ),
        Column(
            "known_since",
            "date",
            "First day of a state that lasts and has changed by no more than its interval since; "
            "NULL if the sentence is new.",
            nullable=True,
        ),
        *(
            Column(name, "float64", description, "of the metric, or money", nullable=True)
            for name, description in (
                ("value", "What a state is about, as a number."),
                ("value_low", "Lower end of its interval, or less what chance alone makes."),
                ("value_high", "Upper end of its interval, or with what chance alone makes."),
            )
        ),
    ),
)

WINDOWS = {"week": 7, "four_weeks": 28}
"""Roll-ups that are published every day: name and days, the day itself the last of them."""

WINDOW_QUALITY = {
    days: Table(
        f"model_quality_{days}_days",
        f"a curve of the {days} days up to and with the day",
        (
            # Nothing draws the curve of a window.
            *(one for one in MODEL_QUALITY.columns if not one.name.startswith("display_")),
            Column("first_day", "date", "First day of the window."),
            Column("days", "int32", "Published days in it.", "days"),
        ),
    )
    for days in WINDOWS.values()
}

DECISION_TABLES = {
    table.name: table
    for table in (
        VARIANT_COMPARISON,
        BUSINESS_VALUE,
        THRESHOLD_CHOICE,
        CALIBRATION_CURVE,
        MODEL_HEALTH,
        INSIGHTS,
        *WINDOW_QUALITY.values(),
    )
}
