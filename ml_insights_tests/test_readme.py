"""What README and docs name is there: files, make targets, commands, settings, checks, assets."""

from __future__ import annotations

import importlib
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ml_insights import checks
from ml_insights.cli import main
from ml_insights.contracts import TABLES
from ml_insights.decisions.tables import DECISION_TABLES
from ml_insights.settings import load_settings

REPOSITORY = Path(__file__).parent.parent
README = REPOSITORY / "README.md"
DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "benchmarks/*.md")
    for path in REPOSITORY.glob(pattern)
)

LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
PATH = re.compile(r"(?:ml_insights|ml_insights_tests|docs|benchmarks|\.ci)/[\w./-]*")
MODULE = re.compile(r"ml_insights(?:\.[A-Za-z_]\w*)+")
TARGET = re.compile(r"\bmake (?:[A-Z]+=\S+ )?([a-z]+)\b")


def text(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def code(document: Path) -> Iterator[str]:
    """Pieces of code: spans, and the lines of shell blocks without their comments."""
    prose = FENCE.sub("", text(document))
    yield from CODE.findall(prose)
    for language, block in FENCE.findall(text(document)):
        if language in ("sh", "bash"):
            yield from (line.partition("#")[0].strip() for line in block.splitlines())


def make_targets() -> set[str]:
    makefile = text(REPOSITORY / "Makefile")
    return set(re.findall(r"^([a-z]+):(?!=)", makefile, re.MULTILINE))


def commands(pieces: Iterator[str]) -> list[list[str]]:
    """Calls of the command line, as words."""
    return [
        shlex.split(piece.replace("<", "").replace(">", ""))[1:]
        for piece in pieces
        if piece.startswith("ml-insights ")
    ]


def assert_is_a_call(words: list[str]) -> None:
    """The command exists, and so does every option."""
    command = main.commands.get(words[0])
    assert command is not None or words[0].startswith("-"), words
    if command is not None:
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known, words


def is_there(module: str) -> bool:
    """Whether a dotted name is a module or something in one."""
    path, _, attribute = module.rpartition(".")
    try:
        importlib.import_module(module)
    except ModuleNotFoundError:
        return hasattr(importlib.import_module(path), attribute)
    return True


def test_there_is_a_readme() -> None:
    assert README in DOCUMENTS


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files_of_the_repository(document: Path) -> None:
    targets = [link for link in LINK.findall(text(document)) if "://" not in link]
    paths = {target.partition("#")[0] for target in targets} - {""}
    assert [path for path in sorted(paths) if not (document.parent / path).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_paths_and_modules_that_are_named_exist(document: Path) -> None:
    pieces = list(code(document))
    paths = [piece for piece in pieces if PATH.fullmatch(piece)]
    assert [path for path in paths if not (REPOSITORY / path).exists()] == []
    modules = [piece for piece in pieces if MODULE.fullmatch(piece) and not _is_a_file(piece)]
    assert [module for module in modules if not is_there(module)] == []


def _is_a_file(piece: str) -> bool:
    return piece.endswith((".yaml", ".zip"))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_make_targets_that_are_named_exist(document: Path) -> None:
    named = {target for piece in code(document) for target in TARGET.findall(piece)}
    assert named - make_targets() == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_that_are_named_exist_with_their_options(document: Path) -> None:
    for words in commands(code(document)):
        assert_is_a_call(words)


def test_readme_shows_the_two_commands_that_do_everything() -> None:
    pieces = " ".join(code(README))
    assert "make demo" in pieces
    assert "make test" in pieces


def test_readme_lists_every_asset() -> None:
    rows = re.findall(r"^\| ((?:`\w+`,? ?)+)\|", text(README), re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    views = {"dashboard_page", "quicksight_dataset", "quicksight_dashboard"}
    assert named == {*TABLES, *DECISION_TABLES} | views


def test_settings_in_the_readme_are_legal(tmp_path: Path) -> None:
    blocks = [block for language, block in FENCE.findall(text(README)) if language == "yaml"]
    assert blocks
    for number, block in enumerate(blocks):
        path = tmp_path / f"{number}.yaml"
        path.write_text(block, encoding="utf-8")
        assert load_settings(path, environ={}).endpoints


def test_checks_that_the_docs_explain_are_those_there_are() -> None:
    operations = text(REPOSITORY / "docs" / "operations.md")
    named = re.findall(r"^\| check `(\w+)`", operations, re.MULTILINE)
    assert named
    assert [name for name in named if not hasattr(checks, name)] == []


def test_makefile_explains_every_target_and_calls_commands_that_exist() -> None:
    if shutil.which("make") is None:
        pytest.skip("there is no make here")
    explained = _make("help")
    for target in make_targets():
        assert re.search(rf"^ +{target} ", explained, re.MULTILINE), target
    recipe = _make("-n", "demo")
    calls = re.findall(r"\bml-insights (.+)$", recipe, re.MULTILINE)
    assert calls
    for call in calls:
        assert_is_a_call(shlex.split(call))


def _make(*arguments: str) -> str:
    return subprocess.run(
        ["make", *arguments], capture_output=True, text=True, cwd=REPOSITORY, check=True
    ).stdout


def test_every_command_explains_itself() -> None:
    assert [name for name, command in main.commands.items() if not command.help] == []
