"""Both heavy steps beside the engines that users would take instead: order of runs, tables, plot.

What belongs here: which workloads are compared on which days, alternately in one go, and how the
result is shown. What does not: the workloads (`peers`), one run (`warm_process`).

    python -m benchmarks.beside [--lines N] [--repeats N] [--work FOLDER]

Each engine is a process that has done each workload twice before anything is measured; then all
workloads take turns. Compared are medians of CPU seconds of all processes. What costs the same for
every day, planning and the rest of compiling, weighs less in large days: that of plain lines of
1 KB, and the table of step 2 with few labels, are three times as large as the others.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import altair as alt
import pyarrow as pa

from benchmarks.capture_day import CaptureDay
from benchmarks.machine import describe
from benchmarks.process_tree import Cost, MeasurementError, OtherWork
from benchmarks.report import markdown_table
from benchmarks.warm_process import WarmProcess

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LINES, REPEATS, WARMING = 1_000_000, 5, 2
RESULTS, PLOT = Path(__file__).parent / "results", "beside.png"
SHAPES: dict[str, tuple[int, dict[str, int | bool]]] = {
    "1 KB": (3, {"features": 70}),
    "4 KB": (1, {"features": 400}),
    "1 KB, gzip": (1, {"features": 70, "packed": True}),
}
"""Days of step 1: times the number of lines, and what a line is."""
SHARES = {0.05: 3, 1.0: 1}
"""Days of step 2: labelled share, and times the number of lines."""
OURS = "raw_predictions", "confusion_counts"
STEP_1 = {
    "raw_predictions": ("spark", "**ml_insights**: every line checked and counted"),
    "read_json": ("spark", "Spark `read.json`, pruned schema"),
    "from_json": ("spark", "Spark text and `from_json`"),
    "duckdb": ("duckdb", "DuckDB `read_json`"),
    "polars": ("polars", "Polars `scan_ndjson`"),
    "read_loop": ("python", "Floor: bytes read, line ends found"),
}
STEP_2 = {
    "confusion_counts": ("spark", "**ml_insights**: labels, duplicates, every account"),
    "scan": ("spark", "Floor: Spark reads the columns"),
    "mllib_1000_bins": ("spark", "Spark MLlib evaluator, 1,000 bins"),
    "mllib_exact": ("spark", "Spark MLlib evaluator, exact"),
    "duckdb_counts": ("duckdb", "DuckDB, distinct, join and count"),
    "polars_counts": ("polars", "Polars, unique, join and count"),
    "scikit_learn": ("python", "scikit-learn on labelled scores"),
}


@dataclass
class Compared:
    """Runs of workloads on one day.

    Attributes:
        title: of the day.
        size: bytes of capture lines before gzip in step 1, predictions in step 2.
        runs: costs by workload.
        failed: why a workload gave nothing.
    """

    title: str
    size: int
    runs: dict[str, list[Cost]] = field(default_factory=lambda: defaultdict(list))
    failed: dict[str, str] = field(default_factory=dict)

    def cpu_seconds(self, workload: str) -> float:
        """Median over the runs."""
        return statistics.median(cost.cpu_seconds for cost in self.runs[workload])


def compare(
    day: Path, compared: Compared, workloads: Mapping[str, tuple[str, str]], repeats: int
) -> Compared:
    """Run workloads in turn, after rounds that are not measured."""
    with ExitStack() as stack:
        engines = {
            engine: stack.enter_context(WarmProcess("peers", engine, str(day)))
            for engine in dict.fromkeys(engine for engine, _ in workloads.values())
        }
        for repetition in range(WARMING + repeats):
            for name, (engine, _) in workloads.items():
                if name in compared.failed:
                    continue
                try:
                    cost, found = engines[engine].run(name)
                except MeasurementError as error:
                    compared.failed[name] = str(error).strip().splitlines()[-1]
                    engines[engine] = stack.enter_context(WarmProcess("peers", engine, str(day)))
                    continue
                _say(f"{compared.title:<14}{name:<18}{cost.wall_seconds:7.2f} s, {found}")
                if repetition >= WARMING:
                    compared.runs[name].append(cost)
    return compared


def step_1(work: Path, lines: int, repeats: int) -> Iterator[Compared]:
    """Capture lines of several shapes to the compact table."""
    line_bytes: dict[int | bool, float] = {}
    for number, (title, (times, shape)) in enumerate(SHAPES.items()):
        day, own_lines = work / f"shape-{number}", times * lines
        written = CaptureDay(day, own_lines, label_share=0.05, **shape).write()  # type: ignore[arg-type]
        # A line is as long before gzip as it is without.
        line_bytes.setdefault(shape["features"], written / own_lines)
        size = round(own_lines * line_bytes[shape["features"]])
        yield compare(day, Compared(f"{title}, {own_lines:,}", size), STEP_1, repeats)


def step_2(work: Path, lines: int, repeats: int) -> Iterator[Compared]:
    """The compact table and labels to counts, with few labels and with all."""
    for share, times in SHARES.items():
        day = work / f"labels-{share}"
        CaptureDay(day, times * lines, label_share=share).write()
        with WarmProcess("peers", "spark", str(day)) as spark:
            spark.run("raw_predictions")
        compared = Compared(f"labels {share:.0%}, {times * lines:,}", times * lines)
        yield compare(day, compared, STEP_2, repeats)


def table(compared: Sequence[Compared], workloads: Mapping[str, tuple[str, str]], unit: str) -> str:
    """A row a workload; of each day CPU seconds, their ratio to ours, wall seconds and memory."""
    ours = next(name for name in workloads if name in OURS)
    header = [
        "",
        *(
            f"{day.title}: {name}"
            for day in compared
            for name in (unit, "ratio", "wall s", "peak MB")
        ),
    ]
    rows = []
    for name, (_, title) in workloads.items():
        row = [title]
        for day in compared:
            runs = day.runs.get(name)
            if not runs:
                row += [f"failed: {day.failed.get(name, '')}", "-", "-", "-"]
                continue
            cpu = day.cpu_seconds(name)
            row += [
                _rate(cpu, day.size, unit),
                f"{cpu / day.cpu_seconds(ours):.2f}",
                f"{statistics.median(cost.wall_seconds for cost in runs):.1f}",
                f"{statistics.median(cost.peak_bytes for cost in runs) / 1e6:,.0f}",
            ]
        rows.append(row)
    return markdown_table(header, rows)


def _rate(cpu: float, size: int, unit: str) -> str:
    return f"{cpu / (size / 1e9):.2f}" if unit == PER_GB else f"{size / cpu / 1e6:.2f}"


PER_GB, PER_SECOND = "CPU s a GB", "M predictions a CPU s"


def plot(first: Sequence[Compared], second: Sequence[Compared], file: Path) -> None:
    """Bars of CPU seconds as multiples of ours."""
    rows = [
        {
            "step": step,
            "day": day.title,
            "engine": title.replace("**", "").split(":")[0],
            "times": day.cpu_seconds(name) / day.cpu_seconds(ours),
        }
        for step, days, workloads, ours in (
            ("step 1", first, STEP_1, OURS[0]),
            ("step 2", second, STEP_2, OURS[1]),
        )
        for day in days
        for name, (_, title) in workloads.items()
        if day.runs.get(name)
    ]
    bars = (
        alt.Chart(pa.Table.from_pylist(rows))
        .mark_bar()
        .encode(
            x=alt.X("times:Q", title="CPU seconds, times those of ml_insights").scale(
                type="symlog"
            ),
            y=alt.Y("engine:N", title=None, sort=None),
            color=alt.Color("engine:N", legend=None),
            row=alt.Row("day:N", title=None, sort=None),
        )
        .properties(width=480)
        .resolve_scale(y="independent")
    )
    bars.save(file)


def main() -> None:
    """Compare as the command line says, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--lines", type=int, default=LINES)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--work", type=Path, default=Path("build"))
    chosen = parser.parse_args()
    chosen.work.mkdir(parents=True, exist_ok=True)
    facts, others = describe(), OtherWork()
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=chosen.work) as work:
        first = list(step_1(Path(work), chosen.lines, chosen.repeats))
        second = list(step_2(Path(work), chosen.lines, chosen.repeats))
    facts["Other work meanwhile"] = f"{others.cores():.2f} cores busy on average"
    page = "\n".join(
        [
            f"# The heavy steps beside other engines, {datetime.now(UTC):%Y-%m-%d}\n",
            "A day is named by what is in it and its number of lines. Warm processes that take "
            f"turns, medians of {chosen.repeats} runs. Ratios above 1 are slower than "
            "ml_insights.\n",
            markdown_table(["Measured on", ""], facts.items()),
            "## Step 1: capture lines to the compact table\n",
            table(first, STEP_1, PER_GB),
            "## Step 2: join and count\n",
            table(second, STEP_2, PER_SECOND),
            f"![CPU seconds beside ml_insights]({PLOT})\n",
        ]
    )
    print(page)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "beside.md").write_text(page)
    plot(first, second, RESULTS / PLOT)


def _say(progress: str) -> None:
    print(progress, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
