"""SageMaker ground truth, parsed in Spark's own engine: one row an event, its labels as codes.

What belongs here: what a ground truth record looks like, what a label means, which of several
labels of an event counts. What does not: joining with predictions (`confusion_counts`).

A label becomes a code: the class's position (binary: 1 positive, 0 negative), `INVALID`, or NULL
where the record gives no label. Of several records of an event the one in the last folder hour and
file counts; records in the same file that disagree cancel each other, since their order is unknown.
"""

from __future__ import annotations

from functools import reduce
from math import isfinite
from typing import TYPE_CHECKING, Any, Optional

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from ml_insights.spark.arguments import CSV
from ml_insights.spark.data_capture import cut_line, event_key, named_event
from ml_insights.spark.decimal_number import DECIMAL_NUMBER, decimal_number
from ml_insights.spark.label_texts import MISSING
from ml_insights.spark.other_labels import LONGEST, LONGEST_WHOLE
from ml_insights.spark.values import (
    decoded,
    is_blank,
    parse_json,
    valid_utf8,
    values_of,
)

if TYPE_CHECKING:
    from pyspark.sql import Column, Observation

    from ml_insights.spark.arguments import ConfusionCountsArguments, ValueForm

_BLANKS = " \t\r\n"
INVALID = -1
"""Code of a label that is none of the legal labels."""

_RECORD = StructType(
    [
        StructField(
            "groundTruthData",
            StructType([StructField("data", StringType()), StructField("encoding", StringType())]),
        ),
        StructField("eventMetadata", StructType([StructField("eventId", StringType())])),
    ]
)


def day_folder(job: ConfusionCountsArguments, day: str) -> str:
    """Folder of the labels collected on a day, hours below."""
    return f"{job.ground_truth_root}/{day.replace('-', '/')}"


def parsed_labels(lines: DataFrame, job: ConfusionCountsArguments) -> DataFrame:
    """Parse ground truth lines.

    Returns:
        One row a line: `event_id`, `codes` (array<int>, one element a label of the record),
        `others` (what its labels say that the settings do not name, NULL when rejected), `line`,
        `reason`, NULL when accepted, and the other columns of `lines`.
    """
    parsed = lines.withColumn("record", parse_json(F.col("value"), _RECORD))
    data = F.col("record.groundTruthData")
    event_id = named_event(F.col("record.eventMetadata.eventId"))
    encoding = F.upper(F.trim(data["encoding"]))
    with_values = parsed.withColumn("text", decoded(data)).withColumn(
        "values", _values_by_encoding(encoding, job.labels)
    )
    reason = (
        F.when(~valid_utf8(F.col("value")), "not_utf8")
        .when(F.col("record").isNull() & is_blank(F.col("value")), "empty_line")
        .when(F.col("record").isNull(), "malformed_json")
        .when(event_id.isNull(), "no_event_id")
        .when(data["data"].isNull(), "no_label_data")
        .when(F.coalesce(~encoding.isin("CSV", "JSON", "BASE64"), F.lit(True)), "unknown_encoding")
        .when(F.col("text").isNull(), "bad_base64")
        .when(F.coalesce(F.size("values"), F.lit(0)) <= 0, "no_labels")
    )
    with_codes = with_values.withColumn(
        "codes", F.transform("values", lambda label: _code(label, job))
    ).withColumn("reason", reason)
    return with_codes.select(
        event_key(event_id).alias("event_id"),
        "codes",
        F.when(F.col("reason").isNull(), _others(job)).alias("others"),
        F.col("value").alias("line"),
        "reason",
        *(name for name in lines.columns if name != "value"),
    )


def rejected_sample(rejected: DataFrame, most: int) -> DataFrame:
    """At most `most` rejected lines of each reason, in the columns of quarantine."""
    rank = F.row_number().over(Window.partitionBy("reason").orderBy("source_object", "line"))
    return (
        rejected.select(
            F.lit("ground_truth").alias("source"),
            "source_object",
            "reason",
            cut_line(F.col("line")).alias("line"),
        )
        .withColumn("rank", rank)
        .where(F.col("rank") <= most)
        .drop("rank")
        .repartition(1)
        .sortWithinPartitions("reason", "source_object", "line")
    )


def labels_of_day(
    labels: DataFrame, predictions: DataFrame, day: str, seen: Observation
) -> DataFrame:
    """The labels that a day asks about: of its own events, and all that were collected on it.

    Most labels of the window belong to the days around it; what they say is those days' business.

    Args:
        labels: accepted rows of `parsed_labels`.
        predictions: the day's rows of raw_predictions.
        day: `YYYY-MM-DD`.
        seen: gets `passed_by`, the number of labels in the other records, and `newest`, the time of
            the newest object of all, ISO 8601 or None, when the result is computed.
    """
    own = predictions.select("event_id").distinct().withColumn("own", F.lit(True))
    told = labels.join(own, "event_id", "left").withColumn(
        "asked", F.coalesce(F.col("own"), F.col("collected_on") == day)
    )
    passed_by = F.when(~F.col("asked"), F.size("codes"))
    # As text: Python would shift a timestamp to the time zone of its machine.
    newest = F.date_format(F.max("modified"), "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'")
    return (
        told.observe(
            seen,
            F.coalesce(F.sum(passed_by), F.lit(0)).alias("passed_by"),
            newest.alias("newest"),
        )
        .where("asked")
        .drop("own", "asked")
    )


def one_per_event(labels: DataFrame) -> DataFrame:
    """The labels of each event that count.

    Args:
        labels: what `labels_of_day` returns.

    Returns:
        One row an event: `event_id`, `codes` (NULL when its records cancel each other),
        `collected_on`, `entries` (labels of all its records), `counting` (labels of the records
        that count, or that cancel each other).
    """
    by_object = labels.groupBy("event_id", "source_object", "collected_on").agg(
        F.min("codes").alias("lowest"),
        F.max("codes").alias("highest"),
        F.sum(F.size("codes")).alias("entries"),
    )
    last = F.max(F.struct("source_object", "collected_on", "lowest", "highest", "entries")).alias(
        "last"
    )
    events = by_object.groupBy("event_id").agg(last, F.sum("entries").alias("entries"))
    agree = F.col("last.lowest") == F.col("last.highest")
    return events.select(
        "event_id",
        F.when(agree, F.col("last.lowest")).alias("codes"),
        F.col("last.collected_on").alias("collected_on"),
        "entries",
        F.when(agree, F.size("last.lowest")).otherwise(F.col("last.entries")).alias("counting"),
    )


def _values_by_encoding(encoding: Column, forms: tuple[ValueForm, ...]) -> Column:
    """Ground truth records name an encoding, not a content type; base64 is what the first form is.

    CSV would take any text for labels, so it is never tried where JSON finds none.
    """
    return F.coalesce(
        *(
            F.when(encoding == name, _first_found(candidates))
            for name, candidates in _forms(forms).items()
            if candidates
        )
    )


def _forms(forms: tuple[ValueForm, ...]) -> dict[str, list[ValueForm]]:
    """The forms to try, by encoding."""
    csv = [form for form in forms if form.content_type == CSV]
    json = [form for form in forms if form.content_type != CSV]
    return {"CSV": csv, "JSON": json, "BASE64": csv if forms[0] in csv else json}


def _first_found(forms: list[ValueForm]) -> Column:
    """Values of the first form that finds any label; without one, of the first that fits at all."""
    values = [values_of(F.col("text"), form) for form in forms]
    if len(values) == 1:
        return values[0]
    each = F.array(*values)
    found = F.filter(each, lambda labels: F.exists(labels, lambda label: label.isNotNull()))
    fitting = F.filter(each, lambda labels: F.size(labels) > 0)
    return F.coalesce(F.get(found, F.lit(0)), F.get(fitting, F.lit(0)))


def _only(forms: list[ValueForm]) -> Optional[ValueForm]:
    """The native reader knows one form an encoding; with several it leaves the line alone."""
    return forms[0] if len(forms) == 1 else None


def label_meaning(job: ConfusionCountsArguments) -> dict[str, Any]:
    """Which text of a label is which code, and where labels stand, for the native reader."""
    forms = {encoding: _only(found) for encoding, found in _forms(job.labels).items()}
    return {
        "forms": {"csv": forms["CSV"], "json": forms["JSON"], "first": forms["BASE64"]},
        "legal": [
            {"text": text, "number": _finite(decimal_number(text)), "code": code}
            for text, code in _legal(job)
        ],
        "otherwise": _otherwise(job),
        "missing": ["", *MISSING],
    }


def _finite(number: Optional[float]) -> Optional[float]:
    """JSON has no infinity; that a text of such a number is the label, its characters tell."""
    return number if number is not None and isfinite(number) else None


def _legal(job: ConfusionCountsArguments) -> list[tuple[str, int]]:
    if job.classes:
        return [(name, code) for code, name in enumerate(job.classes)]
    if job.negative_label:
        return [(job.positive_label, 1), (job.negative_label, 0)]
    return [(job.positive_label, 1)]


def _otherwise(job: ConfusionCountsArguments) -> int:
    return INVALID if job.classes or job.negative_label else 0


def _code(label: Column, job: ConfusionCountsArguments) -> Column:
    text = F.btrim(label, F.lit(_BLANKS))
    missing = text.isNull() | (text == "") | F.lower(text).isin(*MISSING)
    known = reduce(
        lambda branch, pair: branch.when(_same(text, pair[0]), pair[1]),
        _legal(job),
        F.when(missing, F.lit(None).cast("int")),
    )
    return known.otherwise(_otherwise(job))


def _others(job: ConfusionCountsArguments) -> Column:
    """What labels say that are none of the legal ones, all ways to write a number as one."""

    def other(_: Column, position: Column) -> Column:
        return F.coalesce(F.get("codes", position) == _otherwise(job), F.lit(False))

    def said(label: Column) -> Column:
        # A JSON number too large for a double is read as the text "Infinity", with its quotes.
        text = F.btrim(label, F.lit(_BLANKS + '"'))
        number = F.when(text.rlike(DECIMAL_NUMBER), text.cast("double"))
        whole = (number == F.rint(number)) & (F.abs(number) < LONGEST_WHOLE)
        as_whole = F.when(whole, number.cast("bigint").cast("string"))
        return F.substring(F.coalesce(as_whole, number.cast("string"), text), 1, LONGEST)

    return F.transform(F.filter("values", other), said)


def _same(text: Column, label: str) -> Column:
    """Labels are the same as text, or as numbers, as in the settings."""
    number = decimal_number(label)
    if number is None:
        return text == label
    as_number = F.when(text.rlike(DECIMAL_NUMBER), text.cast("double"))
    return F.coalesce((text == label) | (as_number == number), text == label)
