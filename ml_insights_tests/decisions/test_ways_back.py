"""After a bad day the days before hold it for a week: the way back is told once, and as such."""

from __future__ import annotations

import functools
import operator
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from ml_insights.decisions.comparisons import (
    PREVIOUS_DAY,
    TRAILING_7_DAYS,
    Rules,
    Traffic,
    variant_comparison_table,
)
from ml_insights.decisions.insights.changes import change_insights
from ml_insights.decisions.insights.earlier import Earlier
from ml_insights.decisions.insights.words import Insight, named
from ml_insights.metrics.confusion import BinCounts
from ml_insights.metrics.differences import Share
from ml_insights_tests.decisions.published import CHAMPION, HALF, drawn

FIRST = date(2026, 10, 1)
USUAL, BAD, BETTER = 2.5, 0.5, 4.0


def days_told(separations: Mapping[int, float], days: int) -> dict[int, list[Insight]]:
    """What is told of each day; on all days but the given ones the model is the usual one."""
    counts = [drawn(100 + n, 4000, separation=separations.get(n, USUAL)) for n in range(days)]
    changes: list[dict[str, Any]] = []
    told = {}
    for n in range(1, days):
        day = FIRST + timedelta(days=n)
        week = functools.reduce(operator.add, counts[max(0, n - 7) : n])
        before = {
            PREVIOUS_DAY: ({CHAMPION: counts[n - 1]}, 1),
            TRAILING_7_DAYS: ({CHAMPION: week}, min(n, 7)),
        }
        table = variant_comparison_table(
            Traffic({CHAMPION: counts[n]}), before, Rules(HALF, 0.01, 0.9, 20, {})
        )
        rows = named(table.to_pylist())
        both = (share(week), share(counts[n]))
        earlier = Earlier(day, changes=list(changes), prevalence={(*CHAMPION,): both})
        told[n] = [one for one in change_insights(rows, {}, 0.01, earlier) if one.kind == "change"]
        changes += [
            {**row, "dt": day}
            for row in rows
            if row["comparison"] == TRAILING_7_DAYS and row["verdict"] in ("better", "worse")
        ]
    return told


def share(bins: BinCounts) -> Share:
    positives = int(bins.positives.sum())
    return Share(positives, positives + int(bins.negatives.sum()))


@pytest.fixture(scope="module")
def one_bad_day() -> dict[int, list[Insight]]:
    """The tenth day is bad; the model is the usual one before and after."""
    return days_told({9: BAD}, 20)


def test_a_bad_day_is_told_and_the_way_back_is_told_as_such(
    one_bad_day: dict[int, list[Insight]],
) -> None:
    assert {one.tone for one in one_bad_day[9]} == {"worse"}
    assert not any("back to what" in one.sentence for one in one_bad_day[9])
    assert one_bad_day[10]
    for one in one_bad_day[10]:
        assert one.tone == "better"
        assert "against the 7 days before, back to what it was before 10 Oct" in one.sentence


def test_days_as_usual_tell_no_change_though_the_days_before_hold_the_bad_one(
    one_bad_day: dict[int, list[Insight]],
) -> None:
    assert [n for n, told in one_bad_day.items() if told] == [9, 10]


def test_a_way_down_from_a_good_day_is_no_bad_news() -> None:
    told = days_told({9: BETTER}, 13)
    assert {one.tone for one in told[9]} == {"better"}
    assert {one.tone for one in told[10]} == {"notice"}
    assert told[11] == told[12] == []


def test_a_fall_that_lasts_is_told_as_long_as_the_days_before_show_it() -> None:
    told = days_told(dict.fromkeys(range(9, 20), BAD), 14)
    for n in range(9, 13):
        assert {one.tone for one in told[n]} == {"worse"}
        assert not any("back to what" in one.sentence for one in told[n])


def test_a_second_fall_after_a_way_back_is_a_fall() -> None:
    told = days_told({9: BAD, 14: BAD, 17: BAD}, 18)
    for n in (9, 14, 17):
        assert {one.tone for one in told[n]} == {"worse"}
        assert not any("back to what" in one.sentence for one in told[n])


def test_a_rise_beyond_what_was_usual_is_no_way_back() -> None:
    told = days_told({9: BAD, 10: BETTER}, 11)
    assert {one.tone for one in told[10]} == {"better"}
    assert not any("back to what" in one.sentence for one in told[10] if one.metric == "recall")
