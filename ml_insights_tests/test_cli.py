"""The command line: what it prints, its exit codes, and errors as messages instead of traces."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from ml_insights import __version__
from ml_insights.cli import main
from ml_insights.contracts import MODEL_QUALITY
from ml_insights.errors import MissingInputError, MlInsightsError
from ml_insights.lake import Lake
from ml_insights.runners import JobResult, LocalSparkRunner
from ml_insights.spark.arguments import RawPredictionsArguments
from ml_insights_tests.in_this_process import InThisProcess
from ml_insights_tests.installation import TWO_ENDPOINTS
from ml_insights_tests.prepared_day import ENDPOINT, SETTINGS, PreparedDay, PreparedRunner

pytestmark = pytest.mark.usefixtures("nothing_drawn")

Command = Callable[..., Result]
REPOSITORY = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, with no settings in the environment."""
    monkeypatch.chdir(tmp_path)
    for variable in ("ML_INSIGHTS_SETTINGS", "DAGSTER_HOME"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


@pytest.fixture
def command(folder: Path) -> Command:
    """Write the settings file, if text is given, and run a command."""

    def run(*arguments: str, settings: str = SETTINGS) -> Result:
        if settings:
            (folder / "ml_insights.yaml").write_text(settings)
        return CliRunner().invoke(main, list(arguments))

    return run


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> PreparedRunner:
    """Days are handed over instead of computed by Spark, and published by this process too."""
    runner = PreparedRunner(PreparedDay())

    def run(_: LocalSparkRunner, context: Any, arguments: Any) -> JobResult:
        return runner.run(context, arguments)

    monkeypatch.setattr(LocalSparkRunner, "run", run)
    monkeypatch.setattr("ml_insights.many_days.ProcessPoolExecutor", InThisProcess)
    return runner


def published(folder: Path) -> list[date]:
    return Lake(str(folder / "lake")).days(ENDPOINT, MODEL_QUALITY)


def test_help_names_the_commands(command: Command) -> None:
    result = command("--help")
    assert result.exit_code == 0
    for name in ("check-config", "run", "dashboard", "demo"):
        assert f"\n  {name} " in result.output
    assert command("--version").output.strip().endswith(__version__)


def test_check_config_says_what_valid_settings_mean(command: Command) -> None:
    result = command("check-config", settings=TWO_ENDPOINTS)
    assert result.exit_code == 0
    lines = result.output.replace("\n", " ")
    assert "The settings are valid. Deployment local" in lines
    assert "churn-1: from 2026-10-01, labels after 1 to 7 days" in lines
    assert "churn-10: from 2026-10-15, labels after 3 to 7 days" in lines


def test_check_config_lists_every_problem_with_its_line(command: Command) -> None:
    wrong = SETTINGS.replace("operating_threshold: 0.5", "operating_treshold: 1.5\n    slices: 3")
    result = command("check-config", settings=wrong)
    assert result.exit_code == 1
    assert "Error: ml_insights.yaml: 3 problems in the settings" in result.stderr
    assert "ml_insights.yaml:9: endpoints.churn-1" in result.stderr
    assert "did you mean 'operating_threshold'?" in result.stderr


def test_a_missing_settings_file_is_named(command: Command) -> None:
    for arguments in (("check-config",), ("run",), ("dashboard",)):
        result = command(*arguments, settings="")
        assert result.exit_code == 1
        assert result.stderr.startswith("Error: There is no settings file ml_insights.yaml")
    result = command("check-config", "--settings", "other.yaml", settings="")
    assert result.stderr.startswith("Error: There is no settings file other.yaml")


@pytest.mark.parametrize("name", ["run", "dashboard"])
def test_an_unknown_endpoint_is_answered_with_the_known_ones(command: Command, name: str) -> None:
    for endpoint in (("--endpoint", "fraud"), ()):
        result = command(name, *endpoint, settings=TWO_ENDPOINTS)
        assert result.exit_code == 2
        assert "--endpoint must be one of: churn-1, churn-10" in result.stderr


@pytest.mark.parametrize(
    "days",
    [
        ("--from", "2026-09-30"),
        ("--from", "2100-01-01"),
        ("--from", "2026-10-09", "--to", "2026-10-01"),
    ],
)
def test_days_that_cannot_be_computed_are_answered_with_those_that_can(
    command: Command, days: tuple[str, ...]
) -> None:
    result = command("run", *days)
    assert result.exit_code == 2
    assert "churn-1 has no computable day in that range" in result.stderr
    assert "2026-10-01 to 20" in result.stderr


def test_an_endpoint_that_has_not_begun_has_no_computable_day(command: Command) -> None:
    tomorrow = date.fromordinal(date.today().toordinal() + 1)  # noqa: DTZ011 (any time zone)
    result = command("run", settings=SETTINGS.replace("2026-10-01", str(tomorrow)))
    assert result.exit_code == 2
    assert "label_delay_days before yesterday: none yet" in result.stderr


def test_a_day_that_is_no_date_is_refused(command: Command) -> None:
    result = command("run", "--from", "2026-02-30")
    assert result.exit_code == 2
    assert "'2026-02-30' does not match the format '%Y-%m-%d'" in result.stderr


@pytest.mark.usefixtures("prepared")
def test_run_computes_the_days_of_a_range_into_lake_and_history(
    command: Command, folder: Path
) -> None:
    result = command("run", "--from", "2026-10-02", "--to", "2026-10-03")
    assert result.exit_code == 0, result.output
    assert published(folder) == [date(2026, 10, 2), date(2026, 10, 3)]
    assert (folder / "dagster_home" / "dagster.yaml").exists()
    assert "2/2" in result.stderr
    page = folder / "lake" / "churn-1" / "dashboard_page" / "index.html"
    assert result.stdout.splitlines()[-1] == f"Dashboard page: {page.as_uri()}"
    assert "DAGSTER_HOME" not in os.environ


@pytest.mark.usefixtures("prepared")
def test_run_says_which_days_of_a_range_it_leaves_out(command: Command, folder: Path) -> None:
    result = command("run", "--from", "2026-09-29", "--to", "2026-10-01")
    assert "Left out: 2026-09-29 to 2026-09-30, before start_date." in result.stderr
    assert published(folder) == [date(2026, 10, 1)]


def test_run_says_what_checks_found_that_stops_nothing(
    command: Command, prepared: PreparedRunner
) -> None:
    (unit,) = prepared.day.manifest["units"]
    del unit["hours"]["07"]
    result = command("run", "--from", "2026-10-02")
    assert "2026-10-02 every_hour_has_captures: no capture in the hours 07 (UTC)" in result.stdout


@pytest.mark.integration
def test_run_reads_everything_again_only_when_asked(
    command: Command, prepared: PreparedRunner
) -> None:
    command("run", "--from", "2026-10-02")
    command("run", "--from", "2026-10-02", "--recompute")
    compactions = [job for job in prepared.jobs if isinstance(job, RawPredictionsArguments)]
    assert [job.recompute for job in compactions] == [False, True]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[date]:
    """Days that are computed, of which only the first was complete; none is really computed."""
    days: list[date] = []

    def run_days(*given: Any, **_: Any) -> dict[date, MlInsightsError]:
        days[:] = given[4]
        return {}

    monkeypatch.setattr("ml_insights.many_days.run_days", run_days)
    monkeypatch.setattr("ml_insights.complete_days.complete_days", lambda *given: given[3][:1])
    return days


FOUR_DAYS = [datetime.now(UTC).date() - timedelta(days=ago) for ago in (5, 4, 3, 2)]
"""All of an endpoint that began on the first of them."""


@pytest.mark.parametrize(
    ("arguments", "computed"),
    [
        ((), FOUR_DAYS[1:]),
        (("--again",), FOUR_DAYS),
        (("--recompute",), FOUR_DAYS),
        (("--from", str(FOUR_DAYS[0])), FOUR_DAYS[:1]),
        (("--to", str(FOUR_DAYS[1])), FOUR_DAYS[:2]),
    ],
)
def test_run_passes_complete_days_by_unless_they_are_asked_for(
    command: Command, asked: list[date], arguments: tuple[str, ...], computed: list[date]
) -> None:
    settings = SETTINGS.replace("2026-10-01", str(FOUR_DAYS[0]))
    result = command("run", *arguments, settings=settings)
    assert result.exit_code == 0
    assert asked == computed
    assert ("Passed by: 1 of 4 days, which are complete." in result.stderr) == (not arguments)


def test_where_all_days_are_complete_run_has_nothing_to_do(
    command: Command, asked: list[date]
) -> None:
    result = command("run", settings=SETTINGS.replace("2026-10-01", str(FOUR_DAYS[-1])))
    assert result.exit_code == 0
    assert asked == []
    assert "Passed by: 1 of 1 days, which are complete." in result.stderr
    assert "Dashboard page: file:" in result.stdout


@pytest.mark.integration
def test_a_day_that_fails_stops_no_other_and_every_reason_is_told(
    command: Command, folder: Path, prepared: PreparedRunner
) -> None:
    def fail() -> None:
        if getattr(prepared.jobs[-1], "day", "") in {"2026-10-02", "2026-10-04"}:
            raise MissingInputError("no captured object for the day")

    prepared.before = fail
    result = command("run", "--from", "2026-10-02", "--to", "2026-10-05")
    assert result.exit_code == 1
    assert published(folder) == [date(2026, 10, 3), date(2026, 10, 5)]
    first, second, third = result.stderr[result.stderr.index("Error: ") :].strip().split("\n")
    assert first == "Error: 2 of 4 days failed:"
    said = "churn_1__raw_predictions failed: no captured object for the day (run "
    assert second.startswith(f"2026-10-02: {said}")
    assert third.startswith(f"2026-10-04: {said}")
    assert "Traceback" not in result.output


def test_ui_opens_dagster_on_the_history_and_settings_of_run(
    command: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Any] = []
    monkeypatch.setattr(os, "execve", lambda *given: opened.append(given))
    assert command("ui", "--port", "3333").exit_code == 0
    ((program, arguments, environment),) = opened
    assert program == sys.executable
    workspace = folder / "dagster_home" / "workspace.yaml"
    assert arguments[1:] == f"-m dagster dev -w {workspace} -h 127.0.0.1 -p 3333".split()
    (location,) = yaml.safe_load(workspace.read_text())["load_from"]
    (known,) = yaml.safe_load((REPOSITORY / "workspace.yaml").read_text())["load_from"]
    for name in ("module_name", "location_name"):
        assert location["python_module"][name] == known["python_module"][name]
    assert environment["DAGSTER_HOME"] == str(folder / "dagster_home")
    assert (folder / "dagster_home" / "dagster.yaml").exists()


def test_a_history_that_cannot_be_kept_is_a_message(command: Command, folder: Path) -> None:
    (folder / "file").write_text("")
    result = command("run", "--from", "2026-10-02", "--dagster-home", "file")
    assert result.exit_code == 1
    assert "Error: the run history cannot be kept in file" in result.stderr


def test_a_dashboard_without_a_published_day_says_what_is_missing(command: Command) -> None:
    result = command("dashboard")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: no day of churn-1 is published in /")
    assert "Run a day first" in result.stderr


@pytest.mark.usefixtures("prepared")
def test_run_computes_a_single_day_and_dashboard_writes_its_page_again(
    command: Command, folder: Path
) -> None:
    home = folder / "history"
    assert command("run", "--from", "2026-10-02", "--dagster-home", str(home)).exit_code == 0
    assert published(folder) == [date(2026, 10, 2)]
    assert (home / "dagster.yaml").exists()
    assert not (folder / "dagster_home").exists()

    page = folder / "lake" / ENDPOINT / "dashboard_page" / "index.html"
    page.unlink()
    result = command("dashboard")
    assert result.exit_code == 0
    assert result.output == f"{page} (1 days)\n"
    assert page.exists()


@pytest.mark.parametrize(
    "option", [("--days", "0"), ("--predictions", "99"), ("--seed", "-1"), ("--days", "many")]
)
def test_a_demo_of_nothing_is_refused(
    command: Command, folder: Path, option: tuple[str, ...]
) -> None:
    result = command("demo", "--folder", str(folder / "demo"), *option)
    assert result.exit_code == 2
    assert f"Invalid value for '{option[0]}'" in result.stderr
    assert not (folder / "demo").exists()


def test_a_demo_does_not_replace_settings_of_somebody_else(command: Command, folder: Path) -> None:
    result = command("demo", "--folder", str(folder))
    assert result.exit_code == 1
    assert "was not written by the demo and would be lost" in result.stderr
    assert (folder / "ml_insights.yaml").read_text() == SETTINGS


@pytest.mark.integration
def test_the_installed_program_ends_in_a_message_and_an_exit_code(folder: Path) -> None:
    program = Path(sys.executable).with_name("ml-insights")
    done = subprocess.run(
        [str(program), "check-config"], capture_output=True, text=True, cwd=folder, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("Error: There is no settings file ml_insights.yaml")
    assert "Traceback" not in done.stderr
