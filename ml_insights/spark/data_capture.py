"""SageMaker data capture, parsed in Spark's own engine: a line in, its predictions or its reason out.

What belongs here: what a capture record looks like and why one is rejected. What does not: which
objects are read (`units`), where the result goes (`raw_predictions`), values inside a payload
(`values`).

Nothing is dropped: every line is a record or has a reason, every prediction of a record is a score
or has a reason.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from pyspark.sql import Observation
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from ml_insights.spark.values import (
    DECIMAL_NUMBER,
    decoded,
    media_type,
    parse_json,
    readable_text,
    valid_utf8,
    values_of,
)

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from ml_insights.spark.arguments import CaptureFormat, SliceFeature, ValueForm

QUARANTINED_CHARACTERS = 4096
MISSING_VALUE = "(missing)"
NOT_A_NUMBER = "(not a number)"

ACCEPTED = "accepted"
REJECTED_LINE = "rejected_line"
REJECTED_PREDICTION = "rejected_prediction"
"""What a row of `predictions` is, in its column `kind`."""


def _strings(*names: str) -> StructType:
    return StructType([StructField(name, StringType()) for name in names])


def record_schema(capture: CaptureFormat) -> StructType:
    """The fields of a capture record that are needed; others are skipped while parsing."""
    payload = _strings("observedContentType", "data", "encoding")
    sides = [StructField("endpointOutput", payload)]
    if capture.slices:
        sides.append(StructField("endpointInput", payload))
    metadata = _strings("eventId", "inferenceId", "inferenceTime")
    return StructType(
        [StructField("captureData", StructType(sides)), StructField("eventMetadata", metadata)]
    )


def records(lines: DataFrame, capture: CaptureFormat) -> DataFrame:
    """Parse capture lines.

    Args:
        lines: columns `value` (the line), `source_object` and `modified` (of the object).
        capture: where scores and slice features stand.

    Returns:
        One row a line: `line`, `source_object`, `modified`, `record`, `scores` (one element a prediction) and
        `reason`, NULL for an accepted record.
    """
    parsed = lines.select(
        F.col("value").alias("line"),
        "source_object",
        "modified",
        valid_utf8(F.col("value")).alias("utf8"),
        parse_json(F.col("value"), record_schema(capture)).alias("record"),
    )
    output = F.col("record.captureData.endpointOutput")
    with_text = parsed.withColumn("text", decoded(output))
    with_scores = with_text.withColumn(
        "scores", _select_form(output, capture.scores, lists=bool(capture.classes))
    )
    return with_scores.withColumn("reason", _line_reason(output, capture.scores))


def _select_form(output: Column, forms: tuple[ValueForm, ...], *, lists: bool) -> Column:
    """Values by the form of the observed content type; without one, by the first form."""
    observed = F.coalesce(media_type(output["observedContentType"]), F.lit(forms[0].content_type))
    return F.coalesce(
        *(
            F.when(observed == form.content_type, values_of(F.col("text"), form, lists=lists))
            for form in forms
        )
    )


def _line_reason(output: Column, forms: tuple[ValueForm, ...]) -> Column:
    metadata = F.col("record.eventMetadata")
    encoding = F.upper(F.trim(output["encoding"]))
    known_types = [form.content_type for form in forms]
    observed = media_type(output["observedContentType"])
    return (
        F.when(F.trim(F.col("line")).isin("", "\r"), "empty_line")
        .when(~F.col("utf8"), "not_utf8")
        .when(F.col("record").isNull(), "malformed_json")
        .when(F.coalesce(metadata["inferenceId"], metadata["eventId"]).isNull(), "no_event_id")
        .when(output["data"].isNull(), "no_output")
        .when(F.coalesce(~encoding.isin("CSV", "JSON", "BASE64"), F.lit(True)), "unknown_encoding")
        .when(F.col("text").isNull(), "bad_base64")
        .when(F.coalesce(~observed.isin(known_types), F.lit(False)), "unexpected_content_type")
        .when(F.coalesce(F.size("scores"), F.lit(0)) <= 0, "no_predictions")
    )


OBSERVED = ("lines_read", "records_accepted", "predictions_in_records")


def observed_records(parsed: DataFrame, observation: Observation) -> DataFrame:
    """Count, while the records stream by: `OBSERVED`, and the time of the newest object."""
    accepted = F.col("reason").isNull()
    return parsed.observe(
        observation,
        F.count(F.lit(1)).alias("lines_read"),
        F.coalesce(F.sum(accepted.cast("bigint")), F.lit(0)).alias("records_accepted"),
        F.coalesce(F.sum(F.when(accepted, F.size("scores")).cast("bigint")), F.lit(0)).alias(
            "predictions_in_records"
        ),
        # As text: Python would shift a timestamp to the time zone of its machine.
        F.date_format(F.max("modified"), "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'").alias("newest"),
    )


def predictions(parsed: DataFrame, capture: CaptureFormat) -> DataFrame:
    """Rows of raw_predictions and of what was rejected, told apart by the column `kind`.

    Args:
        parsed: what `records` returns.
        capture: where scores and slice features stand.

    Returns:
        The columns of raw_predictions without `variant` (NULL in rejected rows), and `kind`,
        `reason`, `source_object`, `line` (NULL in accepted rows).
    """
    whole_line_rejected = F.array(F.lit(None).cast(parsed.schema["scores"].dataType.elementType))  # type: ignore[attr-defined]
    numbered = parsed.select(
        "*",
        F.posexplode(
            F.when(F.col("reason").isNull(), F.col("scores")).otherwise(whole_line_rejected)
        ).alias("prediction_index", "answer"),
    )
    if capture.classes:
        wrong = F.coalesce(F.size("answer") != len(capture.classes), F.lit(True))
        answers = F.when(wrong, F.array(F.lit(None).cast("string"))).otherwise(F.col("answer"))
        first_bad = F.filter(
            F.transform("answer", _score_reason), lambda reason: reason.isNotNull()
        )
        prediction_reason = F.when(wrong, "wrong_class_count").otherwise(F.get(first_bad, F.lit(0)))
    else:
        answers = F.array("answer")
        prediction_reason = _score_reason(F.col("answer"))
    judged = numbered.withColumn("prediction_reason", prediction_reason).withColumn(
        "kind",
        F.when(F.col("reason").isNotNull(), REJECTED_LINE)
        .when(F.col("prediction_reason").isNotNull(), REJECTED_PREDICTION)
        .otherwise(ACCEPTED),
    )
    accepted = F.col("kind") == ACCEPTED
    # A rejected prediction is one row, whatever the number of its classes.
    scored = judged.withColumn("accepted", accepted).select(
        "*",
        F.posexplode(
            F.when(accepted, answers).otherwise(F.array(F.lit(None).cast("string")))
        ).alias("class_index", "score_text"),
    )
    return _row_columns(scored, capture)


def _score_reason(text: Column) -> Column:
    """Why a score is refused; NULL for a number in [0, 1]."""
    plain = F.btrim(text, F.lit(" \t\r\n"))
    number = F.when(plain.rlike(DECIMAL_NUMBER), plain.cast("double"))
    return (
        F.when(text.isNull() | (plain == ""), "score_missing")
        .when(F.lower(plain).isin("nan", "-nan", "+nan"), "score_nan")
        .when(number.isNull(), "score_not_a_number")
        .when(number < 0, "score_below_0")
        .when(number > 1, "score_above_1")
    )


def _row_columns(scored: DataFrame, capture: CaptureFormat) -> DataFrame:
    accepted = F.col("accepted")
    metadata = F.col("record.eventMetadata")
    names = capture.classes or (capture.positive_label,)
    values = [_slice_value(feature) for feature in capture.slices]
    with_slices = scored.withColumn(
        "slice_values", F.array(*values) if values else F.array().cast("array<string>")
    )
    # Adding 0.0 turns -0.0 into 0.0.
    score = F.btrim(F.col("score_text"), F.lit(" \t\r\n")).cast("double") + F.lit(0.0)
    return with_slices.select(
        event_key(F.coalesce(metadata["inferenceId"], metadata["eventId"])).alias("event_id"),
        F.col("prediction_index"),
        F.size("scores").alias("predictions_in_record"),
        F.array(*map(F.lit, names))[F.col("class_index")].alias("class_label"),
        F.when(accepted, score).alias("score"),
        (F.xxhash64("slice_values") if values else F.lit(0).cast("bigint")).alias("slice_id"),
        F.col("slice_values"),
        F.try_to_timestamp(metadata["inferenceTime"]).alias("captured_at"),
        F.col("kind"),
        F.coalesce("reason", "prediction_reason").alias("reason"),
        F.when(~accepted, F.col("source_object")).alias("source_object"),
        F.when(~accepted, cut_line(F.col("line"))).alias("line"),
    )


def cut_line(line: Column) -> Column:
    """The line as quarantine keeps it: readable, at most 4 KB."""
    return F.substring(readable_text(line), 1, QUARANTINED_CHARACTERS)


def _slice_value(feature: SliceFeature) -> Column:
    """Value of a slice feature for the prediction of the row, or `MISSING_VALUE`."""
    payload = F.col("record.captureData.endpointInput")
    observed = media_type(payload["observedContentType"])
    readable = F.coalesce(observed == feature.form.content_type, F.lit(True))
    values = F.when(readable, values_of(decoded(payload), feature.form))
    # Only when the input has one value for each prediction do positions correspond.
    aligned = F.when(F.size(values) == F.size("scores"), F.get(values, F.col("prediction_index")))
    text = F.btrim(aligned, F.lit(" \t\r\n"))
    if not feature.edges:
        return F.when(text != "", text).otherwise(F.lit(MISSING_VALUE))
    number = F.when(text.rlike(DECIMAL_NUMBER), text.cast("double"))
    pairs = zip(feature.edges, feature.edges[1:])
    between = reduce(
        lambda branch, pair: branch.when(number < pair[1], f"{pair[0]:g}..{pair[1]:g}"),
        pairs,
        F.when(number < feature.edges[0], f"<{feature.edges[0]:g}"),
    )
    return (
        F.when(F.coalesce(text, F.lit("")) == "", MISSING_VALUE)
        .when(number.isNull(), NOT_A_NUMBER)
        .otherwise(between.otherwise(f">={feature.edges[-1]:g}"))
    )


def event_key(event_id: Column) -> Column:
    """An event id as `event_id` bytes; different ids have different bytes.

    A lower-case UUID becomes its 16 bytes. Any other id is its UTF-8 text, after a zero byte (no
    printable id has one) if it is 16 bytes long.
    """
    uuid = event_id.rlike("^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
    text = event_id.cast("binary")
    marked = F.when(F.length(text) == 16, F.concat(F.lit(b"\x00"), text)).otherwise(text)
    return F.when(uuid, F.unhex(F.translate(event_id, "-", ""))).otherwise(marked)
