"""A day of damaged objects: every line is counted, good ones are kept, a few bad ones shown."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pyarrow.parquet as pq
import pytest

from ml_insights.capture_counts import CaptureCounts
from ml_insights.capture_files import capture_file, csv_request, csv_response
from ml_insights.contracts import QUARANTINE
from ml_insights.errors import ContractError
from ml_insights.spark import native_reader, raw_predictions
from ml_insights.spark.raw_predictions import QUARANTINE_SAMPLE, compact_day
from ml_insights_tests.spark.captured import NOON, ONE_SCORE, line
from ml_insights_tests.spark.compacted import compacting_job, published, quiet
from ml_insights_tests.spark.mutations import damaged
from ml_insights_tests.spark.plain_reader import Prediction, RejectedError, read_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import SparkSession

    from ml_insights.spark.arguments import RawPredictionsArguments

pytestmark = pytest.mark.spark

Line = list[Prediction | str] | str
"""Predictions of a line, or the reason why the line is rejected."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
OBJECTS = ((b"", b"\n", b"\n"), (b"", b"\r\n", b"\r\n"), (BYTE_ORDER_MARK, b"\n", b""))
"""What stands before, between and after the lines of each object."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Captures of a day: 900 lines, more than half of them damaged."""
    random, folder = Random(20261001), tmp_path_factory.mktemp("damaged")
    good = [
        line(
            csv_response([random.random() for _ in range(random.choice((1, 1, 3)))]),
            csv_request([(random.randrange(20, 60), random.choice(("EU", "US")))]),
            event_id=f"event {number}",
        ).encode()
        for number in range(200)
    ]
    for number, (before, between, after) in enumerate(OBJECTS):
        lines = [
            damaged(random, text, good) if random.random() < 0.6 else text
            for text in random.choices(good, k=299)
        ]
        time = NOON + timedelta(minutes=number)
        file = capture_file(folder / "capture/shop/main", time, UUID(int=number))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(before + between.join([*lines, good[0]]) + after)
    return folder


@pytest.fixture(scope="module")
def counts(spark: SparkSession, folder: Path) -> CaptureCounts:
    return CaptureCounts.from_manifest(compact_day(spark, day_job(folder), quiet))


def day_job(folder: Path) -> RawPredictionsArguments:
    return compacting_job(folder, capture=ONE_SCORE)


@pytest.fixture(scope="module")
def plainly_read(folder: Path) -> list[Line]:
    return [plain_line(text) for text in plain_lines(folder)]


def plain_line(text: bytes) -> Line:
    try:
        return read_line(text, ONE_SCORE)
    except RejectedError as rejected:
        return str(rejected)


def plain_lines(folder: Path) -> Iterator[bytes]:
    for file in sorted((folder / "capture").rglob("*.jsonl")):
        lines = file.read_bytes().removeprefix(BYTE_ORDER_MARK).split(b"\n")
        yield from lines[:-1] if lines[-1] == b"" else lines


def test_every_line_and_prediction_is_counted(
    counts: CaptureCounts, plainly_read: list[Line]
) -> None:
    records = [found for found in plainly_read if not isinstance(found, str)]
    predictions = [item for found in records for item in found]
    refused = [item for item in predictions if isinstance(item, str)]
    assert counts.variants["main"] == {
        "lines_read": len(plainly_read),
        "records_accepted": len(records),
        "predictions_in_records": len(predictions),
        "raw_predictions": len(predictions) - len(refused),
    }
    assert counts.reasons["main"] == {
        "rejected_line": Counter(found for found in plainly_read if isinstance(found, str)),
        "rejected_prediction": Counter(refused),
    }


def test_rows_are_the_predictions_of_the_good_lines(
    counts: CaptureCounts,
    folder: Path,
    plainly_read: list[Line],
) -> None:
    rows = published(folder)
    assert len(rows) == counts.total("raw_predictions") > 300
    assert Counter(
        (row["event_id"], row["prediction_index"], row["score"], *row["slice_values"])
        for row in rows
    ) == Counter(
        (item.event_id, item.position, item.score, *item.slices)
        for found in plainly_read
        for item in found
        if isinstance(item, Prediction)
    )


def test_the_quarantine_holds_a_capped_sample_the_same_however_files_are_split(
    spark: SparkSession, folder: Path, counts: CaptureCounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample = quarantine(day_job(folder))
    assert Counter(row["reason"] for row in sample) == {
        reason: min(count, QUARANTINE_SAMPLE) for reason, count in counts.rejected.items()
    }
    assert {*sample[0]} == {column.name for column in QUARANTINE.columns}
    assert sample == sorted(
        sample, key=lambda row: (row["reason"], row["source_object"], row["line"])
    )
    again = replace(day_job(folder), output=f"{folder}/again")
    monkeypatch.setattr(native_reader, "TASK_BYTES", 20_000)
    compact_day(spark, again, quiet)
    assert quarantine(again) == sample
    monkeypatch.setattr(raw_predictions, "MAX_SLICE_COMBINATIONS", 2)
    with pytest.raises(ContractError, match=r"more than 2 combinations .* give it `edges`"):
        compact_day(spark, replace(again, run_id="second", recompute=True), quiet)


def quarantine(job: RawPredictionsArguments) -> list[dict[str, Any]]:
    (sample,) = Path(job.output).glob("unit=*/run=*/quarantine")
    rows: list[dict[str, Any]] = pq.read_table(sample).to_pylist()
    return rows
