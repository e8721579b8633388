"""What lies in a captured day's folders and is not read, so that it is not lost in silence.

What belongs here: finding such names. What does not: the folders that are read (`units`), and
judging what is found (`checks`).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import TYPE_CHECKING, Any

from ml_insights.spark.units import HOURS, LISTINGS_AT_ONCE

if TYPE_CHECKING:
    from datetime import date

    from ml_insights.spark.files import Files
    from ml_insights.spark.units import Hour

MOST_SEARCHED = 10_000
"""Hours with more objects are not searched for hidden names: that would list them a second time,
and all at once."""

_HOUR_FOLDERS = {f"{hour:02}/" for hour in HOURS}
_EXAMPLES = 5


def passed_over(files: Files, capture_root: str, day: date, hours: list[Hour]) -> dict[str, Any]:
    """Find what is not read of a day.

    Returns:
        `misplaced`: what lies beside the hour folders, such as objects or an hour `7`. `hidden`:
        names in hour folders that Spark skips for their first letter, `_` or `.`. Each as `count`
        and a few `examples`, below the capture root; a kind that there is none of is left out.
    """
    days = [f"{variant}/{day:%Y/%m/%d}" for variant in files.folders(capture_root)]
    searched = [
        f"{variant}/{day:%Y/%m/%d}/{hour.hour:02}"
        for hour in hours
        for variant, size in hour.variants.items()
        if size.files <= MOST_SEARCHED
    ]

    def misplaced(folder: str) -> list[str]:
        names = files.names(f"{capture_root}/{folder}")
        return [f"{folder}/{name}" for name in names if name not in _HOUR_FOLDERS]

    def hidden(folder: str) -> list[str]:
        names = files.names(f"{capture_root}/{folder}", "{_,.}*")
        # As Spark does: `_name=value` would be a partition of a table.
        return [f"{folder}/{name}" for name in names if name[0] == "." or "=" not in name]

    with ThreadPoolExecutor(LISTINGS_AT_ONCE) as listings:
        found = {
            "misplaced": [*chain.from_iterable(listings.map(misplaced, days))],
            "hidden": [*chain.from_iterable(listings.map(hidden, searched))],
        }
    return {
        kind: {"count": len(names), "examples": names[:_EXAMPLES]}
        for kind, names in found.items()
        if names
    }
