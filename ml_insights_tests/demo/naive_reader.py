"""A slow, obvious reader of capture and ground truth files, to compare the demo's ledger with.

What belongs here: the reading rules once more, in plain Python and without any code of the
package. What does not: the comparison (`test_history`).
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple


class Kept(NamedTuple):
    """A distinct prediction with a legal score."""

    event_id: str
    position: int
    of: int
    score: float
    row: str


@dataclass
class CaptureDay:
    """A variant's day as read."""

    lines: int = 0
    rejected_lines: Counter[str] = field(default_factory=Counter)
    predictions: int = 0
    rejected_predictions: Counter[str] = field(default_factory=Counter)
    duplicates: int = 0
    kept: dict[tuple[str, int], Kept] = field(default_factory=dict)
    hours: set[str] = field(default_factory=set)


@dataclass
class LabelDay:
    """Ground truth of a collection day as read; records are (hour, event id, labels)."""

    lines: int = 0
    rejected_lines: Counter[str] = field(default_factory=Counter)
    records: list[tuple[str, str, list[str]]] = field(default_factory=list)


class RejectedError(Exception):
    """The line is rejected; its argument is the reason."""


def read_capture(endpoint_folder: Path) -> dict[tuple[date, str], CaptureDay]:
    """Every capture file below `{root}/{endpoint}`, by day and variant."""
    days: defaultdict[tuple[date, str], CaptureDay] = defaultdict(CaptureDay)
    for path in sorted(endpoint_folder.rglob("*.jsonl")):
        variant, year, month, day, hour, _ = path.relative_to(endpoint_folder).parts
        found = days[date(int(year), int(month), int(day)), variant]
        found.hours.add(hour)
        for line in path.read_bytes().split(b"\n")[:-1]:
            found.lines += 1
            try:
                event_id, scores, rows = captured(parsed(line))
            except RejectedError as rejected:
                found.rejected_lines[str(rejected)] += 1
                continue
            found.predictions += len(scores)
            for index, (score, row) in enumerate(zip(scores, rows, strict=True)):
                reason = score_reason(score)
                if reason is not None:
                    found.rejected_predictions[reason] += 1
                elif (event_id, index) in found.kept:
                    found.duplicates += 1
                else:
                    kept = Kept(event_id, index, len(scores), float(str(score)), row)
                    found.kept[event_id, index] = kept
    return dict(days)


def read_labels(folder: Path) -> dict[date, LabelDay]:
    """Every ground truth file, by the day of its folder."""
    days: defaultdict[date, LabelDay] = defaultdict(LabelDay)
    for path in sorted(folder.rglob("*.jsonl")):
        year, month, day, hour, _ = path.relative_to(folder).parts
        found = days[date(int(year), int(month), int(day))]
        for line in path.read_bytes().split(b"\n")[:-1]:
            found.lines += 1
            try:
                event_id, labels = labelled(parsed(line))
            except RejectedError as rejected:
                found.rejected_lines[str(rejected)] += 1
                continue
            found.records.append((f"{year}-{month}-{day} {hour}", event_id, labels))
    return dict(days)


def parsed(line: bytes) -> dict[str, Any]:
    if not line.strip():
        raise RejectedError("empty_line")
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise RejectedError("not_utf8") from None
    try:
        record = json.loads(text)
    except json.JSONDecodeError:
        raise RejectedError("malformed_json") from None
    if not isinstance(record, dict):
        raise RejectedError("malformed_json")
    return record


def captured(record: dict[str, Any]) -> tuple[str, list[Any], list[str]]:
    """Event id, scores and request rows of a capture record."""
    metadata = record["eventMetadata"]
    event_id = metadata.get("inferenceId", metadata.get("eventId"))
    if event_id is None:
        raise RejectedError("no_event_id")
    output = record["captureData"].get("endpointOutput")
    if output is None:
        raise RejectedError("no_output")
    text = decoded(output)
    media_type = output["observedContentType"].split(";")[0]
    if media_type == "text/csv":
        scores = text.splitlines()
    elif media_type == "application/json":
        scores = [prediction.get("score") for prediction in json.loads(text)["predictions"]]
    else:
        raise RejectedError("unexpected_content_type")
    if not scores:
        raise RejectedError("no_predictions")
    return event_id, scores, decoded(record["captureData"]["endpointInput"]).splitlines()


def labelled(record: dict[str, Any]) -> tuple[str, list[str]]:
    """Event id and labels of a ground truth record."""
    if "eventId" not in record["eventMetadata"]:
        raise RejectedError("no_event_id")
    truth = record["groundTruthData"]
    if "data" not in truth:
        raise RejectedError("no_label_data")
    if truth["encoding"] == "CSV":
        labels = truth["data"].split(",")
    else:
        labels = [str(one["label"]) for one in json.loads(truth["data"])["instances"]]
    return record["eventMetadata"]["eventId"], labels


def decoded(payload: dict[str, str]) -> str:
    if payload["encoding"] in ("CSV", "JSON"):
        return payload["data"]
    if payload["encoding"] != "BASE64":
        raise RejectedError("unknown_encoding")
    try:
        return base64.b64decode(payload["data"], validate=True).decode("utf-8", "replace")
    except binascii.Error:
        raise RejectedError("bad_base64") from None


def score_reason(score: str | float | None) -> str | None:
    if score is None or score == "":
        return "score_missing"
    try:
        number = float(score)
    except ValueError:
        return "score_not_a_number"
    if math.isnan(number):
        return "score_nan"
    if number < 0:
        return "score_below_0"
    return "score_above_1" if number > 1 else None


def final_labels(days: dict[date, LabelDay]) -> dict[str, tuple[date, list[str]]]:
    """Of each event, the labels of its last hour, and the day they were collected on."""
    last: dict[str, tuple[str, list[str]]] = {}
    for day in sorted(days):
        for hour, event_id, labels in days[day].records:
            known = last.get(event_id)
            if known is not None and known[0] == hour:
                assert known[1] == labels, f"records of one file disagree about {event_id}"
            if known is None or hour >= known[0]:
                last[event_id] = (hour, labels)
    return {
        event: (date.fromisoformat(hour[:10]), labels) for event, (hour, labels) in last.items()
    }
