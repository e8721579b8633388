"""Listings of folders: nothing is missed, whatever the bounds, and any change is noticed."""

from __future__ import annotations

import os
from itertools import chain
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from ml_insights.spark.listing import WHOLE, Bounds, Listing, Skipped, Stretch

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

NO_BOUNDS = Bounds(10**6, 10**12)


def write(folder: Path, sizes: dict[str, int]) -> Path:
    for name, size in sizes.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * size)
    return folder


def names(found: Any, below: Path) -> list[str]:
    paths = [file.getPath().toUri().getPath() for file in found]
    return [Path(path).relative_to(below).as_posix() for path in paths]


@pytest.fixture
def listing(spark: SparkSession) -> Listing:
    return Listing(spark)


def test_a_folder_adds_up_over_all_levels(listing: Listing, tmp_path: Path) -> None:
    write(tmp_path, {"b": 3, "a/d": 5, "a/c/e": 0})
    os.utime(tmp_path / "a/d", (2_000_000_000, 2_000_000_000))
    found = listing.folder(str(tmp_path), NO_BOUNDS)
    assert found.stretches == (Stretch("", "", 3, 8),)
    assert (found.files, found.bytes, found.newest) == (3, 8, 2_000_000_000_000)


def test_a_folder_that_is_not_there_holds_nothing(listing: Listing, tmp_path: Path) -> None:
    nowhere = str(tmp_path / "nowhere")
    assert listing.folder(nowhere, NO_BOUNDS).files == 0
    assert len(listing.files(nowhere)) == 0


def test_a_folder_is_cut_in_the_order_of_names(listing: Listing, tmp_path: Path) -> None:
    write(tmp_path, {"a": 9, "b/a": 1, "b/b": 1, "b-c": 1, "c": 30, "d": 1})
    found = listing.folder(str(tmp_path), Bounds(3, 10))
    assert [(part.through, part.files, part.bytes) for part in found.stretches] == [
        ("b-c", 2, 10),
        ("b/b", 2, 2),
        ("c", 1, 30),
        ("", 1, 1),
    ]
    read = [names(listing.files(str(tmp_path), part), tmp_path) for part in found.stretches]
    assert read == [["a", "b-c"], ["b/a", "b/b"], ["c"], ["d"]]


def test_the_stretches_of_a_folder_are_all_of_its_files_also_when_it_has_changed(
    spark: SparkSession, listing: Listing, tmp_path: Path
) -> None:
    random = Random(3)
    write(tmp_path, {f"{random.random()}": random.randrange(1, 9) for _ in range(60)})
    found = listing.folder(str(tmp_path), Bounds(7, 30))
    assert len(found.stretches) > 8
    added = {f"{part.through}-later": 1 for part in found.stretches} | {"0": 1, "9": 1}
    write(tmp_path, added)
    in_turn = [listing.files(str(tmp_path), part) for part in found.stretches]
    walked = [names(files, tmp_path) for files in in_turn]
    assert [*chain.from_iterable(walked)] == sorted(file.name for file in tmp_path.iterdir())
    for part, files in zip(found.stretches, walked, strict=True):
        out_of_turn = Listing(spark).files(str(tmp_path), part)
        assert names(out_of_turn, tmp_path) == files, "as a restart asks for it"


def test_hidden_and_empty_files_are_not_read(listing: Listing, tmp_path: Path) -> None:
    readable = {"a": 1, "b/c": 1, "_a=b": 1}
    hidden = dict.fromkeys(("_a", ".b", "_d/e", "b/_f", "x._COPYING_"), 1)
    write(tmp_path, {**readable, **hidden, "empty": 0})
    assert names(listing.files(str(tmp_path), WHOLE), tmp_path) == sorted(readable)
    found = listing.folder(str(tmp_path), NO_BOUNDS)
    assert found.hidden == Skipped(len(hidden), tuple(sorted(hidden)))
    assert (found.files, found.bytes) == (len(readable) + 1, len(readable))


def test_stretches_are_the_files_that_are_read_wherever_hidden_ones_lie(
    listing: Listing, tmp_path: Path
) -> None:
    random = Random(5)
    files = [f"{random.choice(('', '_', 'd/', 'd/.'))}{random.random()}" for _ in range(80)]
    write(tmp_path, dict.fromkeys(files, 1))
    found = listing.folder(str(tmp_path), Bounds(3, 100))
    read = [names(listing.files(str(tmp_path), part), tmp_path) for part in found.stretches]
    readable = sorted(name for name in files if name.lstrip("d/")[0] not in "._")
    assert [*chain.from_iterable(read)] == readable
    assert [len(part) for part in read] == [part.files for part in found.stretches]
    assert set(map(len, read[:-1])) == {3}
    assert found.hidden.count == len(files) - len(readable)


def test_hours_with_a_file_that_is_read_are_counted(listing: Listing, tmp_path: Path) -> None:
    write(
        tmp_path, {"00/a": 1, "23/deep/b": 0, "23/c": 1, "24/a": 1, "7/a": 1, "05/_a": 1, "06": 1}
    )
    assert listing.folder(str(tmp_path), NO_BOUNDS).hours == 2


def test_what_lies_beside_the_folders_that_are_read_is_named_with_its_kind(
    listing: Listing, tmp_path: Path
) -> None:
    write(tmp_path, {"00/a": 1, "1/a": 1, "01": 1, "_b": 1, ".c/a": 1})
    assert listing.beside(str(tmp_path), "[0-9]{2}") == {
        "misplaced": Skipped(2, ("01", "1/")),
        "hidden": Skipped(2, (".c/", "_b")),
    }
    nothing = {"misplaced": Skipped(), "hidden": Skipped()}
    assert listing.beside(str(tmp_path / "nowhere"), "x") == nothing


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: write(folder, {"more": 0}),
        lambda folder: write(folder, {"a": 3}),
        lambda folder: (folder / "a").rename(folder / "z"),
        lambda folder: (folder / "deep/b").unlink(),
        lambda folder: os.utime(folder / "a", (1_700_000_000, 1_700_000_000)),
    ],
    ids=["added", "grown", "renamed", "deleted", "older"],
)
def test_any_change_of_a_folder_changes_its_mark(
    listing: Listing, tmp_path: Path, change: Any
) -> None:
    write(tmp_path, {"a": 2, "deep/b": 2, "c": 2})
    before = listing.folder(str(tmp_path), NO_BOUNDS)
    assert listing.folder(str(tmp_path), Bounds(1, 1)).fingerprint == before.fingerprint
    change(tmp_path)
    assert listing.folder(str(tmp_path), NO_BOUNDS).fingerprint != before.fingerprint
