"""An installation that computes a prepared day."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from ml_insights_tests.installation import Installation, install
from ml_insights_tests.prepared_day import SETTINGS, PreparedDay, PreparedRunner


@pytest.fixture
def day() -> PreparedDay:
    return PreparedDay()


@pytest.fixture
def installation(tmp_path: Path, day: PreparedDay) -> Iterator[Installation]:
    with dg.DagsterInstance.ephemeral() as instance:
        runner = dg.ResourceDefinition.hardcoded_resource(PreparedRunner(day))
        yield install(tmp_path, SETTINGS, instance, spark=runner)
