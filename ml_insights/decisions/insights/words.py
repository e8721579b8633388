"""A finding worth a sentence, and how rows of the tables are named and their numbers said.

What belongs here: what all kinds of findings share. What does not: which findings there are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ml_insights.contracts import ALL_RECORDS
from ml_insights.metrics.false_discovery import benjamini_hochberg

Row = Mapping[str, Any]

NOTICE = "notice"
_BEYOND_CHANCE = 0.05


@dataclass(frozen=True)
class Insight:
    """A sentence and what it is about.

    Attributes:
        kind: a key of `table.KINDS`.
        tone: better, worse or notice.
        weight: larger is more important among insights of one kind.
        sentence: with its interval.
        about: variant, class_label, slice.
        metric: or None.
    """

    kind: str
    tone: str
    weight: float
    sentence: str
    about: Row
    metric: str | None = None


def named(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Rows with `who` they are about: the variant, and its class where there are several."""
    several = len({row["class_label"] for row in rows}) > 1
    return [
        {
            **row,
            "who": f"{row['variant']}, class {row['class_label']}" if several else row["variant"],
        }
        for row in rows
    ]


def who(row: Row) -> str:
    """Whom a row is about, with its slice."""
    where = "" if row["slice"] == ALL_RECORDS else f" in slice {row['slice']}"
    return f"{row['who']}{where}"


def beyond_chance(rows: Sequence[Row], p_value: Callable[[Row], float | None]) -> list[Row]:
    """Rows whose test stands out among those of all of them: of such rows one in twenty is false.

    Args:
        rows: of all curves of the day; their tests are one family (Benjamini & Hochberg).
        p_value: of a row; None where there is no test.
    """
    raw = [p_value(row) for row in rows]
    adjusted = benjamini_hochberg(np.array([math.nan if p is None else p for p in raw], float))
    return [row for row, p in zip(rows, adjusted.tolist(), strict=True) if p < _BEYOND_CHANCE]


def worst_of_each(
    found: Sequence[Row], weight: Callable[[Row], float]
) -> Iterator[tuple[Row, str]]:
    """One row a variant and class, so that the list stays short: all records before any slice.

    Returns:
        The row, and how many other slices are like it in words; "" for all records, of which
        slices are parts.
    """
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in found:
        groups.setdefault((row["variant"], row["class_label"]), []).append(row)
    for rows in groups.values():
        whole = [row for row in rows if row["slice"] == ALL_RECORDS]
        others = len(rows) - 1
        if whole:
            yield whole[0], ""
        else:
            more = f"; likewise in {others} other slice{'s' * (others > 1)}" if others else ""
            yield max(rows, key=lambda row: (weight(row), row["slice"])), more


def size(row: Row) -> float:
    """Size of a difference."""
    return abs(float(row["difference"]))
