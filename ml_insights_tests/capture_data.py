"""The real test data, written as SageMaker would have: data capture and ground truth files.

What belongs here: which row goes to which day, variant and hour, what the tests need to know about
the result, and the layout that such files have. What does not: the form of the files
(`ml_insights.capture_files`).
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from uuid import NAMESPACE_OID, uuid5

import numpy as np
import pyarrow.parquet as pq

from ml_insights.capture_files import (
    capture_record,
    csv_labels,
    csv_request,
    csv_response,
    label_record,
    write_capture_files,
    write_label_files,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ml_insights.capture_files import TimedLine

EMPLOYMENT_FEATURES = ("SEX", "SCHL", "year")
"""Columns of the captured CSV input, in order."""

UUID4 = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
CAPTURE_LAYOUT = re.compile(
    rf"[\w-]+/[\w-]+/\d{{4}}/[01]\d/[0-3]\d/[0-2]\d/[0-5]\d-[0-5]\d-\d{{3}}-{UUID4}\.jsonl"
)
"""`{endpoint}/{variant}/yyyy/mm/dd/hh/MM-SS-mmm-<uuid4>.jsonl`"""
LABEL_LAYOUT = re.compile(r"\d{4}/[01]\d/[0-3]\d/[0-2]\d/[\w-]+\.jsonl")
"""`yyyy/mm/dd/hh/<name>.jsonl`"""

EMPLOYMENT_FIRST_DAY = date(2026, 10, 1)
CHURN_DAY = date(2026, 10, 1)


@dataclass(frozen=True)
class WrittenRecords:
    """Capture and ground truth files, and the records they hold; arrays have one element each.

    Attributes:
        endpoint: name.
        data_capture: capture root; the endpoint's folder is in it.
        ground_truth: root of the labels.
        days: days with capture files, ascending.
        variants: names.
        score: as float64, exactly what the files say.
        label: 0 or 1.
        day: position in `days`.
        variant: position in `variants`.
        features: by name, as in the captured input.
    """

    endpoint: str
    data_capture: Path
    ground_truth: Path
    days: tuple[date, ...]
    variants: tuple[str, ...]
    score: NDArray[np.float64]
    label: NDArray[np.int64]
    day: NDArray[np.int64]
    variant: NDArray[np.int64]
    features: dict[str, list[str]]


def write_employment(
    data: Path,
    folder: Path,
    *,
    days: int,
    variants: Sequence[str] = ("champion", "challenger"),
) -> WrittenRecords:
    """Write `employment/` into `folder/capture` and `folder/ground_truth`.

    Rows are dealt to days and variants in turn, and within a day spread over its 24 hours. Labels
    come 0, 1 or 2 days later. Every third record has an inferenceId, every second event id is a
    UUID.

    Args:
        data: folder of the real data.
        folder: written into.
        days: number of days, from `EMPLOYMENT_FIRST_DAY`.
        variants: names.
    """
    table = pq.read_table(data / "employment/predictions.parquet")
    answers = pq.read_table(data / "employment/labels.parquet").to_pydict()
    label_of = dict(zip(answers["id"], answers["employed"], strict=True))
    ids: list[int] = table["id"].to_pylist()
    position = np.arange(len(ids))
    written = WrittenRecords(
        endpoint="employment",
        data_capture=folder / "capture",
        ground_truth=folder / "ground_truth",
        days=tuple(EMPLOYMENT_FIRST_DAY + timedelta(days=n) for n in range(days)),
        variants=tuple(variants),
        score=table["predicted_probability"].to_numpy().astype(np.float64),
        label=np.array([label_of[id_] for id_ in ids], dtype=np.int64),
        day=position // len(variants) % days,
        variant=position % len(variants),
        features={name: list(map(str, table[name].to_pylist())) for name in EMPLOYMENT_FEATURES},
    )
    _write(written, ids)
    return written


def write_churn(data: Path, folder: Path) -> WrittenRecords:
    """Write `churn/` as one variant's day, with labels of the same day."""
    with (data / "churn/validation_with_predictions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    written = WrittenRecords(
        endpoint="churn",
        data_capture=folder / "capture",
        ground_truth=folder / "ground_truth",
        days=(CHURN_DAY,),
        variants=("AllTraffic",),
        score=np.array([float(row["probability"]) for row in rows]),
        label=np.array([int(row["label"]) for row in rows], dtype=np.int64),
        day=np.zeros(len(rows), dtype=np.int64),
        variant=np.zeros(len(rows), dtype=np.int64),
        features={"prediction": [row["prediction"] for row in rows]},
    )
    _write(written, range(len(rows)), longest_delay_days=0)
    return written


def lines_below(root: Path, layout: re.Pattern[str]) -> list[str]:
    """Lines of all files below a folder, in order of path; each path has to match the layout."""
    paths = sorted(path for path in root.rglob("*") if path.is_file())
    assert all(layout.fullmatch(path.relative_to(root).as_posix()) for path in paths)
    return [line for path in paths for line in path.read_text().splitlines()]


def _write(written: WrittenRecords, ids: Sequence[int], *, longest_delay_days: int = 2) -> None:
    captured: dict[str, list[TimedLine]] = {variant: [] for variant in written.variants}
    collected: list[TimedLine] = []
    rows = list(zip(*written.features.values(), strict=True))
    turns = np.bincount(written.day * len(written.variants) + written.variant).max()
    for n, id_ in enumerate(ids):
        turn = n // (len(written.days) * len(written.variants))
        midnight = datetime.combine(written.days[written.day[n]], time(), tzinfo=UTC)
        moment = midnight + timedelta(days=1) * (turn / turns)
        event_id = str(uuid5(NAMESPACE_OID, str(id_))) if id_ % 2 else f"event-{id_}"
        inference_id = None if id_ % 3 else f"caller-{id_}"
        line = _capture_line(event_id, inference_id, moment, rows[n], float(written.score[n]))
        captured[written.variants[written.variant[n]]].append((moment, line))
        label_time = moment + timedelta(days=id_ // 3 % (longest_delay_days + 1))
        label = label_record(inference_id or event_id, csv_labels([written.label[n]]))
        collected.append((label_time, label.encode()))
    for variant, lines in captured.items():
        write_capture_files(written.data_capture / written.endpoint / variant, lines)
    write_label_files(written.ground_truth, collected)


def _capture_line(
    event_id: str, inference_id: str | None, moment: datetime, row: Sequence[str], score: float
) -> bytes:
    return capture_record(
        event_id=event_id,
        inference_id=inference_id,
        time=moment,
        request=csv_request([row]),
        response=csv_response([score]),
    ).encode()
