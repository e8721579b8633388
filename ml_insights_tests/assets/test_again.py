"""A day that is computed again from the same files leaves everything published as it is."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from ml_insights.contracts import QUARANTINE
from ml_insights_tests.installation import Installation
from ml_insights_tests.prepared_day import ENDPOINT, PreparedDay

pytestmark = pytest.mark.usefixtures("nothing_drawn")

DAY = date(2026, 10, 1)


def files(installation: Installation) -> dict[str, int]:
    """Published files, each with the number that another one gets when it takes its place."""
    root = Path(installation.lake.root)
    found = (path for path in root.rglob("*") if path.is_file())
    return {
        str(path.relative_to(root)): path.stat().st_ino
        for path in found
        if "raw_predictions" not in path.parts  # the prepared runner's
    }


def test_the_same_day_again_writes_no_file(installation: Installation, day: PreparedDay) -> None:
    day.rejected_labels = [{field.name: "a" for field in QUARANTINE.arrow_schema()}]
    first = installation.run(ENDPOINT, DAY)
    assert first.success
    before = files(installation)
    assert len(before) > 8
    second = installation.run(ENDPOINT, DAY)
    assert second.success
    assert second.run_id != first.run_id
    assert files(installation) == before
    day.rejected_labels = []
    installation.run(ENDPOINT, DAY)
    after = files(installation)
    assert [name for name in before if after[name] != before[name]], "a change is written"
