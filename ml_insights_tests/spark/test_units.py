"""Units of work: consecutive hours, within the bounds, nothing left out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, cast

from hypothesis import given
from hypothesis import strategies as st

from ml_insights.spark.files import FolderSize
from ml_insights.spark.units import Hour, hour_folder, hours_of, pack

if TYPE_CHECKING:
    from ml_insights.spark.files import Files

DAY = date(2026, 3, 7)


@dataclass
class Listing:
    """Folders as `Files` shows them."""

    sizes: dict[str, FolderSize]

    def size(self, folder: str) -> FolderSize:
        return self.sizes.get(folder, FolderSize(0, 0))

    def folders(self, folder: str) -> list[str]:
        below = {path.removeprefix(f"{folder}/").split("/")[0] for path in self.sizes}
        return sorted(below)


def hour(number: int, files: int, size: int) -> Hour:
    return Hour(number, {"main": FolderSize(files, size)})


def hours_strategy() -> st.SearchStrategy[list[Hour]]:
    sizes = st.tuples(st.integers(1, 9), st.integers(0, 9))
    present = st.dictionaries(st.integers(0, 23), sizes, min_size=1)
    return present.map(lambda found: [hour(n, *found[n]) for n in sorted(found)])


def test_an_hour_lies_where_sagemaker_puts_it() -> None:
    assert hour_folder("s3://b/capture/shop", "main", DAY, 4) == (
        "s3://b/capture/shop/main/2026/03/07/04"
    )


def test_hours_of_a_day_are_those_with_objects_over_all_variants() -> None:
    listing = Listing(
        {
            "root/main/2026/03/07/05": FolderSize(2, 20),
            "root/main/2026/03/07/23": FolderSize(1, 0),
            "root/main/2026/03/08/06": FolderSize(1, 9),
            "root/shadow/2026/03/07/05": FolderSize(1, 7),
            "root/shadow/2026/03/07/06": FolderSize(0, 0),
        }
    )
    found = hours_of(cast("Files", listing), "root", DAY)
    assert found == [
        Hour(5, {"main": FolderSize(2, 20), "shadow": FolderSize(1, 7)}),
        Hour(23, {"main": FolderSize(1, 0)}),
    ]
    assert [(hour.files, hour.bytes) for hour in found] == [(3, 27), (1, 0)]


def test_a_day_without_objects_has_no_hours() -> None:
    assert hours_of(cast("Files", Listing({})), "root", DAY) == []


def test_a_small_day_is_one_unit() -> None:
    (unit,) = pack([hour(n, 10, 1000) for n in range(24)], max_files=240, max_bytes=24_000)
    assert unit.name == "unit=00-23"
    assert list(unit.fingerprints) == [f"{n:02}" for n in range(24)]


def test_a_unit_ends_where_the_next_hour_would_exceed_a_bound() -> None:
    hours = [hour(0, 1, 9), hour(1, 1, 1), hour(2, 1, 1), hour(3, 3, 0), hour(4, 1, 0)]
    units = pack(hours, max_files=4, max_bytes=10)
    assert [unit.name for unit in units] == ["unit=00-01", "unit=02-03", "unit=04-04"]


@given(hours_strategy(), st.integers(1, 30), st.integers(1, 30))
def test_units_hold_every_hour_once_in_order_and_keep_the_bounds(
    hours: list[Hour], max_files: int, max_bytes: int
) -> None:
    units = pack(hours, max_files=max_files, max_bytes=max_bytes)
    assert [hour for unit in units for hour in unit.hours] == hours
    for unit in units:
        files, size = (sum(getattr(hour, of) for hour in unit.hours) for of in ("files", "bytes"))
        assert len(unit.hours) == 1 or (files <= max_files and size <= max_bytes)


@given(hours_strategy(), st.integers(1, 30), st.integers(1, 30))
def test_no_two_neighbouring_units_would_fit_into_one(
    hours: list[Hour], max_files: int, max_bytes: int
) -> None:
    units = pack(hours, max_files=max_files, max_bytes=max_bytes)
    for one, other in pairwise(units):
        joined = (*one.hours, other.hours[0])
        assert (
            sum(hour.files for hour in joined) > max_files
            or sum(hour.bytes for hour in joined) > max_bytes
        )


def test_the_mark_of_an_hour_changes_with_files_bytes_and_variants() -> None:
    one = Hour(3, {"main": FolderSize(2, 20), "shadow": FolderSize(1, 5)})
    others = [
        Hour(3, {"main": FolderSize(3, 20), "shadow": FolderSize(1, 5)}),
        Hour(3, {"main": FolderSize(2, 21), "shadow": FolderSize(1, 5)}),
        Hour(3, {"main": FolderSize(2, 20)}),
        Hour(3, {"main": FolderSize(2, 20), "canary": FolderSize(1, 5)}),
    ]
    assert len({hour.fingerprint for hour in (one, *others)}) == 5
    assert one.fingerprint == Hour(3, dict(reversed(one.variants.items()))).fingerprint
