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

PACKAGE = Path(ml_insights.__file__).parent
SOURCES = (
    *(PACKAGE / name for name in ("__init__.py", "errors.py", "contracts.py")),
    *(PACKAGE / "metrics" / name for name in ("__init__.py", "thresholds.py")),
    *sorted((PACKAGE / "spark").glob("*.py")),
)
WITHOUT_SPARK = (
    "ml_insights.contracts",
    "ml_insights.metrics.thresholds",
    "ml_insights.spark.arguments",
    "ml_insights.spark.json_path",
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
    """The sources, zipped alone."""
    path = tmp_path_factory.mktemp("cluster") / "ml_insights.zip"
    with zipfile.ZipFile(path, "w") as zipped:
        for source in SOURCES:
            zipped.write(source, source.relative_to(PACKAGE.parent))
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
