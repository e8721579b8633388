"""The measurements as a page of Markdown tables, ratios beside absolute numbers.

What belongs here: medians, ratios, wording of the tables. What does not: measuring. How to read
the page is said in `README.md`.

MB and GB are 10^6 and 10^9 bytes. "Per core" is per CPU second, which is one core working for one
second: it does not depend on how many cores a machine has.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.experiment import FLOOR, PER_DAY, REFERENCE, SCAN, SESSION, STEP_1, STEP_2

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from benchmarks.days import SizedDay
    from benchmarks.experiment import Measurement

TITLES = {
    SESSION: "Start and end of the session, nothing else",
    FLOOR: "Floor: a read loop in Python counts lines",
    SCAN: "Floor in Spark: `read.text`, lines counted",
    REFERENCE: "Reference: `read.json`, pruned schema, same columns written",
    STEP_1: "Step 1, `raw_predictions`",
    STEP_2: "Step 2, `confusion_counts`",
}
UNKNOWN = "-"


@dataclass(frozen=True)
class Typical:
    """Medians over the runs of a workload on a day; `cpu_spread` is (highest - lowest) / median."""

    runs: int
    wall_seconds: float
    cpu_seconds: float
    cpu_spread: float
    peak_bytes: float
    retained_bytes: float
    disk_bytes: float
    written_bytes: float


Typicals = dict[tuple[str, int], Typical]
"""By workload and size of the day, as a multiple of the smallest."""


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose first column is text and whose others are numbers."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def typical_costs(measurements: Iterable[Measurement]) -> Typicals:
    """Medians of what was repeated."""
    runs = defaultdict(list)
    for measurement in measurements:
        runs[measurement.workload, measurement.day.times].append(measurement)
    return {key: _typical(of_key) for key, of_key in runs.items()}


def render(
    day: date,
    machine: Mapping[str, str],
    days: Sequence[SizedDay],
    measurements: Sequence[Measurement],
    comparisons: Sequence[Mapping[str, Any]],
) -> str:
    """The whole page.

    Args:
        day: when it was measured.
        machine: facts by name.
        days: the input, the smallest first.
        measurements: of the workloads on the days, all of `PER_DAY` on each, and of the session.
        comparisons: what `curve_speed` found, by ascending number of records.
    """
    typical, largest = typical_costs(measurements), days[-1]
    told = next(item.found for item in measurements if item.workload == SESSION)
    facts = {
        **machine,
        "Java and Spark": f"Java {told['java']}, Spark {told['spark']}",
        "Session": f"{told['master']}, {told['heap']} heap, defaults of the settings for the rest",
    }
    size = f"{largest.lines:,} predictions, {largest.gigabytes:.2f} GB of capture lines"
    sections = [
        f"# Speed and memory, {day}\n",
        "What is measured and how to read it: `benchmarks/README.md`. Everything is included, from "
        "the start of Python and Java, which is most of the time on a small day, to the written "
        "output.\n",
        markdown_table(["Measured on", ""], facts.items()),
        f"## A day of {size}\n",
        _speed_table(typical, days),
        _memory_table(typical, days),
        "## Growth with the rows\n",
        _growth_table(typical, days),
        _spread(typical),
        "## Metrics from counts, beside scikit-learn on the scores\n",
        _curve_table(comparisons),
    ]
    return "\n".join(sections)


def _typical(runs: Sequence[Measurement]) -> Typical:
    costs, cpu = [run.cost for run in runs], [run.cost.cpu_seconds for run in runs]
    median_cpu = statistics.median(cpu)
    return Typical(
        runs=len(runs),
        wall_seconds=statistics.median(cost.wall_seconds for cost in costs),
        cpu_seconds=median_cpu,
        cpu_spread=(max(cpu) - min(cpu)) / median_cpu,
        peak_bytes=statistics.median(cost.peak_bytes for cost in costs),
        retained_bytes=statistics.median(run.found.get("retained_bytes", 0) for run in runs),
        disk_bytes=statistics.median(cost.disk_bytes for cost in costs),
        written_bytes=statistics.median(run.written_bytes for run in runs),
    )


def _speed_table(typical: Typicals, days: Sequence[SizedDay]) -> str:
    smallest, largest = days[0], days[-1]
    reference = typical[REFERENCE, largest.times].cpu_seconds
    session = typical[SESSION, smallest.times]
    step_1, step_2 = typical[STEP_1, largest.times], typical[STEP_2, largest.times]

    def row(title: str, runs: int, wall: float, cpu: float) -> list[str]:
        speeds = f"{largest.captured_bytes / 1e6 / cpu:,.0f}", f"{largest.lines / cpu:,.0f}"
        return [title, str(runs), f"{wall:.1f}", f"{cpu:.1f}", *speeds, f"{reference / cpu:.2f}"]

    measured = [(name, typical[name, largest.times]) for name in PER_DAY]
    both = step_1.wall_seconds + step_2.wall_seconds, step_1.cpu_seconds + step_2.cpu_seconds
    start = f"{session.wall_seconds:.1f}", f"{session.cpu_seconds:.1f}"
    return markdown_table(
        [
            "What",
            "Runs",
            "Wall s",
            "CPU s",
            "MB/s per core",
            "Predictions/s per core",
            "Speed / reference",
        ],
        [
            [TITLES[SESSION], str(session.runs), *start, *[UNKNOWN] * 3],
            *(row(TITLES[name], it.runs, it.wall_seconds, it.cpu_seconds) for name, it in measured),
            row("Steps 1 and 2, the sum", step_1.runs, *both),
        ],
    )


def _memory_table(typical: Typicals, days: Sequence[SizedDay]) -> str:
    rows, day = [], days[-1]
    measured = {SESSION: typical[SESSION, days[0].times]}
    for name, cost in {**measured, **{name: typical[name, day.times] for name in PER_DAY}}.items():
        written = [_megabytes(cost.written_bytes), f"{cost.written_bytes / day.captured_bytes:.2%}"]
        rows.append(
            [
                TITLES[name],
                _megabytes(cost.peak_bytes),
                _megabytes(cost.retained_bytes) if cost.retained_bytes else UNKNOWN,
                _megabytes(cost.disk_bytes),
                *(written if cost.written_bytes else [UNKNOWN] * 2),
            ]
        )
    header = ["What", "Peak memory MB", "Old generation MB", "Read from disk MB"]
    return markdown_table([*header, "Written MB", "Written / captured"], rows)


def _growth_table(typical: Typicals, days: Sequence[SizedDay]) -> str:
    smallest, largest = days[0], days[-1]
    further = largest.gigabytes - smallest.gigabytes
    rows = []
    for name in PER_DAY:
        costs = [typical[name, day.times] for day in days]
        cpu = [cost.cpu_seconds / day.gigabytes for cost, day in zip(costs, days, strict=True)]
        slope = (costs[-1].cpu_seconds - costs[0].cpu_seconds) / further
        peaks = [cost.peak_bytes for cost in costs]
        rows.append(
            [
                TITLES[name],
                *(f"{seconds:.1f}" for seconds in (*cpu, slope)),
                *(_megabytes(peak) for peak in peaks),
                f"{peaks[-1] / peaks[0]:.2f}",
            ]
        )
    sizes = [f"{day.lines:,} rows" for day in days]
    header = ["What", *(f"CPU s/GB, {size}" for size in sizes), "CPU s of a further GB"]
    ends = f"Memory {largest.times}x / {smallest.times}x"
    return markdown_table([*header, *(f"Peak MB, {size}" for size in sizes), ends], rows)


def _spread(typical: Typicals) -> str:
    """How far repeated runs lie apart: smaller differences in the tables mean nothing."""
    repeated = [cost.cpu_spread for cost in typical.values() if cost.runs > 1]
    if not repeated:
        return "Every measurement was made once: how far runs lie apart is not known.\n"
    return (
        "CPU seconds of repeated runs lie apart, highest less lowest, by "
        f"{statistics.median(repeated):.0%} of their median typically, {max(repeated):.0%} at most."
        "\n"
    )


def _curve_table(comparisons: Iterable[Mapping[str, Any]]) -> str:
    rows = []
    for found in comparisons:
        ours, theirs = found["from_counts_seconds"], found["scikit_learn_seconds"]
        our_bytes, their_bytes = found["from_counts_bytes"], found["scikit_learn_bytes"]
        rows.append(
            [
                f"{found['records']:,}",
                f"{found['bins']:,}",
                *(f"{1e3 * seconds:,.0f}" for seconds in (found["counting_seconds"], ours, theirs)),
                f"{theirs / ours:,.1f}",
                *map(_megabytes, (our_bytes, their_bytes)),
                f"{their_bytes / our_bytes:,.1f}",
                f"{found['average_precision']:.6f}",
                f"{found['limit_low']:.6f} to {found['limit_high']:.6f}",
            ]
        )
    header = ["Scores", "Bins", "Counting, CPU ms", "From counts, CPU ms", "scikit-learn, CPU ms"]
    header += ["Time ratio", "From counts MB", "scikit-learn MB", "Memory ratio"]
    return markdown_table([*header, "AP, scikit-learn", "Our limits"], rows)


def _megabytes(size: float) -> str:
    return f"{size / 1e6:,.0f}" if size >= 1e7 else f"{size / 1e6:.1f}"
