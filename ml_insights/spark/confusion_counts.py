"""The second heavy step: join labels to a day's predictions and count per threshold.

What belongs here: deduplication, the join, counting by bin and slice. What does not: parsing labels
(`ground_truth`), what became of each label (`label_fates`), cumulative counts
(`ml_insights.metrics`), the published table (`ml_insights.lake`).

The result is small: one row for each curve and occupied bin, whatever the number of predictions.
Everything in it is an integer, so that any partitioning gives the same rows.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Optional

from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as F

from ml_insights.contracts import ALL_RECORDS, CURVE
from ml_insights.errors import ContractError, MissingInputError
from ml_insights.metrics.thresholds import ThresholdGrid
from ml_insights.spark.binning import with_bin_position
from ml_insights.spark.files import Files
from ml_insights.spark.ground_truth import (
    label_folders,
    labels_of_day,
    one_per_event,
    rejected_sample,
)
from ml_insights.spark.joint_counts import PAIRS_FOLDER, count_pairs
from ml_insights.spark.label_fates import label_fates, match_labels, usable_labels
from ml_insights.spark.label_rows import write_labels
from ml_insights.spark.manifest import published_manifest
from ml_insights.spark.raw_predictions import (
    QUARANTINE_SAMPLE,
    SAMPLE_FOLDER,
    accepted_predictions,
)
from ml_insights.spark.session import empty

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from ml_insights.spark.arguments import ConfusionCountsArguments
    from ml_insights.spark.manifest import Manifest

BINS_FOLDER = "bins"
_AND = " & "
BIN_COUNTS = (
    "bin_positives",
    "bin_negatives",
    "bin_unlabelled",
    "bin_offsets",
    "bin_duplicates",
)
"""Integer columns of the result: they add up over days, files, variants and slices."""

_LABELS_DDL = (
    "event_id binary, codes array<int>, collected_on string, entries bigint, counting bigint, "
    "modified timestamp"
)


def count_day(
    spark: SparkSession, job: ConfusionCountsArguments, report: Callable[[str], None]
) -> dict[str, Any]:
    """Count a day's predictions by variant, class, slice, bin and label.

    Writes `bins/` below the job's output: the curve's key, `threshold_index` and `BIN_COUNTS`; and
    `pairs/` where variants score the same events, see `joint_counts`.

    Args:
        spark: session, prepared by `session.prepare`.
        job: what to read and where to write.
        report: called with a line of progress after each stage.

    Returns:
        What the balance and the observations need: `manifest_digest`, `ground_truth` (what the
        label folders hold), `label_lines` (by reason), and what `label_fates` returns.

    Raises:
        MissingInputError: the day's predictions are not published or there is none.
        ContractError: more slice values than the settings allow.
    """
    manifest = published_manifest(Files(spark, job.predictions), job.predictions)
    if not sum(unit["rows"] for unit in manifest["units"]):
        raise MissingInputError(
            f"{job.predictions} holds no usable prediction: the materialization of raw_predictions "
            "says why lines were rejected, and the table quarantine has samples."
        )
    slices = _slices_by_id(spark, manifest, job)
    observed = label_folders(Files(spark, job.ground_truth_root), job)
    predictions = accepted_predictions(spark, job.predictions, manifest)
    staged = _stage_labels(spark, job, predictions)
    report(f"labels read: {staged.lines['label_lines_read']} lines in the label window")
    variants = sorted({variant for unit in manifest["units"] for variant in unit["variants"]})
    matched = f"{job.output}/matched_labels"
    match_labels(predictions, staged.events, variants).write.mode("overwrite").parquet(matched)
    labels = spark.read.parquet(matched)
    fates = label_fates(spark, job, labels, variants)
    fates["labels"]["of_other_days"] += staged.passed_by
    report(f"labels matched: {fates['labels']['used']} used")
    events = distinct_predictions(predictions, ThresholdGrid(job.octaves, job.bits))
    labelled = with_labels(events, usable_labels(labels), job)
    counts = count_bins(labelled, slices)
    counts.repartition(1).write.mode("overwrite").parquet(f"{job.output}/{BINS_FOLDER}")
    if job.pairs_at >= 0:
        pairs = count_pairs(labelled, job.pairs_at)
        pairs.repartition(1).write.mode("overwrite").parquet(f"{job.output}/{PAIRS_FOLDER}")
    report("bins counted")
    return {
        "manifest_digest": manifest["digest"],
        "ground_truth": observed,
        "label_lines": staged.lines,
        **fates,
        "labels": {"labels_read": staged.labels, **fates["labels"]},
        "labels_as_of": staged.newest,
    }


def distinct_predictions(predictions: DataFrame, grid: ThresholdGrid) -> DataFrame:
    """Drop duplicates and replace scores by their place on the grid.

    A duplicate has the same event, variant, position and class, and says the same: score, time and
    slice. Rows that say different things are different predictions, also where a caller has given
    them one inferenceId; `label_fates` sees to it that they get no label.

    Returns:
        The keys, `threshold_index`, `bin_offset`, `slice_id`, `predictions_in_record`, `copies`.
    """
    # One shuffle by event serves the grouping here and the join with labels after it.
    placed = with_bin_position(predictions, grid).repartition("event_id")
    place = ("threshold_index", "bin_offset", "slice_id", "predictions_in_record")
    same = ("event_id", "variant", "prediction_index", "class_label", "captured_at", *place)
    return placed.groupBy(*same).agg(F.count(F.lit(1)).alias("copies")).drop("captured_at")


def with_labels(events: DataFrame, labels: DataFrame, job: ConfusionCountsArguments) -> DataFrame:
    """Add `positive`: true, false, or NULL without a usable label.

    A record's labels are used only if there is one for each of its predictions. With several
    classes a prediction is positive for the class its label names and negative for all others.
    """
    joined = events.join(labels.select("event_id", "codes"), "event_id", "left")
    fits = F.size("codes") == F.col("predictions_in_record")
    code = F.when(fits, F.get("codes", F.col("prediction_index")))
    if job.classes:
        named = F.col("class_label")
        own_code = F.coalesce(*(F.when(named == name, n) for n, name in enumerate(job.classes)))
    else:
        own_code = F.lit(1)
    return joined.withColumn("positive", F.when(code >= 0, code == own_code))


def count_bins(labelled: DataFrame, slices: DataFrame) -> DataFrame:
    """Counts by curve and bin.

    Args:
        labelled: what `with_labels` returns.
        slices: `slice_id` and `slice`, one row for each slice a combination belongs to.
    """
    positive, copies = F.col("positive"), F.col("copies")

    def number(condition: Any) -> Any:
        return F.sum(condition.cast("bigint"))

    combined = labelled.groupBy("variant", "class_label", "slice_id", "threshold_index").agg(
        number(F.coalesce(positive, F.lit(False))).alias("bin_positives"),
        number(F.coalesce(~positive, F.lit(False))).alias("bin_negatives"),
        number(positive.isNull()).alias("bin_unlabelled"),
        F.sum("bin_offset").alias("bin_offsets"),
        F.sum(copies - 1).alias("bin_duplicates"),
    )
    return (
        combined.join(F.broadcast(slices), "slice_id")
        .groupBy(*CURVE, "threshold_index")
        .agg(*(F.sum(name).alias(name) for name in BIN_COUNTS))
    )


@dataclass(frozen=True)
class _StagedLabels:
    """The labels of the window.

    Attributes:
        lines: counts of their lines.
        labels: number of labels in accepted lines.
        passed_by: labels of other days' events, collected on other days: nothing is asked of them.
        newest: time of the newest object, ISO 8601; None without an accepted line.
        events: the others, one row an event.
    """

    lines: dict[str, int]
    labels: int
    passed_by: int
    newest: Optional[str]
    events: DataFrame


def _stage_labels(
    spark: SparkSession, job: ConfusionCountsArguments, predictions: DataFrame
) -> _StagedLabels:
    """Parse the label window once, and keep what the day asks of it."""
    records, events = f"{job.output}/label_records", f"{job.output}/labels"
    lines, parsed = write_labels(spark, Files(spark, job.ground_truth_root), job, records)
    if parsed is None:
        nothing = empty(spark, _LABELS_DDL)
        return _StagedLabels({"label_lines_read": 0}, 0, 0, None, nothing)
    lines_and_labels = parsed.groupBy("reason").agg(
        F.count(F.lit(1)).alias("lines"), F.sum(F.size("codes")).alias("labels")
    )
    found = {row["reason"]: row for row in lines_and_labels.collect()}
    records_and_labels = found.pop(None, {"lines": 0, "labels": 0})
    reasons = {reason: row["lines"] for reason, row in found.items()}
    if reasons:
        rejected_sample(parsed, QUARANTINE_SAMPLE).coalesce(1).write.mode("overwrite").parquet(
            f"{job.output}/{SAMPLE_FOLDER}"
        )
    read = {"label_lines_read": lines, "label_records": records_and_labels["lines"], **reasons}
    if not records_and_labels["lines"]:
        return _StagedLabels(read, 0, 0, None, empty(spark, _LABELS_DDL))
    seen = Observation()
    asked = labels_of_day(parsed.where(F.col("reason").isNull()), predictions, job.day, seen)
    one_per_event(asked).write.mode("overwrite").parquet(events)
    return _StagedLabels(
        lines=read,
        labels=records_and_labels["labels"],
        passed_by=int(seen.get["passed_by"]),
        newest=seen.get["newest"],
        events=spark.read.schema(_LABELS_DDL).parquet(events),
    )


def _slices_by_id(
    spark: SparkSession, manifest: Manifest, job: ConfusionCountsArguments
) -> DataFrame:
    """Rows `slice_id`, `slice`: the slices each combination of feature values belongs to."""
    combinations: dict[int, tuple[str, ...]] = {}
    for unit in manifest["units"]:
        for slice_id, values in unit["slices"]:
            known = combinations.setdefault(slice_id, tuple(values))
            if known != tuple(values):
                raise ContractError(
                    f"slice values {known} and {tuple(values)} have the same hash {slice_id}; "
                    "rename one of the slice features, which changes the hash."
                )
    rows = [
        (str(slice_id), name)
        for slice_id, values in combinations.items()
        for name in slice_names(dict(zip(job.slices, values)), job.crosses)
    ]
    names = {name for _, name in rows}
    if len(names) > job.max_slices:
        by_feature = Counter(name.partition("=")[0] for name in names)
        feature, number = by_feature.most_common(1)[0]
        raise ContractError(
            f"the day has {len(names)} slices, more than max_slices = {job.max_slices}; "
            f"{feature!r} alone makes {number}. Give it `edges`, leave it out, or raise max_slices."
        )
    # A literal that the engine parses: a local list would start Python workers.
    literal = F.lit(json.dumps(rows))
    entries = F.from_json(literal, "array<array<string>>")
    pairs = spark.range(1).select(F.explode(entries).alias("pair"))
    return pairs.select(
        F.col("pair")[0].cast("bigint").alias("slice_id"), F.col("pair")[1].alias("slice")
    )


def slice_names(values: dict[str, str], crosses: tuple[tuple[str, ...], ...] = ()) -> list[str]:
    """Slices that a record with these feature values belongs to; no two have the same name.

    >>> slice_names({"region": "EU", "sex": "F"}, (("region", "sex"),))
    ['all', 'region=EU', 'sex=F', 'region=EU & sex=F']
    >>> slice_names({"region": "EU & sex=F"})
    ['all', 'region="EU & sex=F"']
    """
    single = {feature: f"{feature}={_unambiguous(value)}" for feature, value in values.items()}
    crossed = [_AND.join(single[feature] for feature in cross) for cross in crosses]
    return [ALL_RECORDS, *single.values(), *crossed]


def _unambiguous(value: str) -> str:
    """A value that could be read as the end of one and the start of another, in JSON's quotes."""
    return json.dumps(value, ensure_ascii=False) if _AND in value or value[:1] == '"' else value
