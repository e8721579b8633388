"""Units of work: consecutive hours of a captured day, or a stretch of one, within the bounds.

What belongs here: the key layout of data capture, `{variant}/yyyy/mm/dd/hh/`, and how its hours
are packed. What does not: listing a folder (`listing`), reading the hours (`raw_predictions`).

A small day is one unit. At 150 TB a day has millions of objects; an hour is summed up without
holding its listing, so planning needs a few numbers for each variant, hour and unit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from datetime import date

    from ml_insights.spark.files import Files
    from ml_insights.spark.listing import Bounds, Folder, Listing, Stretch

HOURS = range(24)
LISTINGS_AT_ONCE = 16
VARIANT = "[^._].*"
"""Names of folders that are variants: other ones are hidden, and SageMaker allows no such name."""


@dataclass(frozen=True)
class Hour:
    """The objects that one hour captured, over all variants.

    Attributes:
        hour: 0 to 23, UTC.
        variants: the hour's folder by variant; variants without objects are left out.
    """

    hour: int
    variants: dict[str, Folder]

    @property
    def files(self) -> int:
        """Number of objects."""
        return sum(folder.files for folder in self.variants.values())

    @property
    def bytes(self) -> int:
        """Total size of the objects."""
        return sum(folder.bytes for folder in self.variants.values())

    @property
    def fingerprint(self) -> str:
        """What must be unchanged for a finished unit to stand."""
        return ";".join(
            f"{variant}:{folder.fingerprint}" for variant, folder in sorted(self.variants.items())
        )


@dataclass(frozen=True)
class Part:
    """A stretch of an hour that is too large for one unit.

    Attributes:
        number: of the part in its hour, from 0.
        variant: whose objects it has.
        stretch: which of them.
    """

    number: int
    variant: str
    stretch: Stretch

    @property
    def place(self) -> list[str]:
        """What tells it from all other parts of the hour, for the manifest."""
        return [self.variant, self.stretch.after, self.stretch.through]


@dataclass(frozen=True)
class Unit:
    """Consecutive hours, or a part of one, that are read and published together."""

    hours: tuple[Hour, ...]
    part: Optional[Part] = None

    @property
    def name(self) -> str:
        """Folder name, such as `unit=00-23`, or `unit=07-07-0002` for a part of an hour."""
        hours = f"unit={self.hours[0].hour:02}-{self.hours[-1].hour:02}"
        return f"{hours}-{self.part.number:04}" if self.part else hours

    @property
    def fingerprints(self) -> dict[str, str]:
        """Fingerprint by hour, for the manifest."""
        return {f"{hour.hour:02}": hour.fingerprint for hour in self.hours}

    @property
    def files(self) -> int:
        """Number of objects."""
        return self.part.stretch.files if self.part else sum(hour.files for hour in self.hours)

    @property
    def bytes(self) -> int:
        """Total size of the objects."""
        return self.part.stretch.bytes if self.part else sum(hour.bytes for hour in self.hours)

    @property
    def variants(self) -> dict[str, list[tuple[int, Stretch]]]:
        """Hours and stretches of their folders to read, by variant."""
        if self.part:
            return {self.part.variant: [(self.hours[0].hour, self.part.stretch)]}
        found: dict[str, list[tuple[int, Stretch]]] = {}
        for hour in self.hours:
            for variant, folder in hour.variants.items():
                found.setdefault(variant, []).extend((hour.hour, s) for s in folder.stretches)
        return dict(sorted(found.items()))


def hour_folder(capture_root: str, variant: str, day: date, hour: int) -> str:
    """Where SageMaker puts a variant's captures of an hour."""
    return f"{capture_root}/{variant}/{day:%Y/%m/%d}/{hour:02}"


def hour_folders(
    files: Files, listing: Listing, capture_root: str, day: date, bounds: Bounds
) -> dict[tuple[int, str], Folder]:
    """What the folder of every hour and variant holds, also those that hold nothing.

    Folders are listed side by side: at 150 TB a day an hour has thousands of pages of objects.
    """
    variants = [name for name in files.folders(capture_root) if re.fullmatch(VARIANT, name)]
    places = [(hour, variant) for hour in HOURS for variant in variants]

    def found(place: tuple[int, str]) -> Folder:
        hour, variant = place
        return listing.folder(hour_folder(capture_root, variant, day, hour), bounds)

    with ThreadPoolExecutor(LISTINGS_AT_ONCE) as listings:
        return dict(zip(places, listings.map(found, places)))


def hours_of(folders: Mapping[tuple[int, str], Folder]) -> list[Hour]:
    """The hours that have objects, in order; see `hour_folders`."""
    present: dict[int, dict[str, Folder]] = {}
    for (hour, variant), folder in folders.items():
        if folder.files:
            present.setdefault(hour, {})[variant] = folder
    return [Hour(hour, of_variants) for hour, of_variants in sorted(present.items())]


def pack(hours: Iterable[Hour], bounds: Bounds) -> list[Unit]:
    """Pack hours, in order, into units within the bounds.

    An hour that alone exceeds a bound is cut along the listings of its variants; only a unit of
    a single object can exceed one. Hours that are not adjacent may share a unit only if nothing
    lies between them that belongs to another unit, which the caller ensures by passing gap-free
    runs.
    """
    units: list[Unit] = []
    for hour in hours:
        if not bounds.hold(hour.files, hour.bytes):
            units.extend(_parts(hour))
            continue
        together = (*units[-1].hours, hour) if units and not units[-1].part else (hour,)
        files, size = sum(one.files for one in together), sum(one.bytes for one in together)
        if len(together) > 1 and bounds.hold(files, size):
            units[-1] = Unit(together)
        else:
            units.append(Unit((hour,)))
    return units


def _parts(hour: Hour) -> Iterator[Unit]:
    stretches = [
        (variant, stretch)
        for variant, folder in sorted(hour.variants.items())
        for stretch in folder.stretches
    ]
    for number, (variant, stretch) in enumerate(stretches):
        yield Unit((hour,), Part(number, variant, stretch))
