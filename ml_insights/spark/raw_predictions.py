"""The first heavy step: a captured day becomes a compact table, unit by unit.

What belongs here: writing units and describing them, in the order of the day's hours.
What does not: what a record looks like (`data_capture`), how hours are packed (`units`), which
units stand and count (`manifest`).

Layout of a partition: `dt=YYYY-MM-DD/unit=HH-HH/run=<run>-<attempt>/kind=accepted/variant=<name>/
*.parquet` (`unit=HH-HH-NNNN` for a part of an hour) and `dt=YYYY-MM-DD/_manifest.json`, which names
the units that count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

from py4j.protocol import Py4JError
from pyspark.sql import Window
from pyspark.sql import functions as F

from ml_insights.contracts import (
    ACCEPTED,
    AMOUNT_REASONS,
    RAW_PREDICTIONS,
    REJECTED_LINE,
    REJECTED_PREDICTION,
)
from ml_insights.errors import ContractError, MissingInputError
from ml_insights.spark.capture_rows import write_rows
from ml_insights.spark.files import Files
from ml_insights.spark.listing import Bounds, Listing
from ml_insights.spark.manifest import (
    ACCEPTED_FOLDER,
    day_manifest,
    digest,
    progress_path,
    publish,
    standing_units,
    stored,
)
from ml_insights.spark.session import empty
from ml_insights.spark.skipped import skipped_captures
from ml_insights.spark.units import Hour, Unit, hour_folder, hour_folders, hours_of, pack

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from ml_insights.spark.arguments import RawPredictionsArguments
    from ml_insights.spark.manifest import Manifest

    Report = Callable[[str], None]

QUARANTINE_SAMPLE = 20
"""Lines kept in quarantine for each reason, variant and unit."""
SAMPLE_FOLDER = "quarantine"
MAX_SLICE_COMBINATIONS = 10_000
_MOST_REASONS = 100
FORMAT_VERSION = 1
"""Raise this when the rows that a line becomes change: finished units are then read again."""


_WRITTEN_DDL = (
    f"{RAW_PREDICTIONS.spark_ddl()}, kind string, reason string, source_object string, line string"
)


def compact_day(spark: SparkSession, job: RawPredictionsArguments, report: Report) -> Manifest:
    """Read the captured day once, unit by unit, and publish its compact table.

    Units that an earlier run finished stand if their hours' objects and the format are unchanged.

    Args:
        spark: session, prepared by `session.prepare`.
        job: what to read and where to write.
        report: called with a line of progress after each unit.

    Returns:
        The manifest of the day.

    Raises:
        MissingInputError: the day has no captured object.
        ContractError: slice features take more than `MAX_SLICE_COMBINATIONS` combinations.
    """
    day = date.fromisoformat(job.day)
    files = Files(spark, job.output)
    captured = Files(spark, job.capture_root)
    listing, bounds = Listing(spark), Bounds(job.max_files, job.max_bytes)
    folders = hour_folders(captured, listing, job.capture_root, day, bounds)
    hours = hours_of(folders)
    skipped = skipped_captures(listing, job.capture_root, day, folders)
    if not hours:
        raise _nothing_captured(job, day, skipped)
    # What is not asked for is left out, so that a format keeps its digest when more can be asked.
    asked = {name: part for name, part in asdict(job.capture).items() if part is not None}
    format_digest = digest({"version": FORMAT_VERSION, **asked})
    units = standing_units(files, job, hours, pack(hours, bounds), format_digest)
    report(f"{len(units)} of {job.day}'s units stand from an earlier run")
    planned = _plan(hours, units, bounds)
    for done, unit in enumerate(planned, start=1):
        entry = _write_unit(spark, files, job, _files(listing, job, unit), unit)
        units.append(entry)
        progress = day_manifest(job, hours, format_digest, units)
        files.write_json(progress_path(job.output), progress)
        report(
            f"{unit.name} is finished, {done} of {len(planned)}: {entry['files']} files, "
            f"{entry['bytes']} bytes, {entry['rows']} rows"
        )
    manifest = {**day_manifest(job, hours, format_digest, units), "skipped": skipped}
    publish(files, job, manifest)
    return manifest


def _nothing_captured(
    job: RawPredictionsArguments, day: date, skipped: dict[str, Any]
) -> MissingInputError:
    found = [name for of_kind in skipped.values() for name in of_kind["examples"]]
    instead = f" What is there instead is not read: {', '.join(found)}." if found else ""
    return MissingInputError(
        f"no captured object for {job.day}: looked for {job.capture_root}/<variant>/"
        f"{day:%Y/%m/%d}/<hour>/, hours 00 to 23.{instead} Check that data capture is on, that "
        "data_capture in the settings is the capture destination (without endpoint name), and the "
        "day."
    )


def accepted_predictions(spark: SparkSession, partition: str, manifest: Manifest) -> DataFrame:
    """The published rows of a day, columns of raw_predictions."""
    runs = [f"{partition}/{unit['path']}/{ACCEPTED_FOLDER}" for unit in manifest["units"]]
    holding = [run for run, unit in zip(runs, manifest["units"]) if unit["rows"]]
    if not holding:
        return empty(spark, RAW_PREDICTIONS.spark_ddl())
    rows = (
        spark.read.schema(RAW_PREDICTIONS.spark_ddl())
        .option("basePath", partition)
        .parquet(*holding)
    )
    return rows.select(*(column.name for column in RAW_PREDICTIONS.columns))


def _plan(hours: list[Hour], finished: list[dict[str, Any]], bounds: Bounds) -> list[Unit]:
    """Units for what no finished unit holds, gap-free between finished ones."""
    whole = {hour for unit in finished if not unit.get("part") for hour in unit["hours"]}
    parts = [(*unit["hours"], unit["part"]) for unit in finished if unit.get("part")]
    gaps: list[list[Hour]] = [[]]
    for hour in hours:
        if f"{hour.hour:02}" in whole:
            gaps.append([])
        else:
            gaps[-1].append(hour)
    return [
        unit
        for gap in gaps
        for unit in pack(gap, bounds)
        if not (unit.part and (*unit.fingerprints, unit.part.place) in parts)
    ]


def _files(listing: Listing, job: RawPredictionsArguments, unit: Unit) -> dict[str, Any]:
    """A unit's files by variant."""
    day, files = date.fromisoformat(job.day), dict[str, Any]()
    for variant, stretches in unit.variants.items():
        for hour, stretch in stretches:
            found = listing.files(hour_folder(job.capture_root, variant, day, hour), stretch)
            if variant in files:
                files[variant].addAll(found)
            else:
                files[variant] = found
    return files


def _write_unit(
    spark: SparkSession,
    files: Files,
    job: RawPredictionsArguments,
    captured: dict[str, Any],
    unit: Unit,
) -> dict[str, Any]:
    """Write the rows of a unit's files to a fresh folder and describe them for the manifest."""
    path = f"{unit.name}/run={job.run_id}-{job.attempt}"
    with _discarded_on_failure(files, f"{job.output}/{path}") as folder:
        described = _written(spark, job, captured, folder)
    for rejected in (REJECTED_LINE, REJECTED_PREDICTION):
        files.delete(f"{folder}/kind={rejected}")
    for variant, stretches in unit.variants.items():
        described["variants"][variant]["hours"] = sorted({f"{hour:02}" for hour, _ in stretches})
    entry = {
        "path": path,
        "hours": unit.fingerprints,
        "part": unit.part.place if unit.part else None,
        "files": unit.files,
        "bytes": unit.bytes,
        **described,
    }
    return {**entry, "stored": stored(files, job, entry)}


@contextmanager
def _discarded_on_failure(files: Files, folder: str) -> Iterator[str]:
    """Leave no half-written folder behind: the next attempt may need the space."""
    try:
        yield folder
    except BaseException:
        with suppress(Py4JError, ConnectionError):
            files.delete(folder)
        raise


def _written(
    spark: SparkSession, job: RawPredictionsArguments, captured: dict[str, Any], folder: str
) -> dict[str, Any]:
    """Write the rows of files and count what was read and what was written."""
    newest, read = write_rows(spark, job.capture, captured, folder, plain=job.plain)
    written = spark.read.schema(_WRITTEN_DDL).parquet(folder)
    rows, slices = _counts(written, len(captured), sliced=bool(job.capture.slices))
    if any(kind != ACCEPTED for _, kind, _ in rows):
        _write_sample(written, f"{folder}/{SAMPLE_FOLDER}")
    return {
        "rows": sum(n for (_, kind, _), n in rows.items() if kind == ACCEPTED),
        "newest": newest,
        "variants": {
            variant: {**read[variant], **_written_counts(rows, variant)} for variant in captured
        },
        "slices": slices,
    }


def _counts(
    written: DataFrame, variants: int, *, sliced: bool
) -> tuple[dict[tuple[str, str, str | None], int], list[list[Any]]]:
    """Count what was written, in one query whose result is small.

    Returns:
        Rows by variant, kind and reason; and the distinct `[slice_id, slice_values]` of accepted
        rows, in order, so that counting by slice need not read strings.
    """
    accepted = F.col("kind") == ACCEPTED
    slice_of_row = F.when(accepted, F.struct("slice_id", "slice_values")).alias("slice")
    groups = written.groupBy("variant", "kind", "reason", *([slice_of_row] if sliced else []))
    # More groups than this are more combinations in one variant than are allowed. Accepted rows
    # have no reason, or one why they have no amount.
    of_accepted = (MAX_SLICE_COMBINATIONS + 1) * (1 + len(AMOUNT_REASONS))
    most = variants * (of_accepted + _MOST_REASONS)
    counts: dict[tuple[str, str, str | None], int] = {}
    slices: set[tuple[int, tuple[str, ...]]] = set() if sliced else {(0, ())}
    for group in groups.count().limit(most).collect():
        key = (group["variant"], group["kind"], group["reason"])
        counts[key] = counts.get(key, 0) + group["count"]
        if sliced and group["slice"] is not None:
            slices.add((group["slice"]["slice_id"], tuple(group["slice"]["slice_values"])))
    _refuse_too_many(slices)
    return counts, [[slice_id, list(values)] for slice_id, values in sorted(slices)]


def _refuse_too_many(slices: set[tuple[int, tuple[str, ...]]]) -> None:
    if len(slices) > MAX_SLICE_COMBINATIONS:
        examples = ", ".join(str(list(values)) for _, values in sorted(slices)[:5])
        raise ContractError(
            f"the slice features take more than {MAX_SLICE_COMBINATIONS} combinations of values, "
            f"such as {examples}. Slice by a feature with few values, or give it `edges`."
        )


def _written_counts(rows: dict[tuple[str, str, str | None], int], variant: str) -> dict[str, Any]:
    def of(kind: str) -> dict[str | None, int]:
        return {
            reason: n for (own, its, reason), n in rows.items() if (own, its) == (variant, kind)
        }

    accepted = of(ACCEPTED)
    return {
        "raw_predictions": sum(accepted.values()),
        "without_amount": {reason: n for reason, n in accepted.items() if reason},
        **{kind: of(kind) for kind in (REJECTED_LINE, REJECTED_PREDICTION)},
    }


def _write_sample(written: DataFrame, folder: str) -> None:
    """Keep a few rejected lines of each reason and variant, the same ones on every run."""
    rejected = written.where(F.col("kind") != ACCEPTED)
    rank = F.row_number().over(
        Window.partitionBy("variant", "kind", "reason").orderBy(
            F.xxhash64("line"), "line", "source_object"
        )
    )
    sample = rejected.withColumn("rank", rank).where(F.col("rank") <= QUARANTINE_SAMPLE)
    sample.select(
        F.lit("data_capture").alias("source"), "source_object", "reason", "line"
    ).repartition(1).sortWithinPartitions("reason", "source_object", "line").write.parquet(folder)
