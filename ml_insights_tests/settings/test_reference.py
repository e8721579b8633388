"""The manual and the example file say what the code does."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest
import yaml

from ml_insights.settings import load_settings
from ml_insights.settings.model import Settings
from ml_insights.settings.reference import NAME, KeyPath, Setting, reference
from ml_insights_tests.settings.conftest import Load

ROOT = Path(__file__).parents[2]
MANUAL = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
EXAMPLE = ROOT / "ml_insights.example.yaml"
ROWS = reference(Settings)


def test_the_tables_of_the_manual_are_those_of_the_code(
    capsys: pytest.CaptureFixture[str],
) -> None:
    runpy.run_module("ml_insights.settings", run_name="__main__")
    tables = capsys.readouterr().out
    assert tables in MANUAL, "renew them: python -m ml_insights.settings"
    assert all(f"| `{path[-1]}` |" in tables for path in ROWS if path and path[-1] != NAME)


def test_the_yaml_of_the_manual_is_legal(load: Load) -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", MANUAL, re.DOTALL)
    assert load(block).endpoints


def test_the_variables_of_the_manual_are_legal(load: Load) -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", MANUAL, re.DOTALL)
    variables = re.findall(r"\| `(ML_INSIGHTS__\w+)='?([^`']+)'?` \|", MANUAL)
    settings = load(block, dict(variables))
    assert len(variables) == 4
    assert settings.grid.bits == 8
    assert settings.endpoints["fraud-detector"].owners == ("team:risk",)


@pytest.mark.parametrize(("path", "row"), [(path, row) for path, row in ROWS.items() if path])
def test_every_setting_is_described(path: KeyPath, row: Setting) -> None:
    assert row.meaning
    assert row.legal
    assert row.default
    assert row.unit or row.type not in ("number", "whole number")
    assert "|" not in row.meaning + row.legal


def test_every_default_of_the_manual_is_the_one_that_applies(load: Load) -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", MANUAL, re.DOTALL)
    variables = {
        "ML_INSIGHTS__" + "__".join(path).replace(NAME, "fraud_detector").upper(): row.default
        for path, row in ROWS.items()
        if row.default not in ("required", "optional", "none")
        # A section with keys that must be given is not there by a default alone.
        and "business" not in path
    }
    assert len(variables) > 10
    assert load(block, variables) == load(block)


def test_the_example_is_legal_and_shows_every_setting() -> None:
    settings = load_settings(EXAMPLE, {})
    text = EXAMPLE.read_text(encoding="utf-8")
    keys = {path[-1] for path in ROWS if path and path[-1] != NAME}
    assert [key for key in keys if not re.search(rf"\b{key}:", text)] == []
    assert settings.deployment == "local"


def test_the_example_repeats_the_defaults_it_claims_to_repeat(load: Load) -> None:
    claimed = EXAMPLE.read_text(encoding="utf-8").split("# What follows are the defaults")[1]
    given = yaml.safe_load(claimed.split("\n", maxsplit=1)[1])
    example, bare = load_settings(EXAMPLE, {}), load()
    assert {key: getattr(example, key) for key in given} == {
        key: getattr(bare, key) for key in given
    }


def test_a_new_endpoint_takes_about_ten_lines() -> None:
    first = EXAMPLE.read_text(encoding="utf-8").split("  fraud-detector:")[1].split("\n\n")[0]
    assert len(first.split("\n")) <= 10


def test_settings_that_messages_name_exist() -> None:
    """What looks like a setting in backticks or bare advice, `section.key`, is one."""
    sections = {path[0] for path in ROWS if len(path) > 1}
    known = {path[:length] for path in ROWS for length in range(1, len(path) + 1)}
    named = re.compile(rf"`((?:{'|'.join(sorted(sections))})(?:\.[a-z_]+)+)`")
    sources = sorted((ROOT / "ml_insights").rglob("*.py"))
    found = {
        (source.name, text)
        for source in sources
        for text in named.findall(source.read_text(encoding="utf-8"))
        if not (ROOT / "ml_insights" / Path(*text.split("."))).with_suffix(".py").exists()
    }
    assert found
    assert sorted(one for one in found if tuple(one[1].split(".")) not in known) == []
