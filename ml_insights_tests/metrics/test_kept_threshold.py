"""A threshold kept on later days: raw records, acted on one by one until capacity is used up."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_insights.metrics.business_value import Outcomes, OutcomeValues
from ml_insights.metrics.intervals import Z_95
from ml_insights.metrics.kept_threshold import Kept, KeptDay, kept_threshold
from ml_insights_tests.metrics.cases import GRID
from ml_insights_tests.metrics.test_stakes import stakes_of

CONSTANT = OutcomeValues(Outcomes(10.0, -4.0, -6.0, 0.0))
BY_AMOUNT = OutcomeValues(Outcomes(-5.0, -3.0, 0.0, 0.0), Outcomes(1.0, 0.0, -0.5, 0.0))
HALF, NOTHING = GRID.index_of(0.5), GRID.size
SCORES = (0.2, 0.25, math.nextafter(0.25, 1), 0.5, 0.7, math.nextafter(0.7, 1), 0.9)
"""Some share a bin without being equal."""


class Record(NamedTuple):
    score: float
    label: int
    amount: int

    @property
    def bin(self) -> int:
        return GRID.index_of(self.score)


RECORD = st.builds(Record, st.sampled_from(SCORES), st.sampled_from([0, 1, -1]), st.integers(0, 20))
DAYS = st.lists(st.lists(RECORD, max_size=9), max_size=3)
INDEX = st.sampled_from([0, *map(GRID.index_of, SCORES), NOTHING])


def judged(records: Sequence[Record]) -> KeptDay:
    """Counts of records that fit in memory."""
    columns = zip(*records, strict=True) if records else ((), (), ())
    score, label, amount = (list(column) for column in columns)
    return KeptDay(*stakes_of(score, label, amount))


def money(records: Sequence[Record], acted: set[int], values: OutcomeValues) -> float:
    """What a day is worth if the records at these places are acted on."""
    total = 0.0
    for place, (_, label, amount) in enumerate(records):
        if label >= 0:
            outcome = (0, 2) if label else (1, 3)
            at = outcome[0 if place in acted else 1]
            total += values.constant[at] + values.per_amount[at] * amount
    return total


def whole_bins(records: Sequence[Record], index: int, capacity: int | None) -> set[int]:
    """Places acted on: bin after bin from the highest, as long as a bin fits as a whole."""
    acted: set[int] = set()
    for bin_ in sorted({record.bin for record in records if record.bin >= index}, reverse=True):
        own = {place for place, record in enumerate(records) if record.bin == bin_}
        if capacity is not None and len(acted | own) > capacity:
            break
        acted |= own
    return acted


def every_way(records: Sequence[Record], index: int, capacity: int | None) -> Iterator[set[int]]:
    """Places acted on if what is left of capacity goes to any records of the next bin, or none."""
    acted = whole_bins(records, index, capacity)
    rest = [place for place, r in enumerate(records) if r.bin >= index and place not in acted]
    cut = [place for place in rest if records[place].bin == max(records[p].bin for p in rest)]
    left = 0 if capacity is None else capacity - len(acted)
    for number in range(min(left, len(cut)) + 1):
        yield from (acted | set(more) for more in combinations(cut, number))


def highest_first(records: Sequence[Record], index: int, capacity: int | None) -> set[int]:
    """Places acted on by a team that sees the scores themselves."""
    reached = [place for place, record in enumerate(records) if record.bin >= index]
    ranked = sorted(reached, key=lambda place: -records[place].score)
    return set(ranked[: len(ranked) if capacity is None else capacity])


@pytest.mark.parametrize("values", [CONSTANT, BY_AMOUNT], ids=["constant", "by amount"])
@given(DAYS, INDEX, INDEX, st.none() | st.integers(0, 9))
def test_money_is_that_of_acting_on_the_highest_scores_within_capacity(
    values: OutcomeValues, days: list[list[Record]], index: int, other: int, capacity: int | None
) -> None:
    kept = kept_threshold([judged(day) for day in days], values, index, other, capacity)
    at, instead = (
        sum(money(day, whole_bins(day, i, capacity), values) for day in days)
        for i in (index, other)
    )
    assert kept.value == pytest.approx(at)
    assert kept.gain == pytest.approx(at - instead)


@pytest.mark.parametrize("values", [CONSTANT, BY_AMOUNT], ids=["constant", "by amount"])
@given(DAYS, INDEX, st.none() | st.integers(0, 9))
def test_the_limits_hold_whichever_records_of_the_bin_are_acted_on_that_capacity_cuts(
    values: OutcomeValues, days: list[list[Record]], index: int, capacity: int | None
) -> None:
    kept = kept_threshold([judged(day) for day in days], values, index, HALF, capacity)
    ways = [[money(day, way, values) for way in every_way(day, index, capacity)] for day in days]
    least, most = sum(map(min, ways)), sum(map(max, ways))
    if values is CONSTANT:
        assert kept.value_limit_low == pytest.approx(least)
        assert kept.value_limit_high == pytest.approx(most)
    assert kept.value_limit_low <= least + 1e-9
    assert most <= kept.value_limit_high + 1e-9
    by_score = sum(money(day, highest_first(day, index, capacity), values) for day in days)
    assert kept.value_limit_low - 1e-9 <= by_score <= kept.value_limit_high + 1e-9


@given(DAYS, INDEX, INDEX, st.integers(0, 9))
def test_the_interval_of_the_gain_holds_what_a_team_that_sees_the_scores_gains(
    days: list[list[Record]], index: int, other: int, capacity: int
) -> None:
    kept = kept_threshold([judged(day) for day in days], CONSTANT, index, other, capacity)
    gain = sum(
        money(day, highest_first(day, index, capacity), CONSTANT)
        - money(day, highest_first(day, other, capacity), CONSTANT)
        for day in days
    )
    if math.isnan(kept.low):
        assert gain == 0.0
    else:
        assert kept.low - 1e-9 <= gain <= kept.high + 1e-9


def test_capacity_that_is_not_reached_changes_nothing() -> None:
    day = judged([Record(score, n % 2, 0) for n, score in enumerate(SCORES)])
    free, enough = (kept_threshold([day], CONSTANT, 0, HALF, k) for k in (None, len(SCORES)))
    assert free == enough
    assert free.value_limit_low == free.value == free.value_limit_high


def test_two_thresholds_that_capacity_cuts_alike_gain_nothing_for_certain() -> None:
    day = judged([Record(0.9, 1, 0)] * 3 + [Record(0.7, 0, 0)] * 3)
    kept = kept_threshold([day], CONSTANT, 0, HALF, 4)
    assert (kept.value, kept.gain) == (30.0, 0.0)
    assert (kept.value_limit_low, kept.value_limit_high) == (26.0, 30.0)
    assert math.isnan(kept.low)


def test_a_cut_bin_widens_the_interval_of_the_gain_by_what_it_may_change() -> None:
    day = judged([Record(0.9, 1, 0)] * 3 + [Record(0.7, 0, 0)] * 3)
    above = GRID.index_of(0.9)
    kept = kept_threshold([day], CONSTANT, HALF, above, 4)
    assert (kept.gain, kept.low, kept.high) == (0.0, -4.0, 0.0)
    kept = kept_threshold([day], CONSTANT, HALF, NOTHING, 4)
    half = Z_95 * math.sqrt(3) * 16.0
    assert (kept.gain, kept.low, kept.high) == pytest.approx((48.0, 48.0 - 4.0 - half, 48.0 + half))


def test_no_day_brings_nothing() -> None:
    kept = kept_threshold([], CONSTANT, 0, HALF, 5)
    assert kept[:4] == Kept(0.0, 0.0, 0.0, 0.0, np.nan, np.nan, 0.0)[:4]
    assert math.isnan(kept.low)
