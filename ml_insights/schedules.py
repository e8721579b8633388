"""When days are computed: each morning the day whose labels have matured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from ml_insights.jobs import job_name

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
