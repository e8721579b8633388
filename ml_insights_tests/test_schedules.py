"""Days end where labels have matured, and each morning computes the newest of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import dagster as dg
import pytest

from ml_insights_tests.installation import TWO_ENDPOINTS, Installation, install


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield install(tmp_path_factory.mktemp("schedules"), TWO_ENDPOINTS, instance)


def at(month: int, day: int, hour: int = 4, minute: int = 45) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def tick(installation: Installation, now: datetime) -> dg.ScheduleEvaluationContext:
    return dg.build_schedule_context(
        scheduled_execution_time=now, repository_def=installation.definitions.get_repository_def()
    )


@pytest.mark.parametrize(
    ("endpoint", "now", "keys"),
    [
        # label_delay_days: 1. The day that ended a whole day ago, not the one that just ended.
        ("churn-1", at(10, 3, hour=23, minute=59), ["2026-10-01"]),
        ("churn-1", at(10, 4, hour=0, minute=0), ["2026-10-01", "2026-10-02"]),
        ("churn-1", at(10, 2), []),
        ("churn-10", at(10, 18, hour=23), []),
        ("churn-10", at(10, 19, hour=0), ["2026-10-15"]),
        ("churn-10", at(9, 1), []),
    ],
)
def test_days_begin_at_the_start_and_end_with_the_matured_labels(
    installation: Installation, endpoint: str, now: datetime, keys: list[str]
) -> None:
    graph = installation.definitions.resolve_asset_graph()
    own = [key for key in graph.get_all_asset_keys() if key.path[0] == endpoint]
    assert {key.path[-1] for key in own} >= {"data_capture", "raw_predictions", "dashboard_page"}
    with dg.partition_loading_context(now):
        for partitions in (graph.get(key).partitions_def for key in own):
            assert partitions is not None
            assert list(partitions.get_partition_keys()) == keys


@pytest.mark.parametrize(
    ("endpoint", "day", "key"),
    [("churn_1", 20, "2026-10-18"), ("churn_10", 20, "2026-10-16"), ("churn_10", 19, "2026-10-15")],
)
def test_each_morning_the_newest_matured_day_is_computed(
    installation: Installation, endpoint: str, day: int, key: str
) -> None:
    schedule = installation.definitions.resolve_schedule_def(f"{endpoint}_daily_schedule")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("45 4 * * *", "UTC")
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED
    with tick(installation, at(10, day)) as context:
        requests = schedule.evaluate_tick(context).run_requests
    assert requests is not None
    assert [request.partition_key for request in requests] == [key]


@pytest.mark.parametrize(
    ("endpoint", "day", "keys"),
    [
        # label_window_days: 7 for both; churn-1 starts on the 1st, churn-10 on the 15th.
        ("churn_1", 9, ["2026-10-01"]),
        ("churn_1", 8, []),
        ("churn_1", 20, ["2026-10-12"]),
        ("churn_10", 20, []),
        ("churn_10", 23, ["2026-10-15"]),
    ],
)
def test_a_day_is_restated_when_its_last_labels_have_come(
    installation: Installation, endpoint: str, day: int, keys: list[str]
) -> None:
    schedule = installation.definitions.resolve_schedule_def(f"{endpoint}_restatement_schedule")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("45 4 * * *", "UTC")
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED
    with tick(installation, at(10, day)) as context:
        requests = schedule.evaluate_tick(context).run_requests or []
    assert [request.partition_key for request in requests] == keys


def test_nothing_is_scheduled_before_the_first_day_has_matured(installation: Installation) -> None:
    schedule = installation.definitions.resolve_schedule_def("churn_10_daily_schedule")
    with tick(installation, at(10, 18)) as context:
        assert not schedule.evaluate_tick(context).run_requests
