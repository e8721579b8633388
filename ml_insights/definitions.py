"""The Dagster code location: settings in, definitions out. Assembly only.

Nothing is read when this module is imported; `defs` reads the settings file when Dagster asks.
"""

from __future__ import annotations

import dagster as dg

from ml_insights.assets import endpoint_assets
from ml_insights.checks import endpoint_checks
from ml_insights.jobs import daily_job, restatement_job
from ml_insights.resources import build_resources
from ml_insights.schedules import daily_schedule, restatement_schedule
from ml_insights.scope import EndpointScope
from ml_insights.settings import Settings, load_settings


def build_definitions(settings: Settings) -> dg.Definitions:
    """Everything Dagster knows of an installation; tests and the command line use it too."""
    scopes = [
        EndpointScope(name, endpoint, settings) for name, endpoint in settings.endpoints.items()
    ]
    daily = [daily_job(scope) for scope in scopes]
    restatements = [restatement_job(scope) for scope in scopes]
    return dg.Definitions(
        assets=[asset for scope in scopes for asset in endpoint_assets(scope)],
        asset_checks=[check for scope in scopes for check in endpoint_checks(scope)],
        jobs=[*daily, *restatements],
        schedules=[
            *map(daily_schedule, scopes, daily),
            *map(restatement_schedule, scopes, restatements),
        ],
        resources=build_resources(settings),
    )


@dg.definitions
def defs() -> dg.Definitions:
    """Definitions from the settings file (`ML_INSIGHTS_SETTINGS`, default `ml_insights.yaml`)."""
    return build_definitions(load_settings())
