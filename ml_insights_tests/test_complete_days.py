"""A day needs no run when all of it was computed in its order, after its last label could come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest

from ml_insights.complete_days import complete_days
from ml_insights.daily_runs import asset_names
from ml_insights_tests.installation import Installation, install
from ml_insights_tests.prepared_day import ENDPOINT, SETTINGS

DAY = date(2026, 10, 1)
FIRST, SECOND = "raw_predictions", "confusion_counts"


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield install(tmp_path_factory.mktemp("complete"), SETTINGS, instance)


@pytest.fixture
def rest(installation: Installation) -> list[str]:
    """The assets that follow from the counts."""
    return sorted(asset_names(installation.definitions, ENDPOINT) - {FIRST, SECOND})


def complete(
    installation: Installation,
    computed: Sequence[str],
    day: date = DAY,
    *,
    endpoint: str = ENDPOINT,
    window: int = 7,
) -> bool:
    """Whether a day is complete when these assets were computed, one after the other, by now."""
    with dg.DagsterInstance.ephemeral() as instance:
        for name in computed:
            key = dg.AssetKey([endpoint, name])
            instance.report_runless_asset_event(
                dg.AssetMaterialization(key, partition=day.isoformat())
            )
        days = [day - timedelta(days=1), day, day + timedelta(days=1)]
        found = complete_days(installation.definitions, instance, ENDPOINT, days, window)
    assert set(found) <= {day}
    return bool(found)


def test_a_day_that_was_computed_in_its_order_is_complete(
    installation: Installation, rest: list[str]
) -> None:
    assert len(rest) >= 5
    assert complete(installation, [FIRST, SECOND, *rest])
    assert complete(installation, [FIRST, SECOND, *rest, SECOND, *rest]), "restated"
    assert complete(installation, [FIRST, SECOND, *rest, rest[0]]), "one table computed again"


def test_a_day_of_which_something_is_missing_is_not_complete(
    installation: Installation, rest: list[str]
) -> None:
    every = [FIRST, SECOND, *rest]
    assert not complete(installation, [])
    for missing in every:
        assert not complete(installation, [name for name in every if name != missing]), missing
    assert not complete(installation, every, endpoint="another")


@pytest.mark.parametrize("again", [[FIRST], [FIRST, SECOND], [SECOND]])
def test_a_day_whose_last_run_stopped_half_way_is_not_complete(
    installation: Installation, rest: list[str], again: list[str]
) -> None:
    assert not complete(installation, [FIRST, SECOND, *rest, *again])
    assert not complete(installation, [FIRST, SECOND, *rest, *again, *rest[1:]])


@pytest.mark.parametrize(("window", "final"), [(0, True), (1, True), (2, False), (7, False)])
def test_a_day_is_counted_again_as_long_as_labels_for_it_may_come(
    installation: Installation, rest: list[str], window: int, final: bool
) -> None:
    before_yesterday = datetime.now(UTC).date() - timedelta(days=2)
    every = [FIRST, SECOND, *rest]
    assert complete(installation, every, before_yesterday, window=window) == final
