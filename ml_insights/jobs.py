"""The jobs of an endpoint: a day as a whole, and a day of which more labels have come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from ml_insights.contracts import RAW_PREDICTIONS

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import (
        UnresolvedAssetJobDefinition,
    )

    from ml_insights.scope import EndpointScope


def job_name(endpoint: str) -> str:
    """Name of an endpoint's daily job; Dagster allows no hyphen in it."""
    return f"{endpoint.replace('-', '_')}_daily"


def restatement_name(endpoint: str) -> str:
    """Name of the job that counts a day again."""
    return f"{endpoint.replace('-', '_')}_restatement"


def daily_job(scope: EndpointScope) -> UnresolvedAssetJobDefinition:
    """The job that computes one day of one endpoint."""
    return _job(
        scope,
        job_name(scope.name),
        dg.AssetSelection.key_prefixes([scope.name]),
        f"One day of {scope.name}: captured predictions in, curves and page out.",
    )


def restatement_job(scope: EndpointScope) -> UnresolvedAssetJobDefinition:
    """The job that counts a day again with the labels that have come since.

    Captured lines are neither listed nor read: labels meet the compact table.
    """
    everything = dg.AssetSelection.key_prefixes([scope.name])
    return _job(
        scope,
        restatement_name(scope.name),
        everything - dg.AssetSelection.assets([scope.name, RAW_PREDICTIONS.name]),
        f"One day of {scope.name} again, from its compact table on: for labels that came later.",
    )


def _job(
    scope: EndpointScope, name: str, selection: dg.AssetSelection, description: str
) -> UnresolvedAssetJobDefinition:
    # One process: local steps share its Spark session, and remote steps only wait.
    return dg.define_asset_job(
        name,
        selection=selection,
        executor_def=dg.in_process_executor,
        description=description,
        tags={"ml_insights/endpoint": scope.name},
    )
