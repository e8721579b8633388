"""Captures that lie where nothing is read are named, not lost in silence."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from ml_insights.capture_counts import CaptureCounts
from ml_insights.capture_files import csv_response
from ml_insights.errors import MissingInputError
from ml_insights.spark import passed_over as module
from ml_insights.spark.files import Files
from ml_insights.spark.listing import Bounds, Listing
from ml_insights.spark.passed_over import passed_over
from ml_insights.spark.raw_predictions import compact_day
from ml_insights.spark.units import hours_of
from ml_insights_tests.spark.captured import line
from ml_insights_tests.spark.compacted import compacting_job, quiet

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

DAY = date(2026, 10, 1)
READ = ("canary/2026/10/01/05/a.jsonl", "main/2026/10/01/05/a.jsonl", "main/2026/10/01/05/_k=v")
MISPLACED = ("main/2026/10/01/7/", "main/2026/10/01/99/", "main/2026/10/01/late.jsonl")
HIDDEN = ("canary/2026/10/01/05/_a.jsonl", "main/2026/10/01/05/.a", "main/2026/10/01/05/_tmp/")
OF_ANOTHER_DAY = "main/2026/10/02/_a"


def write(root: Path, *places: str) -> None:
    """Write a good line to each place, into an object below where a folder is meant."""
    for place in places:
        path = root / "capture/shop" / (f"{place}b.jsonl" if place.endswith("/") else place)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{line(csv_response([0.5]))}\n")


def found(spark: SparkSession, root: Path) -> dict[str, Any]:
    files, captured = Files(spark, str(root)), f"{root}/capture/shop"
    hours = hours_of(files, Listing(spark), captured, DAY, Bounds(1_000, 10**9))
    return passed_over(files, captured, DAY, hours)


def test_a_day_as_sagemaker_writes_it_has_nothing_to_tell(
    spark: SparkSession, tmp_path: Path
) -> None:
    write(tmp_path, *READ, OF_ANOTHER_DAY)
    assert found(spark, tmp_path) == {}


def test_what_is_not_read_is_named_once_and_counted(spark: SparkSession, tmp_path: Path) -> None:
    write(tmp_path, *READ, *MISPLACED, *HIDDEN, OF_ANOTHER_DAY)
    assert found(spark, tmp_path) == {
        "misplaced": {"count": 3, "examples": [*MISPLACED]},
        "hidden": {"count": 3, "examples": [*HIDDEN]},
    }
    write(tmp_path, *(f"main/2026/10/01/{n:03}" for n in range(20)))
    misplaced = found(spark, tmp_path)["misplaced"]
    assert (misplaced["count"], len(misplaced["examples"])) == (23, 5)


def test_a_large_hour_is_not_listed_a_second_time(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, *READ, *HIDDEN)
    monkeypatch.setattr(module, "MOST_SEARCHED", 2)
    assert found(spark, tmp_path)["hidden"] == {"count": 1, "examples": [HIDDEN[0]]}


def test_the_manifest_of_the_day_tells_and_its_numbers_do_not_hold_it(
    spark: SparkSession, tmp_path: Path
) -> None:
    write(tmp_path, *READ, *MISPLACED, *HIDDEN)
    counts = CaptureCounts.from_manifest(compact_day(spark, compacting_job(tmp_path), quiet))
    assert counts.total("lines_read") == len(READ)
    assert counts.observation()["passed over"] == len(MISPLACED) + len(HIDDEN)
    assert counts.not_read("hidden") == f"3 hidden, not read: {', '.join(HIDDEN)}"


def test_a_day_with_nothing_but_misplaced_objects_names_them(
    spark: SparkSession, tmp_path: Path
) -> None:
    write(tmp_path, MISPLACED[0])
    with pytest.raises(MissingInputError, match=r"is not read: main/2026/10/01/7/\. Check"):
        compact_day(spark, compacting_job(tmp_path), quiet)
