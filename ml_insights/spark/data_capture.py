"""SageMaker data capture, parsed in Spark's own engine: a line in, predictions or a reason out.

What belongs here: what a capture record looks like and why one is rejected. What does not: which
objects are read (`units`), where the result goes (`raw_predictions`), values inside a payload
(`values`).

Nothing is dropped: every line is a record or has a reason, every prediction of a record is a score
or has a reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import TYPE_CHECKING, Optional, Union

from pyspark.sql import Observation
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from ml_insights.contracts import ACCEPTED, REJECTED_LINE, REJECTED_PREDICTION
from ml_insights.spark.decimal_number import DECIMAL_NUMBER, NAN
from ml_insights.spark.values import (
    decoded,
    is_blank,
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

LARGEST_AMOUNT = 10**15
"""In the smallest unit. Decimal texts up to it, times a power of ten, are rounded to the integer
they say; as many of them as a day can have add up in 38 digits, and so do their squares."""


def _strings(*names: str) -> StructType:
    return StructType([StructField(name, StringType()) for name in names])


def record_schema(capture: CaptureFormat) -> StructType:
    """The fields of a capture record that are needed; others are skipped while parsing."""
    payload = _strings("observedContentType", "data", "encoding")
    sides = [StructField("endpointOutput", payload)]
    if capture.features:
        sides.append(StructField("endpointInput", payload))
    metadata = _strings("eventId", "inferenceId", "inferenceTime")
    return StructType(
        [StructField("captureData", StructType(sides)), StructField("eventMetadata", metadata)]
    )


def records(lines: DataFrame, capture: CaptureFormat) -> DataFrame:
    """Parse capture lines.

    Args:
        lines: columns `value` (the line), `variant`, `source_object` and `modified` (of the
            object).
        capture: where scores and input features stand.

    Returns:
        One row a line: `line`, `variant`, `source_object`, `modified`, `record`, `scores` (one
        element a prediction), `features` (for each input feature an array, one element a
        prediction) and `reason`, NULL for an accepted record.
    """
    output = F.col("record.captureData.endpointOutput")
    # Each step is a projection of its own, so that what it computes is computed once.
    return (
        lines.select(
            F.col("value").alias("line"),
            "variant",
            "source_object",
            "modified",
            valid_utf8(F.col("value")).alias("utf8"),
            parse_json(F.col("value"), record_schema(capture)).alias("record"),
        )
        .select("*", decoded(output).alias("text"), *_request(capture))
        .select("*", _scores(output, capture).alias("scores"), _features(capture).alias("features"))
        .withColumn("reason", _line_reason(output, capture.scores))
    )


def _request(capture: CaptureFormat) -> list[Column]:
    if not capture.features:
        return []
    payload = F.col("record.captureData.endpointInput")
    return [
        decoded(payload).alias("request"),
        media_type(payload["observedContentType"]).alias("request_type"),
    ]


def _scores(output: Column, capture: CaptureFormat) -> Column:
    """Values by the form of the observed content type; without one, by the first form."""
    first, text = capture.scores[0].content_type, F.col("text")
    observed = F.coalesce(media_type(output["observedContentType"]), F.lit(first))
    lists = bool(capture.classes)
    return F.coalesce(
        *(
            F.when(observed == form.content_type, values_of(text, form, lists=lists))
            for form in capture.scores
        )
    )


def _features(capture: CaptureFormat) -> Column:
    """Values of each input feature; NULL where the request is not of the feature's form."""
    features = [
        F.when(
            F.coalesce(F.col("request_type") == form.content_type, F.lit(True)),
            values_of(F.col("request"), form),
        )
        for form in capture.features
    ]
    return F.array(*features) if features else F.array().cast("array<array<string>>")


def _line_reason(output: Column, forms: tuple[ValueForm, ...]) -> Column:
    metadata = F.col("record.eventMetadata")
    encoding = F.upper(F.trim(output["encoding"]))
    known_types = [form.content_type for form in forms]
    observed = media_type(output["observedContentType"])
    return (
        F.when(~F.col("utf8"), "not_utf8")
        .when(F.col("record").isNull() & is_blank(F.col("line")), "empty_line")
        .when(F.col("record").isNull(), "malformed_json")
        .when(_event_id(metadata).isNull(), "no_event_id")
        .when(output["data"].isNull(), "no_output")
        .when(F.coalesce(~encoding.isin("CSV", "JSON", "BASE64"), F.lit(True)), "unknown_encoding")
        .when(F.col("text").isNull(), "bad_base64")
        .when(F.coalesce(~observed.isin(known_types), F.lit(False)), "unexpected_content_type")
        .when(F.coalesce(F.size("scores"), F.lit(0)) <= 0, "no_predictions")
    )


def observe_records(
    parsed: DataFrame, variants: Sequence[str], observation: Observation
) -> DataFrame:
    """Count, while the records stream by, what `observed_counts` gives afterwards."""
    accepted = F.col("reason").isNull()
    in_record = F.when(accepted, F.size("scores")).otherwise(0)
    counts = []
    for position, variant in enumerate(variants):
        own = F.col("variant") == variant
        for name, number in (
            ("lines_read", own),
            ("records_accepted", own & accepted),
            ("predictions_in_records", F.when(own, in_record).otherwise(0)),
        ):
            total = F.coalesce(F.sum(number.cast("bigint")), F.lit(0))
            counts.append(total.alias(f"{name}/{position}"))
    # As text: Python would shift a timestamp to the time zone of its machine.
    newest = F.date_format(F.max("modified"), "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'")
    return parsed.observe(observation, newest.alias("newest"), *counts)


def observed_counts(
    variants: Sequence[str], observation: Observation
) -> tuple[Optional[str], dict[str, dict[str, int]]]:
    """What was counted.

    Returns:
        Time of the newest object with a line or None; by variant lines, accepted records and their
        predictions.
    """
    found = observation.get
    names = ("lines_read", "records_accepted", "predictions_in_records")
    return found["newest"], {
        variant: {name: found[f"{name}/{position}"] for name in names}
        for position, variant in enumerate(variants)
    }


def predictions(parsed: DataFrame, capture: CaptureFormat) -> DataFrame:
    """Rows of raw_predictions and of what was rejected, told apart by the column `kind`.

    Args:
        parsed: what `records` returns.
        capture: where scores and slice features stand.

    Returns:
        The columns of raw_predictions (score, slices and amount have no meaning in rejected rows;
        `amount` only where the format has one), and `kind`, `reason` (in accepted rows why there is
        no amount, else NULL), `source_object`, `line` (NULL in accepted rows).
    """
    # A rejected line is one row, and so is a rejected prediction, whatever its number of classes.
    one_each = F.when(F.col("reason").isNull(), F.col("scores")).otherwise(F.array(F.lit(None)))
    numbered = parsed.select("*", F.posexplode(one_each).alias("prediction_index", "answer"))
    judged = _judged(numbered, capture).withColumn(
        "kind",
        F.when(F.col("reason").isNotNull(), REJECTED_LINE)
        .when(F.col("prediction_reason").isNotNull(), REJECTED_PREDICTION)
        .otherwise(ACCEPTED),
    )
    return _row_columns(
        _amounts(_slices(_own_features(judged, capture), capture), capture), capture
    )


def _judged(numbered: DataFrame, capture: CaptureFormat) -> DataFrame:
    """Add `class_index`, `score` and `prediction_reason`, NULL for a score in [0, 1]."""
    if not capture.classes:
        scored = numbered.select(
            "*", F.lit(0).alias("class_index"), _plain("answer").alias("plain")
        )
        return scored.select("*", _number(F.col("plain")).alias("score")).withColumn(
            "prediction_reason", _score_reason(F.col("plain"), F.col("score"))
        )
    plain = numbered.withColumn("plain", F.transform("answer", _plain))
    numbers = plain.withColumn("numbers", F.transform("plain", _number))
    reasons = F.filter(
        F.zip_with("plain", "numbers", _score_reason), lambda reason: reason.isNotNull()
    )
    wrong = F.coalesce(F.size("answer") != len(capture.classes), F.lit(True))
    reason = F.when(wrong, "wrong_class_count").otherwise(F.get(reasons, F.lit(0)))
    judged = numbers.withColumn("prediction_reason", reason)
    all_good = F.col("reason").isNull() & F.col("prediction_reason").isNull()
    one_each = F.when(all_good, F.col("numbers")).otherwise(F.array(F.lit(None)))
    return judged.select("*", F.posexplode(one_each).alias("class_index", "score"))


def _plain(text: Union[Column, str]) -> Column:
    return F.btrim(text, F.lit(" \t\r\n"))


def _number(plain: Column) -> Column:
    """The number of a decimal text, -0.0 as 0.0; NULL for any other text."""
    return F.when(plain.rlike(DECIMAL_NUMBER), plain.cast("double") + F.lit(0.0))


def _score_reason(plain: Column, number: Column) -> Column:
    """Why a score is refused; NULL for a number in [0, 1]."""
    return (
        F.when(plain.isNull() | (plain == ""), "score_missing")
        .when(F.lower(plain).isin(*NAN), "score_nan")
        .when(number.isNull(), "score_not_a_number")
        .when(number < 0, "score_below_0")
        .when(number > 1, "score_above_1")
    )


def _own_features(judged: DataFrame, capture: CaptureFormat) -> DataFrame:
    """Add `own_features`, those of the row's prediction."""
    if not capture.features:
        return judged
    # Only when the request has one value for each prediction do positions correspond.
    own = F.transform(
        "features",
        lambda values: F.when(
            F.size(values) == F.size("scores"), F.get(values, F.col("prediction_index"))
        ),
    )
    return judged.withColumn("own_features", F.transform(own, _plain))


def _slices(judged: DataFrame, capture: CaptureFormat) -> DataFrame:
    """Add `slice_values` and `slice_id` of the row's prediction."""
    if not capture.slices:
        no_values = F.array().cast("array<string>")
        return judged.select(
            "*", no_values.alias("slice_values"), F.lit(0).cast("bigint").alias("slice_id")
        )
    labels = [
        _slice_label(F.col("own_features")[position], feature)
        for position, feature in enumerate(capture.slices)
    ]
    return judged.withColumn("slice_values", F.array(*labels)).withColumn(
        "slice_id", F.xxhash64("slice_values")
    )


def _amounts(judged: DataFrame, capture: CaptureFormat) -> DataFrame:
    """Add `amount_reason`, NULL for a usable amount, and `amount`, NULL otherwise."""
    if not capture.amount:
        return judged.withColumn("amount_reason", F.lit(None).cast("string"))
    scale = float(10**capture.amount.decimals)
    text = F.col("own_features")[len(capture.slices)]
    number, reason = F.col("amount_number"), F.col("amount_reason")
    scaled = judged.withColumn("amount_text", text).withColumn(
        "amount_number", _number(F.col("amount_text"))
    )
    return scaled.withColumn(
        "amount_reason",
        F.when(F.coalesce(F.col("amount_text"), F.lit("")) == "", "amount_missing")
        .when(number.isNull(), "amount_not_a_number")
        .when(number < 0, "amount_below_0")
        .when(number * scale > LARGEST_AMOUNT, "amount_too_large"),
    ).withColumn("amount", F.when(reason.isNull(), F.rint(number * scale).cast("bigint")))


def _slice_label(text: Column, feature: SliceFeature) -> Column:
    """Name of a feature's value among the slices."""
    missing = F.coalesce(text, F.lit("")) == ""
    if not feature.edges:
        return F.when(missing, MISSING_VALUE).otherwise(text)
    number = _number(text)
    names = range_names(feature.edges)
    below = reduce(
        lambda branch, pair: branch.when(number < pair[0], pair[1]),
        zip(feature.edges, names),
        F.when(missing, MISSING_VALUE).when(number.isNull(), NOT_A_NUMBER),
    )
    return below.otherwise(names[-1])


def range_names(edges: Sequence[float]) -> list[str]:
    """Names of the ranges between ascending edges, each closed below.

    >>> range_names((30.0, 50.5))
    ['<30', '30..50.5', '>=50.5']
    """
    if not edges:
        return []
    pairs = zip(edges, edges[1:])  # noqa: RUF007 (Python 3.9 has no pairwise)
    between = [f"{low:.15g}..{high:.15g}" for low, high in pairs]
    return [f"<{edges[0]:.15g}", *between, f">={edges[-1]:.15g}"]


def _row_columns(rows: DataFrame, capture: CaptureFormat) -> DataFrame:
    rejected = F.col("kind") != ACCEPTED
    metadata = F.col("record.eventMetadata")
    names = capture.classes or (capture.positive_label,)
    return rows.select(
        "variant",
        event_key(_event_id(metadata)).alias("event_id"),
        "prediction_index",
        F.size("scores").alias("predictions_in_record"),
        F.array(*map(F.lit, names))[F.col("class_index")].alias("class_label"),
        "score",
        "slice_id",
        "slice_values",
        _time(metadata["inferenceTime"]).alias("captured_at"),
        "kind",
        F.coalesce("reason", "prediction_reason", "amount_reason").alias("reason"),
        F.when(rejected, F.col("source_object")).alias("source_object"),
        F.when(rejected, cut_line(F.col("line"))).alias("line"),
        *(["amount"] if capture.amount else []),
    )


def _event_id(metadata: Column) -> Column:
    """What labels refer to."""
    return F.coalesce(named_event(metadata["inferenceId"]), named_event(metadata["eventId"]))


def named_event(event_id: Column) -> Column:
    """The event id; NULL when it is an empty text, which names no event."""
    return F.when(event_id != "", event_id)


def _time(text: Column) -> Column:
    """The time a text says; NULL if that is none, or none that readers in Python could hold."""
    time = F.try_to_timestamp(text)
    first, last = (F.lit(day).cast("timestamp") for day in ("0001-01-01", "9999-12-31"))
    return F.when(time.between(first, last), time)


def cut_line(line: Column) -> Column:
    """The line as quarantine keeps it: readable, at most 4 KB."""
    return F.substring(readable_text(line), 1, QUARANTINED_CHARACTERS)


def event_key(event_id: Column) -> Column:
    """An event id as `event_id` bytes; different ids have different bytes.

    A lower-case UUID becomes its 16 bytes. Any other id is its UTF-8 text, after a zero byte (no
    printable id has one) if it is 16 bytes long.
    """
    uuid = event_id.rlike(r"\A[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\z")
    text = event_id.cast("binary")
    marked = F.when(F.length(text) == 16, F.concat(F.lit(b"\x00"), text)).otherwise(text)
    return F.when(uuid, F.unhex(F.translate(event_id, "-", ""))).otherwise(marked)
