"""`ml-insights plan` and `ml-insights package` say what they did, and what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from ml_insights.cli import main
from ml_insights.cluster_archive import build_archive
from ml_insights.sizing.quantities import BYTES, NUMBERS, SECONDS, quantity

PLAN = ["plan", "--bytes", "150TB", "--objects", "1.1M", "--deadline", "3h"]


def test_a_plan_shows_measurements_cluster_requests_and_prices(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    shown = CliRunner().invoke(main, [*PLAN, "--curves", "20"]).output
    for words in ("measured on", "core-hours", "nodes", "GET/s", "shuffle", "a curve", "as of"):
        assert words in shown


@pytest.mark.parametrize(
    ("option", "value", "problem"),
    [
        ("--bytes", "150 parsecs", "is not a number with a unit"),
        ("--deadline", "3", "is not a number with a unit"),
        ("--deadline", "5m", "leaves no time"),
        ("--objects", "0", "must be above 0"),
        ("--prices", "none.yaml", "does not exist"),
    ],
)
def test_a_plan_that_cannot_be_made_says_why(option: str, value: str, problem: str) -> None:
    done = CliRunner().invoke(main, [*PLAN, option, value])
    assert done.exit_code
    assert problem in " ".join(done.output.split())


def test_package_writes_the_archive_that_runs_upload(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["package", "--to", str(tmp_path / "dist")])
    built = build_archive()
    assert (tmp_path / "dist" / built.archive_name).read_bytes() == built.archive
    assert (tmp_path / "dist" / built.program_name).read_bytes() == built.program
    assert built.archive_name in done.output


@pytest.mark.parametrize(
    ("text", "units", "value"),
    [
        ("150TB", BYTES, 150e12),
        ("1,100,000", NUMBERS, 1_100_000),
        ("37.5m", NUMBERS, 37.5e6),
        ("45m", SECONDS, 2700),
        ("3 H", SECONDS, 10_800),
    ],
)
def test_quantities_are_read_as_people_write_them(
    text: str, units: dict[str, float], value: float
) -> None:
    assert quantity(text, units) == value
