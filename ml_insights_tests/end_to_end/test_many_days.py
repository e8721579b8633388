"""Days that are computed by two processes: one counts, the other publishes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from multiprocessing import active_children
from pathlib import Path

import dagster as dg
import pytest

from ml_insights import many_days
from ml_insights.daily_runs import asset_names, dagster_instance
from ml_insights.errors import BadInputError, MlInsightsError
from ml_insights_tests.in_this_process import InThisProcess
from ml_insights_tests.installation import Installation, install
from ml_insights_tests.prepared_day import ENDPOINT, SETTINGS, PreparedDay, PreparedRunner

FIRST = date(2026, 10, 1)
DAYS = [FIRST + timedelta(days=after) for after in range(3)]

BEGIN_AND_DIE = """
import os, signal, sys
from pathlib import Path
from ml_insights_tests.end_to_end import test_many_days as tests

runner = tests.PreparedRunner(tests.PreparedDay())

def die_in_the_second_day():
    if runner.attempts > 2:
        print(*(child.pid for child in tests.active_children()), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

runner.before = die_in_the_second_day
folder = Path(sys.argv[1])
tests.run_days(tests.installed(folder, runner), folder)
"""


def installed(folder: Path, runner: PreparedRunner) -> Installation:
    """An installation for whose first process Spark is that runner."""
    with dagster_instance(folder / "home") as instance:
        spark = dg.ResourceDefinition.hardcoded_resource(runner)
        return install(folder, SETTINGS, instance, spark=spark)


def run_days(
    installation: Installation,
    folder: Path,
    days: Sequence[date] = DAYS,
    done: Callable[[date], None] = lambda _: None,
) -> dict[date, MlInsightsError]:
    settings, definitions = installation.settings, installation.definitions
    return many_days.run_days(settings, definitions, folder / "home", ENDPOINT, days, done=done)


@pytest.fixture
def runner() -> PreparedRunner:
    return PreparedRunner(PreparedDay())


def test_a_day_that_fails_stops_no_other_and_the_page_is_written_once_for_all_that_are_there(
    tmp_path: Path, runner: PreparedRunner
) -> None:
    installation = installed(tmp_path, runner)

    def refuse_the_second_day() -> None:
        if str(DAYS[1]) in runner.jobs[-1].day:
            raise BadInputError("no line of it is legible")

    runner.before = refuse_the_second_day
    done: list[date] = []
    failed = run_days(installation, tmp_path, done=done.append)

    assert list(failed) == [DAYS[1]]
    assert "no line of it is legible" in str(failed[DAYS[1]])
    assert sorted(done) == DAYS
    with dagster_instance(tmp_path / "home") as instance:
        for name in ("confusion_counts", "insights", "dashboard_page"):
            key = dg.AssetKey([ENDPOINT, name])
            computed = instance.get_materialized_partitions(key)
            assert computed == {str(DAYS[0]), str(DAYS[2])}, name
        page = instance.fetch_materializations(key, limit=9).records
    assert len(page) == 2
    html = (tmp_path / "lake" / ENDPOINT / "dashboard_page" / "index.html").read_text()
    assert str(DAYS[0]) in html
    assert str(DAYS[2]) in html


def test_a_deployment_without_a_page_publishes_its_days(
    tmp_path: Path, runner: PreparedRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = installed(tmp_path, runner)
    definitions = built.definitions
    without = dg.Definitions(
        assets=[asset for asset in definitions.assets or () if not _makes_the_page(asset)],
        asset_checks=definitions.asset_checks,
        jobs=definitions.jobs,
        resources=definitions.resources,
    )
    assert asset_names(definitions, ENDPOINT) - asset_names(without, ENDPOINT) == {"dashboard_page"}
    # The second process has them too: what is patched in this one is not in another.
    monkeypatch.setattr("ml_insights.many_days.ProcessPoolExecutor", InThisProcess)
    monkeypatch.setattr("ml_insights.many_days.build_definitions", lambda _: without)
    assert run_days(replace(built, definitions=without), tmp_path, DAYS[:1]) == {}
    with dagster_instance(tmp_path / "home") as instance:
        assert len(instance.get_runs()) == 2


def _makes_the_page(asset: object) -> bool:
    keys = asset.keys if isinstance(asset, dg.AssetsDefinition) else ()
    return dg.AssetKey([ENDPOINT, "dashboard_page"]) in keys


def test_a_second_process_that_is_killed_is_an_error_and_days_run_again_are_complete(
    tmp_path: Path, runner: PreparedRunner
) -> None:
    installation = installed(tmp_path, runner)

    def kill_the_other_after_a_day_that_fails() -> None:
        if runner.attempts == 1:
            raise BadInputError("no line of it is legible")
        for child in active_children():
            os.kill(int(child.pid or 0), signal.SIGKILL)

    runner.before = kill_the_other_after_a_day_that_fails
    with pytest.raises(MlInsightsError, match=r"out of memory[^\n]*\n2026-10-01: .* is legible"):
        run_days(installation, tmp_path)

    runner.before = lambda: None
    assert run_days(installation, tmp_path) == {}
    with dagster_instance(tmp_path / "home") as instance:
        key = dg.AssetKey([ENDPOINT, "dashboard_page"])
        assert instance.get_materialized_partitions(key) == set(map(str, DAYS))
        pages = instance.fetch_materializations(key, 9).records
    assert len({page.run_id for page in pages}) == 1, "days without a gap have one page"


def test_the_second_process_ends_with_the_first(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", BEGIN_AND_DIE, str(tmp_path)]
    first = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert first.returncode == -signal.SIGKILL, first.stderr
    (second,) = map(int, first.stdout.split())
    until = time.monotonic() + 30
    while _lives(second):
        assert time.monotonic() < until, "it still runs"
        time.sleep(0.05)


def _lives(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
