"""Units of work: consecutive hours of a captured day, bounded by files and bytes.

What belongs here: the key layout of data capture, `{variant}/yyyy/mm/dd/hh/`, and how its hours
are packed. What does not: reading the hours (`raw_predictions`).

A small day is one unit. At 150 TB a day has millions of objects; an hour folder is summed up
without a listing, so planning needs 24 numbers a variant whatever the number of objects.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from ml_insights.spark.files import Files, FolderSize

HOURS = range(24)
_LISTINGS_AT_ONCE = 16


@dataclass(frozen=True)
class Hour:
    """The objects that one hour captured, over all variants.

    Attributes:
        hour: 0 to 23, UTC.
        variants: size of the hour's folder by variant; variants without objects are left out.
    """

    hour: int
    variants: dict[str, FolderSize]

    @property
    def files(self) -> int:
        """Number of objects."""
        return sum(size.files for size in self.variants.values())

    @property
    def bytes(self) -> int:
        """Total size of the objects."""
        return sum(size.bytes for size in self.variants.values())

    @property
    def fingerprint(self) -> str:
        """What must be unchanged for a finished unit to stand."""
        return ";".join(
            f"{variant}:{size.files}:{size.bytes}"
            for variant, size in sorted(self.variants.items())
        )


@dataclass(frozen=True)
class Unit:
    """Consecutive hours that are read and published together."""

    hours: tuple[Hour, ...]

    @property
    def name(self) -> str:
        """Folder name, such as `unit=00-23`."""
        return f"unit={self.hours[0].hour:02}-{self.hours[-1].hour:02}"

    @property
    def fingerprints(self) -> dict[str, str]:
        """Fingerprint by hour, for the manifest."""
        return {f"{hour.hour:02}": hour.fingerprint for hour in self.hours}


def hour_folder(capture_root: str, variant: str, day: date, hour: int) -> str:
    """Where SageMaker puts a variant's captures of an hour."""
    return f"{capture_root}/{variant}/{day:%Y/%m/%d}/{hour:02}"


def hours_of(files: Files, capture_root: str, day: date) -> list[Hour]:
    """The hours of a day that have objects, in order.

    Folders are summed up side by side: at 150 TB a day an hour has thousands of pages of objects.
    """
    variants = files.folders(capture_root)
    folders = [
        (hour, variant, hour_folder(capture_root, variant, day, hour))
        for hour in HOURS
        for variant in variants
    ]
    with ThreadPoolExecutor(_LISTINGS_AT_ONCE) as listings:
        sizes = list(listings.map(lambda place: files.size(place[2]), folders))
    present: dict[int, dict[str, FolderSize]] = {}
    for (hour, variant, _), size in zip(folders, sizes):
        if size.files:
            present.setdefault(hour, {})[variant] = size
    return [Hour(hour, of_variants) for hour, of_variants in sorted(present.items())]


def pack(hours: Iterable[Hour], *, max_files: int, max_bytes: int) -> list[Unit]:
    """Pack hours, in order, into units within both bounds.

    An hour that alone exceeds a bound is a unit of its own. Hours that are not adjacent may share
    a unit only if nothing lies between them that belongs to another unit, which the caller ensures
    by passing gap-free runs.
    """
    units: list[list[Hour]] = []
    for hour in hours:
        open_unit = units[-1] if units else []
        files = sum(item.files for item in open_unit) + hour.files
        size = sum(item.bytes for item in open_unit) + hour.bytes
        if open_unit and files <= max_files and size <= max_bytes:
            open_unit.append(hour)
        else:
            units.append([hour])
    return [Unit(tuple(unit)) for unit in units]
