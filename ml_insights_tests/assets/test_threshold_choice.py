"""Which former choices a day is set against: the oldest of the week before, and the last."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest

from ml_insights.assets.days import stakes_of_day
from ml_insights.assets.threshold_choice import choices_before, kept_choices
from ml_insights.day_counts import day_counts
from ml_insights.decisions.money_tables import AMOUNT_COUNTS, THRESHOLD_CHOICE
from ml_insights.decisions.rows import arrow_rows
from ml_insights.errors import ContractError
from ml_insights.lake import Lake
from ml_insights.scope import EndpointScope
from ml_insights.settings import load_settings
from ml_insights_tests.decisions.published import (
    CHALLENGER,
    CHAMPION,
    ENDPOINT,
    FIRST_DAY,
    many_days,
)
from ml_insights_tests.prepared_day import MONEY, SETTINGS

AMOUNT = """\
      amount: {content_type: text/csv, index: 2, true_positive: 1}
"""
AS_ASKED = "text/csv column 2, 2 decimals"
ELSEWHERE = "text/csv column 3, 2 decimals"
OTHER_DECIMALS = "text/csv column 2, 3 decimals"
ALL_DAYS = 9


def day(number: int) -> date:
    return FIRST_DAY + timedelta(days=number)


def scope_of(folder: Path, more: str = "") -> EndpointScope:
    path = folder / "ml_insights.yaml"
    path.write_text(SETTINGS + MONEY + more, encoding="utf-8")
    settings = load_settings(path, environ={})
    (endpoint,) = settings.endpoints.values()
    return EndpointScope(ENDPOINT, endpoint, settings)


def choose(lake: Lake, days: Sequence[int], *, without: Sequence[int] = ()) -> None:
    """Publish choices of both variants: thresholds that say which day they are of."""
    for number in days:
        rows = [
            {
                **curve._asdict(),
                "labelled": 600,
                "best_threshold": number / 100,
                "best_value": None if number in without and curve == CHAMPION else 1.0,
                "kept_days": 0,
                "bootstrap_replicates": 0,
                "currency": "EUR",
                "provisional": False,
            }
            for curve in (CHALLENGER, CHAMPION)
        ]
        lake.write(ENDPOINT, THRESHOLD_CHOICE, day(number), arrow_rows(THRESHOLD_CHOICE, rows))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return many_days(tmp_path / "lake", ALL_DAYS)[0]


def test_the_oldest_choice_of_the_week_is_kept_on_all_days_since(
    tmp_path: Path, lake: Lake
) -> None:
    choose(lake, range(8), without=[1])
    scope = scope_of(tmp_path)
    before = choices_before(scope, lake, day(8))
    assert min(before) == day(1), "the day a week before; older ones do not matter"
    kept = kept_choices(scope, lake, day(8), before)
    champion, challenger = kept[CHAMPION], kept[CHALLENGER]
    assert (challenger.chosen_on, challenger.threshold, len(challenger.days)) == (day(1), 0.01, 6)
    assert (champion.chosen_on, champion.threshold, len(champion.days)) == (day(2), 0.02, 5)
    assert all(stakes.records == bins.records.sum() == 600 for bins, stakes in champion.days)


def test_a_choice_older_than_a_week_is_judged_on_this_day_alone(tmp_path: Path, lake: Lake) -> None:
    choose(lake, [0])
    scope = scope_of(tmp_path)
    before = choices_before(scope, lake, day(8))
    assert before == {day(0): {CHALLENGER: 0.0, CHAMPION: 0.0}}
    assert kept_choices(scope, lake, day(8), before) == {}
    assert choices_before(scope, lake, day(0)) == {}


def test_days_without_amounts_say_nothing_of_a_choice_that_depends_on_them(
    tmp_path: Path, lake: Lake
) -> None:
    choose(lake, range(5))
    empty = AMOUNT_COUNTS.arrow_schema().empty_table()
    lake.write(ENDPOINT, AMOUNT_COUNTS, day(3), empty, {"amounts": AS_ASKED})
    lake.write(ENDPOINT, AMOUNT_COUNTS, day(4), empty, {"amounts": ELSEWHERE})
    scope = scope_of(tmp_path, AMOUNT)
    kept = kept_choices(scope, lake, day(5), choices_before(scope, lake, day(5)))
    assert len(kept[CHAMPION].days) == 1, "day 3: amounts of day 4 stood elsewhere"


@pytest.mark.parametrize(
    ("read_as", "fits"),
    [(AS_ASKED, True), (None, True), (ELSEWHERE, False), (OTHER_DECIMALS, False)],
)
def test_amounts_read_otherwise_are_refused_and_a_day_read_without_amounts_has_none(
    tmp_path: Path, lake: Lake, read_as: str | None, fits: bool
) -> None:
    scope, today = scope_of(tmp_path, AMOUNT), day(3)
    empty = AMOUNT_COUNTS.arrow_schema().empty_table()
    lake.write(ENDPOINT, AMOUNT_COUNTS, today, empty, {"amounts": read_as})
    counts = day_counts(lake, ENDPOINT, scope.settings.grid, today)
    if fits:
        stakes = stakes_of_day(scope, lake, today, counts)
        assert stakes is not None
        assert {curve: about.records for curve, about in stakes.items()} == dict.fromkeys(counts, 0)
    else:
        with pytest.raises(
            ContractError, match=f"read as {read_as}, the settings ask for {AS_ASKED}"
        ):
            stakes_of_day(scope, lake, today, counts)
