"""What lies where captures and labels are and is not read, so that it is not lost in silence.

What belongs here: which folders have something beside them, and adding up what listings skipped.
What does not: listing (`listing`), and judging what is found (`checks`).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from ml_insights.spark.listing import Skipped
from ml_insights.spark.units import LISTINGS_AT_ONCE, VARIANT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from ml_insights.spark.listing import Folder, Listing

_YEAR, _MONTH = "[0-9]{4}", "0[1-9]|1[0-2]"
_DAY, _HOUR = "0[1-9]|[12][0-9]|3[01]", "[01][0-9]|2[0-3]"

Parts = list[tuple[str, Skipped]]
"""What was skipped, and the folder that its names are below."""


def skipped_captures(
    listing: Listing, capture_root: str, day: date, hours: Mapping[tuple[int, str], Folder]
) -> dict[str, Any]:
    """What is not read of a captured day.

    Args:
        listing: lists what lies beside the hours.
        capture_root: folder of the endpoint's captures.
        day: the day.
        hours: what `hour_folders` of `units` returns.

    Returns:
        `misplaced`: objects and folders beside the folders of variants and hours, such as an hour
        `7`. `hidden`: objects in hour folders, and what lies beside them, that are skipped for
        their names, as Spark's own sources do. Each as `count`, in which a folder is one where it
        lies beside those that are read, and a few `examples`, names below the capture root; a kind
        that there is none of is left out.
    """
    days = {f"{variant}/{day:%Y/%m/%d}/": _HOUR for _, variant in hours}
    read = {"": VARIANT, **days}
    inside = [
        (f"{variant}/{day:%Y/%m/%d}/{hour:02}/", folder.hidden)
        for (hour, variant), folder in hours.items()
    ]
    return _account(listing, capture_root, read, inside)


def skipped_labels(
    listing: Listing, ground_truth_root: str, days: Mapping[str, Folder]
) -> dict[str, Any]:
    """What is not read of a label window.

    Args:
        listing: lists what lies beside the days.
        ground_truth_root: folder of the endpoint's labels.
        days: what `label_rows.label_folders` returns.

    Returns:
        As `skipped_captures`. Of a day's folder everything is read but what is hidden; `misplaced`
        lies beside the folders of years, of months in the window's years, and of days in its
        months.
    """
    folders = {day.replace("-", "/"): folder for day, folder in days.items()}
    read = {"": _YEAR}
    for day in folders:
        year, month, _ = day.split("/")
        read |= {f"{year}/": _MONTH, f"{year}/{month}/": _DAY}
    inside = [(f"{day}/", folder.hidden) for day, folder in folders.items()]
    return _account(listing, ground_truth_root, read, inside)


def _account(listing: Listing, root: str, read: Mapping[str, str], inside: Parts) -> dict[str, Any]:
    """Add up what folders skipped, and what lies beside them.

    Args:
        listing: lists the parents of the folders that are read.
        root: of all names.
        read: by parent, which of its folders are read, see `Listing.beside`.
        inside: what the folders skipped.
    """

    def beside(parent: str) -> dict[str, Skipped]:
        return listing.beside(f"{root}/{parent}", read[parent])

    with ThreadPoolExecutor(LISTINGS_AT_ONCE) as listings:
        found = list(zip(read, listings.map(beside, read)))
    misplaced = [(parent, skipped["misplaced"]) for parent, skipped in found]
    hidden = [(parent, skipped["hidden"]) for parent, skipped in found]
    total = {
        "misplaced": Skipped.together(misplaced),
        "hidden": Skipped.together([*hidden, *inside]),
    }
    return {
        kind: {"count": skipped.count, "examples": [*skipped.examples]}
        for kind, skipped in total.items()
        if skipped.count
    }
