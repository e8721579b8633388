"""`make demo-aws AGAIN=1`: the demo on the aws deployment; a second time changes nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.cluster

DAYS = 2


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Where the demo ran, in a process of its own, and what it printed."""
    folder = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-m", "ml_insights_tests.aws.demo", "--again"]
    options = {"folder": folder, "days": DAYS, "predictions": 300, "port": 0}
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    done = subprocess.run([*command, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder, done.stdout


def test_all_days_are_published_and_the_same_again_changes_nothing(told: tuple[Path, str]) -> None:
    _, printed = told
    assert f"{DAYS} days on s3://" in printed
    assert "The same days again created nothing and changed nothing." in printed


def test_what_quicksight_holds_is_written_down(told: tuple[Path, str]) -> None:
    folder, _ = told
    held = {path.name for path in (folder / "quicksight").iterdir()}
    assert "rights.json" in held
    assert len([name for name in held if name.endswith(".csv")]) == 9
