"""How the two heavy steps grow with rows, slices, files and executors.

What belongs here: days and sessions that differ in one thing, and the table. What does not: the
steps (`workloads`), the process that stays warm (`warm_process`).

    python -m benchmarks.growth [--lines N] [--repeats N] [--work FOLDER]

Every case is a process that has done both steps once before they are measured. CPU seconds are
those of all its processes; of executors too, which are processes of their own.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks.capture_day import CaptureDay
from benchmarks.machine import describe
from benchmarks.process_tree import MeasurementError, OtherWork
from benchmarks.report import markdown_table
from benchmarks.warm_process import WarmProcess
from benchmarks.workloads import (
    confusion_counts,
    local_session,
    output_folder,
    raw_predictions,
)

LINES, REPEATS = 1_000_000, 3
RESULTS = Path(__file__).parent / "results"
STEPS = {"raw_predictions": raw_predictions, "confusion_counts": confusion_counts}


@dataclass(frozen=True)
class Case:
    """A day, and how it is computed.

    Attributes:
        title: what is special about it.
        times: lines, as a multiple of the usual number.
        slices: number of slices, with the one of all records.
        files: of capture, and likewise of labels.
        executors: processes of one core beside the driver; 0 for threads of the driver.
    """

    title: str
    times: int = 1
    slices: int = 1
    files: int = 96
    executors: int = 0


CASES = (
    Case("1x rows, 1 slice, 96 files"),
    Case("4x rows", times=4, files=4 * 96),
    Case("16x rows", times=16, files=16 * 96),
    Case("10 slices", slices=10),
    Case("100 slices", slices=100),
    Case("24 files", files=24),
    Case("9,600 files", files=9_600),
    Case("96,000 files", files=96_000),
    *(Case(f"{n} executor{'s' * (n > 1)}", executors=n) for n in (1, 2, 3, 4)),
)


def measure(case: Case, folder: Path, lines: int, repeats: int) -> list[str]:
    """A row of the table; the day is written, computed and deleted."""
    written = CaptureDay(
        folder / "day", lines * case.times, files_per_hour=case.files // 24, label_share=0.05
    )
    gigabytes, runs = written.write() / 1e9, {step: list[float]() for step in STEPS}
    peak = 0.0
    arguments = (str(written.folder), str(case.slices), str(case.executors))
    with WarmProcess("growth", "--serve", *arguments) as process:
        for repetition in range(repeats + 1):
            for step, costs in runs.items():
                cost, found = process.run(step)
                if found["rows"] != written.lines:
                    msg = f"{step} found {found['rows']} of {written.lines} predictions"
                    raise MeasurementError(msg)
                _say(f"{case.title:<28}{step:<18}{cost.cpu_seconds:8.2f} CPU s")
                peak = max(peak, cost.peak_bytes)
                if repetition:
                    costs.append(cost.cpu_seconds)
    shutil.rmtree(folder)
    first, second = (statistics.median(costs) for costs in runs.values())
    return [
        case.title,
        f"{first / gigabytes:.2f}",
        f"{written.lines / second / 1e6:.2f}",
        f"{peak / 1e6:,.0f}",
    ]


def serve(day: Path, slices: int, executors: int) -> None:
    """Run steps by name until the input ends."""
    cluster = {"spark.master": f"local-cluster[{executors},1,1024]"} if executors else {}
    with local_session(day, cluster) as spark:
        for line in sys.stdin:
            shutil.rmtree(output_folder(line.strip(), day), ignore_errors=True)
            found = STEPS[line.strip()](spark, day, slices=slices)
            print(json.dumps(found), flush=True)


def main() -> None:
    """Measure all cases as the command line says, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--lines", type=int, default=LINES)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--work", type=Path, default=Path("build"))
    parser.add_argument("--serve", nargs=3, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        day, slices, executors = chosen.serve
        serve(Path(day), int(slices), int(executors))
        return
    chosen.work.mkdir(parents=True, exist_ok=True)
    facts, others = describe(), OtherWork()
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=chosen.work) as work:
        one = partial(measure, lines=chosen.lines, repeats=chosen.repeats)
        rows = [one(case, Path(work) / str(n)) for n, case in enumerate(CASES)]
    facts["Other work meanwhile"] = f"{others.cores():.2f} cores busy on average"
    header = ["", "step 1: CPU s a GB", "step 2: M predictions a CPU s", "peak MB"]
    page = "\n".join(
        [
            f"# How the heavy steps grow, {datetime.now(UTC):%Y-%m-%d}\n",
            f"{chosen.lines:,} lines of 1 KB where nothing else is said, labels for 5 %, warm "
            f"processes, medians of {chosen.repeats} runs.\n",
            markdown_table(["Measured on", ""], facts.items()),
            markdown_table(header, rows),
        ]
    )
    print(page)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "growth.md").write_text(page)


def _say(progress: str) -> None:
    print(progress, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
