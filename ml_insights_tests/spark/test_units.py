"""Units of work: consecutive hours or stretches of one, within the bounds, nothing left out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, cast

from hypothesis import given
from hypothesis import strategies as st

from ml_insights.spark.listing import Bounds, Folder, Stretch
from ml_insights.spark.units import Hour, hour_folder, hour_folders, hours_of, pack

if TYPE_CHECKING:
    from ml_insights.spark.files import Files
    from ml_insights.spark.listing import Listing

DAY = date(2026, 3, 7)
NO_BOUNDS = Bounds(10**9, 10**18)


@dataclass
class Folders:
    """Folders as `Files` and `Listing` show them."""

    found: dict[str, Folder]

    def folder(self, path: str, bounds: Bounds) -> Folder:
        assert bounds == NO_BOUNDS
        return self.found.get(path, Folder((), 0, ""))

    def folders(self, folder: str) -> list[str]:
        below = {path.removeprefix(f"{folder}/").split("/")[0] for path in self.found}
        return sorted(below)


def folder(files: int, size: int, newest: int = 0, digest: str = "") -> Folder:
    """A folder that is not cut."""
    return Folder((Stretch("", "", files, size),), newest, digest)


def cut_folder(sizes: list[int], bounds: Bounds) -> Folder:
    """A folder of files of these sizes, as `Listing` cuts it."""
    stretches: list[list[int]] = [[]]
    for size in sizes:
        if stretches[-1] and not bounds.hold(len(stretches[-1]) + 1, sum(stretches[-1]) + size):
            stretches.append([])
        stretches[-1].append(size)
    cuts = [f"after-{n}" for n in range(1, len(stretches))]
    return Folder(
        tuple(
            Stretch(after, through, len(part), sum(part))
            for after, through, part in zip(["", *cuts], [*cuts, ""], stretches, strict=True)
        ),
        0,
        "",
    )


def hour(number: int, files: int, size: int) -> Hour:
    return Hour(number, {"main": folder(files, size)})


@st.composite
def days(draw: st.DrawFn) -> tuple[list[Hour], Bounds]:
    """Hours of one or two variants, listed within bounds."""
    bounds = Bounds(draw(st.integers(1, 9)), draw(st.integers(1, 30)))
    sizes = st.lists(st.integers(0, 9), min_size=1, max_size=12)
    variants = st.dictionaries(st.sampled_from(["canary", "main"]), sizes, min_size=1)
    hours = draw(st.dictionaries(st.integers(0, 23), variants, min_size=1, max_size=6))
    return [
        Hour(n, {name: cut_folder(found, bounds) for name, found in hours[n].items()})
        for n in sorted(hours)
    ], bounds


def test_an_hour_lies_where_sagemaker_puts_it() -> None:
    assert hour_folder("s3://b/capture/shop", "main", DAY, 4) == (
        "s3://b/capture/shop/main/2026/03/07/04"
    )


def test_hours_of_a_day_are_those_with_objects_over_all_variants() -> None:
    folders = Folders(
        {
            "root/main/2026/03/07/05": folder(2, 20),
            "root/main/2026/03/07/23": folder(1, 0),
            "root/main/2026/03/08/06": folder(1, 9),
            "root/shadow/2026/03/07/05": folder(1, 7),
            "root/shadow/2026/03/07/06": folder(0, 0),
        }
    )
    found = hours_in(folders)
    assert found == [
        Hour(5, {"main": folder(2, 20), "shadow": folder(1, 7)}),
        Hour(23, {"main": folder(1, 0)}),
    ]
    assert [(hour.files, hour.bytes) for hour in found] == [(3, 27), (1, 0)]


def hours_in(folders: Folders) -> list[Hour]:
    listed = hour_folders(cast("Files", folders), cast("Listing", folders), "root", DAY, NO_BOUNDS)
    return hours_of(listed)


def test_a_day_without_objects_has_no_hours() -> None:
    assert hours_in(Folders({})) == []


def test_a_small_day_is_one_unit() -> None:
    (unit,) = pack([hour(n, 10, 1000) for n in range(24)], Bounds(240, 24_000))
    assert unit.name == "unit=00-23"
    assert (unit.files, unit.bytes) == (240, 24_000)
    assert list(unit.fingerprints) == [f"{n:02}" for n in range(24)]


def test_a_unit_ends_where_the_next_hour_would_exceed_a_bound() -> None:
    hours = [hour(0, 1, 9), hour(1, 1, 1), hour(2, 1, 1), hour(3, 3, 0), hour(4, 1, 0)]
    units = pack(hours, Bounds(4, 10))
    assert [unit.name for unit in units] == ["unit=00-01", "unit=02-03", "unit=04-04"]


def test_an_hour_above_a_bound_is_cut_and_shares_no_unit() -> None:
    bounds = Bounds(2, 100)
    large = Hour(1, {"main": cut_folder([1, 2, 3, 4, 5], bounds), "canary": folder(1, 9)})
    units = pack([hour(0, 1, 1), large, hour(2, 1, 1)], bounds)
    assert {unit.name: unit.variants for unit in units if unit.part} == {
        "unit=01-01-0000": {"canary": [(1, Stretch("", "", 1, 9))]},
        "unit=01-01-0001": {"main": [(1, Stretch("", "after-1", 2, 3))]},
        "unit=01-01-0002": {"main": [(1, Stretch("after-1", "after-2", 2, 7))]},
        "unit=01-01-0003": {"main": [(1, Stretch("after-2", "", 1, 5))]},
    }
    assert [unit.name for unit in units if not unit.part] == ["unit=00-00", "unit=02-02"]
    assert {unit.fingerprints["01"] for unit in units if unit.part} == {large.fingerprint}


@given(days())
def test_units_hold_every_object_once_in_order_and_keep_the_bounds(
    day: tuple[list[Hour], Bounds],
) -> None:
    hours, bounds = day
    units = pack(hours, bounds)
    read = [
        (hour, variant, stretch)
        for unit in units
        for variant, stretches in unit.variants.items()
        for hour, stretch in stretches
    ]
    assert sorted(read, key=lambda part: part[:2]) == [
        (hour.hour, variant, stretch)
        for hour in hours
        for variant, found in sorted(hour.variants.items())
        for stretch in found.stretches
    ]
    assert len({unit.name for unit in units}) == len(units)
    assert [unit.hours[0].hour for unit in units] == sorted(unit.hours[0].hour for unit in units)
    for unit in units:
        assert bounds.hold(unit.files, unit.bytes) or unit.files == 1
        held = [stretch for found in unit.variants.values() for _, stretch in found]
        assert unit.files == sum(stretch.files for stretch in held)
        assert unit.bytes == sum(stretch.bytes for stretch in held)


@given(days())
def test_no_two_neighbouring_units_of_whole_hours_would_fit_into_one(
    day: tuple[list[Hour], Bounds],
) -> None:
    hours, bounds = day
    for one, other in pairwise(pack(hours, bounds)):
        if not (one.part or other.part):
            joined = (*one.hours, other.hours[0])
            files, size = (sum(getattr(of, what) for of in joined) for what in ("files", "bytes"))
            assert not bounds.hold(files, size)


def test_the_mark_of_an_hour_changes_with_everything_that_is_known_of_its_folders() -> None:
    usual = {"main": folder(2, 20, 7, "a"), "shadow": folder(1, 5)}
    others = [
        {**usual, "main": folder(3, 20, 7, "a")},
        {**usual, "main": folder(2, 21, 7, "a")},
        {**usual, "main": folder(2, 20, 8, "a")},
        {**usual, "main": folder(2, 20, 7, "b")},
        {"main": usual["main"]},
        {"main": usual["main"], "canary": usual["shadow"]},
    ]
    marks = {Hour(3, variants).fingerprint for variants in (usual, *others)}
    assert len(marks) == 1 + len(others)
    assert Hour(3, dict(reversed(usual.items()))).fingerprint == Hour(3, usual).fingerprint


def test_the_mark_of_an_hour_does_not_depend_on_where_it_is_cut() -> None:
    sizes = [1, 2, 3, 4, 5]
    cut, whole = (Hour(3, {"main": cut_folder(sizes, Bounds(n, 100))}) for n in (2, 9))
    assert cut.fingerprint == whole.fingerprint
