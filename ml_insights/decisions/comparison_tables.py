"""Tables that compare variants and days: every column once.

What belongs here: contracts. What does not: how values come about (`comparisons`, `pairs`).
"""

from __future__ import annotations

from ml_insights.columns import Column, Table
from ml_insights.decisions.columns import (
    CLASS_LABEL,
    PROVISIONAL,
    REASON,
    SLICE,
    VARIANT,
    method,
    ratio,
)

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
        VARIANT,
        Column("baseline_variant", "string", "What it is compared with.", key=True),
        CLASS_LABEL,
        SLICE,
        Column(
            "metric",
            "string",
            "average_precision, roc_auc, and at the operating threshold precision, recall, f1 and "
            "standardised_precision (precision if both had the same share of positives).",
            key=True,
        ),
        ratio("baseline_value", "The metric of what is compared with."),
        ratio("value", "The metric of the variant on the day."),
        ratio("difference", "Value less baseline value."),
        ratio("difference_low", "Lower end of its 95 % interval."),
        ratio("difference_high", "Upper end of its 95 % interval."),
        method(
            "difference",
            "of disjoint traffic `newcombe of ...`, Newcombe's hybrid of the intervals of both "
            "values (`wilson`, `jaccard`, `binomial`, `influence`, `delong`, `delta`); of the same "
            "events `paired influence` or `paired delong`, with quantiles of Student's t",
        ),
        ratio("p_value", "Two-sided p-value of no difference."),
        Column(
            "p_value_method",
            "string",
            "How it is computed: `fisher` (exact, for shares), `interval` (1 less the largest "
            "confidence at which the interval leaves out 0) or `student_t`; NULL without one.",
            nullable=True,
        ),
        ratio(
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
        ratio(
            "sample_ratio_p_value",
            "P-value of the configured split of the pair's capture records; NULL unless "
            "`traffic_split` names both.",
        ),
        PROVISIONAL,
        REASON,
    ),
)

JOINT_COUNTS = Table(
    "joint_counts",
    "a pair of coarse bins of two variants that scored the same events, in a slice",
    (
        CLASS_LABEL,
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
