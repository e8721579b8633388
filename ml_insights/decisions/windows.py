"""Counts of several days added up: any window is answered from the published state.

What belongs here: reading counts of days and adding them, curve by curve. What does not: what is
computed from the sums.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from ml_insights.contracts import CONFUSION_COUNTS, CURVE
from ml_insights.errors import ContractError, MissingInputError
from ml_insights.metrics.confusion import BinCounts
from ml_insights.result_tables import Curve, curves_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ml_insights.lake import Lake
    from ml_insights.metrics.thresholds import ThresholdGrid

CurveCounts: TypeAlias = dict[Curve, BinCounts]

_SUMMED = ("bin_positives", "bin_negatives", "bin_unlabelled", "bin_score_sum")
_KEYS = (*CURVE, "threshold_index")


def days_before(lake: Lake, endpoint: str, day: date, days: int) -> list[date]:
    """Published days among the given number of days before a day, ascending."""
    first = day - timedelta(days=days)
    return [known for known in lake.days(endpoint, CONFUSION_COUNTS) if first <= known < day]


def window_counts(
    lake: Lake,
    endpoint: str,
    grid: ThresholdGrid,
    days: Sequence[date],
    *,
    slices: Sequence[str] | None = None,
    variants: Sequence[str] | None = None,
) -> CurveCounts:
    """Counts of each curve over published days.

    Args:
        lake: where the days are.
        endpoint: whose days.
        grid: the grid of the settings.
        days: published days, in any order.
        slices: only these; all unless told.
        variants: only these; all unless told.

    Returns:
        Curve -> counts, sorted by curve; empty without days. The same days give the same sums to
        the last bit.

    Raises:
        MissingInputError: a day is not published.
        ContractError: a day was counted on another grid.
    """
    chosen = [
        pc.field(name).isin(list(values))
        for name, values in (("slice", slices), ("variant", variants))
        if values is not None
    ]
    read = []
    for day in sorted(set(days)):
        _require_grid(lake, endpoint, grid, day)
        rows = lake.read(endpoint, CONFUSION_COUNTS, day, [*_KEYS, *_SUMMED])
        for condition in chosen:
            rows = rows.filter(condition)
        read.append(rows)
    return dict(curves_of(_added(read), grid)) if read else {}


def _added(days: list[pa.Table]) -> pa.Table:
    """One row a curve and threshold, sorted."""
    if len(days) == 1:
        return days[0]
    # One thread adds in the order of the days: sums of scores are the same on every machine.
    total = (
        pa.concat_tables(days)
        .group_by(list(_KEYS), use_threads=False)
        .aggregate([(name, "sum") for name in _SUMMED])
        .rename_columns([*_KEYS, *_SUMMED])
    )
    return total.sort_by([(name, "ascending") for name in _KEYS])


def _require_grid(lake: Lake, endpoint: str, grid: ThresholdGrid, day: date) -> None:
    counted = lake.notes(endpoint, CONFUSION_COUNTS, day).get("grid")
    if counted != grid.name:
        raise ContractError(
            f"confusion_counts of {endpoint} for {day} were counted on grid {counted}, the "
            f"settings ask for {grid.name}; such counts do not add up. Materialize the day again, "
            "or choose days of one grid."
        )


def required_days(lake: Lake, endpoint: str, first: date, last: date) -> list[date]:
    """Published days of a window.

    Raises:
        MissingInputError: there is none; the message names those there are.
    """
    known = lake.days(endpoint, CONFUSION_COUNTS)
    inside = [day for day in known if first <= day <= last]
    if not inside:
        there = f"{known[0]} to {known[-1]}" if known else "none"
        raise MissingInputError(
            f"no day of {endpoint} from {first} to {last} is published; published are: {there}"
        )
    return inside
