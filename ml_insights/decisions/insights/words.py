"""A finding worth a sentence, and how rows of the tables are named and their numbers said.

What belongs here: what all kinds of findings share. What does not: which findings there are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ml_insights.contracts import ALL_RECORDS
from ml_insights.metrics.comparison import BETTER, STANDARDISED, WORSE
from ml_insights.metrics.false_discovery import benjamini_hochberg

Row = Mapping[str, Any]

NOTICE = "notice"
METRIC_WORDS = {
    "recall": "recall",
    "precision": "precision",
    STANDARDISED: "precision at equal prevalence",
    "roc_auc": "ROC AUC",
    "average_precision": "average precision",
}
"""What a sentence calls a metric."""

_SHARES = ("precision", "recall", STANDARDISED)
_BEYOND_CHANCE = 0.05


class Number(NamedTuple):
    """What a sentence is about, as a number, with its interval or what chance alone makes."""

    value: float | None = None
    low: float | None = None
    high: float | None = None

    @classmethod
    def of(cls, row: Row, name: str, value: float | None) -> Number:
        """A value with the ends that a row has for it, in the columns `<name>_low` and `_high`."""
        return cls(value, row[f"{name}_low"], row[f"{name}_high"])


NO_NUMBER = Number()


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
        number: by which it is told tomorrow whether anything is new.
        against: the variant it is compared with, or None.
    """

    kind: str
    tone: str
    weight: float
    sentence: str
    about: Row
    metric: str | None = None
    number: Number = NO_NUMBER
    against: str | None = None


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


def is_clear(row: Row, relevant: float) -> bool:
    """More than chance, and large enough to matter."""
    return row["verdict"] in (BETTER, WORSE) and abs(row["difference"]) >= relevant


def curve_metric(row: Row) -> tuple[str, str, str]:
    """Whose metric a row of variant_comparison is about, whatever its slice."""
    return row["variant"], row["class_label"], row["metric"]


def amount(row: Row) -> str:
    """Size of a difference in its unit."""
    return f"{100 * size(row):.1f} points" if row["metric"] in _SHARES else f"{size(row):.3f}"


def interval(row: Row) -> str:
    """Ends of the size of the change, the smaller first."""
    ends = (row["difference_low"], row["difference_high"])
    if row["verdict"] in (BETTER, WORSE):
        low, high = sorted(abs(end) for end in ends)
    else:
        low, high = ends
    if row["metric"] in _SHARES:
        return f"[{100 * low:.1f}, {100 * high:.1f}]"
    return f"[{low:.3f}, {high:.3f}]"


def percent(share: float) -> str:
    """A share in percent; of rare ones two digits."""
    return f"{100 * share:.1f} %" if share >= 0.01 else f"{100 * share:.2g} %"


def days_before(row: Row) -> str:
    """The days that a row of variant_comparison is compared with."""
    days = "day" if row["baseline_days"] == 1 else f"{row['baseline_days']} days"
    return f"the {days} before"
