"""When days are computed: each morning the day whose labels have matured, and one to restate.

A day is computed twice: as soon as `label_delay_days` have passed, and again when no label can
come any more (`label_window_days`). Else its numbers, and windows over it, would stay those of its
first labels.
"""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING

import dagster as dg

from ml_insights.jobs import job_name, restatement_name

if TYPE_CHECKING:
    from dagster._core.definitions.partitions.partitioned_schedule import (
        UnresolvedPartitionedAssetScheduleDefinition,
    )
    from dagster._core.definitions.unresolved_asset_job_definition import (
        UnresolvedAssetJobDefinition,
    )

    from ml_insights.scope import EndpointScope


def daily_schedule(
    scope: EndpointScope, job: UnresolvedAssetJobDefinition
) -> UnresolvedPartitionedAssetScheduleDefinition | dg.ScheduleDefinition:
    """Runs an endpoint's job at the settings' time (UTC) for its newest partition.

    It starts switched off, as Dagster's schedules do: the switch is in the UI.
    """
    at = scope.settings.schedule
    return dg.build_schedule_from_partitioned_job(
        job,
        name=f"{job_name(scope.name)}_schedule",
        hour_of_day=at.hour,
        minute_of_hour=at.minute,
        description=(
            f"At {at:%H:%M} UTC the newest day whose labels have matured "
            f"(label_delay_days: {scope.endpoint.label_delay_days})."
        ),
    )


def restatement_schedule(
    scope: EndpointScope, job: UnresolvedAssetJobDefinition
) -> dg.ScheduleDefinition:
    """Counts the day again whose label window ended last midnight (UTC).

    Tables that stay the same are not written again.
    """
    at, endpoint = scope.settings.schedule, scope.endpoint

    @dg.schedule(
        job=job,
        name=f"{restatement_name(scope.name)}_schedule",
        cron_schedule=f"{at.minute} {at.hour} * * *",
        execution_timezone="UTC",
        description=(
            f"At {at:%H:%M} UTC again the day whose last labels have come "
            f"(label_window_days: {endpoint.label_window_days})."
        ),
    )
    def restate(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        today = context.scheduled_execution_time.astimezone(UTC).date()
        day = today - timedelta(days=endpoint.label_window_days + 1)
        if day < endpoint.start_date:
            return dg.SkipReason(f"{day} is before the endpoint's first day")
        if endpoint.label_window_days == endpoint.label_delay_days:
            return dg.SkipReason(f"{day} has all its labels when it is first computed")
        return dg.RunRequest(partition_key=day.isoformat())

    return restate
