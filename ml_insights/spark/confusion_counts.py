"""The second heavy step: join labels to a day's predictions and count per threshold.

What belongs here: the step from a published day to its bins and its report, and slices. What does
not: meeting and counting events (`native_counts`, and `plain_counts` in SQL), what became of each
label (`label_account`), cumulative counts (`ml_insights.metrics`), the published table
(`ml_insights.lake`).

The result is small: one row for each curve and occupied bin, whatever the number of predictions.
Everything in it is an integer, so that any partitioning gives the same rows.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ml_insights.contracts import ALL_RECORDS, CURVE
from ml_insights.errors import ContractError, MissingInputError
from ml_insights.spark.amount_sums import AMOUNT_SUMS
from ml_insights.spark.files import Files
from ml_insights.spark.joint_counts import PAIRS_FOLDER, pairs_of_slices
from ml_insights.spark.label_rows import label_folders, label_rows
from ml_insights.spark.listing import Listing
from ml_insights.spark.manifest import published_manifest
from ml_insights.spark.meaning import meaning_of_labels
from ml_insights.spark.native_counts import counted_natively
from ml_insights.spark.packing import RECORD_BYTES
from ml_insights.spark.plain_counts import counted_plainly
from ml_insights.spark.raw_predictions import accepted_predictions
from ml_insights.spark.repeated_events import repeated_events
from ml_insights.spark.skipped import skipped_labels

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from ml_insights.spark.arguments import ConfusionCountsArguments
    from ml_insights.spark.listing import Folder
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


def count_day(
    spark: SparkSession, job: ConfusionCountsArguments, report: Callable[[str], None]
) -> dict[str, Any]:
    """Count a day's predictions by variant, class, slice, bin and label.

    Writes `bins/` below the job's output: the curve's key, `threshold_index`, `BIN_COUNTS` and,
    where money depends on amounts, `AMOUNT_SUMS`; and `pairs/` where variants score the same
    events, see `joint_counts`.

    Args:
        spark: session, prepared by `session.prepare`.
        job: what to read and where to write.
        report: called with a line of progress after each stage.

    Returns:
        What the balance and the observations need: `manifest_digest`, `meaning` (of the counts, see
        `meaning`), `amounts` (likewise, None without), `ground_truth` (what the label folders
        hold), `label_lines` (by reason), `other_labels` (see `other_labels`), and what
        `label_account` returns.

    Raises:
        MissingInputError: the day's predictions are not published or there is none.
        ContractError: more slice values than the settings allow, or values of other features.
    """
    manifest = published_manifest(Files(spark, job.predictions), job.predictions)
    rows = sum(unit["rows"] for unit in manifest["units"])
    if not rows:
        raise _no_prediction(job, manifest)
    _refuse_other_features(manifest, job)
    slices = _slices_by_id(spark, manifest, job)
    folders = label_folders(spark, job)
    predictions = accepted_predictions(spark, job.predictions, manifest)
    predictions = predictions if job.amounts else predictions.drop("amount")
    variants = sorted({variant for unit in manifest["units"] for variant in unit["variants"]})
    labels = label_rows(spark, job, folders)
    if job.plain:
        counted = counted_plainly(spark, job, predictions, variants, labels)
    else:
        counted = counted_natively(
            spark,
            job,
            predictions,
            variants,
            labels,
            records_bytes=rows * RECORD_BYTES + sum(folder.bytes for folder in folders.values()),
            repeated=repeated_events(predictions, rows),
        )
    lines, account = counted.label_lines, counted.account["labels"]
    report(f"labels read: {lines['label_lines_read']} lines in the label window")
    report(f"labels matched: {account['used']} used")
    bins = bins_of_slices(counted.bins, slices)
    bins.write.mode("overwrite").parquet(f"{job.output}/{BINS_FOLDER}")
    if counted.pairs is not None:
        pairs = pairs_of_slices(counted.pairs, slices)
        pairs.write.mode("overwrite").parquet(f"{job.output}/{PAIRS_FOLDER}")
    report("bins counted")
    return {
        "manifest_digest": manifest["digest"],
        "meaning": {**manifest.get("meaning", {}), **meaning_of_labels(job)},
        "amounts": manifest.get("amounts"),
        "ground_truth": _observed(spark, job, folders),
        "label_lines": lines,
        "other_labels": counted.other_labels.noted(),
        **counted.account,
        "labels": {"labels_read": counted.labels_read, **account},
        "labels_as_of": counted.labels_as_of,
    }


def _no_prediction(job: ConfusionCountsArguments, manifest: Manifest) -> MissingInputError:
    read = [numbers for unit in manifest["units"] for numbers in unit["variants"].values()]
    if not any(numbers["lines_read"] for numbers in read):
        return MissingInputError(
            f"{job.predictions} holds no prediction: the captured files of the day are all empty. "
            "Check that the endpoint answers and that its data capture is on."
        )
    return MissingInputError(
        f"{job.predictions} holds no usable prediction: the materialization of raw_predictions "
        "says why lines were rejected, and the table quarantine has samples."
    )


def _observed(
    spark: SparkSession, job: ConfusionCountsArguments, folders: dict[str, Folder]
) -> dict[str, Any]:
    """What the label window's folders hold: `files`, `bytes`, `hours`, and what is `skipped`."""
    days = folders.values()
    return {
        "files": sum(folder.files for folder in days),
        "bytes": sum(folder.bytes for folder in days),
        "hours": sum(folder.hours for folder in days),
        "skipped": skipped_labels(Listing(spark), job.ground_truth_root, folders),
    }


def bins_of_slices(bins: DataFrame, slices: DataFrame) -> DataFrame:
    """Counts by curve and bin.

    Args:
        bins: `variant`, `class_label`, `slice_id`, `threshold_index`, `BIN_COUNTS` and perhaps
            `AMOUNT_SUMS`, in any number of rows a bin.
        slices: `slice_id` and `slice`, one row for each slice a combination belongs to.
    """
    named = bins.join(F.broadcast(slices), "slice_id")
    amounts = [name for name in AMOUNT_SUMS if name in bins.columns]
    sums = (F.sum(name).alias(name) for name in (*BIN_COUNTS, *amounts))
    return named.groupBy(*CURVE, "threshold_index").agg(*sums)


def _refuse_other_features(manifest: Manifest, job: ConfusionCountsArguments) -> None:
    """The day has values of slice features without names: the settings must name the same ones."""
    read = manifest.get("slice_features")
    if read is None:
        # A manifest of an earlier version: only the number of features is known.
        numbers = {len(values) for unit in manifest["units"] for _, values in unit["slices"]}
        same = numbers <= {len(job.slices)}
    else:
        same = read == [*job.slices]
    if not same:
        raise ContractError(
            f"the slices of the settings changed since raw_predictions of {job.day} was read: "
            "materialize raw_predictions of the day again."
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
    names = {
        slice_id: slice_names(dict(zip(job.slices, values)), job.crosses)
        for slice_id, values in combinations.items()
    }
    _refuse_too_many(names.values(), job)
    rows = [(str(slice_id), name) for slice_id, own in names.items() for name in own]
    # A literal that the engine parses: a local list would start Python workers.
    literal = F.lit(json.dumps(rows))
    entries = F.from_json(literal, "array<array<string>>")
    pairs = spark.range(1).select(F.explode(entries).alias("pair"))
    return pairs.select(
        F.col("pair")[0].cast("bigint").alias("slice_id"), F.col("pair")[1].alias("slice")
    )


def _refuse_too_many(combinations: Iterable[list[str]], job: ConfusionCountsArguments) -> None:
    """Name what makes the most slices: a feature, or a cross of several."""
    parts = [(), *((feature,) for feature in job.slices), *job.crosses]
    part_of = {name: part for names in combinations for name, part in zip(names, parts)}
    if len(part_of) <= job.max_slices:
        return
    part, number = Counter(filter(None, part_of.values())).most_common(1)[0]
    advice = "Give it `edges`, leave it out, or raise max_slices."
    if len(part) > 1:
        advice = "Leave the cross out, give its features `edges`, or raise max_slices."
    raise ContractError(
        f"the day has {len(part_of)} slices, more than max_slices = {job.max_slices}; "
        f"{' x '.join(map(repr, part))} alone makes {number}. {advice}"
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
