"""Capture and ground truth files read by a small Java reader.

What belongs here: telling the reader what to look for. What does not: how it is compiled
(`java_classes`), which files there are (`listing`), what becomes of its rows (`capture_rows`,
`label_rows`).

The reader is strict: a line in which everything is as it should be becomes rows; any other line
comes back as it is, for the plain way in Spark's own expressions (`data_capture`, `ground_truth`).
So the plain way alone decides what is rejected and why, and is the check of the reader in tests.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Optional

from ml_insights.spark.arguments import CSV, JSON_LINES
from ml_insights.spark.data_capture import (
    LARGEST_AMOUNT,
    MISSING_VALUE,
    NOT_A_NUMBER,
    range_names,
)
from ml_insights.spark.java_classes import native
from ml_insights.spark.json_path import EACH, parse_path
from ml_insights.spark.other_labels import BOUNDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pyspark.sql import DataFrame, SparkSession

    from ml_insights.spark.arguments import AmountFeature, CaptureFormat, SliceFeature, ValueForm

SOURCE, FORMAT = "ml_insights.RecordSource", "ml_insights.CaptureFormat"
TASK_BYTES, OPEN_BYTES = 512 * 2**20, 4 * 2**20
"""Most bytes that one task reads, and bytes that opening a file costs as much as."""

CAPTURE_COLUMNS = "variant string, kind string, records binary, source_object string, line string"
ACCEPTED_COLUMNS = (
    "event_id binary, prediction_index int, predictions_in_record int, class_label string, "
    "score double, slice_id bigint, slice_values array<string>, captured_at timestamp"
)
AMOUNT_COLUMNS = "amount bigint, reason string"
LABEL_COLUMNS = (
    "event_id binary, codes array<int>, source_object string, modified timestamp, "
    "collected_on string, line string, kind string"
)
UNREAD = "unread"
"""`kind` of a line that is left to the plain way."""
ZSTD_LEVEL = "1"
"""Ids and scores hardly compress: level 3 saves 4 % of the bytes and takes longer."""


@dataclass(frozen=True)
class Counts:
    """What the reader counted for a tag: lines, records it read, predictions or labels in them."""

    lines: int
    records: int
    entries: int


class NativeRead:
    """A table of rows and unread lines, and what the reader counted while it was used."""

    def __init__(
        self, spark: SparkSession, spec: Mapping[str, Any], files: Mapping[str, Any]
    ) -> None:
        """Read nothing yet.

        Args:
            spark: session.
            spec: what `RecordSource` is told.
            files: by tag, as `Listing` gives them.
        """
        context: Any = spark.sparkContext
        java = context._jsc.sc()  # noqa: SLF001 (accumulators of Java have no public way)
        self._tags = list(files)
        self._told, self._newest = java.collectionAccumulator(), java.longAccumulator()
        self._reports = native(spark, "ml_insights.TaskReports")
        sizes = {"task_bytes": TASK_BYTES, "open_bytes": OPEN_BYTES}
        self._spec = json.dumps({**spec, **sizes, "tags": self._tags})
        name, source = uuid.uuid4().hex, native(spark, SOURCE)
        source.announce(name, list(files.values()), self._told, self._newest)
        reader = spark.read.format(SOURCE).options(
            spec=self._spec,
            columns=spec["columns"],
            name=name,
        )
        self.table: DataFrame = reader.load()
        source.forget(name)

    def counts(self) -> dict[str, Counts]:
        """By tag; complete when an action on the table is."""
        values = list(map(int, self._reports.sums(self._told, 3 * len(self._tags))))
        return {tag: Counts(*values[3 * n : 3 * n + 3]) for n, tag in enumerate(self._tags)}

    def said(self) -> list[str]:
        """What tasks told beside their counts, see `java/LabelReader.java`; complete likewise."""
        return list(self._reports.texts(self._told).toArray())

    def write(self, output: str) -> None:
        """Write a table of captures to `kind=<kind>/variant=<variant>/*.parquet` in a folder.

        Rows of kind `ACCEPTED` have `ACCEPTED_COLUMNS`, with an amount also `AMOUNT_COLUMNS`: they
        are those that `data_capture.predictions` gives for accepted records. Rows of kind `UNREAD`
        have `source_object` and `line`.
        """
        parts = self.table.write.format(FORMAT).partitionBy("kind", "variant")
        options = {"compression": "zstd", "parquet.compression.codec.zstd.level": ZSTD_LEVEL}
        parts.options(spec=self._spec, **options).mode("overwrite").save(output)

    @property
    def newest(self) -> int:
        """When the newest file was written, milliseconds since 1970; 0 if none holds a byte."""
        return int(self._newest.sum())


def understands(forms: Iterable[ValueForm]) -> bool:
    """Whether the reader knows these forms of payload; without it, all lines go the plain way."""
    return all(
        form.content_type != JSON_LINES or EACH not in parse_path(form.path) for form in forms
    )


def read_capture(
    spark: SparkSession, capture: CaptureFormat, files: Mapping[str, Any]
) -> NativeRead:
    """The records of some files.

    Args:
        spark: session.
        capture: where scores and slice features stand.
        files: by variant, as `Listing` gives them.

    Returns:
        `CAPTURE_COLUMNS`, for `write` alone: packed records, and lines that are left.
    """
    accepted = f"{ACCEPTED_COLUMNS}, {AMOUNT_COLUMNS}" if capture.amount else ACCEPTED_COLUMNS
    spec = {
        "record": "capture",
        "columns": CAPTURE_COLUMNS,
        "accepted": accepted,
        "capture": {
            "scores": [_form(form) for form in capture.scores],
            "classes": list(capture.classes),
            "labels": list(capture.classes) or [capture.positive_label],
            "slices": _slices(capture.slices),
            "amount": _amount(capture.amount),
        },
    }
    return NativeRead(spark, spec, files)


def read_labels(
    spark: SparkSession, meaning: Mapping[str, Any], files: Mapping[str, Any]
) -> NativeRead:
    """The ground truth records of some files.

    Args:
        spark: session.
        meaning: which text is which code, see `ground_truth.label_meaning`.
        files: by day of collection, as `Listing` gives them.

    Returns:
        `LABEL_COLUMNS`: rows as `ground_truth.parsed_labels` gives them for accepted records, and
        rows of kind `UNREAD` with `line` instead of `event_id` and `codes`.
    """
    forms: dict[str, Optional[ValueForm]] = meaning["forms"]
    labels = {**meaning, **{name: _form(form) for name, form in forms.items()}}
    labels.pop("forms")
    spec = {
        "record": "label",
        "columns": LABEL_COLUMNS,
        "labels": labels,
        "others": BOUNDS,
    }
    return NativeRead(spark, spec, files)


def _form(form: Optional[ValueForm]) -> Optional[dict[str, Any]]:
    if form is None:
        return None
    steps = [] if form.content_type == CSV else parse_path(form.path)
    return {"content_type": form.content_type, "index": form.index, "steps": steps}


def _slices(features: Sequence[SliceFeature]) -> dict[str, Any]:
    return {
        "missing": MISSING_VALUE,
        "not_a_number": NOT_A_NUMBER,
        "features": [
            {
                "form": _form(feature.form),
                "edges": list(feature.edges),
                "ranges": range_names(feature.edges),
            }
            for feature in features
        ],
    }


def _amount(feature: Optional[AmountFeature]) -> Optional[dict[str, Any]]:
    if feature is None:
        return None
    return {
        "form": _form(feature.form),
        "scale": float(10**feature.decimals),
        "largest": float(LARGEST_AMOUNT),
    }
