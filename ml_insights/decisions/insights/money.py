"""Findings about money: thresholds that would be worth more.

What belongs here: sentences from threshold_choice. What does not: any number that is not in it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from ml_insights.contracts import ALL_RECORDS
from ml_insights.decisions.insights.words import (
    NOTICE,
    Insight,
    Number,
    Row,
    beyond_chance,
    who,
    worst_of_each,
)
from ml_insights.metrics.intervals import Z_95

_FEW = "few_records_behind_regret"


def money_insights(rows: Sequence[Row]) -> Iterator[Insight]:
    """Findings of the day's threshold_choice, with names.

    A slice is named only where all records of its variant are not, and where enough of its records
    decide.
    """
    costly = [row for row in beyond_chance(rows, _p_value) if row["regret"] > 0]
    told = [row for row in costly if row["slice"] == ALL_RECORDS or not _few_records(row)]
    for row, more in worst_of_each(told, lambda row: float(row["regret"])):
        best = row["best_threshold"]
        move = f"a threshold of {_score(best)}" if best is not None else "acting on nothing"
        low, high = (f"{row[f'regret_{end}']:,.0f}" for end in ("low", "high"))
        sentence = (
            f"{who(row)}: {move} would have been worth {row['regret']:,.0f} {row['currency']} "
            f"more on this day's labelled records [{low}, {high}]{more}"
            f"{'; provisional: few labels' if row['provisional'] else ''}"
            f"{_few_records(row)}."
        )
        number = Number.of(row, "regret", row["regret"])
        yield Insight("threshold", NOTICE, row["regret"], sentence, row, number=number)


def _p_value(row: Row) -> float | None:
    """Of "today's threshold is as good as the best", by the normal interval of the regret."""
    if row["regret_low"] is None:
        return None
    error = (row["regret_high"] - row["regret_low"]) / (2 * Z_95)
    return math.erfc(abs(row["regret"]) / error / math.sqrt(2.0))


def _score(score: float) -> str:
    """Three digits, and near 1 two of the distance to it: 0.9996 is not 1."""
    if not 0.99 < score < 1.0:
        return f"{score:.3g}"
    return f"{score:.{min(9, 1 - math.floor(math.log10(1.0 - score)))}f}"


def _few_records(row: Row) -> str:
    if _FEW not in (row["undefined_reason"] or ""):
        return ""
    return "; few records decide, so the interval may be too narrow"
