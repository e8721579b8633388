"""States that last are news when they begin or change, and known afterwards."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np

from ml_insights.decisions.insights.states import STATES
from ml_insights.decisions.insights.table import KINDS
from ml_insights.metrics.confusion import BinCounts
from ml_insights_tests.decisions.insights_of import DAY, halved, insights
from ml_insights_tests.decisions.published import CHALLENGER, CHAMPION, GRID, drawn


def published(rows: list[dict[str, Any]], days_before: int = 1) -> list[dict[str, Any]]:
    return [{**row, "dt": DAY - timedelta(days=days_before)} for row in rows]


def test_a_state_is_told_when_it_begins_and_known_afterwards() -> None:
    first = insights({CHAMPION: halved(1)})
    assert [row["known_since"] for row in first if row["kind"] == "calibration"] == [None]
    second = insights({CHAMPION: halved(2)}, former=published(first, 2))
    (row,) = (row for row in second if row["kind"] == "calibration")
    assert row["known_since"] == DAY - timedelta(days=2)
    assert row["sentence"].endswith(" Known since 6 Oct.")
    third = insights({CHAMPION: halved(3)}, former=published(first, 2) + published(second))
    (row,) = (row for row in third if row["kind"] == "calibration")
    assert row["known_since"] == DAY - timedelta(days=2), "not since yesterday"


def quartered(seed: int) -> BinCounts:
    bins = halved(seed)
    kept = np.random.default_rng(seed).binomial(bins.positives, 0.5)
    wrong = bins.positives - kept
    return BinCounts(
        GRID, bins.threshold_index, kept, bins.negatives + wrong, bins.unlabelled, bins.score_sum
    )


def test_a_state_that_changed_by_more_than_its_interval_is_news_again() -> None:
    former = published(insights({CHAMPION: halved(1)}), 3)
    changed = insights({CHAMPION: quartered(2)}, former=former)
    (row,) = (row for row in changed if row["kind"] == "calibration")
    assert row["known_since"] is None
    later = insights({CHAMPION: quartered(3)}, former=former + published(changed))
    (row,) = (row for row in later if row["kind"] == "calibration")
    assert row["known_since"] == DAY - timedelta(days=1)


def test_a_state_that_creeps_is_news_once_it_left_the_interval_it_was_told_with() -> None:
    first = insights({CHAMPION: halved(1)})
    (told,) = (row for row in first if row["kind"] == "calibration")
    half = told["value"] - told["value_low"]
    crept = {
        **told,
        "known_since": DAY - timedelta(days=3),
        **{name: told[name] - 1.5 * half for name in ("value", "value_low", "value_high")},
    }
    told |= {name: told[name] - 3.0 * half for name in ("value", "value_low", "value_high")}
    for former, news in (
        ([{**told, "dt": DAY - timedelta(days=3)}], True),
        (published([crept]), False),
        ([{**told, "dt": DAY - timedelta(days=3)}, *published([crept])], True),
    ):
        rows = insights({CHAMPION: halved(1)}, former=former)
        (row,) = (row for row in rows if row["kind"] == "calibration")
        assert (row["known_since"] is None) is news


def test_what_is_new_stands_before_what_is_known() -> None:
    today = {CHAMPION: halved(1), CHALLENGER: halved(2, 4000)}
    alone = insights({CHAMPION: today[CHAMPION]})
    rows = insights(today, former=published(alone))
    known = [row["known_since"] is not None for row in rows]
    assert known == sorted(known)
    assert any(known)
    assert not all(known)


def test_a_verdict_about_variants_that_turned_is_news() -> None:
    good, bad = drawn(1, 9000, separation=3.0), drawn(2, 9000, separation=1.0)
    was = insights({CHAMPION: good, CHALLENGER: bad})
    same = insights({CHAMPION: good, CHALLENGER: bad}, former=published(was))
    turned = insights({CHAMPION: bad, CHALLENGER: good}, former=published(was))
    for rows, news in ((same, False), (turned, True)):
        said = [row for row in rows if row["kind"] == "variants"]
        assert said
        assert all((row["known_since"] is None) is news for row in said)


def test_states_are_kinds() -> None:
    assert KINDS.keys() > STATES
