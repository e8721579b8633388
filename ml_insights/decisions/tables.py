"""The tables people decide from: every column once, as in `ml_insights.contracts`.

What belongs here: contracts of tables that only the driver writes. What does not: tables the Spark
cluster knows (`contracts`), and how values come about.
"""

from __future__ import annotations

from ml_insights.contracts import MODEL_QUALITY, Column, Table
from ml_insights.metrics.business_value import ENOUGH_OF_EQUAL, ENOUGH_OF_VARIOUS

_VARIANT, _CLASS, _SLICE = MODEL_QUALITY.columns[:3]
_CURVE = (_VARIANT, _CLASS, _SLICE)
_REASON = Column(
    "undefined_reason",
    "string",
    "Why values are NULL, and what to mind about others, comma separated: keys of "
    "`metrics.reasons.REASONS`.",
    nullable=True,
)
_PROVISIONAL = Column(
    "provisional", "boolean", "Label coverage is still below the configured minimum."
)
_CURRENCY = Column("currency", "string", "Unit of all money in the row, from the settings.")


def _ratio(name: str, description: str) -> Column:
    return _optional(name, description, "ratio")


def _optional(name: str, description: str, unit: str) -> Column:
    return Column(name, "float64", description, unit, nullable=True)


def _with_interval(name: str, description: str, unit: str = "ratio") -> tuple[Column, ...]:
    return (
        _optional(name, description, unit),
        _optional(f"{name}_low", "Lower end of its 95 % interval.", unit),
        _optional(f"{name}_high", "Upper end of its 95 % interval.", unit),
    )


def _method(name: str, methods: str) -> Column:
    return Column(
        f"{name}_method",
        "string",
        f"How the interval of {name} is computed: {methods}; NULL without one.",
        nullable=True,
    )


def _replicates(name: str, of: str) -> Column:
    return Column(name, "int32", f"{of}; 0 where nothing was drawn.", "replicates")


_INDEPENDENT = "`independent_records` (normal, variance of a sum of independent records)"


def _estimated(ratio: str) -> tuple[Column, ...]:
    name = f"estimated_{ratio}"
    return (
        _ratio(name, "Estimate without labels, from rates of the 7 days before."),
        _ratio(
            f"{name}_low",
            "On 95 of 100 days the value that labels show lies from here, if errors are as on the "
            "published days before (Student's t); NULL with fewer than 3 of them ...",
        ),
        _ratio(f"{name}_high", "... to here."),
        _ratio(f"{name}_past_error", "Mean absolute error on published days before."),
    )


def _effective(name: str, of: str) -> Column:
    text = (
        f"So many records of equal worth would make {of} as unsteady; with fewer than "
        f"{ENOUGH_OF_EQUAL} ({ENOUGH_OF_VARIOUS} with amounts) its interval may be too narrow."
    )
    return _optional(name, text, "records")


VARIANT_COMPARISON = Table(
    "variant_comparison",
    "a metric of a curve compared with that of another variant or of days before",
    (
        Column(
            "comparison",
            "string",
            "`variants` (other traffic of the day) or `same_events` (both variants scored them), "
            "each also over the last days (`variants_7_days`, `variants_28_days`, ...); "
            "`previous_day` or `trailing_7_days` (the variant's own days before).",
            key=True,
        ),
        _VARIANT,
        Column("baseline_variant", "string", "What it is compared with.", key=True),
        _CLASS,
        _SLICE,
        Column(
            "metric",
            "string",
            "average_precision, roc_auc, and at the operating threshold precision, recall, f1 and "
            "standardised_precision (precision if both had the same share of positives).",
            key=True,
        ),
        _ratio("baseline_value", "The metric of what is compared with."),
        _ratio("value", "The metric of the variant on the day."),
        _ratio("difference", "Value less baseline value."),
        _ratio("difference_low", "Lower end of its 95 % interval."),
        _ratio("difference_high", "Upper end of its 95 % interval."),
        _method(
            "difference",
            "of disjoint traffic `newcombe of ...`, Newcombe's hybrid of the intervals of both "
            "values (`wilson`, `jaccard`, `binomial`, `influence`, `delong`, `delta`); of the same "
            "events `paired influence` or `paired delong`, with quantiles of Student's t",
        ),
        _ratio("p_value", "Two-sided p-value of no difference."),
        Column(
            "p_value_method",
            "string",
            "How it is computed: `fisher` (exact, for shares), `interval` (1 less the largest "
            "confidence at which the interval leaves out 0) or `student_t`; NULL without one.",
            nullable=True,
        ),
        _ratio(
            "adjusted_p_value",
            "The same within the day's family of this comparison (Benjamini-Hochberg): of those "
            "below 0.05, one in twenty is false.",
        ),
        Column(
            "verdict",
            "string",
            "better, worse, no_relevant_difference, cannot_tell_yet, or not_comparable where the "
            "traffic was not split as configured; NULL where undefined, but cannot_tell_yet where "
            "variants that score the same events share no labelled one.",
            nullable=True,
        ),
        Column("labels", "int64", "Labelled records on both sides.", "records"),
        Column(
            "labels_needed",
            "int64",
            "Labelled records, at the present mix, that would bring a verdict if the difference "
            "stays as it is, with all tests of the family taken into account; of what cannot be "
            "told yet.",
            "records",
            nullable=True,
        ),
        Column(
            "baseline_days",
            "int32",
            "Published days in the baseline; between variants, days compared.",
            "days",
        ),
        _ratio(
            "sample_ratio_p_value",
            "P-value of the configured split of the pair's capture records; NULL unless "
            "`traffic_split` names both.",
        ),
        _PROVISIONAL,
        _REASON,
    ),
)

JOINT_COUNTS = Table(
    "joint_counts",
    "a pair of coarse bins of two variants that scored the same events, in a slice",
    (
        _CLASS,
        Column(
            "slice",
            "string",
            "Slice of both; events that the two have in different ones are in `all` alone.",
            key=True,
        ),
        Column("first_variant", "string", "The one whose name comes first.", key=True),
        Column("second_variant", "string", "The other.", key=True),
        Column("first_index", "int32", "Lowest grid threshold of the first's bin.", key=True),
        Column("second_index", "int32", "Lowest grid threshold of the second's bin.", key=True),
        Column("positives", "int64", "Events labelled positive.", "records"),
        Column("negatives", "int64", "Events labelled negative.", "records"),
    ),
)
"""Written with confusion_counts where variants share events; no asset of its own."""

AMOUNT_COUNTS = Table(
    "amount_counts",
    "a threshold of a curve whose bin holds a labelled record with an amount",
    (
        *_CURVE,
        Column("threshold_index", "int32", "Position on the grid; join on this.", key=True),
        *(
            Column(f"{label}_with_amount", "int64", f"The bin's {label} with an amount.", "records")
            for label in ("positives", "negatives")
        ),
        *(
            Column(
                f"amount_of_{label}",
                "int64",
                f"Sum of the amounts of the bin's {label}.",
                "10^-decimals of the currency",
            )
            for label in ("positives", "negatives")
        ),
        *(
            Column(
                f"squares_of_{label}",
                "float64",
                "Sum of their squares: an exact integer, rounded once.",
                "the same, squared",
            )
            for label in ("positives", "negatives")
        ),
    ),
)
"""Written with confusion_counts where money depends on an amount; no asset of its own."""

BUSINESS_VALUE = Table(
    "business_value",
    "a drawn threshold of a curve, in money",
    (
        *_CURVE,
        Column("threshold_index", "int32", "Position on the grid; join on this.", key=True),
        Column("threshold", "float64", "Acted on means score >= threshold.", "score"),
        Column("actions", "int64", "Records at or above it, labelled or not.", "records"),
        Column(
            "within_capacity", "boolean", "Actions do not exceed the capacity; slices have none."
        ),
        *_with_interval(
            "value",
            "Money of the day's labelled records, with amounts of those that have one.",
            "money",
        ),
        _method("value", _INDEPENDENT),
        _effective("effective_records", "the value"),
        _CURRENCY,
        _REASON,
    ),
)

THRESHOLD_CHOICE = Table(
    "threshold_choice",
    "a curve: which threshold is worth most, and how sure that is",
    (
        *_CURVE,
        Column("labelled", "int64", "Records the money is about.", "records"),
        *_with_interval("operating_value", "Money at the operating threshold.", "money"),
        _method("operating_value", _INDEPENDENT),
        _effective("effective_records", "the operating value"),
        _optional(
            "best_threshold",
            "Worth most within capacity, on this day's records; NULL if acting on nothing is.",
            "score",
        ),
        _optional(
            "best_threshold_low",
            "Its 95 % interval: from here ...",
            "score",
        ),
        _optional(
            "best_threshold_high",
            "... to here; NULL if acting on nothing may be best.",
            "score",
        ),
        _method("best_threshold", "`bootstrap` (Poisson, on groups of bins; also of optimism)"),
        _replicates("bootstrap_replicates", "Choices on resampled records"),
        _optional("best_value", "Money at it, on this day.", "money"),
        _optional(
            "optimism",
            "So much of it is chance, because it was chosen on the same records.",
            "money",
        ),
        *_with_interval(
            "regret",
            "Best less operating value less optimism: what today's threshold costs a day.",
            "money",
        ),
        _method("regret", f"{_INDEPENDENT}, around a value without the optimism of the bootstrap"),
        _effective("regret_effective_records", "the regret"),
        _optional(
            "chosen_before",
            "Best threshold of the published day before: chosen there, judged here; NULL if acting "
            "on nothing was best.",
            "score",
        ),
        _optional(
            "value_of_chosen_before",
            "Money it was worth on this day, with no more actions than capacity allows.",
            "money",
        ),
        Column(
            "kept_since",
            "date",
            "Oldest published day of the 7 before that chose a threshold, which is judged here on "
            "all days since; NULL if there is none.",
            nullable=True,
        ),
        _optional("kept_threshold", "That threshold; NULL if acting on nothing was best.", "score"),
        Column(
            "kept_days",
            "int32",
            "Days since with labelled records, this one included, of at most 7.",
            "days",
        ),
        _optional(
            "value_of_kept",
            "Money at it on these days together; on a day with more records at or above it than "
            "capacity allows, at the lowest threshold that keeps to capacity.",
            "money",
        ),
        _optional(
            "value_of_kept_limit_low",
            "Guaranteed: not less, whichever records of a bin that capacity cuts were acted on ...",
            "money",
        ),
        _optional(
            "value_of_kept_limit_high",
            "... and not more. The interval of the gain contains such limits.",
            "money",
        ),
        *_with_interval(
            "gain_of_kept",
            "That less the money at the operating threshold on the same days, which took no part "
            "in the choice, within the same capacity.",
            "money",
        ),
        _method("gain_of_kept", f"{_INDEPENDENT}, from limit to limit"),
        _effective("gain_of_kept_effective_records", "this gain"),
        _ratio(
            "break_even_precision",
            "Chance of being right from which an action pays; with amounts, at their means.",
        ),
        _optional(
            "break_even_threshold",
            "Lowest threshold worth at least as much as acting on nothing; NULL if none is.",
            "score",
        ),
        Column(
            "capacity",
            "int64",
            "Most actions a day of the variant and class; NULL if not limited, and for slices, "
            "which share it.",
            "records",
            nullable=True,
        ),
        _optional("capacity_threshold", "Lowest threshold that keeps to capacity.", "score"),
        _CURRENCY,
        _PROVISIONAL,
        _REASON,
    ),
)

CALIBRATION_CURVE = Table(
    "calibration_curve",
    "neighbouring scores of a curve, about equally many records on each side of the threshold",
    (
        *_CURVE,
        Column("group", "int32", "From 1, by ascending score.", key=True),
        Column("threshold", "float64", "Lowest score of the group.", "score"),
        Column("above_operating_threshold", "boolean", "The group is predicted positive."),
        Column("records", "int64", "Records of the group.", "records"),
        Column("labelled", "int64", "Those with a label.", "records"),
        Column("positives", "int64", "Those labelled positive.", "records"),
        _ratio("labelled_share", "Labelled of all records."),
        Column("mean_score", "float64", "The rate of positives the model says.", "score"),
        *_with_interval("positive_rate", "The rate there is among the labelled."),
        _method("positive_rate", "`wilson`"),
    ),
)

MODEL_HEALTH = Table(
    "model_health",
    "a curve: calibration, drift of scores, and what its labels can tell",
    (
        *_CURVE,
        _ratio("calibration_error", "Mean distance of said and found rate (ECE, 15 groups)."),
        _ratio("calibration_error_by_chance", "A calibrated model stays below it on 95 of 100."),
        _ratio("calibration_p_value", "P-value of so large an error of a calibrated model."),
        Column(
            "calibration_method",
            "string",
            "How chance is known: `simulated` (positives drawn from the mean scores, gamma tail); "
            "NULL without labels.",
            nullable=True,
        ),
        _replicates("calibration_replicates", "Draws of positives"),
        _ratio("calibration_gap", "Mean score less rate of positives: above 0, scores too high."),
        _ratio("population_stability_index", "Of the scores, against the 7 days before."),
        _ratio(
            "population_stability_index_by_chance",
            "Without drift it stays below it on 95 of 100 days.",
        ),
        _ratio(
            "kolmogorov_smirnov",
            "Its statistic: largest distance of the distributions to the 7 days before.",
        ),
        _ratio("kolmogorov_smirnov_p_value", "Its p-value."),
        _ratio("label_selection_p_value", "P-value of labels that do not depend on the score."),
        Column("recall_identifiable", "boolean", "Every group of scores has a label."),
        *_with_interval("stratified_recall", "Recall if every group counts with all its records."),
        _method("stratified_recall", "`logit` (normal for the logarithm of the odds)"),
        *_estimated("precision"),
        *_estimated("recall"),
        *_estimated("f1"),
        _method("estimated", "`student_t` (of the errors on the days before), for all three"),
        Column("past_days", "int32", "Days before, of at most 28, the errors are about.", "days"),
        Column("reference_days", "int32", "Published days in the reference, of 7.", "days"),
        _REASON,
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
