"""The daily job of an endpoint: all its assets and checks for one day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import (
        UnresolvedAssetJobDefinition,
    )

    from ml_insights.scope import EndpointScope


def job_name(endpoint: str) -> str:
    """Name of an endpoint's daily job; Dagster allows no hyphen in it."""
    return f"{endpoint.replace('-', '_')}_daily"


def daily_job(scope: EndpointScope) -> UnresolvedAssetJobDefinition:
    """The job that computes one day of one endpoint.

    Steps run one after the other in one process: local steps share its Spark session, and remote
    steps only wait.
    """
    return dg.define_asset_job(
        job_name(scope.name),
        selection=dg.AssetSelection.key_prefixes([scope.name]),
        executor_def=dg.in_process_executor,
        description=f"One day of {scope.name}: captured predictions in, curves and page out.",
        tags={"ml_insights/endpoint": scope.name},
    )
