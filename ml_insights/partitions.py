"""Daily partitions: the UTC day of the capture folder, up to the last day with matured labels.

What belongs here: which days an endpoint has. What does not: when they are computed (`schedules`).
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from ml_insights.settings import Endpoint


def daily_partitions(endpoint: Endpoint) -> dg.DailyPartitionsDefinition:
    """One partition a UTC day from the endpoint's start.

    The last key is the day that ended `label_delay_days` whole days ago: a younger day would be
    published almost without labels.
    """
    return dg.DailyPartitionsDefinition(
        start_date=endpoint.start_date.isoformat(),
        end_offset=-endpoint.label_delay_days,
        timezone="UTC",
    )


def day_of(partition_key: str) -> date:
    """The day a partition key names."""
    return date.fromisoformat(partition_key)
