"""States that last for days: news when they begin or change, known afterwards.

What belongs here: which kinds are states, and since when one is known. What does not: sentences.
"""

from __future__ import annotations

from datetime import date

from ml_insights.decisions.insights.earlier import Earlier, curve_of
from ml_insights.decisions.insights.words import Insight, Row

STATES = frozenset(
    {"variants", "recall_unknown", "threshold", "calibration", "drift", "prevalence"}
)
"""Kinds of insights that are states. A change against the days before is none: while it lasts it is
worth telling, and with the days before it ends."""


def known_since(insight: Insight, earlier: Earlier) -> date | None:
    """Since when a state is known and has not changed by more than its interval; None if news.

    It has changed where its interval and that of the oldest sentence since then, of at most 7 days
    ago, have nothing in common.
    """
    if insight.kind not in STATES:
        return None
    same = [row for row in earlier.insights if _subject(row) == _subject_of(insight)]
    if not same:
        return None
    newest = max(same, key=lambda row: row["dt"])
    since: date = newest["known_since"] or newest["dt"]
    told = min((row for row in same if row["dt"] >= since), key=lambda row: row["dt"])
    return None if newest["tone"] != insight.tone or _apart(told, insight) else since


def _apart(told: Row, insight: Insight) -> bool:
    ends = (told["value_low"], told["value_high"], insight.number.low, insight.number.high)
    if None in ends:
        return False
    low, high, now_low, now_high = ends
    return bool(now_high < low or high < now_low)


def _subject_of(insight: Insight) -> tuple[str | None, ...]:
    return (insight.kind, *curve_of(insight.about), insight.metric, insight.against)


def _subject(row: Row) -> tuple[str | None, ...]:
    return (row["kind"], *curve_of(row), row["metric"], row["baseline_variant"])
