"""Which curves the page holds, so that its size has a limit whatever the settings.

What belongs here: the limits, and who comes first when there is more. What does not: reading the
rows (`assets.dashboard_page`) and their form (`page_data`, `decision_data`).

All records of the first class come first, newest day first: their trend and curves are what the
page is for. Then every other class and slice, newest day first and within a day by its volume, so
that what is left out is old, or small.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import pyarrow as pa

from ml_insights.contracts import ALL_RECORDS

MOST_CURVES = 400
"""Curves with points, comparisons, money and groups of scores: about 20 kB each."""
MOST_VALUES = 5_000
"""Curves with the values that tiles and trends show: about 2 kB each."""


class CurveKey(NamedTuple):
    """A curve of a day."""

    dt: date
    variant: str
    class_label: str
    slice: str


@dataclass(frozen=True)
class Held:
    """What the page holds.

    Attributes:
        values: curves whose values it holds.
        curves: those of them whose points and decisions it holds too.
        left_out: how many curves of the shown days it does not hold at all.
    """

    values: frozenset[CurveKey]
    curves: frozenset[CurveKey]
    left_out: int

    def slices_by_day(self) -> dict[date, list[str]]:
        """Slices of `curves`, so that no more than these are read; days ascending."""
        slices: dict[date, set[str]] = defaultdict(set)
        for key in self.curves:
            slices[key.dt].add(key.slice)
        return {day: sorted(names) for day, names in sorted(slices.items())}


def held_curves(quality: pa.Table, others: Iterable[CurveKey] = ()) -> Held:
    """The curves the page holds.

    Args:
        quality: `model_quality` of the shown days, with `dt`.
        others: curves that may lack a row there; they count as empty.
    """
    columns = [quality.column(name).to_pylist() for name in (*CurveKey._fields, "predictions")]
    volumes = dict.fromkeys(others, 0)
    volumes |= {CurveKey(*key): records for *key, records in zip(*columns, strict=True)}
    first_class = min((key.class_label for key in volumes), default="")

    def rank(key: CurveKey) -> tuple[bool, int, int, CurveKey]:
        beyond = (key.slice, key.class_label) != (ALL_RECORDS, first_class)
        return beyond, -key.dt.toordinal(), -volumes[key], key

    ranked = sorted(volumes, key=rank)
    values = ranked[:MOST_VALUES]
    return Held(frozenset(values), frozenset(ranked[:MOST_CURVES]), len(ranked) - len(values))
