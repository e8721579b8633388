"""The order of the measurements: everything that is compared runs alternately, in one go.

What belongs here: which command measures what, how often, and that each did its work. What does
not: the accounting (`process_tree`) and the table (`report`).
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.process_tree import Cost, MeasurementError, measure
from benchmarks.workloads import output_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.days import SizedDay

FLOOR, SESSION, SCAN, REFERENCE = "read_loop", "session", "text_scan", "read_json"
STEP_1, STEP_2 = "raw_predictions", "confusion_counts"
PER_DAY = (FLOOR, SCAN, REFERENCE, STEP_1, STEP_2)
"""What is run on every day, in this order: step 2 reads what step 1 has just written."""


@dataclass(frozen=True)
class Measurement:
    """One run of one workload.

    Attributes:
        workload: its name.
        day: what it was run on.
        cost: of its whole process tree.
        written_bytes: size of its output.
        found: what it printed.
    """

    workload: str
    day: SizedDay
    cost: Cost
    written_bytes: int
    found: dict[str, Any]

    @property
    def summary(self) -> str:
        """A line of progress."""
        wall, cpu = self.cost.wall_seconds, self.cost.cpu_seconds
        return f"{self.day.lines:>10,} lines  {self.workload:<17}{wall:7.1f} s, {cpu:.1f} CPU s"


def measure_days(days: Sequence[SizedDay], repeats: int) -> Iterator[Measurement]:
    """Run the workloads on the days, in turn; the largest day once.

    Args:
        days: the smallest first.
        repeats: rounds over the smaller days, at least 1.

    Raises:
        MeasurementError: a workload failed, or did not find every prediction of its day.
    """
    for repetition in range(repeats):
        yield _measured(SESSION, days[0])
        for day in days if repetition == 0 else days[:-1]:
            for workload in PER_DAY:
                yield _measured(workload, day)


def compare_curves(sizes: Sequence[int]) -> Iterator[dict[str, Any]]:
    """What `curve_speed` finds for each number of records."""
    for records in sizes:
        _, comparison = measure(_python("benchmarks.curve_speed", str(records)))
        yield comparison


def _measured(workload: str, day: SizedDay) -> Measurement:
    output = output_folder(workload, day.folder)
    shutil.rmtree(output, ignore_errors=True)
    folder = str(day.folder)
    if workload == FLOOR:
        command = _python("benchmarks.read_loop", folder)
    else:
        command = _python("benchmarks.workloads", workload, folder)
    cost, found = measure(command)
    if found.get("rows", day.lines) != day.lines:
        msg = f"{workload} found {found['rows']} predictions of {day.lines} in {folder}"
        raise MeasurementError(msg)
    files = output.rglob("*") if output.exists() else ()
    written = sum(file.stat().st_size for file in files if file.is_file())
    return Measurement(workload, day, cost, written, found)


def _python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]
