"""Counts of a day: read once while the day stays as it is, and never after it was replaced."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from ml_insights.contracts import CONFUSION_COUNTS
from ml_insights.day_counts import chosen_counts, day_counts
from ml_insights.errors import ContractError, MissingInputError
from ml_insights.lake import Lake
from ml_insights.metrics.thresholds import ThresholdGrid
from ml_insights_tests.decisions.published import (
    CHALLENGER,
    CHAMPION,
    ENDPOINT,
    FIRST_DAY,
    GRID,
    drawn,
    publish,
)
from ml_insights_tests.metrics.cases import columns


class CountingLake(Lake):
    """A lake that knows how often a day was read."""

    reads = 0

    def read(self, *args: Any, **named: Any) -> pa.Table:
        """See `Lake.read`."""
        self.reads += 1
        return super().read(*args, **named)


def positives(lake: Lake) -> list[int]:
    """Of the champion's bins; each seed draws others."""
    found: list[int] = day_counts(lake, ENDPOINT, GRID, FIRST_DAY)[CHAMPION].positives.tolist()
    return found


def test_a_day_is_read_once_and_again_when_it_was_replaced(tmp_path: Path) -> None:
    lake = CountingLake(str(tmp_path))
    for seed in (1, 2):
        expected = drawn(seed)
        publish(lake, {FIRST_DAY: {CHAMPION: expected}})
        lake.reads = 0
        for _ in range(3):
            assert positives(lake) == expected.positives.tolist()
        assert lake.reads == 1


def test_a_day_that_is_replaced_while_it_is_read_is_not_kept(tmp_path: Path) -> None:
    former, newer = drawn(1), drawn(2)

    class Overtaken(CountingLake):
        def read(self, *args: Any, **named: Any) -> pa.Table:
            if not self.reads:
                publish(Lake(str(tmp_path)), {FIRST_DAY: {CHAMPION: newer}})
            return super().read(*args, **named)

    lake = Overtaken(str(tmp_path))
    publish(lake, {FIRST_DAY: {CHAMPION: former}})
    assert positives(lake) == newer.positives.tolist()
    publish(lake, {FIRST_DAY: {CHAMPION: former}})
    assert positives(lake) == former.positives.tolist()


def test_what_is_too_large_to_keep_is_read_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = CountingLake(str(tmp_path))
    publish(lake, {FIRST_DAY: {CHAMPION: drawn(3), CHALLENGER: drawn(4)}})
    monkeypatch.setattr("ml_insights.day_counts._BIN_BYTES", 10**9)
    lake.reads = 0
    for _ in range(2):
        assert list(day_counts(lake, ENDPOINT, GRID, FIRST_DAY)) == sorted([CHAMPION, CHALLENGER])
    assert lake.reads == 2


def test_chosen_curves_are_those_of_the_day_and_take_no_room(tmp_path: Path) -> None:
    lake = CountingLake(str(tmp_path))
    expected = drawn(5)
    publish(lake, {FIRST_DAY: {CHAMPION: expected, CHALLENGER: drawn(6)}})
    lake.reads = 0
    for _ in range(2):
        found = chosen_counts(lake, ENDPOINT, GRID, FIRST_DAY, lambda curve: curve == CHAMPION)
        assert list(found) == [CHAMPION]
        assert columns(found[CHAMPION]) == columns(expected) | {
            "score_sum": columns(day_counts(lake, ENDPOINT, GRID, FIRST_DAY)[CHAMPION])["score_sum"]
        }
    assert lake.reads == 3, "once for the whole day, and each time that curves are chosen"
    parts = vars(found[CHAMPION])
    assert all(parts[name].base is None for name in columns(expected)), "no view of the whole day"


def test_a_day_that_is_missing_or_of_another_grid_is_refused(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    with pytest.raises(MissingInputError, match=CONFUSION_COUNTS.name):
        day_counts(lake, ENDPOINT, GRID, FIRST_DAY)
    publish(lake, {FIRST_DAY: {CHAMPION: drawn(1)}})
    with pytest.raises(ContractError, match="do not add up"):
        day_counts(lake, ENDPOINT, ThresholdGrid(octaves=8), FIRST_DAY)
