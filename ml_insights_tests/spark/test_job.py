"""The program of a cluster job turns whatever happens into one outcome and an exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from py4j.protocol import Py4JError

from ml_insights.errors import MissingInputError, StorageError
from ml_insights.spark import job
from ml_insights.spark.arguments import (
    CSV,
    CaptureFormat,
    RawPredictionsArguments,
    ValueForm,
    packed,
    to_json,
)
from ml_insights.spark.failures import spark_error
from ml_insights.spark.outcome import error_of

ARGUMENTS = RawPredictionsArguments(
    day="2026-10-01",
    capture_root="/nowhere",
    output="/nowhere/out",
    capture=CaptureFormat((ValueForm(CSV, index=0),), positive_label="{{1}}"),
    max_files=1000,
    max_bytes=10**9,
    run_id="run-1",
)
COMMAND = ["--job", "raw_predictions", "--arguments", packed(to_json(ARGUMENTS))]


class Session:
    """Takes the place of a Spark session; knows only how to end."""

    stopped = False

    def stop(self) -> None:
        self.stopped = True


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Session:
    made = Session()
    builder = SimpleNamespace(appName=lambda _: SimpleNamespace(getOrCreate=lambda: made))
    monkeypatch.setattr(job, "SparkSession", SimpleNamespace(builder=builder))
    monkeypatch.setattr(job, "prepare", lambda spark: spark)
    monkeypatch.setattr(job, "core_seconds", lambda _: 60.0)
    return made


@pytest.fixture
def outcome_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where the outcome goes; the file system of Spark is the local one."""

    class Files:
        def __init__(self, _spark: object, _root: str) -> None:
            pass

        def write_json(self, file: str, document: dict[str, Any]) -> None:
            Path(file).write_text(json.dumps(document))

        def read_json(self, file: str) -> Any:
            return json.loads(Path(file).read_text()) if Path(file).exists() else None

    monkeypatch.setattr(job, "Files", Files)
    return tmp_path / "outcome.json"


def run(
    monkeypatch: pytest.MonkeyPatch, outcome: Path, step: Callable[..., Any], command: list[str]
) -> tuple[int, dict[str, Any]]:
    monkeypatch.setattr(job, "run_step", step)
    code = job.main([*command, "--outcome", str(outcome)])
    return code, json.loads(outcome.read_text())


def failing(error: Exception) -> Callable[..., Any]:
    def step(*_: object) -> None:
        raise error

    return step


def test_a_job_that_succeeds_leaves_its_report_and_ends_with_0(
    session: Session, outcome_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Any] = []

    def step(_spark: object, arguments: Any, report: Callable[[str], None]) -> dict[str, int]:
        given.append(arguments)
        report("half of it")
        return {"rows": 3}

    code, outcome = run(monkeypatch, outcome_file, step, COMMAND)
    assert (code, given) == (0, [ARGUMENTS])
    assert (outcome["status"], outcome["report"]) == ("succeeded", {"rows": 3})
    assert (outcome["output"], outcome["core_seconds"]) == ("/nowhere/out", 60.0)
    assert session.stopped


@pytest.mark.parametrize(
    ("error", "kind", "words", "retryable"),
    [
        (MissingInputError("no captured object"), "MissingInputError", "no captured", False),
        (Py4JError("Caused by: java.io.IOException: gone"), "SparkJobError", "gone", True),
        (KeyError("day"), "SparkJobError", "unexpected KeyError: 'day'", False),
    ],
)
@pytest.mark.usefixtures("session")
def test_every_failure_leaves_its_reason_and_ends_with_1(
    outcome_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    kind: str,
    words: str,
    *,
    retryable: bool,
) -> None:
    code, outcome = run(monkeypatch, outcome_file, failing(error), COMMAND)
    assert (code, outcome["error"], outcome["retryable"]) == (1, kind, retryable)
    assert words in str(error_of(outcome))


@pytest.mark.usefixtures("session")
def test_long_arguments_come_from_a_file(
    outcome_file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "arguments.json"
    command = ["--job", "raw_predictions", "--arguments-file", str(file)]
    code, outcome = run(monkeypatch, outcome_file, failing(AssertionError()), command)
    assert code == 1
    assert "are not at" in outcome["message"]
    file.write_text(to_json(ARGUMENTS))
    given: list[Any] = []

    def step(_spark: object, arguments: Any, _report: object) -> dict[str, int]:
        given.append(arguments)
        return {}

    assert run(monkeypatch, outcome_file, step, command)[0] == 0
    assert given == [ARGUMENTS]


@pytest.mark.parametrize(
    "command", [[], ["--job", "other"], COMMAND[:2], [*COMMAND, "--arguments-file", "x"]]
)
def test_a_command_line_that_says_too_little_or_too_much_is_refused(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        job.main(command)
    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_a_packed_argument_has_nothing_that_yarn_or_a_shell_replaces() -> None:
    assert "{{1}}" in to_json(ARGUMENTS)
    assert not set(packed(to_json(ARGUMENTS))) & set("{}$\"'` \\")


def test_a_right_that_the_job_lacks_is_not_tried_again() -> None:
    trace = ": java.nio.file.AccessDeniedException: s3://b/k: PUT: Access Denied; Status Code: 403"
    error = spark_error(Py4JError(trace))
    assert isinstance(error, StorageError)
    assert not error.retryable
    assert "iam-policy" in str(error)
    assert StorageError.retryable
