"""The history that runs from a terminal keep."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from ml_insights.daily_runs import _first_failure, dagster_instance

pytestmark = pytest.mark.integration

BEGIN_AND_DIE = """
import os, sys, signal
from pathlib import Path
from unittest import mock
from ml_insights import daily_runs
from ml_insights_tests.prepared_day import ENDPOINT, SETTINGS, PreparedDay, PreparedRunner
from ml_insights_tests.installation import install
import dagster as dg
from datetime import date

folder = Path(sys.argv[1])
runner = PreparedRunner(PreparedDay())
runner.before = lambda: os.kill(os.getpid(), signal.SIGKILL)
spark = dg.ResourceDefinition.hardcoded_resource(runner)
with daily_runs.dagster_instance(folder / "home") as instance:
    installed = install(folder, SETTINGS, instance, spark=spark)
    daily_runs.run_day(installed.definitions, instance, ENDPOINT, date(2026, 10, 1))
"""


def test_a_run_whose_process_was_killed_does_not_hold_the_queue(tmp_path: Path) -> None:
    root = Path(__file__).parent.parent
    killed = subprocess.run(
        [sys.executable, "-c", BEGIN_AND_DIE, str(tmp_path)],
        cwd=root,
        capture_output=True,
        check=False,
    )
    assert killed.returncode < 0, killed.stderr.decode()
    home = str(tmp_path / "home")
    with dg.DagsterInstance.from_config(home) as instance:
        (run,) = instance.get_runs()
        assert run.status is dg.DagsterRunStatus.STARTED
    with dagster_instance(tmp_path / "home") as instance:
        (run,) = instance.get_runs()
        assert run.status is dg.DagsterRunStatus.FAILURE


def test_a_run_that_lives_elsewhere_is_left_alone(tmp_path: Path) -> None:
    tags: tuple[dict[str, str], ...] = ({"ml_insights/process": "another-machine:1"}, {})
    with dagster_instance(tmp_path / "home") as instance:
        for own in tags:
            instance.add_run(
                dg.DagsterRun("some_job", tags=own, status=dg.DagsterRunStatus.STARTED)
            )
    with dagster_instance(tmp_path / "home") as instance:
        assert {run.status for run in instance.get_runs()} == {dg.DagsterRunStatus.STARTED}


@pytest.mark.parametrize(
    ("blocking", "told"), [(True, "check fell failed: by a lot"), (False, "page")]
)
def test_only_a_check_that_blocks_is_the_reason_of_a_failure(blocking: bool, told: str) -> None:
    @dg.asset
    def quality() -> None:
        """Nothing."""

    @dg.asset_check(asset=quality, blocking=blocking)
    def fell() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=False, description="by a lot")

    @dg.asset(deps=[quality])
    def page() -> None:
        raise OSError("no space left")

    result = dg.materialize([quality, fell, page], raise_on_error=False)
    assert not result.success
    assert _first_failure(result).startswith(told)
