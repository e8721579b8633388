"""Which days need no run: what the history of runs says of each.

What belongs here: when a day is complete. What does not: running days (`many_days`, `daily_runs`).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import dagster as dg

from ml_insights.contracts import CONFUSION_COUNTS, RAW_PREDICTIONS
from ml_insights.daily_runs import asset_names

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

_FOLLOWING = (RAW_PREDICTIONS.name, CONFUSION_COUNTS.name)


def complete_days(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    endpoint: str,
    days: Sequence[date],
    label_window_days: int,
) -> list[date]:
    """Days that a run would leave as they are, if captures, code and settings are what they were.

    All assets of such a day are there, each newer than what it follows from, so that no run has
    stopped half-way since; and the day was counted when no label could come any more.

    Args:
        definitions: of the installation.
        instance: that keeps the history.
        endpoint: whose days.
        days: partitions.
        label_window_days: days after a day on which labels for it are collected.
    """
    names = asset_names(definitions, endpoint)
    newest = {name: _newest(instance, endpoint, name) for name in names}

    def whole(day: date) -> bool:
        found = [newest[name].get(day.isoformat(), 0) for name in _FOLLOWING]
        after = [newest[name].get(day.isoformat(), 0) for name in names.difference(_FOLLOWING)]
        return 0 < found[0] < found[1] < min(after)

    def final(day: date) -> bool:
        until = day + timedelta(days=label_window_days + 1)
        return _counted(instance, endpoint, day) >= datetime(*until.timetuple()[:3], tzinfo=UTC)

    return [day for day in days if whole(day) and final(day)]


def _newest(instance: dg.DagsterInstance, endpoint: str, name: str) -> dict[str, int]:
    """By partition, the place of its last materialization in the history; later ones are higher."""
    found = instance.event_log_storage.get_latest_storage_id_by_partition(
        dg.AssetKey([endpoint, name]), dg.DagsterEventType.ASSET_MATERIALIZATION
    )
    return dict(found)


def _counted(instance: dg.DagsterInstance, endpoint: str, day: date) -> datetime:
    """When the day was counted last."""
    key = dg.AssetKey([endpoint, CONFUSION_COUNTS.name])
    chosen = dg.AssetRecordsFilter(key, asset_partitions=[day.isoformat()])
    (record,) = instance.fetch_materializations(chosen, limit=1).records
    return datetime.fromtimestamp(record.timestamp, UTC)
