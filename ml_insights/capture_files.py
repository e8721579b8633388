"""SageMaker's data capture and ground truth files: what a record looks like and where it lies.

What belongs here: the text of one record in every output form, the hourly folders, and writing
lines into them; the demo, the tests and the benchmarks write with this. What does not belong
here: what the records say (`ml_insights.demo`) and reading them (`ml_insights.spark`).

Key order and separators are those of records that SageMaker itself wrote. Standard library only.
Format: https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html and
.../model-monitor-model-quality-merge.html
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

TimedLine = tuple[datetime, bytes]
"""When a line was captured or collected (aware), and the line without its line feed."""


class Payload(NamedTuple):
    """A request or response body as data capture stores it.

    Attributes:
        content_type: observed content type; None where the endpoint sent none.
        data: the body as text, or in base64.
        encoding: `CSV`, `JSON` or `BASE64`; other values are malformed on purpose.
    """

    content_type: str | None
    data: str
    encoding: str

    def in_base64(self) -> Payload:
        """The same body as capture stores it when its content type is not configured."""
        return self._replace(data=b64encode(self.data.encode()).decode(), encoding="BASE64")


def csv_request(rows: Iterable[Iterable[object]]) -> Payload:
    """Feature rows of a request, one line a prediction."""
    return Payload("text/csv", _csv(rows), "CSV")


def csv_response(scores: Iterable[float], *, separator: str = "\n") -> Payload:
    r"""One score a prediction; XGBoost containers separate a batch by `\n` or by `,`."""
    data = separator.join(map(_number, scores))
    return Payload("text/csv; charset=utf-8", data, "CSV")


def csv_columns_response(rows: Iterable[Iterable[object]]) -> Payload:
    """Columns such as `label,score` or the scores of every class, one line a prediction."""
    return Payload("text/csv; charset=utf-8", _csv(rows), "CSV")


def json_response(scores: Iterable[float]) -> Payload:
    """`{"predictions": [{"score": 0.98, "predicted_label": 1}]}`, spaced as the containers do."""
    predictions = [{"score": float(s), "predicted_label": int(s >= 0.5)} for s in scores]
    return Payload("application/json", json.dumps({"predictions": predictions}), "JSON")


def json_lines_response(scores: Iterable[float]) -> Payload:
    """One JSON object a line, with a trailing line feed; capture records it as JSON."""
    lines = [_compact({"predicted_label": int(s >= 0.5), "score": float(s)}) for s in scores]
    return Payload("application/jsonlines", "".join(f"{line}\n" for line in lines), "JSON")


def softprob_response(rows: Iterable[Iterable[float]]) -> Payload:
    """`[[p0, p1], ...]`: the scores of every class, one list a prediction."""
    data = json.dumps([[float(score) for score in row] for row in rows])
    return Payload("application/json", data, "JSON")


def capture_record(
    *,
    event_id: str,
    time: datetime,
    response: Payload | None,
    request: Payload | None = None,
    inference_id: str | None = None,
    custom_attributes: Sequence[str] = (),
) -> str:
    """One line of data capture, without its line feed.

    Args:
        event_id: UUID that the service gives.
        time: invocation, aware; recorded in UTC, to the second.
        response: endpoint output; None when its capture mode is off or it was lost.
        request: endpoint input; None when its capture mode is off.
        inference_id: what the caller sent, if anything; labels then refer to it.
        custom_attributes: what the caller sent, if anything.

    Raises:
        ValueError: `time` is naive.
    """
    sides = {"endpointInput": (request, "INPUT"), "endpointOutput": (response, "OUTPUT")}
    metadata: dict[str, Any] = {"eventId": event_id}
    if inference_id is not None:
        metadata["inferenceId"] = inference_id
    metadata["inferenceTime"] = f"{_utc(time):%Y-%m-%dT%H:%M:%SZ}"
    if custom_attributes:
        metadata["customAttributes"] = list(custom_attributes)
    return _compact(
        {
            "captureData": {
                side: {
                    "observedContentType": payload.content_type,
                    "mode": mode,
                    "data": payload.data,
                    "encoding": payload.encoding,
                }
                for side, (payload, mode) in sides.items()
                if payload is not None
            },
            "eventMetadata": metadata,
            "eventVersion": "0",
        }
    )


def csv_labels(labels: Iterable[object]) -> Payload:
    """`1`, or `1,0` for a record of two predictions."""
    return Payload(None, ",".join(map(str, labels)), "CSV")


def json_label(label: object) -> Payload:
    """`{"label": 1}`, for a record of one prediction."""
    return Payload(None, json.dumps({"label": label}), "JSON")


def json_labels(labels: Iterable[object]) -> Payload:
    """`{"instances": [{"label": 1}, {"label": 0}]}`, one instance a prediction of the record."""
    return Payload(None, json.dumps({"instances": [{"label": label} for label in labels]}), "JSON")


def label_record(event_id: str, labels: Payload) -> str:
    """One line of ground truth, without its line feed.

    Args:
        event_id: the capture's inference id if it has one, else its event id.
        labels: one label a prediction of the record, in its order; ground truth has no content
            type.
    """
    return _compact(
        {
            "groundTruthData": {"data": labels.data, "encoding": labels.encoding},
            "eventMetadata": {"eventId": event_id},
            "eventVersion": "0",
        }
    )


def hour_folder(root: Path, time: datetime) -> Path:
    """`{root}/yyyy/mm/dd/hh`, UTC."""
    return root / f"{_utc(time):%Y/%m/%d/%H}"


def capture_file(variant_folder: Path, time: datetime, file_id: UUID) -> Path:
    """Where capture puts a file that it opened at `time`, with milliseconds in its name."""
    moment = _utc(time)
    name = f"{moment:%M-%S}-{moment.microsecond // 1000:03d}-{file_id}.jsonl"
    return hour_folder(variant_folder, moment) / name


def write_capture_files(
    variant_folder: Path, lines: Iterable[TimedLine], *, minutes_per_file: int = 60
) -> list[Path]:
    """Write captured lines in order of time, a new file every so many minutes.

    Args:
        variant_folder: `{root}/{endpoint}/{variant}`.
        lines: in any order; lines of the same instant keep theirs.
        minutes_per_file: how long a file stays open, counted from the full hour.

    Returns:
        The files, in order of time. Names derive from the content, so that writing the same lines
        again gives the same files.
    """
    written = []
    for file_lines in _by_interval(lines, minutes_per_file).values():
        opened, first = file_lines[0]
        digest = hashlib.sha256(f"{variant_folder.name}{opened.isoformat()}".encode() + first)
        path = capture_file(variant_folder, opened, UUID(bytes=digest.digest()[:16], version=4))
        written.append(_write_lines(path, file_lines))
    return written


def write_label_files(
    folder: Path, lines: Iterable[TimedLine], *, name: str = "labels"
) -> list[Path]:
    """Write ground truth lines into `{folder}/yyyy/mm/dd/hh/{name}.jsonl`, in order of time.

    The hour is that in which a label was collected, not that of its prediction.
    """
    return [
        _write_lines(hour_folder(folder, hour) / f"{name}.jsonl", file_lines)
        for hour, file_lines in _by_interval(lines, minutes=60).items()
    ]


def _by_interval(lines: Iterable[TimedLine], minutes: int) -> dict[datetime, list[TimedLine]]:
    """Lines in order of time, by the start of their part of the hour, UTC."""
    intervals = defaultdict(list)
    for line in sorted(lines, key=lambda line: line[0]):
        moment = _utc(line[0])
        start = moment.minute // minutes * minutes
        intervals[moment.replace(minute=start, second=0, microsecond=0)].append(line)
    return intervals


def _write_lines(path: Path, lines: Iterable[TimedLine]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(text + b"\n" for _, text in lines))
    return path


def _utc(time: datetime) -> datetime:
    if time.tzinfo is None:
        msg = f"a capture or label time must be aware, for its folder is an hour of UTC: {time}"
        raise ValueError(msg)
    return time.astimezone(UTC)


def _csv(rows: Iterable[Iterable[object]]) -> str:
    return "\n".join(",".join(map(_number, row)) for row in rows)


def _number(value: object) -> str:
    """Shortest text that reads back as the same float, also of numpy's floats; else the text."""
    return float.__repr__(value) if isinstance(value, float) else str(value)


_compact = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
"""JSON text without blanks, as SageMaker writes records."""
