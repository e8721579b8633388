"""Counts of several days added up: any window is answered from the published state.

What belongs here: adding counts of days, curve by curve. What does not: reading a day
(`day_counts`), what is computed from the sums.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from ml_insights.contracts import ALL_RECORDS, CONFUSION_COUNTS
from ml_insights.day_counts import (
    CurveCounts,
    chosen_counts,
    closed_days,
    day_counts,
    each_day,
    other_meanings,
)
from ml_insights.errors import ContractError, MissingInputError
from ml_insights.metrics.confusion import BinCounts
from ml_insights.result_tables import Curve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ml_insights.lake import Lake
    from ml_insights.metrics.thresholds import ThresholdGrid

_FEATURE = re.compile(r'(?:^| & )([^=]+)=(?:"(?:[^"\\]|\\.)*"|[^"].*?|)(?= & |$)')
_SUMMED = ("positives", "negatives", "unlabelled", "score_sum")


def days_before(lake: Lake, endpoint: str, day: date, days: int) -> list[date]:
    """Days that may be used among the given number of days before a day, ascending.

    Days whose counts mean something else than the day's are left out.
    """
    found = closed_days(lake, endpoint, day - timedelta(days=days), day)
    others = other_meanings(found)
    return [known for known in found if known < day and known not in others]


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

    def chosen(curve: Curve) -> bool:
        return (slices is None or curve.slice in slices) and (
            variants is None or curve.variant in variants
        )

    def counts_of(day: date) -> CurveCounts:
        if slices is None and variants is None:
            return day_counts(lake, endpoint, grid, day)
        return chosen_counts(lake, endpoint, grid, day, chosen)

    by_curve: dict[Curve, list[BinCounts]] = {}
    # In the order of the days: sums of scores are the same on every machine.
    for counts in each_day(sorted(set(days)), counts_of):
        for curve, bins in counts.items():
            by_curve.setdefault(curve, []).append(bins)
    return {curve: _added(by_curve[curve]) for curve in sorted(by_curve)}


def rolled_up(counts: CurveCounts) -> CurveCounts:
    """Curves of several variants and slices added up, one for each class.

    Args:
        counts: curves that share no record: any variants; one slice, or slices by the same feature
            or features.

    Raises:
        ContractError: the slices may share records, which would count twice.

    >>> list(rolled_up({}))
    []
    """
    slices = list(dict.fromkeys(curve.slice for curve in counts))
    if len(slices) > 1 and (
        ALL_RECORDS in slices or len({features_of(name) for name in slices}) > 1
    ):
        raise ContractError(
            f"the slices {', '.join(slices)} may share records, which would count twice. Slices "
            "add up that are by the same feature, such as region=EU and region=US."
        )
    variants = list(dict.fromkeys(curve.variant for curve in counts))
    classes: dict[str, list[BinCounts]] = {}
    for curve, bins in counts.items():
        classes.setdefault(curve.class_label, []).append(bins)
    return {
        Curve(" + ".join(variants), class_label, " + ".join(slices)): _added(parts)
        for class_label, parts in classes.items()
    }


def features_of(slice_name: str) -> tuple[str, ...]:
    """Features whose values make a slice.

    >>> features_of("region=EU & device=app"), features_of('region="EU & device=app"')
    (('region', 'device'), ('region',))
    """
    return tuple(_FEATURE.findall(slice_name))


def _added(days: list[BinCounts]) -> BinCounts:
    """Counts of records apart from each other, of which each part has a bin once at most."""
    if len(days) == 1:
        return days[0]
    grid = days[0].grid
    totals = [np.zeros(grid.size, dtype=getattr(days[0], name).dtype) for name in _SUMMED]
    occupied = np.zeros(grid.size, dtype=np.bool_)
    for bins in days:
        occupied[bins.threshold_index] = True
        for total, name in zip(totals, _SUMMED, strict=True):
            total[bins.threshold_index] += getattr(bins, name)
    index = np.flatnonzero(occupied).astype(days[0].threshold_index.dtype)
    return BinCounts(grid, index, *(total[index] for total in totals))


def required_days(lake: Lake, endpoint: str, first: date, last: date) -> list[date]:
    """Days of a window that may be used.

    Raises:
        MissingInputError: there is none; the message names the published ones.
        ContractError: the counts of some mean something else, so that they do not add up.
    """
    inside = closed_days(lake, endpoint, first, last)
    if not inside:
        known = lake.days(endpoint, CONFUSION_COUNTS)
        there = f"{known[0]} to {known[-1]}" if known else "none"
        raise MissingInputError(
            f"no day of {endpoint} from {first} to {last} is published with a record balance that "
            f"closes; published are: {there}"
        )
    if others := other_meanings(inside):
        day, different = next(iter(others.items()))
        raise ContractError(
            f"counts of {endpoint} from {first} to {last} do not add up: settings changed, and "
            f"{len(others)} of {len(inside)} days mean something else than the newest, such as "
            f"{day} ({different}). Choose days of one meaning, or materialize raw_predictions and "
            "confusion_counts of these days again."
        )
    return list(inside)
