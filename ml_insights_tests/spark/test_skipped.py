"""Objects that lie where nothing is read are counted and named, not lost in silence."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from ml_insights.assets.inputs import not_read
from ml_insights.capture_counts import CaptureCounts
from ml_insights.capture_files import csv_response
from ml_insights.errors import MissingInputError
from ml_insights.spark.confusion_counts import count_day
from ml_insights.spark.files import Files
from ml_insights.spark.listing import Bounds, Listing
from ml_insights.spark.raw_predictions import compact_day
from ml_insights.spark.skipped import skipped_captures
from ml_insights.spark.units import hour_folders, hours_of
from ml_insights_tests.spark.captured import line
from ml_insights_tests.spark.compacted import compacting_job, quiet
from ml_insights_tests.spark.labelled import counting_job, prediction, publish

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

DAY = date(2026, 10, 1)
READ = ("canary/2026/10/01/05/a.jsonl", "main/2026/10/01/05/a.jsonl", "main/2026/10/01/05/_k=v")
MISPLACED = ("main/2026/10/01/7/", "main/2026/10/01/99/", "main/2026/10/01/late.jsonl", "stray")
HIDDEN = (
    "_spark/",
    "canary/2026/10/01/05/_a.jsonl",
    "main/2026/10/01/.b/",
    "main/2026/10/01/05/.a",
    "main/2026/10/01/05/deep/_tmp/b.jsonl",
    "main/2026/10/01/06/_alone",
)
OF_ANOTHER_DAY = "main/2026/10/02/_a"
NO_BOUNDS = Bounds(1_000, 10**9)


def write(root: Path, *places: str) -> None:
    """Write a good line to each place, into an object below where a folder is meant."""
    for place in places:
        path = root / f"{place}b.jsonl" if place.endswith("/") else root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{line(csv_response([0.5]))}\n")


def capture(folder: Path, *places: str) -> None:
    write(folder / "capture/shop", *places)


def found(spark: SparkSession, root: Path) -> dict[str, Any]:
    captured, listing = f"{root}/capture/shop", Listing(spark)
    folders = hour_folders(Files(spark, captured), listing, captured, DAY, NO_BOUNDS)
    return skipped_captures(listing, captured, DAY, folders)


def test_a_day_as_sagemaker_writes_it_has_nothing_to_tell(
    spark: SparkSession, tmp_path: Path
) -> None:
    capture(tmp_path, *READ, OF_ANOTHER_DAY)
    assert found(spark, tmp_path) == {}


def test_what_is_not_read_is_named_once_and_counted(spark: SparkSession, tmp_path: Path) -> None:
    capture(tmp_path, *READ, *MISPLACED, *HIDDEN, OF_ANOTHER_DAY)
    assert found(spark, tmp_path) == {
        "misplaced": {"count": 4, "examples": [*MISPLACED]},
        "hidden": {"count": 6, "examples": [*HIDDEN[:5]]},
    }


def test_of_many_names_all_are_counted_and_the_first_in_order_are_told(
    spark: SparkSession, tmp_path: Path
) -> None:
    beside = [f"main/2026/10/01/{n:04}" for n in range(1_200)]
    inside = [f"main/2026/10/01/05/_{n:04}" for n in range(1_200)]
    capture(tmp_path, *reversed(beside), *reversed(inside))
    assert found(spark, tmp_path) == {
        "misplaced": {"count": 1_200, "examples": beside[:5]},
        "hidden": {"count": 1_200, "examples": inside[:5]},
    }


def test_what_is_hidden_is_no_capture(spark: SparkSession, tmp_path: Path) -> None:
    """Not in hours, objects or bytes; and finished units stand when it comes and goes."""
    captured, listing = f"{tmp_path}/capture/shop", Listing(spark)

    def hours() -> Any:
        return hours_of(hour_folders(Files(spark, captured), listing, captured, DAY, NO_BOUNDS))

    capture(tmp_path, *READ)
    before = hours()
    capture(tmp_path, *HIDDEN)
    after = hours()
    assert [(hour.hour, hour.files, [*hour.variants]) for hour in after] == [
        (5, 3, ["canary", "main"])
    ]
    assert [hour.bytes for hour in after] == [hour.bytes for hour in before]
    assert [hour.fingerprint for hour in after] == [hour.fingerprint for hour in before]


def test_the_manifest_of_the_day_tells_and_its_numbers_do_not_hold_it(
    spark: SparkSession, tmp_path: Path
) -> None:
    capture(tmp_path, *READ, *MISPLACED, *HIDDEN)
    counts = CaptureCounts.from_manifest(compact_day(spark, compacting_job(tmp_path), quiet))
    assert counts.total("lines_read") == len(READ)
    assert (counts.files, counts.hours, sorted(counts.variants)) == (3, (5,), ["canary", "main"])
    assert not_read(counts.skipped, "misplaced") == f"4 misplaced, not read: {', '.join(MISPLACED)}"
    assert not_read(counts.skipped, "hidden") == (
        f"6 hidden, not read: {', '.join(HIDDEN[:5])}, ..."
    )


@pytest.mark.parametrize("place", [MISPLACED[0], HIDDEN[-1]])
def test_a_day_with_nothing_but_skipped_objects_names_them(
    spark: SparkSession, tmp_path: Path, place: str
) -> None:
    capture(tmp_path, place)
    with pytest.raises(MissingInputError, match=rf"is not read: {place}\. Check"):
        compact_day(spark, compacting_job(tmp_path), quiet)


LABELS = ("2026/10/01/05/a.jsonl", "2026/10/02/whole-day.jsonl", "2026/12/31/a", "1999/01/01/a.csv")
LABELS_MISPLACED = (
    *("2026/10/1/", "2026/10/32/", "2026/10/b.jsonl", "2026/13/"),
    *("archive/", "labels.jsonl"),
)
LABELS_HIDDEN = ("2026/10/01/05/_a", "2026/10/01/06/.b/c", "2026/10/_d", "_e")


def test_labels_that_are_not_read_have_the_same_account(
    spark: SparkSession, tmp_path: Path
) -> None:
    job = counting_job(tmp_path)
    publish(job.predictions, [prediction("a", 0.5)])
    write(tmp_path / "ground_truth", *LABELS)
    found = count_day(spark, job, quiet)["ground_truth"]
    assert found == {"files": 2, "bytes": found["bytes"], "hours": 1, "skipped": {}}
    write(tmp_path / "ground_truth", *LABELS_MISPLACED, *LABELS_HIDDEN)
    assert count_day(spark, job, quiet)["ground_truth"] == {
        **found,
        "skipped": {
            "misplaced": {"count": 6, "examples": [*LABELS_MISPLACED[:5]]},
            "hidden": {"count": 4, "examples": [*LABELS_HIDDEN]},
        },
    }
