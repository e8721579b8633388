"""The part of the package that travels to a Spark cluster needs nothing that is not there."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import ml_insights
from ml_insights import cluster_archive
from ml_insights.cluster_archive import build_archive, sources

PACKAGE = Path(ml_insights.__file__).parent
SOURCES = [path for path in sources() if path.suffix == ".py"]
WITHOUT_SPARK = (
    "ml_insights.columns",
    "ml_insights.contracts",
    "ml_insights.metrics.thresholds",
    "ml_insights.spark.arguments",
    "ml_insights.spark.decimal_number",
    "ml_insights.spark.json_path",
    "ml_insights.spark.messages",
    "ml_insights.spark.outcome",
)
ABSENT = ("dagster", "boto3", "numpy", "pandas", "pyarrow", "pydantic", "yaml", "altair")

IMPORT_ALL = """
import importlib, sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ABSENT:
            raise ModuleNotFoundError("not on the cluster: " + name, name=name)

ABSENT, ARCHIVE, NAMES = {absent!r}, {archive!r}, {names!r}
sys.meta_path.insert(0, Absent())
sys.path.insert(0, ARCHIVE)
for name in NAMES:
    assert importlib.import_module(name).__file__.startswith(ARCHIVE), name
"""


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def run(program: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program, *arguments], capture_output=True, text=True, cwd=folder, check=False
    )


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive, as a cluster gets it."""
    built = build_archive()
    path = tmp_path_factory.mktemp("cluster") / built.archive_name
    path.write_bytes(built.archive)
    return path


@pytest.fixture(scope="module")
def python_3_9() -> str:
    """A Python 3.9 that runs, on the PATH or among pyenv's versions."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    found = [shutil.which("python3.9"), *map(str, pyenv.glob("versions/3.9*/bin/python3.9"))]
    for program in filter(None, found):
        if run(program, "--version", folder=Path.cwd()).returncode == 0:
            return program
    pytest.skip("there is no Python 3.9 here")


def test_the_archive_imports_where_only_pyspark_is_installed(archive: Path) -> None:
    names = [module_name(source) for source in SOURCES]
    program = IMPORT_ALL.format(absent=ABSENT, archive=str(archive), names=names)
    done = run(sys.executable, "-c", program, folder=archive.parent)
    assert done.returncode == 0, done.stderr


def test_sources_keep_to_the_grammar_of_python_3_9() -> None:
    for source in SOURCES:
        ast.parse(source.read_text(encoding="utf-8"), str(source), feature_version=(3, 9))


def test_sources_compile_with_python_3_9(python_3_9: str, tmp_path: Path) -> None:
    copies = [shutil.copy(path, tmp_path / f"{n}.py") for n, path in enumerate(SOURCES)]
    done = run(python_3_9, "-m", "py_compile", *map(str, copies), folder=tmp_path)
    assert done.returncode == 0, done.stderr


def test_modules_without_spark_run_on_python_3_9(python_3_9: str, archive: Path) -> None:
    program = IMPORT_ALL.format(absent=ABSENT, archive=str(archive), names=WITHOUT_SPARK)
    done = run(python_3_9, "-c", program, folder=archive.parent)
    assert done.returncode == 0, done.stderr


def test_the_same_sources_give_the_same_bytes_under_the_same_name(archive: Path) -> None:
    again = build_archive()
    assert archive.read_bytes() == again.archive
    assert archive.name == again.archive_name == f"ml_insights-{again.digest}.zip"


def test_the_name_follows_the_content(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = build_archive()
    monkeypatch.setattr(cluster_archive, "TRAVELLING", cluster_archive.TRAVELLING[:-1])
    part = build_archive()
    assert part.archive_name != whole.archive_name


def test_entries_carry_no_trace_of_the_machine_that_zipped_them(archive: Path) -> None:
    with zipfile.ZipFile(archive) as zipped:
        entries = zipped.infolist()
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.external_attr >> 16 for entry in entries} == {0o644}
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)


def test_the_program_is_the_one_in_the_archive(archive: Path) -> None:
    with zipfile.ZipFile(archive) as zipped:
        assert zipped.read("ml_insights/spark/job.py") == build_archive().program


def test_the_native_readers_sources_are_found_in_the_archive(archive: Path) -> None:
    program = (
        f"import sys; sys.path.insert(0, {str(archive)!r}); from importlib.resources import files;"
        "folder = files('ml_insights.spark').joinpath('java');"
        "print(*sorted(path.name for path in folder.iterdir()))"
    )
    done = run(sys.executable, "-c", program, folder=archive.parent)
    assert done.stdout.split() == sorted(path.name for path in (PACKAGE / "spark/java").iterdir())
