"""Of several label records of an event the last counts; only the window's folders are read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from pyspark.sql import Observation
from pyspark.sql import functions as F

from ml_insights.capture_files import csv_labels, label_record, write_label_files
from ml_insights.spark.ground_truth import (
    labels_of_day,
    one_per_event,
    parsed_labels,
    rejected_sample,
)
from ml_insights.spark.label_rows import LabelCounts, label_folders, label_rows
from ml_insights.spark.listing import WHOLE, Listing, Stretch
from ml_insights_tests.spark.labelled import counting_job, prediction, predictions_frame
from ml_insights_tests.spark.reading import texts_frame

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark


@pytest.fixture
def label_folder(tmp_path: Path) -> Path:
    """Labels of several hours and files of two days, and of a day outside the window."""

    def write(day: int, hour: int, name: str, *labels: tuple[str, list[object]]) -> None:
        time = datetime(2026, 10, day, hour, tzinfo=UTC)
        lines = [(time, label_record(event, csv_labels(codes)).encode()) for event, codes in labels]
        write_label_files(tmp_path / "ground_truth", lines, name=name)

    write(1, 9, "a", ("changed", [1]), ("once", [1, 0]), ("withdrawn", [1]))
    write(1, 10, "a", ("changed", [0]), ("of files", [1]), ("twice", [1]), ("twice", ["1.0"]))
    write(1, 10, "b", ("of files", [0, ""]), ("torn", [1]), ("torn", [0]), ("torn", [1]))
    write(2, 8, "a", ("changed", [1]), ("longer", [1]), ("longer", [1, 0]), ("withdrawn", ["nan"]))
    write(2, 23, "a", ("of files", [1, ""]), ("of files", [1, ""]))
    write(3, 0, "a", ("changed", [0]), ("once", [0, 0]))
    return tmp_path


def test_the_last_hour_and_file_decide_and_contradictions_cancel(
    spark: SparkSession, label_folder: Path
) -> None:
    job = counting_job(label_folder)
    folders = label_folders(spark, job)
    labels = label_rows(spark, job, folders)
    assert labels is not None
    events = one_per_event(labels.table)
    columns = ("codes", "collected_on", "entries", "counting")
    found: dict[str, tuple[Any, ...]] = {
        bytes(row["event_id"]).decode(): tuple(row[name] for name in columns)
        for row in events.drop("modified").collect()
    }
    first, second = "2026-10-01", "2026-10-02"
    assert found == {
        "changed": ([1], second, 3, 1),
        "once": ([1, 0], first, 2, 2),
        "withdrawn": ([None], second, 2, 1),
        "twice": ([1], first, 2, 1),
        "of files": ([1, None], second, 7, 2),
        "torn": (None, first, 3, 3),
        "longer": (None, second, 3, 3),
    }
    assert sum(folder.files for folder in folders.values()) == 5
    assert sum(folder.bytes for folder in folders.values()) == sum(
        file.stat().st_size
        for day in ("01", "02")
        for file in (label_folder / "ground_truth/2026/10" / day).rglob("*.jsonl")
    )


@pytest.mark.parametrize("plain", [False, True])
def test_of_a_window_with_many_files_the_driver_holds_a_few_names(
    spark: SparkSession, label_folder: Path, monkeypatch: pytest.MonkeyPatch, *, plain: bool
) -> None:
    job = counting_job(label_folder, plain=plain)
    whole = label_rows(spark, job, label_folders(spark, job))
    assert whole is not None
    expected = sorted(map(str, whole.table.collect()))
    in_pieces, held = replace(job, max_files=2), list[int]()
    files = Listing.files

    def counted(self: Listing, path: str, stretch: Stretch = WHOLE) -> Any:
        found = files(self, path, stretch)
        held.append(len(found))
        return found

    monkeypatch.setattr(Listing, "files", counted)
    few = label_rows(spark, in_pieces, label_folders(spark, in_pieces))
    assert held == [2, 1, 2]
    assert few is not None
    assert sorted(map(str, few.table.collect())) == expected
    assert few.counts() == whole.counts() == LabelCounts(17, 22)


def test_a_window_without_labels_has_no_rows(spark: SparkSession, tmp_path: Path) -> None:
    job = counting_job(tmp_path)
    folders = label_folders(spark, job)
    assert [(day, folder.files) for day, folder in folders.items()] == [
        ("2026-10-01", 0),
        ("2026-10-02", 0),
    ]
    assert label_rows(spark, job, folders) is None


def test_the_sample_of_rejected_lines_is_capped_by_reason_and_the_same_each_time(
    spark: SparkSession, tmp_path: Path
) -> None:
    texts = [f"broken {number:02}" for number in range(30)] + [""]
    frame = texts_frame(spark, tmp_path, texts).select(
        F.col("text").alias("value"),
        F.lit("object").alias("source_object"),
        F.lit(None).cast("timestamp").alias("modified"),
        F.lit("2026-10-01").alias("collected_on"),
    )
    labels = parsed_labels(frame, counting_job(tmp_path))
    assert [
        tuple(row) for row in rejected_sample(labels.where("reason is not null"), 3).collect()
    ] == [
        ("ground_truth", "object", "empty_line", ""),
        ("ground_truth", "object", "malformed_json", "broken 00"),
        ("ground_truth", "object", "malformed_json", "broken 01"),
        ("ground_truth", "object", "malformed_json", "broken 02"),
    ]


def test_a_day_asks_about_its_own_events_and_what_was_collected_on_it(
    spark: SparkSession, label_folder: Path
) -> None:
    """Of the others only the number of labels is told, and the newest object of the window."""
    job = counting_job(label_folder, day="2026-10-02", label_days=("2026-10-01", "2026-10-02"))
    labels = label_rows(spark, job, label_folders(spark, job))
    assert labels is not None
    own = predictions_frame(
        spark, label_folder, [prediction("once", 0.5), prediction("once", 0.5, variant="shadow")]
    )
    seen = Observation()
    asked = labels_of_day(labels.table, own, job.day, seen).select(
        "event_id", "collected_on", "codes"
    )
    rows = asked.collect()
    found = sorted((bytes(row["event_id"]).decode(), row["collected_on"][-2:]) for row in rows)
    collected = ["changed", "longer", "longer", "of files", "of files", "withdrawn"]
    assert found == sorted([("once", "01"), *((event, "02") for event in collected)])
    asked_about = sum(len(row["codes"]) for row in rows)
    in_window = sum(len(row["codes"]) for row in labels.table.select("codes").collect())
    assert seen.get["passed_by"] == in_window - asked_about > 0
    newest = max(
        path.stat().st_mtime
        for day in ("01", "02")
        for path in (label_folder / "ground_truth/2026/10" / day).rglob("*.jsonl")
    )
    told = datetime.fromisoformat(seen.get["newest"]).timestamp()
    assert told == pytest.approx(newest, abs=1e-3)


def test_a_window_without_labels_passes_none_by(spark: SparkSession, label_folder: Path) -> None:
    job = counting_job(label_folder)
    labels = label_rows(spark, job, label_folders(spark, job))
    assert labels is not None
    nothing = labels.table.where(F.lit(False))
    own = predictions_frame(spark, label_folder, [prediction("once", 0.5)])
    seen = Observation()
    assert labels_of_day(nothing, own, job.day, seen).count() == 0
    assert seen.get == {"passed_by": 0, "newest": None}
