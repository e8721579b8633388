"""The benchmarks' input is a real day of capture, their accounting is right, their page renders."""

from __future__ import annotations

import gzip
import json
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from benchmarks import beside, curve_window, table_speed
from benchmarks.__main__ import options
from benchmarks.capture_day import CaptureDay
from benchmarks.curve_speed import compare
from benchmarks.days import SizedDay, write_days
from benchmarks.experiment import PER_DAY, SESSION, STEP_1, Measurement
from benchmarks.process_tree import Cost, MeasurementError, measure
from benchmarks.read_loop import capture_files, count_lines
from benchmarks.report import markdown_table, render, typical_costs
from benchmarks.runner_overhead import Turn, table
from benchmarks.warm_process import WarmProcess
from ml_insights.decisions.tables import DECISION_TABLES
from ml_insights_tests.capture_data import CAPTURE_LAYOUT, LABEL_LAYOUT, lines_below

LINES = 960
SPIN = "import time; end = time.process_time() + {}\nwhile time.process_time() < end: pass"


def test_every_table_that_python_makes_of_counts_is_measured() -> None:
    measured = table_speed.measure(curves=3, records=500, replicates=0)
    made = {*DECISION_TABLES, "confusion_counts", "precision_recall", "model_quality"}
    assert set(measured) == made
    assert all(seconds > 0 for seconds in measured.values())


@pytest.mark.integration
def test_a_window_is_asked_for_as_a_user_does() -> None:
    bins, costs = curve_window.measure(days=9, slices=9, runs=1, records=100)
    assert 20 < bins < 100
    assert len(costs) == 4
    assert all(cost.cpu_seconds > 0 for (cost,) in costs.values())


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> list[SizedDay]:
    return write_days(tmp_path_factory.mktemp("benchmark"), lines=LINES, label_share=0.25)


def test_the_synthetic_day_has_sagemakers_layout_and_lines_of_one_kilobyte(
    days: list[SizedDay],
) -> None:
    day = days[-1]
    lines = lines_below(day.folder / "capture", CAPTURE_LAYOUT)
    records = [json.loads(line) for line in lines]
    assert len(lines) == LINES
    assert {len(line) + 1 for line in lines} == {day.captured_bytes // LINES}
    assert 900 <= day.captured_bytes / LINES <= 1100
    scores = [float(record["captureData"]["endpointOutput"]["data"]) for record in records]
    assert all(0 <= score <= 1 for score in scores)
    assert len(set(scores)) == LINES
    hours = Counter(record["eventMetadata"]["inferenceTime"][:13] for record in records)
    assert len(hours) == 24
    assert set(hours.values()) == {LINES // 24}


def test_the_synthetic_labels_belong_to_captured_events(days: list[SizedDay]) -> None:
    captured = lines_below(days[-1].folder / "capture", CAPTURE_LAYOUT)
    labels = lines_below(days[-1].folder / "ground_truth", LABEL_LAYOUT)
    events = {json.loads(line)["eventMetadata"]["eventId"] for line in captured}
    labelled = [json.loads(line)["eventMetadata"]["eventId"] for line in labels]
    assert len(set(labelled)) == len(labelled)
    assert set(labelled) < events
    assert len(labelled) / LINES == pytest.approx(0.25, abs=0.07)


def test_smaller_days_are_parts_of_the_largest(days: list[SizedDay]) -> None:
    assert [day.lines for day in days] == [LINES // 4, LINES // 2, LINES]
    for day in days:
        files = capture_files(day.folder)
        assert len(files) == 24 * day.times
        assert sum(file.stat().st_size for file in files) == day.captured_bytes
        assert count_lines(files) == day.lines
    labels = [set(lines_below(day.folder / "ground_truth", LABEL_LAYOUT)) for day in days]
    assert labels[0] < labels[1] < labels[2]


def test_a_day_is_not_written_over_another(days: list[SizedDay]) -> None:
    with pytest.raises(FileExistsError, match="choose another folder"):
        CaptureDay(days[0].folder, LINES).write()


def test_cost_includes_processes_that_the_command_starts() -> None:
    held = 60_000_000
    child = f"block = bytearray({held}); {SPIN.format(0.4)}"
    parent = (
        "import subprocess, sys\n"
        f"subprocess.run([sys.executable, '-c', {child!r}])\n"
        "print('log'); print('{\"rows\": 7}')"
    )
    cost, found = measure([sys.executable, "-c", parent])
    assert found == {"rows": 7}
    assert cost.cpu_seconds >= 0.4
    assert cost.wall_seconds >= 0.4
    assert cost.peak_bytes > held


def test_a_child_that_is_not_waited_for_is_noticed() -> None:
    child = f"{SPIN.format(0.4)}\nprint(flush=True); time.sleep(1)"
    parent = (
        "import subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, '-c', {child!r}], stdout=subprocess.PIPE)\n"
        "child.stdout.readline(); time.sleep(0.4); print('{}')"
    )
    with pytest.raises(MeasurementError, match="not waited for"):
        measure([sys.executable, "-c", parent])


def test_a_failed_command_says_what_it_said() -> None:
    with pytest.raises(MeasurementError, match="no such day"):
        measure([sys.executable, "-c", "raise SystemExit('no such day')"])


def test_scikit_learn_lies_within_the_limits_of_the_compared_curve() -> None:
    found = compare(2000)
    assert found["limit_low"] <= found["average_precision"] <= found["limit_high"]
    assert found["limit_high"] - found["limit_low"] < 0.01


def test_options_default_to_ten_million_lines_and_quick_to_fewer() -> None:
    full, quick = options([]), options(["--quick"])
    assert (full.lines, full.repeats) == (10_000_000, 3)
    assert (quick.lines, quick.repeats) == (200_000, 1)
    assert options(["--quick", "--lines", "50000"]).lines == 50_000


@pytest.mark.parametrize("option", ["--lines=9", "--repeats=0", "--label-share=0"])
def test_options_that_measure_nothing_are_refused(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        options([option])
    assert option.partition("=")[0] + " must be" in capsys.readouterr().err


def test_a_table_is_markdown_with_numbers_to_the_right() -> None:
    assert markdown_table(["What", "s"], [["one", "1.0"]]) == (
        "| What | s |\n| --- | ---: |\n| one | 1.0 |\n"
    )


def measurement(workload: str, times: int, cpu_seconds: float) -> Measurement:
    gigabytes, lines = 2 * times, 1_000_000 * times
    day = SizedDay(Path("day"), times, lines, int(gigabytes * 1e9))
    cost = Cost(cpu_seconds / 2, cpu_seconds, 5e8 + 1e8 * times, 0)
    found = {"java": "17.0.1", "spark": "4.0.2", "master": "local[2]", "heap": "2g"}
    return Measurement(workload, day, cost, int(2e7 * gigabytes), found)


def test_repeated_runs_count_by_their_median() -> None:
    typical = typical_costs(measurement(STEP_1, 1, cpu) for cpu in (30.0, 10.0, 20.0))
    assert typical[STEP_1, 1].cpu_seconds == 20
    assert typical[STEP_1, 1].cpu_spread == 1
    assert typical[STEP_1, 1].runs == 3


def test_the_page_puts_ratios_beside_absolute_numbers() -> None:
    measurements = [measurement(SESSION, 1, 5)]
    for times in (1, 2, 4):
        measurements += [measurement(name, times, 10 + 20 * times) for name in PER_DAY]
    measurements.append(measurement(STEP_1, 4, 190))
    sized = [measurement(STEP_1, times, 1).day for times in (1, 2, 4)]
    curve = {"records": 1000, "bins": 10, "average_precision": 0.5}
    limits = {"limit_low": 0.4, "limit_high": 0.6}
    seconds = {"counting_seconds": 0.1, "from_counts_seconds": 0.02, "scikit_learn_seconds": 0.5}
    sizes = {"from_counts_bytes": 1e6, "scikit_learn_bytes": 5e7}
    comparison = {**curve, **limits, **seconds, **sizes}
    page = render(date(2026, 11, 23), {"CPU": "one"}, sized, measurements, [comparison])
    rows = {
        cells[0]: cells[1:]
        for line in reversed(page.splitlines())
        if line.startswith("| ") and (cells := line.strip("| ").split(" | "))
    }
    # Two runs of 90 and 190 CPU seconds for 8 GB and 4 million rows; the reference took 90.
    speed = ["2", "70.0", "140.0", "57", "28,571", "0.64"]
    assert rows["Step 1, `raw_predictions`"] == speed
    assert "| Step 1, `raw_predictions` | 900 | - | 0.0 | 160 | 2.00% |" in page
    assert "| 15.0 | 12.5 | 17.5 | 18.3 | 600 | 700 | 900 | 1.50 |" in page
    assert rows["1,000"][4] == "25.0"
    assert rows["CPU"] == ["one"]
    assert "71% at most" in page


def test_the_overhead_of_a_runner_is_what_is_waited_for_beyond_plain_spark_submit() -> None:
    plain = [Turn(0, seconds, 0) for seconds in (30, 20, 10)]
    runner = [Turn(1, 20, 2), Turn(1, 21, 1), Turn(9, 90, 9)]
    lines = table({"EMR Serverless": runner, "plain spark-submit": plain}).splitlines()
    assert lines[2:] == [
        "| EMR Serverless | 3 | 1.0 | 21.0 | 2.0 | +3.0 | 1.15 |",
        "| plain spark-submit | 3 | 0.0 | 20.0 | 0.0 | +0.0 | 1.00 |",
    ]


@pytest.mark.parametrize(("engine", "workload"), [("python", "read_loop"), ("duckdb", "duckdb")])
@pytest.mark.integration
def test_an_engine_that_waits_for_work_finds_every_line_each_time(
    days: list[SizedDay], engine: str, workload: str
) -> None:
    with WarmProcess("peers", engine, str(days[-1].folder)) as process:
        for _ in range(2):
            cost, found = process.run(workload)
            assert found == {"rows": LINES}
            assert 0 <= cost.cpu_seconds < 60
            assert cost.wall_seconds > 0
            assert cost.peak_bytes > 1e6


@pytest.mark.integration
def test_a_workload_that_fails_says_why(days: list[SizedDay]) -> None:
    with (
        WarmProcess("peers", "duckdb", str(days[0].folder)) as process,
        pytest.raises(MeasurementError, match="KeyError: 'no such work'"),
    ):
        process.run("no such work")


@pytest.mark.parametrize("packed", [False, True])
def test_lines_of_four_kilobytes_and_packed_files_hold_the_same_records(
    tmp_path: Path, *, packed: bool
) -> None:
    CaptureDay(tmp_path, LINES, files_per_hour=1, features=400, packed=packed).write()
    files = capture_files(tmp_path)
    assert {file.suffix for file in files} == {".gz" if packed else ".jsonl"}
    opens = gzip.open if packed else open
    with opens(files[0], "rb") as file:
        lines = file.readlines()
    assert 3500 <= len(lines[0]) <= 4500
    request = json.loads(lines[0])["captureData"]["endpointInput"]["data"]
    assert len(request.split(",")) == 400
    assert count_lines(files) == LINES


def test_the_table_of_engines_shows_medians_and_ratios_to_ours_and_what_failed() -> None:
    def cost(cpu_seconds: float) -> Cost:
        return Cost(cpu_seconds / 2, cpu_seconds, 3e8, 0)

    workloads = {name: ("spark", name) for name in ("raw_predictions", "read_json", "polars")}
    compared = beside.Compared("1 KB", int(2e9))
    compared.runs["raw_predictions"] = [cost(seconds) for seconds in (9, 3, 4)]
    compared.runs["read_json"] = [cost(10)]
    compared.failed["polars"] = "no gzip"
    assert beside.table([compared], workloads, beside.PER_GB).splitlines()[2:] == [
        "| raw_predictions | 2.00 | 1.00 | 2.0 | 300 |",
        "| read_json | 5.00 | 2.50 | 5.0 | 300 |",
        "| polars | failed: no gzip | - | - | - |",
    ]
