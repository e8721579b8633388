"""An installation of the product in a folder, whose days tests run through Dagster.

What belongs here: settings text, running jobs, and reading what they published. What does not: what
captures and labels hold (`capture_data`, `ml_insights.demo`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg

from ml_insights.contracts import TABLES
from ml_insights.definitions import build_definitions
from ml_insights.jobs import job_name
from ml_insights.lake import Lake
from ml_insights.scope import EndpointScope
from ml_insights.settings import Settings, load_settings

TWO_ENDPOINTS = """\
lake: ./lake
schedule: "04:45"
endpoints:
  churn-1:
    data_capture: ./capture
    ground_truth: ./labels/churn
    start_date: 2026-10-01
    score: {content_type: text/csv, index: 0}
    positive_label: "1"
    operating_threshold: 0.5
    owners: ["team:growth", "ann@example.com"]
  churn-10:
    data_capture: ./capture
    ground_truth: ./labels/fraud
    start_date: 2026-10-15
    score: {content_type: text/csv, index: 0}
    positive_label: "1"
    operating_threshold: 0.5
    label_delay_days: 3
"""
"""Endpoints with names of the same beginning, different first days and label delays."""

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class Installation:
    """Settings, and everything built from them.

    Attributes:
        settings: of the installation.
        definitions: what Dagster knows of it.
        instance: where runs are recorded.
    """

    settings: Settings
    definitions: dg.Definitions
    instance: dg.DagsterInstance

    @property
    def lake(self) -> Lake:
        return Lake(self.settings.lake)

    def scope(self, endpoint: str) -> EndpointScope:
        return EndpointScope(endpoint, self.settings.endpoints[endpoint], self.settings)

    def run(
        self,
        endpoint: str,
        day: date,
        *,
        assets: Sequence[str] | None = None,
        config: dict[str, Any] | None = None,
    ) -> dg.ExecuteInProcessResult:
        """Run an endpoint's job for a day: all assets, or the named ones with their checks."""
        return self.definitions.resolve_job_def(job_name(endpoint)).execute_in_process(
            partition_key=day.isoformat(),
            asset_selection=[dg.AssetKey([endpoint, name]) for name in assets] if assets else None,
            run_config={**QUIET, **(config or {})},
            instance=self.instance,
            raise_on_error=False,
        )

    def published(self, endpoint: str, day: date) -> set[str]:
        """Names of the tables that have the day."""
        tables = (table for name, table in TABLES.items() if name != "raw_predictions")
        return {table.name for table in tables if day in self.lake.days(endpoint, table)}

    def partition_bytes(self, endpoint: str, table: str, day: date) -> bytes:
        """The published file of a partition."""
        return (Path(self.lake.partition(endpoint, table, day)) / f"{table}.parquet").read_bytes()


def install(
    folder: Path, text: str, instance: dg.DagsterInstance, *, spark: object | None = None
) -> Installation:
    """Write a settings file into a folder and build the installation.

    Args:
        folder: relative folders in the settings start here.
        text: settings.
        instance: where runs are recorded.
        spark: takes the place of the Spark runner.
    """
    path = folder / "ml_insights.yaml"
    path.write_text(text, encoding="utf-8")
    settings = load_settings(path, environ={})
    definitions = build_definitions(settings)
    if spark:
        resources = {**(definitions.resources or {}), "spark": spark}
        definitions = dg.Definitions(
            assets=definitions.assets,
            asset_checks=definitions.asset_checks,
            jobs=definitions.jobs,
            schedules=definitions.schedules,
            resources=resources,
        )
    return Installation(settings, definitions, instance)


def judged_days(instance: dg.DagsterInstance, check: dg.AssetCheckKey) -> dict[str, bool]:
    """Days that a check judged, and whether it passed the last time."""
    records = instance.event_log_storage.get_asset_check_execution_history(check, limit=99)
    evaluations = (record.evaluation for record in reversed(records))
    return {
        str(found.metadata["day"].value): found.passed
        for found in evaluations
        if isinstance(found, dg.AssetCheckEvaluation)
    }
