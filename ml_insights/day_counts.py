"""The counts of a published day, curve by curve, as everything after them takes them.

What belongs here: which days may be used, and added up; reading a day's counts, and keeping them.
Decisions about a day look at the weeks before it as well, so a process asks for one day many times,
and reads it once as long as it stays as it is. What does not: adding days up (`decisions.windows`),
writing them (`assets.confusion_counts`).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from cachetools import LRUCache

from ml_insights.balance import remainders
from ml_insights.contracts import CONFUSION_COUNTS, CURVE, RECORD_BALANCE
from ml_insights.errors import ContractError, MissingInputError
from ml_insights.metrics.confusion import BinCounts
from ml_insights.result_tables import COUNTED, Curve, curves_of, every_curve
from ml_insights.spark.meaning import Meaning, differences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import date

    from ml_insights.lake import Lake
    from ml_insights.metrics.thresholds import ThresholdGrid

CurveCounts: TypeAlias = dict[Curve, BinCounts]
_Answer = TypeVar("_Answer")

_AT_ONCE = 8
"""Days that are asked for at the same moment: on S3 each has some requests to wait for."""

_KEPT_BYTES = 256 * 2**20
_BIN_BYTES = 40
"""Of a bin: its index, three counts and the sum of its scores."""

_Key: TypeAlias = tuple[str, str, "date", str, str]
_kept: LRUCache[_Key, CurveCounts] = LRUCache(
    _KEPT_BYTES,
    getsizeof=lambda curves: _BIN_BYTES * sum(c.threshold_index.size for c in curves.values()),
)
_lock = Lock()


def require_closed(lake: Lake, endpoint: str, day: date) -> dict[str, Any]:
    """Refuse a day whose records are not all accounted for.

    Returns:
        What the step that counted the day reported.

    Raises:
        MissingInputError: its counts, or their record balance, are not published.
        ContractError: the balance does not close.
    """
    report: dict[str, Any] = lake.notes(endpoint, CONFUSION_COUNTS, day)["report"]
    if lake.notes(endpoint, RECORD_BALANCE, day)["report"] != report:
        raise MissingInputError(
            f"record_balance of {endpoint} for {day} is older than its confusion_counts. "
            "Materialize record_balance for the day first."
        )
    if left := remainders(lake.read(endpoint, RECORD_BALANCE, day)):
        raise ContractError(
            f"the record balance of {endpoint} for {day} does not close: {left}. A curve from "
            "counts that lost or doubled records is not published."
        )
    return report


def closed_days(lake: Lake, endpoint: str, first: date, last: date) -> dict[date, Meaning]:
    """Days of a window with counts whose record balance closes, ascending, and what they mean.

    Both ends are included. A day of an earlier version says nothing about its meaning.
    """

    def meaning(day: date) -> Meaning | None:
        try:
            found: Meaning = require_closed(lake, endpoint, day).get("meaning", {})
        except (MissingInputError, ContractError):
            return None
        return found

    days = [day for day in lake.days(endpoint, CONFUSION_COUNTS) if first <= day <= last]
    meanings = zip(days, each_day(days, meaning), strict=True)
    return {day: found for day, found in meanings if found is not None}


def other_meanings(days: Mapping[date, Meaning]) -> dict[date, str]:
    """Days whose counts do not add up with those of the newest, and what is different.

    Days that do add up with the newest must do so with each other too; the newer one stands.

    >>> other_meanings({1: {"label": "a"}, 2: {"label": "b"}, 3: {}, 4: {"label": "a"}})
    {2: 'label: b, not a'}
    """
    known: Meaning = {}
    others = {}
    for day in sorted(days, reverse=True):
        if found := differences(known, days[day]):
            others[day] = "; ".join(found)
        else:
            known |= days[day]
    return dict(sorted(others.items()))


def day_counts(lake: Lake, endpoint: str, grid: ThresholdGrid, day: date) -> CurveCounts:
    """Counts of each curve of a day, in the order in which they are published.

    Args:
        lake: where the day is.
        endpoint: whose day.
        grid: the grid of the settings.
        day: the partition.

    Raises:
        MissingInputError: the day is not published.
        DamagedFileError: it cannot be read.
        ContractError: it was counted on another grid.
    """
    version = lake.version(endpoint, CONFUSION_COUNTS, day)
    key = (lake.root, endpoint, day, grid.name, version)
    with _lock:
        if (known := _kept.get(key)) is not None:
            return known
    curves = chosen_counts(lake, endpoint, grid, day)
    # A day that was replaced in between is not kept under the name of the former one.
    if lake.version(endpoint, CONFUSION_COUNTS, day) == version:
        with _lock:
            _keep(key, curves)
    return curves


def chosen_counts(
    lake: Lake,
    endpoint: str,
    grid: ThresholdGrid,
    day: date,
    chosen: Callable[[Curve], bool] = every_curve,
) -> CurveCounts:
    """As `day_counts`, of chosen curves. Nothing is kept: who chooses has one question of a day."""
    _require_grid(lake, endpoint, grid, day)
    rows = lake.read(endpoint, CONFUSION_COUNTS, day, list(COUNTED), CURVE)
    return dict(curves_of(rows, grid, chosen))


def each_day(days: Iterable[date], ask: Callable[[date], _Answer]) -> Iterator[_Answer]:
    """Answers in the order of the days, of which a few are asked at once: most wait for storage."""
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        yield from threads.map(ask, days)


def _keep(key: _Key, curves: CurveCounts) -> None:
    if _kept.getsizeof(curves) <= _kept.maxsize:
        _kept[key] = curves


def _require_grid(lake: Lake, endpoint: str, grid: ThresholdGrid, day: date) -> None:
    counted = lake.notes(endpoint, CONFUSION_COUNTS, day).get("grid")
    if counted != grid.name:
        raise ContractError(
            f"confusion_counts of {endpoint} for {day} were counted on grid {counted}, the "
            f"settings ask for {grid.name}; such counts do not add up. Materialize the day again, "
            "or choose days of one grid."
        )
