"""Changes that are only the way back from a change before.

After a bad day the 7 days before hold it for a week, and days as usual look better than they.
What belongs here: telling such changes from others. What does not: sentences.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from ml_insights.decisions.insights.earlier import WEEK, Earlier, curve_of
from ml_insights.decisions.insights.words import Row, is_clear

Departures = Mapping[tuple[str, ...], Sequence[Row]]
"""Changes by variant, class, slice and metric, oldest first."""


def departures(earlier: Earlier, relevant: float) -> Departures:
    """Former changes that led away from what was usual: those that are no ways back.

    Args:
        earlier: what the days before say.
        relevant: the smallest difference that matters.
    """
    found: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in sorted(earlier.changes, key=lambda row: row["dt"]):
        if is_clear(row, relevant) and returned_since(row, row["dt"], found, relevant) is None:
            found[*curve_of(row), row["metric"]].append(row)
    return found


def returned_since(row: Row, day: date, left: Departures, relevant: float) -> date | None:
    """The day of the departure from which a change is only the way back; None if it is none.

    That is a change against 7 days the first departure of which went the other way, to a value that
    differs by nothing that matters, beyond chance, from what was usual before that departure.

    Args:
        row: of variant_comparison, against the 7 days before.
        day: its day.
        left: departures by curve and metric.
        relevant: the smallest difference that matters.
    """
    first_day = day - timedelta(days=WEEK)
    week = [
        one for one in left.get((*curve_of(row), row["metric"]), ()) if first_day <= one["dt"] < day
    ]
    if not week or week[0]["verdict"] == row["verdict"]:
        return None
    usual = week[0]["baseline_value"] - row["baseline_value"]
    back = row["difference_low"] - relevant < usual < row["difference_high"] + relevant
    return week[0]["dt"] if back else None
