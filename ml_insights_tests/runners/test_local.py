"""What the local runner makes of Spark's answers: one session, and errors a user can act on."""

from __future__ import annotations

import gzip
import logging
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import numpy as np
import pytest
from py4j.protocol import Py4JError, Py4JNetworkError

from ml_insights.capture_files import capture_record, csv_response, write_capture_files
from ml_insights.errors import (
    DamagedFileError,
    MissingInputError,
    MlInsightsError,
    SparkJobError,
    StorageError,
)
from ml_insights.runners import LocalSparkRunner
from ml_insights.spark import job
from ml_insights.spark.arguments import (
    CSV,
    CaptureFormat,
    ConfusionCountsArguments,
    RawPredictionsArguments,
    ValueForm,
)
from ml_insights.spark.session import REQUIRED

if TYPE_CHECKING:
    import dagster as dg
    from pyspark.sql import SparkSession

ARGUMENTS = RawPredictionsArguments(
    day="2026-10-01",
    capture_root="/nowhere",
    output="/nowhere",
    capture=CaptureFormat((ValueForm(CSV, index=0),), positive_label="1"),
    max_files=1000,
    max_bytes=10**9,
    run_id="run-1",
)
CONTEXT = cast("dg.AssetExecutionContext", SimpleNamespace(log=logging.getLogger(__name__)))

Step = Callable[..., dict[str, Any]]


@pytest.fixture
def runner(tmp_path: Path) -> LocalSparkRunner:
    return LocalSparkRunner(driver_memory="1g", cores=2, work_folder=str(tmp_path))


def run_instead(monkeypatch: pytest.MonkeyPatch, step: Step) -> None:
    """Put a step in the place of the one that compacts a day."""
    monkeypatch.setattr(job, "compact_day", step)


def failing(error: Exception) -> Step:
    def step(*_: object) -> dict[str, Any]:
        raise error

    return step


@pytest.fixture
def no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LocalSparkRunner, "session", lambda _: None)


@pytest.mark.spark
def test_all_runners_of_a_process_share_one_prepared_session(
    spark: SparkSession, runner: LocalSparkRunner
) -> None:
    spark.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
    session = runner.session()
    assert session.sparkContext.applicationId == spark.sparkContext.applicationId
    assert {key: session.conf.get(key) for key in REQUIRED} == REQUIRED


@pytest.mark.spark
def test_the_innermost_reason_of_spark_is_told(
    spark: SparkSession, runner: LocalSparkRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = "SELECT assert_true(id < 5, 'the hour is out of joint') FROM range(10)"
    run_instead(monkeypatch, lambda *_: {"rows": spark.sql(query).collect()})
    with pytest.raises(SparkJobError, match="the hour is out of joint") as caught:
        runner.run(CONTEXT, ARGUMENTS)
    assert "\n" not in str(caught.value)
    assert "a rerun continues after it" in str(caught.value)


CALL = (
    "An error occurred while calling o1.parquet.\n: java.io.IOException: Job aborted.\n\tat here\n"
)
CAUSES = (
    "Caused by: org.apache.spark.SparkException: Task failed\n\tat there\n"
    "Caused by: java.io.FileNotFoundException: part-0 is gone\n\tat elsewhere\n"
)


@pytest.mark.usefixtures("no_session")
@pytest.mark.parametrize(
    ("trace", "reason"),
    [
        (CALL + CAUSES, "java.io.FileNotFoundException: part-0 is gone"),
        (CALL, "java.io.IOException: Job aborted"),
        ("Answer from Java side is empty", "Answer from Java side is empty"),
        ("", "Py4JError"),
    ],
)
def test_the_last_cause_of_a_trace_is_the_reason(
    runner: LocalSparkRunner, monkeypatch: pytest.MonkeyPatch, trace: str, reason: str
) -> None:
    run_instead(monkeypatch, failing(Py4JError(trace)))
    with pytest.raises(SparkJobError) as caught:
        runner.run(CONTEXT, ARGUMENTS)
    assert str(caught.value).startswith(f"Spark failed: {reason}. The whole trace")


@pytest.mark.usefixtures("no_session")
@pytest.mark.parametrize(
    "error", [ConnectionRefusedError(111, "refused"), Py4JNetworkError("empty answer")]
)
def test_a_spark_process_that_died_is_not_tried_again_in_the_same_run(
    runner: LocalSparkRunner, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    run_instead(monkeypatch, failing(error))
    with pytest.raises(SparkJobError, match="the local Spark process has ended") as caught:
        runner.run(CONTEXT, ARGUMENTS)
    assert not caught.value.retryable
    assert SparkJobError.retryable


def test_a_work_folder_that_cannot_be_is_named_before_spark_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ml_insights.runners.local.SparkSession.getActiveSession", lambda: None)
    (tmp_path / "lake").write_text("a file")
    work = tmp_path / "lake" / "spark"
    runner = LocalSparkRunner(driver_memory="1g", cores=2, work_folder=str(work))
    with pytest.raises(StorageError, match=f"cannot write its files: .*{work}"):
        runner.run(CONTEXT, ARGUMENTS)


@pytest.mark.usefixtures("no_session")
def test_a_disk_that_is_full_before_spark_can_begin_is_a_storage_error(
    runner: LocalSparkRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_instead(monkeypatch, failing(OSError(28, "No space left on device", "classes.jar")))
    with pytest.raises(StorageError, match=r"No space left.*classes\.jar.*Free space"):
        runner.run(CONTEXT, ARGUMENTS)


@pytest.mark.usefixtures("no_session")
def test_errors_of_the_steps_themselves_pass_unchanged(
    runner: LocalSparkRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    error: MlInsightsError = MissingInputError("no captured object")
    run_instead(monkeypatch, failing(error))
    with pytest.raises(MissingInputError) as caught:
        runner.run(CONTEXT, ARGUMENTS)
    assert caught.value is error


@pytest.mark.usefixtures("no_session")
def test_arguments_decide_which_step_runs(
    runner: LocalSparkRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("compact_day", "count_day"):
        monkeypatch.setattr(job, name, lambda *_, name=name: {"ran": name})
    counting = cast("ConfusionCountsArguments", SimpleNamespace(output="/nowhere"))
    assert runner.run(CONTEXT, ARGUMENTS).report == {"ran": "compact_day"}
    assert runner.run(CONTEXT, counting).report == {"ran": "count_day"}


@pytest.mark.spark
@pytest.mark.usefixtures("spark")
@pytest.mark.parametrize(
    ("half", "reason"), [(True, "Unexpected end of input stream"), (False, "not a gzip file")]
)
def test_a_damaged_object_is_named_and_not_tried_again(
    runner: LocalSparkRunner, tmp_path: Path, half: bool, reason: str
) -> None:
    folder = tmp_path / "capture/champion/2026/10/01/07"
    folder.mkdir(parents=True)
    whole = gzip.compress(b"{}\n" * 1000)
    (folder / "07 a.b.jsonl.gz").write_bytes(whole[: len(whole) // 2] if half else b"plain text")
    arguments = replace(
        ARGUMENTS, capture_root=str(tmp_path / "capture"), output=str(tmp_path / "dt=2026-10-01")
    )
    with pytest.raises(DamagedFileError, match=reason) as caught:
        runner.run(CONTEXT, arguments)
    assert "champion/2026/10/01/07/07%20a.b.jsonl.gz is damaged: java.io." in str(caught.value)
    assert not caught.value.retryable


READING = (
    "An error occurred while calling o1.parquet.\n: org.apache.spark.SparkException: "
    "[FAILED_READ_FILE.NO_HINT] Encountered error while reading file s3://b/07/x y.parquet.  "
    "SQLSTATE: KD001\n\tat here\n"
)


@pytest.mark.usefixtures("no_session")
def test_a_file_that_a_retry_may_read_is_named_and_tried_again(
    runner: LocalSparkRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    cause = "Caused by: java.net.SocketTimeoutException: Read timed out\n"
    run_instead(monkeypatch, failing(Py4JError(READING + cause)))
    with pytest.raises(SparkJobError) as caught:
        runner.run(CONTEXT, ARGUMENTS)
    assert str(caught.value).startswith(
        "Spark failed at s3://b/07/x y.parquet: java.net.SocketTimeoutException: Read timed out. "
    )
    assert caught.value.retryable


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 KB; needs the right to mount."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        pytest.skip("mounting a small disk is not allowed here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.spark
@pytest.mark.usefixtures("spark")
def test_a_disk_that_fills_is_a_storage_error_and_a_rerun_with_space_completes_the_day(
    small_disk: Path, tmp_path: Path, runner: LocalSparkRunner
) -> None:
    rng = np.random.default_rng(7)
    start = datetime(2026, 10, 1, tzinfo=UTC)
    lines = [
        (
            start + timedelta(seconds=n),
            capture_record(
                event_id=str(UUID(bytes=rng.bytes(16), version=4)),
                time=start,
                response=csv_response([float(rng.random())]),
            ).encode(),
        )
        for n in range(20_000)
    ]
    write_capture_files(tmp_path / "capture" / "champion", lines)
    output = small_disk / "dt=2026-10-01"
    arguments = replace(
        ARGUMENTS, capture_root=str(tmp_path / "capture"), output=str(output), max_files=1
    )
    with pytest.raises(StorageError, match=r"disk is full .*No space left on device") as caught:
        runner.run(CONTEXT, arguments)
    assert caught.value.retryable
    assert "it continues after the last finished unit" in str(caught.value)
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    manifest = runner.run(CONTEXT, replace(arguments, run_id="run-2")).report
    assert sum(unit["rows"] for unit in manifest["units"]) == 20_000
    found = {str(run.relative_to(output)) for run in output.glob("unit=*/run=*")}
    assert found == {unit["path"] for unit in manifest["units"]}
