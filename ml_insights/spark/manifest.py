"""The manifest of a day of raw_predictions: which units count.

What belongs here: the two documents beside a day's units, and which units of an earlier run stand.
What does not: what a unit's entry says and how it comes about (`raw_predictions`).

`_manifest.json` names the units of a complete day and is replaced in one atomic step when the last
unit is finished. `_progress.json` names the finished units of a day in the making; it is there only
until then. Readers know the manifest alone: a day that is computed again stays what it was until
the new one is complete, and a unit that neither names does not exist.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ml_insights.contracts import ACCEPTED, RAW_PREDICTIONS
from ml_insights.errors import MissingInputError
from ml_insights.spark.meaning import meaning_of_amounts, meaning_of_scores

if TYPE_CHECKING:
    from ml_insights.spark.arguments import RawPredictionsArguments
    from ml_insights.spark.files import Files
    from ml_insights.spark.units import Hour, Unit

    Manifest = dict[str, Any]
    Entry = dict[str, Any]

ABANDONED_AFTER = timedelta(days=1)
"""A folder that no document names is left to the run that may be writing it for so long."""


ACCEPTED_FOLDER = f"kind={ACCEPTED}"
"""Folder of a unit that holds its rows; the others hold what was rejected."""


def manifest_path(partition: str) -> str:
    """Where the manifest of a partition of raw_predictions is."""
    return f"{partition}/_manifest.json"


def progress_path(partition: str) -> str:
    """Where the finished units of a partition in the making are named."""
    return f"{partition}/_progress.json"


def published_manifest(files: Files, partition: str) -> Manifest:
    """The manifest of a complete day.

    Raises:
        MissingInputError: the day is not published.
    """
    manifest = files.read_json(manifest_path(partition))
    if manifest is None:
        begun = files.read_json(progress_path(partition))
        done = f": only {len(begun['units'])} of its units are finished" if begun else ""
        raise MissingInputError(
            f"{partition} is not published{done}. Materialize raw_predictions for the day; it "
            "continues after the last finished unit."
        )
    return manifest


def day_manifest(
    job: RawPredictionsArguments, hours: list[Hour], format_digest: str, units: list[Entry]
) -> Manifest:
    """The document that names these units.

    `digest` tells what they were computed from; `slice_features` name the values of their slices;
    `meaning` is what scores and slices were read as, `amounts` what amounts were, None
    where none were asked for.
    """
    ordered = sorted(units, key=lambda unit: str(unit["path"]))
    return {
        "table": RAW_PREDICTIONS.name,
        "day": job.day,
        "format": format_digest,
        "slice_features": [feature.name for feature in job.capture.slices],
        "meaning": meaning_of_scores(job.capture),
        "amounts": meaning_of_amounts(job.capture.amount) if job.capture.amount else None,
        "digest": digest({"format": format_digest, "hours": _marks(hours)}),
        "units": ordered,
    }


def standing_units(
    files: Files,
    job: RawPredictionsArguments,
    hours: list[Hour],
    planned: list[Unit],
    format_digest: str,
) -> list[Entry]:
    """Finished units whose input and format are what they were and whose files are all there.

    A unit of a day in the making goes before one of the published day. A part of an hour stands
    if the hour would be cut there again. With `recompute` only what an earlier attempt of the same
    run finished stands.
    """
    documents = [files.read_json(path(job.output)) for path in (progress_path, manifest_path)]
    standing: list[Entry] = []
    marks = _marks(hours)
    parts = [(*unit.fingerprints, unit.part.place) for unit in planned if unit.part]
    for document in documents:
        if document is None or document["format"] != format_digest:
            continue
        for unit in document["units"]:
            unchanged = all(marks.get(hour) == mark for hour, mark in unit["hours"].items())
            wanted = not job.recompute or f"/run={job.run_id}-" in unit["path"]
            fits = not unit.get("part") or (*unit["hours"], unit["part"]) in parts
            free = not any(_overlap(unit, other) for other in standing)
            if (
                unchanged
                and wanted
                and fits
                and free
                and stored(files, job, unit) == unit["stored"]
            ):
                standing.append(unit)
    return standing


def _overlap(one: Entry, other: Entry) -> bool:
    """Whether two units hold the same records."""
    parts = one.get("part"), other.get("part")
    return not one["hours"].keys().isdisjoint(other["hours"]) and (
        None in parts or parts[0] == parts[1]
    )


def stored(files: Files, job: RawPredictionsArguments, unit: Entry) -> list[int]:
    """Number and bytes of a unit's published files."""
    size = files.size(f"{job.output}/{unit['path']}/{ACCEPTED_FOLDER}")
    return [size.files, size.bytes]


def publish(files: Files, job: RawPredictionsArguments, manifest: Manifest) -> None:
    """Make the units of a manifest the day, and delete the units that it replaces.

    A manifest that is there already is not written again.
    """
    former = [files.read_json(path(job.output)) for path in (progress_path, manifest_path)]
    if manifest != former[1]:
        files.write_json(manifest_path(job.output), manifest)
    files.delete(progress_path(job.output))
    replaced = {unit["path"] for document in former if document for unit in document["units"]}
    named = {unit["path"] for unit in manifest["units"]}
    for folder in files.folders(job.output):
        for run in files.folders(f"{job.output}/{folder}"):
            path = f"{folder}/{run}"
            if path not in named and (path in replaced or _abandoned(files, job, path)):
                files.delete(f"{job.output}/{path}")


def digest(document: dict[str, Any]) -> str:
    """SHA-256 of a JSON-like document."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def _marks(hours: list[Hour]) -> dict[str, str]:
    return {f"{hour.hour:02}": hour.fingerprint for hour in hours}


def _abandoned(files: Files, job: RawPredictionsArguments, path: str) -> bool:
    """Whether a folder is of an earlier attempt of this run, or of a run that must have died."""
    if f"/run={job.run_id}-" in path:
        return True
    newest = files.newest(f"{job.output}/{path}")
    return newest is None or datetime.now(newest.tzinfo) - newest > ABANDONED_AFTER
