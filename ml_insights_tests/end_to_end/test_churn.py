"""AWS's own example: its figures, its rerun, its labels that come late, its day that is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import dagster as dg
import pytest

from ml_insights.assets.raw_predictions import captured_counts
from ml_insights.contracts import MODEL_QUALITY
from ml_insights.daily_runs import run_day
from ml_insights.errors import MissingInputError
from ml_insights.result_tables import Curve
from ml_insights_tests.capture_data import WrittenRecords
from ml_insights_tests.end_to_end.churn import DAY, ENDPOINT, UNITS, install_churn, settings
from ml_insights_tests.end_to_end.counted import (
    assert_counts_equal_comparing_every_record,
    published_curves,
)
from ml_insights_tests.installation import Installation, install

SAME_BYTES = ("confusion_counts", "precision_recall", "record_balance", "quarantine")
"""Tables that a rerun publishes again to the byte; model_quality names the run that made it."""


class Churn(NamedTuple):
    """The day, computed without disturbance."""

    folder: Path
    written: WrittenRecords
    installation: Installation


@pytest.fixture(scope="module")
def churn(
    real_data: Path,
    tmp_path_factory: pytest.TempPathFactory,
    spark: object,
    instance: dg.DagsterInstance,
) -> Churn:
    assert spark
    folder = tmp_path_factory.mktemp(ENDPOINT)
    written, installation = install_churn(real_data, folder, instance)
    run(installation)
    return Churn(folder, written, installation)


def run(installation: Installation) -> None:
    run_day(installation.definitions, installation.instance, ENDPOINT, DAY)


def quality(installation: Installation) -> dict[str, Any]:
    (row,) = installation.lake.read(ENDPOINT, MODEL_QUALITY, DAY).to_pylist()
    return dict(row)


def manifest(installation: Installation, name: str = "_manifest.json") -> dict[str, Any]:
    partition = Path(installation.lake.partition(ENDPOINT, "raw_predictions", DAY))
    document: dict[str, Any] = json.loads((partition / name).read_text())
    return document


def paths(installation: Installation, name: str = "_manifest.json") -> list[str]:
    """Folders of the named units; each is named after the run that wrote it."""
    return [unit["path"] for unit in manifest(installation, name)["units"]]


def table_bytes(installation: Installation) -> dict[str, bytes]:
    return {table: installation.partition_bytes(ENDPOINT, table, DAY) for table in SAME_BYTES}


def test_areas_are_those_of_the_example_within_the_limits(churn: Churn) -> None:
    row = quality(churn.installation)
    for name, exact in (
        ("average_precision", 0.8645652980039463),
        ("roc_auc", 0.9395127993393889),
    ):
        assert row[f"{name}_limit_low"] <= exact <= row[f"{name}_limit_high"]
        assert row[name] == pytest.approx(exact, abs=1e-3)
    assert (row["positives"], row["predictions"], row["unlabelled"]) == (28, 201, 0)


def test_counts_equal_comparing_every_record(churn: Churn) -> None:
    curves = published_curves(churn.installation, ENDPOINT, [DAY])
    assert_counts_equal_comparing_every_record(
        curves[DAY, Curve("AllTraffic", "1", "all")], churn.written.score, churn.written.label
    )


def test_values_at_the_operating_threshold_are_those_of_the_records(churn: Churn) -> None:
    row = quality(churn.installation)
    above = churn.written.score >= row["operating_grid_threshold"]
    assert row["operating_threshold"] == 0.8
    assert row["operating_true_positives"] == (above & (churn.written.label == 1)).sum()
    assert row["operating_false_positives"] == (above & (churn.written.label == 0)).sum()


def test_a_rerun_of_a_finished_day_publishes_the_same_bytes_and_reads_no_unit_again(
    churn: Churn,
) -> None:
    before, units = table_bytes(churn.installation), paths(churn.installation)
    assert len(units) == UNITS
    run(churn.installation)
    assert table_bytes(churn.installation) == before
    assert paths(churn.installation) == units


def test_late_labels_restate_a_day_without_reading_its_captures_again(
    real_data: Path, tmp_path: Path, instance: dg.DagsterInstance, churn: Churn
) -> None:
    _, installation = install_churn(real_data, tmp_path, instance)
    late = tmp_path / "late"
    late.mkdir()
    held_back = sorted((tmp_path / "ground_truth").rglob("*.jsonl"))[12:]
    for number, path in enumerate(held_back):
        path.rename(late / f"{number}")
    run(installation)
    early, units = quality(installation), paths(installation)
    assert early["provisional"]
    assert 0 < early["label_coverage"] < 0.9

    for number, path in enumerate(held_back):
        (late / f"{number}").rename(path)
        os.utime(path)
    run(installation)
    restated, full = quality(installation), quality(churn.installation)
    assert restated["label_coverage"] == 1.0
    assert not restated["provisional"]
    assert restated["labels_as_of"] > early["labels_as_of"]
    assert restated["average_precision"] == full["average_precision"]
    assert paths(installation) == units


def start_and_kill_amid_units(folder: Path, installation: Installation, finished: int) -> None:
    """Run the day in a process of its own; kill it, and its Java, once so many units stand."""
    program = "from ml_insights.cli import main; main()"
    options = ["--settings", str(folder / "ml_insights.yaml"), "--from", f"{DAY}"]
    process = subprocess.Popen(
        [sys.executable, "-c", program, "run", *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    path = Path(installation.lake.partition(ENDPOINT, "raw_predictions", DAY)) / "_progress.json"
    deadline = time.monotonic() + 120
    while not (path.exists() and len(paths(installation, "_progress.json")) >= finished):
        assert process.poll() is None, process.stderr and process.stderr.read().decode()
        assert time.monotonic() < deadline, "no unit was published"
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL


def test_a_killed_day_continues_after_its_last_finished_unit_and_ends_as_if_undisturbed(
    churn: Churn, instance: dg.DagsterInstance
) -> None:
    text = settings(lake="./lake_of_the_killed")
    killed = install(churn.folder, text, instance)
    start_and_kill_amid_units(churn.folder, killed, finished=2)

    finished = paths(killed, "_progress.json")
    assert 2 <= len(finished) < UNITS
    partition = Path(killed.lake.partition(ENDPOINT, "raw_predictions", DAY))
    assert not list(partition.glob(".*.crc")), "what is replaced in one step has no second file"
    assert killed.published(ENDPOINT, DAY) == set()
    with pytest.raises(MissingInputError, match=r"is not there: the upstream partition is not"):
        captured_counts(killed.scope(ENDPOINT), killed.lake, DAY)

    run(killed)
    assert paths(killed)[: len(finished)] == finished
    assert table_bytes(killed) == table_bytes(churn.installation)
    assert manifest(killed)["digest"] == manifest(churn.installation)["digest"]
    left = {str(path.relative_to(partition)) for path in partition.glob("unit=*/run=*")}
    assert len(left - set(paths(killed))) <= 1, "the unit that was being written"
