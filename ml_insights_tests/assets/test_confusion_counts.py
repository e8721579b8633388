"""Counts are published once, from one grid, and leave nothing behind."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from ml_insights.assets.days import counts_of_day
from ml_insights.errors import ContractError
from ml_insights.scope import EndpointScope
from ml_insights.settings import load_settings
from ml_insights_tests.installation import Installation
from ml_insights_tests.prepared_day import ENDPOINT, SETTINGS

pytestmark = pytest.mark.usefixtures("nothing_drawn")

DAY = date(2026, 10, 1)


def test_what_killed_attempts_staged_goes_with_the_next_publication(
    installation: Installation,
) -> None:
    killed = Path(installation.lake.staging(ENDPOINT, "confusion_counts", DAY, "killed"))
    (killed / "labels").mkdir(parents=True)
    other_day = installation.lake.staging(ENDPOINT, "confusion_counts", date(2026, 10, 2), "runs")
    Path(other_day).mkdir(parents=True)
    assert installation.run(ENDPOINT, DAY).success
    assert not killed.parent.exists()
    assert Path(other_day).exists()


def test_counts_of_another_grid_are_refused(installation: Installation, tmp_path: Path) -> None:
    assert installation.run(ENDPOINT, DAY).success
    finer = tmp_path / "finer.yaml"
    finer.write_text(f"grid: {{bits: 10}}\n{SETTINGS}")
    settings = load_settings(finer, environ={})
    scope = EndpointScope(ENDPOINT, settings.endpoints[ENDPOINT], settings)
    with pytest.raises(ContractError) as caught:
        counts_of_day(scope, installation.lake, DAY)
    assert "were counted on grid two-sided-20-9" in str(caught.value)
    assert "the settings ask for two-sided-20-10" in str(caught.value)
    assert "Materialize the day again" in str(caught.value)
