"""What days before say about a day: former sentences, former changes, shares of positives.

What belongs here: what that is, and reading it from the lake. What does not: what follows from it
(`ways_back`, `states`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from ml_insights.columns import Table
from ml_insights.contracts import CURVE, MODEL_QUALITY
from ml_insights.decisions.comparison_tables import VARIANT_COMPARISON
from ml_insights.decisions.comparisons import TRAILING_7_DAYS
from ml_insights.decisions.insights.words import Row
from ml_insights.decisions.tables import INSIGHTS
from ml_insights.decisions.windows import days_before
from ml_insights.metrics.comparison import BETTER, WORSE
from ml_insights.metrics.differences import Share

if TYPE_CHECKING:
    from ml_insights.lake import Lake

CurveName = tuple[str, str, str]
WEEK = 7


@dataclass(frozen=True)
class Earlier:
    """What the published days before a day say.

    Attributes:
        day: the day itself.
        insights: rows of insights of the 7 days before, with `dt`.
        changes: rows of variant_comparison of the 14 days before, with `dt`: against their own 7
            days, better or worse.
        prevalence: positives of labelled records by variant, class and slice: in the 7 days before,
            and on the day.
    """

    day: date
    insights: Sequence[Row] = ()
    changes: Sequence[Row] = ()
    prevalence: Mapping[CurveName, tuple[Share, Share]] = field(default_factory=dict)


def earlier_days(lake: Lake, endpoint: str, day: date) -> Earlier:
    """Read what the published days before a day say.

    Raises:
        MissingInputError: model_quality of the day is not published.
        DamagedFileError: a partition cannot be read.
    """

    def days(table: Table, number: int) -> list[date]:
        published = set(lake.days(endpoint, table))
        return [one for one in days_before(lake, endpoint, day, number) if one in published]

    changed = (pc.field("comparison") == TRAILING_7_DAYS) & pc.field("verdict").isin(
        [BETTER, WORSE]
    )
    former = days(VARIANT_COMPARISON, 2 * WEEK)
    return Earlier(
        day,
        lake.read_days(endpoint, INSIGHTS, days(INSIGHTS, WEEK)).to_pylist(),
        lake.read_days(endpoint, VARIANT_COMPARISON, former, where=changed).to_pylist(),
        _prevalence(lake, endpoint, day, days(MODEL_QUALITY, WEEK)),
    )


def _prevalence(
    lake: Lake, endpoint: str, day: date, before: Sequence[date]
) -> dict[CurveName, tuple[Share, Share]]:
    positives: Counter[CurveName] = Counter()
    labelled: Counter[CurveName] = Counter()

    def rows(one: date) -> list[Row]:
        columns = [*CURVE, "positives", "negatives"]
        found: list[Row] = lake.read(endpoint, MODEL_QUALITY, one, columns).to_pylist()
        return found

    for row in (row for one in before for row in rows(one)):
        positives[curve_of(row)] += row["positives"]
        labelled[curve_of(row)] += row["positives"] + row["negatives"]
    return {
        curve_of(row): (
            Share(positives[curve_of(row)], labelled[curve_of(row)]),
            Share(row["positives"], row["positives"] + row["negatives"]),
        )
        for row in rows(day)
        if curve_of(row) in labelled
    }


def curve_of(row: Row) -> CurveName:
    """Variant, class and slice of a row."""
    return row["variant"], row["class_label"], row["slice"]
