"""Measure speed and memory of ml_insights on this machine, beside references, and write a table.

What belongs here: options, the order of the parts, where the table goes. What does not: measuring
(`experiment`) and wording (`report`).

    python -m benchmarks [--quick] [--lines N] [--work FOLDER]
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import experiment, machine
from benchmarks.days import write_days
from benchmarks.process_tree import MeasurementError, OtherWork
from benchmarks.report import render

if TYPE_CHECKING:
    from collections.abc import Sequence

LINES, QUICK_LINES = 10_000_000, 200_000
LEAST_LINES = 10_000
RESULTS = Path(__file__).parent / "results"
_BYTES_PER_LINE = 1600
"""A captured line, its label, what all workloads write about it, and Spark's temporary files."""


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """What the command line says, checked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=_SUMMARY)
    parser.add_argument("--lines", type=int, help=f"of the largest day (default: {LINES:,})")
    parser.add_argument("--label-share", type=float, default=0.05, help="(default: %(default)s)")
    parser.add_argument(
        "--repeats", type=int, help="of what is smaller than the largest day (default: 3)"
    )
    parser.add_argument(
        "--work", type=Path, default=Path("build"), help="folder for temporary files (%(default)s)"
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help=f"{QUICK_LINES:,} lines, once: to try it; the table is printed only",
    )
    chosen = parser.parse_args(arguments)
    if chosen.lines is None:
        chosen.lines = QUICK_LINES if chosen.quick else LINES
    if chosen.repeats is None:
        chosen.repeats = 1 if chosen.quick else 3
    if chosen.repeats < 1:
        parser.error(f"--repeats must be at least 1, not {chosen.repeats}")
    if chosen.lines < LEAST_LINES:
        parser.error(f"--lines must be at least {LEAST_LINES:,}, not {chosen.lines:,}")
    if not 0 < chosen.label_share <= 1:
        parser.error(f"--label-share must be above 0 and at most 1, not {chosen.label_share}")
    return chosen


def measured_page(work: Path, *, lines: int, label_share: float, repeats: int) -> str:
    """Write the days, run everything, and give the page.

    Args:
        work: an empty folder.
        lines: of the largest day.
        label_share: of the predictions.
        repeats: rounds over what is smaller than the largest day.
    """
    facts, others = machine.describe(), OtherWork()
    _say(f"writing {lines:,} lines into {work}")
    days = write_days(work / "days", lines=lines, label_share=label_share)
    facts["Input"] = (
        f"{lines:,} capture lines in {24 * days[-1].times} files, one prediction each, "
        f"labels for {label_share:.0%}"
    )
    measurements = []
    for measurement in experiment.measure_days(days, repeats):
        _say(measurement.summary)
        measurements.append(measurement)
    comparisons = []
    for comparison in experiment.compare_curves((lines // 100, lines // 10, lines)):
        _say(f"{comparison['records']:>10,} scores beside scikit-learn")
        comparisons.append(comparison)
    facts["Other work meanwhile"] = f"{others.cores():.2f} cores busy on average"
    return render(datetime.now(UTC).date(), facts, days, measurements, comparisons)


def main() -> None:
    """Measure as the command line says."""
    chosen = options()
    chosen.work.mkdir(parents=True, exist_ok=True)
    needed, free = chosen.lines * _BYTES_PER_LINE, shutil.disk_usage(chosen.work).free
    if free < needed:
        sys.exit(
            f"{chosen.lines:,} lines need about {needed / 1e9:.0f} GB in {chosen.work}, "
            f"{free / 1e9:.0f} GB are free: give --work a larger disk, or fewer --lines"
        )
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=chosen.work) as work:
        try:
            page = measured_page(
                Path(work),
                lines=chosen.lines,
                label_share=chosen.label_share,
                repeats=chosen.repeats,
            )
        except MeasurementError as error:
            sys.exit(str(error))
    print(page)
    if not chosen.quick:
        RESULTS.mkdir(exist_ok=True)
        file = RESULTS / f"{datetime.now(UTC):%Y-%m-%d}.md"
        file.write_text(page)
        _say(f"written to {file}")


def _say(progress: str) -> None:
    print(progress, file=sys.stderr, flush=True)


_SUMMARY = __doc__.partition("\n")[0]

if __name__ == "__main__":
    main()
