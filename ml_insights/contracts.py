"""The tables of ml_insights: every column once, with type, unit, nullability and meaning.

What belongs here: the contract between the steps and with readers. What does not: what a column is
(`columns`), reading or writing (`ml_insights.lake`), and how values come about.

This module travels to the cluster: Python 3.9, standard library only.
"""

from __future__ import annotations

from ml_insights.columns import Column, Table

ALL_RECORDS = "all"
"""Slice that holds every record of its variant and class."""

_VARIANT = Column("variant", "string", "Production variant of the endpoint.", key=True)
_CLASS = Column(
    "class_label", "string", "The class whose score is thresholded, one against the rest.", key=True
)
_SLICE = Column(
    "slice", "string", f"Slice, such as `region=EU`; `{ALL_RECORDS}` is all traffic.", key=True
)

CURVE = (_VARIANT.name, _CLASS.name, _SLICE.name)
"""Columns that say which curve a row belongs to."""

_THRESHOLD_INDEX = Column(
    "threshold_index", "int32", "Position of the threshold on the grid; join on this.", key=True
)
_THRESHOLD = Column("threshold", "float64", "Predicted positive means score >= threshold.", "score")
_CELLS = (
    Column("true_positives", "int64", "Positives with score >= threshold.", "records"),
    Column("false_positives", "int64", "Negatives with score >= threshold.", "records"),
    Column("false_negatives", "int64", "Positives with score < threshold.", "records"),
    Column("true_negatives", "int64", "Negatives with score < threshold.", "records"),
)
_LABELS_AS_OF = Column(
    "labels_as_of",
    "timestamp",
    "Newest object in the label window with an accepted line; NULL when there was none.",
    "UTC",
    nullable=True,
)


def _ratio(name: str, description: str) -> Column:
    return Column(name, "float64", description, "ratio", nullable=True)


def _with_limits(
    name: str, description: str, kind: str = " (Wilson; F1 through Jaccard)"
) -> tuple[Column, ...]:
    return (
        _ratio(name, description),
        _ratio(f"{name}_low", f"Lower end of its 95 % interval{kind}."),
        _ratio(f"{name}_high", "Upper end of its 95 % interval."),
    )


def _at_levels(name: str, description: str) -> tuple[Column, ...]:
    return tuple(
        column
        for level in FIXED_LEVELS
        for column in _with_limits(f"{name}_{level}", description.format(level), _COUNTED)
    )


def _method(name: str, description: str) -> Column:
    text = f"How its interval came about: {description}; NULL without interval."
    return Column(f"{name}_method", "string", text, nullable=True)


_COUNTED = ", the choice of the threshold included"
_CHOSEN = "`bootstrap` (Poisson, percentiles; not narrower than Wilson's at the threshold)"


def _area(name: str, description: str) -> tuple[Column, ...]:
    return (
        _ratio(name, description),
        _ratio(f"{name}_limit_low", "Guaranteed: the value of the unbinned scores is not below."),
        _ratio(f"{name}_limit_high", "Guaranteed: the value of the unbinned scores is not above."),
        _ratio(f"{name}_low", "Lower end of its 95 % sampling interval."),
        _ratio(f"{name}_high", "Upper end of its 95 % sampling interval."),
    )


RAW_PREDICTIONS = Table(
    "raw_predictions",
    "a score of a prediction",
    (
        Column("variant", "string", "Production variant; the folder the rows are in.", key=True),
        Column(
            "event_id",
            "binary",
            "inferenceId where the capture has one, else eventId: 16 bytes for a lower-case UUID, "
            "else UTF-8 (after a zero byte if that is 16 bytes long).",
            key=True,
        ),
        Column("prediction_index", "int32", "Position in the record, from 0.", key=True),
        Column("predictions_in_record", "int32", "Predictions the record holds.", "records"),
        Column("class_label", "string", "Class the score belongs to.", key=True),
        Column("score", "float64", "In [0, 1]; anything else is in quarantine.", "score"),
        Column("slice_id", "int64", "Hash of slice_values, so that counting reads no string."),
        Column(
            "slice_values", "strings", "Value of each configured slice feature, in settings order."
        ),
        Column(
            "captured_at",
            "timestamp",
            "inferenceTime; NULL when the record has none.",
            "UTC",
            nullable=True,
        ),
        Column(
            "amount",
            "int64",
            "What is at stake, in the smallest unit the settings count; NULL without a usable "
            "amount, or where no money depends on one.",
            "10^-decimals of the currency",
            nullable=True,
        ),
    ),
)

QUARANTINE = Table(
    "quarantine",
    "a rejected capture or ground truth line (a capped sample; the counts are in record_balance)",
    (
        Column("source", "string", "`data_capture` or `ground_truth`."),
        Column("source_object", "string", "Object that holds the line."),
        Column("reason", "string", "Why it was rejected; a key of `REASONS`."),
        Column("line", "string", "The line, cut at 4 KB; bytes that are not UTF-8 are replaced."),
    ),
)

CONFUSION_COUNTS = Table(
    "confusion_counts",
    "a threshold of a curve whose bin holds a record; in between, counts are those of the next "
    "threshold above",
    (
        _VARIANT,
        _CLASS,
        _SLICE,
        _THRESHOLD_INDEX,
        _THRESHOLD,
        Column("bin_positives", "int64", "Positives from this threshold to the next.", "records"),
        Column("bin_negatives", "int64", "Negatives from this threshold to the next.", "records"),
        Column("bin_unlabelled", "int64", "Records of the bin without a label.", "records"),
        Column("bin_score_sum", "float64", "Sum of the scores of the bin's records.", "score"),
        *_CELLS,
        _LABELS_AS_OF,
    ),
)

PRECISION_RECALL = Table(
    "precision_recall",
    "a threshold of a curve",
    (
        _VARIANT,
        _CLASS,
        _SLICE,
        _THRESHOLD_INDEX,
        _THRESHOLD,
        *_CELLS,
        *_with_limits("precision", "True positives of all predicted positive; NULL for 0/0."),
        *_with_limits("recall", "True positives of all positives; NULL without positives."),
        _ratio("f1", "Harmonic mean of precision and recall; NULL without positives."),
        _ratio("false_positive_rate", "False positives of all negatives; NULL without negatives."),
        Column(
            "undefined_reason",
            "string",
            "Why ratios of this row are NULL, comma separated; NULL when all are defined.",
            nullable=True,
        ),
        Column(
            "display_rank",
            "int32",
            "Position among the at most 200 points that draw the curve; NULL for the others.",
            nullable=True,
        ),
    ),
)

FIXED_LEVELS = (50, 80, 90, 95)
"""Percentages at which recall at fixed precision, and the reverse, are published."""

MODEL_QUALITY = Table(
    "model_quality",
    "a curve: the numbers people track",
    (
        _VARIANT,
        _CLASS,
        _SLICE,
        Column("predictions", "int64", "Records of the curve, duplicates dropped.", "records"),
        Column("positives", "int64", "Records labelled positive.", "records"),
        Column("negatives", "int64", "Records labelled negative.", "records"),
        Column("unlabelled", "int64", "Records without a label.", "records"),
        _ratio("label_coverage", "Labelled records of all records; NULL without records."),
        _ratio("prevalence", "Positives of the labelled; NULL without labels."),
        *_area("average_precision", "Step sum of precision over recall, on bins."),
        *_area("roc_auc", "Area under the ROC curve, on bins."),
        _method(
            "average_precision",
            "on the logit scale, `bootstrap` (Poisson, on bins) or `binomial` (Boyd, Eng & Page; "
            "with fewer than 100 positives)",
        ),
        _method(
            "roc_auc",
            "`delong`, on the logit scale, or `wilson` (as a share of effective trials; where "
            "fewer than 40 records decide)",
        ),
        Column(
            "bootstrap_replicates", "int32", "Resampled curves behind the intervals.", "replicates"
        ),
        *_with_limits(
            "achievable_pr_area",
            "Davis-Goadrich interpolation, on bins.",
            ", by the method of average precision",
        ),
        *_with_limits("best_f1", "Largest F1 at a grid threshold.", _COUNTED),
        _ratio("best_f1_limit_high", "Guaranteed: no threshold at all has a larger F1."),
        Column("best_f1_threshold", "float64", "Where best_f1 is reached.", "score", nullable=True),
        _method("best_f1", _CHOSEN),
        *_at_levels(
            "recall_at_precision",
            "Largest recall of a grid threshold with precision >= {} %; NULL if none.",
        ),
        _method("recall_at_precision", _CHOSEN),
        *_at_levels(
            "precision_at_recall",
            "Largest precision of a grid threshold with recall >= {} %; NULL without positives.",
        ),
        _method("precision_at_recall", _CHOSEN),
        Column("operating_threshold", "float64", "The threshold the settings name.", "score"),
        Column(
            "operating_grid_threshold",
            "float64",
            "Grid threshold at or just below it, where the operating values are counted.",
            "score",
        ),
        Column(
            "operating_bin_records",
            "int64",
            "Records between the grid threshold and the next: at most so many lie on the other "
            "side of the configured threshold; 0 when the two are equal.",
            "records",
        ),
        *(
            Column(f"operating_{cell.name}", "int64", "At the grid threshold.", "records")
            for cell in _CELLS
        ),
        *_with_limits("operating_precision", "Precision at the operating grid threshold."),
        _method("operating_precision", "`wilson`"),
        *_with_limits("operating_recall", "Recall at the operating grid threshold."),
        _method("operating_recall", "`wilson`"),
        *_with_limits("operating_f1", "F1 at the operating grid threshold."),
        _method("operating_f1", "`jaccard` (Wilson's limits of Jaccard's index, transformed)"),
        Column("display_points", "int32", "Points that draw the curve.", "points"),
        _ratio(
            "display_deviation",
            "Largest distance of a left-out point to its drawn line, in a unit square, over all "
            "charts: precision against recall, and each ratio against the threshold.",
        ),
        Column(
            "undefined_reason",
            "string",
            "Why values are NULL, comma separated; and `recall_not_identifiable` where scores have "
            "no label, so that recall and what rests on it are those of the labelled alone.",
            nullable=True,
        ),
        Column("provisional", "boolean", "Label coverage is still below the configured minimum."),
        _LABELS_AS_OF,
        Column("grid", "string", "Name of the threshold grid."),
        Column("run_id", "string", "Dagster run that published the row."),
        Column("code_version", "string", "Version of ml_insights."),
        Column("manifest_digest", "string", "SHA-256 of the input manifest of the day."),
    ),
)

RECORD_BALANCE = Table(
    "record_balance",
    "an item of an account of the day; the records of an account and variant add up to zero",
    (
        Column(
            "account",
            "string",
            "What is counted: a key of `ACCOUNTS`.",
            key=True,
        ),
        Column(
            "variant", "string", "Production variant; NULL for labels.", nullable=True, key=True
        ),
        Column("item", "string", "What came in, or where it went.", key=True),
        Column("records", "int64", "Came in: positive. Went out: negative.", "records"),
    ),
)

ACCOUNTS = {
    "capture_lines": "lines of the captured objects",
    "predictions": "predictions in the accepted capture records",
    "scores": "rows of raw_predictions: one a prediction, or one a prediction and class",
    "labelled_scores": "rows of raw_predictions, duplicates dropped, that a usable label names",
    "label_lines": "lines of the ground truth objects in the day's label window",
    "labels": "labels in the accepted ground truth records",
    "labels_collected": "labels collected on this very day, whatever day they belong to",
}

ACCEPTED, REJECTED_LINE, REJECTED_PREDICTION = "accepted", "rejected_line", "rejected_prediction"
"""What becomes of captured lines and their predictions: column `kind` of what step 1 writes."""

REASONS = {
    "empty_line": "the line is empty",
    "not_utf8": "the line is not valid UTF-8",
    "malformed_json": "the line is not exactly one JSON object",
    "no_event_id": "neither inferenceId nor eventId",
    "no_output": "the record has no endpoint output",
    "no_label_data": "the record has no ground truth data",
    "unknown_encoding": "the encoding is none of CSV, JSON, BASE64",
    "bad_base64": "the data is not valid base64",
    "unexpected_content_type": "the content type is none of those in the settings",
    "no_predictions": "the output holds no prediction where the settings look for it",
    "no_labels": "the data holds no label where the settings look for it",
    "score_missing": "a prediction without a score",
    "score_not_a_number": "a score that is not a decimal number",
    "score_nan": "a score that is NaN",
    "score_below_0": "a score below 0",
    "score_above_1": "a score above 1",
    "wrong_class_count": "another number of scores than there are classes",
}
"""Why a line or a prediction is rejected; every reason is counted, none is silent."""

AMOUNT_REASONS = {
    "amount_missing": "no amount where the settings look for it",
    "amount_not_a_number": "an amount that is not a decimal number",
    "amount_below_0": "an amount below 0",
    "amount_too_large": "an amount that is too large to be added up exactly",
}
"""Why an accepted prediction has no amount; it counts in all but money. Every reason is counted."""

TABLES = {
    table.name: table
    for table in (
        RAW_PREDICTIONS,
        QUARANTINE,
        CONFUSION_COUNTS,
        PRECISION_RECALL,
        MODEL_QUALITY,
        RECORD_BALANCE,
    )
}
