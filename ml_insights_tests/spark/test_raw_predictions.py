"""A captured day becomes a compact table, unit by unit; a rerun reads only what is missing."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ml_insights.capture_counts import CaptureCounts
from ml_insights.capture_files import csv_response, write_capture_files
from ml_insights.contracts import RAW_PREDICTIONS
from ml_insights.errors import ContractError, MissingInputError, StorageError
from ml_insights.spark import raw_predictions
from ml_insights.spark.files import Files
from ml_insights.spark.manifest import (
    ABANDONED_AFTER,
    manifest_path,
    progress_path,
    published_manifest,
)
from ml_insights.spark.raw_predictions import accepted_predictions, compact_day
from ml_insights_tests.spark.captured import ONE_SCORE, line
from ml_insights_tests.spark.compacted import WITHOUT_SLICES, compacting_job, published, quiet

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

MIDNIGHT = datetime(2026, 10, 1, tzinfo=UTC)


def capture(folder: Path, variant: str, hour: int, score: float, number: int = 0) -> None:
    """Write an object with one record."""
    time = MIDNIGHT + timedelta(hours=hour, minutes=number)
    event = line(csv_response([score]), event_id=f"{variant} {hour} {number}", time=time)
    write_capture_files(folder / "capture/shop" / variant, [(time, event.encode())])


@pytest.fixture
def day(tmp_path: Path) -> Path:
    """A day of three hours, one object an hour and variant."""
    for variant, hour, score in RECORDS:
        capture(tmp_path, variant, hour, score)
    return tmp_path


RECORDS = [("canary", 5, 0.5), ("main", 0, 0.0), ("main", 23, 0.25), ("main", 5, 1.0)]


def runs(manifest: dict[str, Any]) -> dict[str, str]:
    """Run that published each unit."""
    return dict(unit["path"].split("/run=") for unit in manifest["units"])


def test_a_restart_continues_after_the_last_finished_unit(
    spark: SparkSession, day: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = compacting_job(day, max_files=2)
    write = raw_predictions._write_unit

    def dies_in_the_second(*given: Any) -> dict[str, Any]:
        entry = write(*given)
        if entry["path"].startswith("unit=05"):
            raise StorageError("the disk is full")
        return entry

    monkeypatch.setattr(raw_predictions, "_write_unit", dies_in_the_second)
    with pytest.raises(StorageError, match="disk"):
        compact_day(spark, job, quiet)
    left = json.loads(Path(progress_path(job.output)).read_text())
    assert runs(left) == {"unit=00-00": "first-0"}
    with pytest.raises(MissingInputError, match=r"only 1 of its units are finished.* continues"):
        published_manifest(Files(spark, job.output), job.output)
    finished = files_with_times(job.output, "unit=00-00")
    assert files_with_times(job.output, "unit=05-05/run=first-0")

    monkeypatch.setattr(raw_predictions, "_write_unit", write)
    reports: list[str] = []
    manifest = compact_day(spark, replace(job, run_id="second"), reports.append)
    assert runs(manifest) == {
        "unit=00-00": "first-0",
        "unit=05-05": "second-0",
        "unit=23-23": "second-0",
    }
    assert not Path(progress_path(job.output)).exists()
    assert reports[0] == "1 of 2026-10-01's units stand from an earlier run"
    assert files_with_times(job.output, "unit=00-00") == finished
    assert Path(job.output, "unit=05-05/run=first-0").exists(), "its run may still be writing"
    assert [(row["event_id"], row["variant"], row["score"]) for row in published(day)] == [
        (f"{variant} {hour} 0".encode(), variant, score) for variant, hour, score in RECORDS
    ]


@pytest.fixture
def large_hour(tmp_path: Path) -> Path:
    """A day with an hour of seven objects of two variants, between two small ones."""
    capture(tmp_path, "main", 4, 0.1)
    for number in range(5):
        capture(tmp_path, "main", 5, number / 10, number)
    for number in range(2):
        capture(tmp_path, "canary", 5, number / 10, number)
    capture(tmp_path, "main", 6, 0.9)
    return tmp_path


PARTS = [
    *("unit=04-04", "unit=05-05-0000", "unit=05-05-0001"),
    *("unit=05-05-0002", "unit=05-05-0003", "unit=06-06"),
]


@pytest.mark.parametrize(
    "plain", [False, pytest.param(True, marks=pytest.mark.long)], ids=["native", "plain"]
)
def test_an_hour_above_the_bounds_is_read_in_parts_and_loses_nothing(
    spark: SparkSession, large_hour: Path, *, plain: bool
) -> None:
    whole = compact_day(spark, compacting_job(large_hour, plain=plain), quiet)
    rows = published(large_hour)
    small = compacting_job(large_hour, plain=plain, run_id="second", recompute=True, max_files=2)
    cut = compact_day(spark, small, quiet)
    assert [[*runs(whole)], [*runs(cut)]] == [["unit=04-06"], PARTS]
    assert [unit["rows"] for unit in cut["units"]] == [1, 2, 2, 2, 1, 1]
    assert len(rows) == 9
    assert published(large_hour) == rows
    assert cut["digest"] == whole["digest"]
    assert CaptureCounts.from_manifest(cut) == CaptureCounts.from_manifest(whole)


def test_a_restart_continues_within_an_hour(
    spark: SparkSession, large_hour: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, write = compacting_job(large_hour, max_files=2), raw_predictions._write_unit

    def dies_in_the_hour(*given: Any) -> dict[str, Any]:
        if given[-1].name == "unit=05-05-0002":
            raise StorageError("the disk is full")
        return write(*given)

    monkeypatch.setattr(raw_predictions, "_write_unit", dies_in_the_hour)
    with pytest.raises(StorageError, match="disk"):
        compact_day(spark, job, quiet)
    monkeypatch.setattr(raw_predictions, "_write_unit", write)
    manifest = compact_day(spark, replace(job, run_id="second"), quiet)
    assert runs(manifest) == {
        name: f"{'first' if name in PARTS[:3] else 'second'}-0" for name in PARTS
    }
    assert [row["event_id"] for row in published(large_hour)] == [
        *(f"canary 5 {number}".encode() for number in range(2)),
        b"main 4 0",
        *(f"main 5 {number}".encode() for number in range(5)),
        b"main 6 0",
    ]
    assert compact_day(spark, replace(job, run_id="third"), quiet) == manifest


def test_a_change_of_a_cut_hour_is_noticed_in_all_of_its_parts(
    spark: SparkSession, large_hour: Path
) -> None:
    job = compacting_job(large_hour, max_files=2)
    first = compact_day(spark, job, quiet)
    (file, *_) = (large_hour / "capture/shop/canary/2026/10/01/05").iterdir()
    os.utime(file, (2_000_000_000, 2_000_000_000))
    touched = compact_day(spark, replace(job, run_id="touched"), quiet)
    assert runs(touched) == {name: f"{'touched' if '05' in name else 'first'}-0" for name in PARTS}
    assert touched["digest"] != first["digest"]


def test_other_bounds_cut_an_hour_elsewhere_and_hold_no_record_twice(
    spark: SparkSession, large_hour: Path
) -> None:
    job = compacting_job(large_hour, max_files=2)
    compact_day(spark, job, quiet)
    rows = published(large_hour)
    wider = compact_day(spark, replace(job, run_id="wider", max_files=3), quiet)
    assert runs(wider) == {
        **dict.fromkeys(["unit=04-04", "unit=05-05-0000", "unit=06-06"], "first-0"),
        **dict.fromkeys(["unit=05-05-0001", "unit=05-05-0002"], "wider-0"),
    }
    assert published(large_hour) == rows
    whole = compact_day(spark, replace(job, run_id="whole", max_files=100), quiet)
    assert runs(whole)["unit=05-05"] == "whole-0"
    assert published(large_hour) == rows
    again = compact_day(spark, replace(job, run_id="again", max_files=2), quiet)
    assert again == whole, "what is finished stands, whatever the bounds"


def test_a_day_computed_again_stays_readable_until_the_new_one_is_complete(
    spark: SparkSession, day: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = compacting_job(day, max_files=2)
    first, rows = compact_day(spark, job, quiet), published(day)
    write = raw_predictions._write_unit

    def dies_in_the_last(*given: Any) -> dict[str, Any]:
        if given[-1].name == "unit=23-23":
            raise StorageError("the disk is full")
        return write(*given)

    monkeypatch.setattr(raw_predictions, "_write_unit", dies_in_the_last)
    again = replace(job, run_id="again", recompute=True)
    with pytest.raises(StorageError, match="disk"):
        compact_day(spark, again, quiet)
    assert json.loads(Path(manifest_path(job.output)).read_text()) == first
    assert published(day) == rows

    monkeypatch.setattr(raw_predictions, "_write_unit", write)
    retried = compact_day(spark, replace(again, attempt=1), quiet)
    assert runs(retried) == {
        "unit=00-00": "again-0",
        "unit=05-05": "again-0",
        "unit=23-23": "again-1",
    }
    assert published(day) == rows


def test_folders_of_dead_runs_are_deleted_and_those_of_living_ones_are_not(
    spark: SparkSession, day: Path
) -> None:
    job = compacting_job(day)
    dead, living = (Path(job.output, f"unit=00-23/run={name}-0") for name in ("dead", "living"))
    for folder in (dead, living):
        folder.mkdir(parents=True)
        (folder / "part.parquet").write_bytes(b"half")
    long_ago = time.time() - ABANDONED_AFTER.total_seconds() - 1
    os.utime(dead / "part.parquet", (long_ago, long_ago))
    compact_day(spark, job, quiet)
    assert not dead.exists()
    assert living.exists()


def test_a_unit_that_fails_leaves_nothing_behind(
    spark: SparkSession, day: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = compacting_job(day, capture=ONE_SCORE)
    monkeypatch.setattr(raw_predictions, "MAX_SLICE_COMBINATIONS", 0)
    with pytest.raises(ContractError, match="combinations"):
        compact_day(spark, job, quiet)
    assert not list(Path(job.output).glob("unit=*/run=*"))


def files_with_times(output: str, folder: str) -> dict[Path, int]:
    return {file: file.stat().st_mtime_ns for file in Path(output, folder).rglob("*.parquet")}


def test_only_what_changed_is_read_again(spark: SparkSession, day: Path) -> None:
    job = compacting_job(day, max_files=3)
    first = compact_day(spark, job, quiet)
    written = Path(manifest_path(job.output)).stat().st_ino
    assert compact_day(spark, replace(job, run_id="same"), quiet) == first
    assert Path(manifest_path(job.output)).stat().st_ino == written

    capture(day, "main", 23, 0.75, number=9)
    changed = compact_day(spark, replace(job, run_id="changed"), quiet)
    assert runs(changed) == {"unit=00-05": "first-0", "unit=23-23": "changed-0"}
    assert changed["digest"] != first["digest"]
    assert [row["score"] for row in published(day) if row["event_id"] == b"main 23 9"] == [0.75]

    again = compact_day(spark, replace(job, run_id="again", recompute=True), quiet)
    assert runs(again) == {"unit=00-05": "again-0", "unit=23-23": "again-0"}
    assert again["digest"] == changed["digest"]
    assert {path.name for path in Path(job.output).glob("unit=*/run=*")} == {"run=again-0"}

    other_format = replace(WITHOUT_SLICES, positive_label="1")
    reread = compact_day(spark, replace(job, run_id="other", capture=other_format), quiet)
    assert set(runs(reread).values()) == {"other-0"}
    assert {row["class_label"] for row in published(day)} == {"1"}


def test_units_do_not_change_the_rows_and_lost_hours_leave_them(
    spark: SparkSession, day: Path
) -> None:
    apart = compact_day(spark, compacting_job(day, max_bytes=1), quiet)
    rows = published(day)
    whole = compact_day(spark, compacting_job(day, run_id="second", recompute=True), quiet)
    assert published(day) == rows
    assert (len(apart["units"]), [*runs(whole)]) == (4, ["unit=00-23"])
    assert CaptureCounts.from_manifest(whole) == CaptureCounts.from_manifest(apart)
    assert whole["digest"] == apart["digest"]

    for file in (day / "capture/shop/main/2026/10/01/00").iterdir():
        file.unlink()
    less = compact_day(spark, compacting_job(day, run_id="third"), quiet)
    assert runs(less) == {"unit=05-23": "third-0"}
    assert published(day) == [row for row in rows if row["event_id"] != b"main 0 0"]


def test_the_table_has_the_columns_of_its_contract(spark: SparkSession, day: Path) -> None:
    job = compacting_job(day)
    table = accepted_predictions(spark, job.output, compact_day(spark, job, quiet))
    assert table.dtypes == [
        tuple(part.replace("`", "").split(" ")) for part in RAW_PREDICTIONS.spark_ddl().split(", ")
    ]


def test_a_day_without_objects_says_where_it_looked(spark: SparkSession, day: Path) -> None:
    job = compacting_job(day, day="2026-10-02", output=str(day / "lake/dt=2026-10-02"))
    with pytest.raises(MissingInputError, match="no captured object for 2026-10-02") as error:
        compact_day(spark, job, quiet)
    assert f"{job.capture_root}/<variant>/2026/10/02/<hour>/" in str(error.value)
    assert not Path(job.output).exists()


def test_empty_objects_are_hours_without_rows(spark: SparkSession, tmp_path: Path) -> None:
    for hour, content in {"07": "", "08": "\n\n"}.items():
        folder = tmp_path / "capture/shop/main/2026/10/01" / hour
        folder.mkdir(parents=True)
        (folder / "empty.jsonl").write_text(content)
    job = compacting_job(tmp_path, max_files=1)
    manifest = compact_day(spark, job, quiet)
    counts = CaptureCounts.from_manifest(manifest)
    assert (counts.files, counts.hours, counts.total("lines_read")) == (2, (7, 8), 2)
    assert counts.rejected == Counter(empty_line=2)
    assert accepted_predictions(spark, job.output, manifest).collect() == []
