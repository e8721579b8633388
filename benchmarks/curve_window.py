"""`ml-insights curve` over 90 days as a user runs it: seconds of the whole command.

What belongs here: a lake of published days, the command on it, medians. What does not: what is
computed of a curve (`table_speed`).

    python -m benchmarks.curve_window [DAYS] [SLICES] [RUNS]

Each day has two variants, all records and slices of them, on the local disk. Seven days are drawn;
later weeks are copies of them, so the window has the occupied bins of one week.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from benchmarks.process_tree import Cost, account
from benchmarks.table_speed import ENDPOINT, GRID, VARIANTS, bins_of_day
from ml_insights.contracts import CONFUSION_COUNTS, RECORD_BALANCE
from ml_insights.lake import Lake
from ml_insights.result_tables import confusion_counts_table

DAYS, SLICES, RUNS = 90, 26, 5
RECORDS = 12_000
"""Of a curve: they occupy about 4,000 bins."""

_DRAWN = 7
_FIRST = date(2026, 8, 1)
_SETTINGS = f"""\
lake: ./lake
endpoints:
  {ENDPOINT}:
    data_capture: ./capture
    ground_truth: ./labels
    start_date: {_FIRST}
    score: {{content_type: text/csv, index: 0}}
    positive_label: "1"
    operating_threshold: 0.5
"""


def publish(folder: Path, days: int, slices: int, records: int) -> float:
    """Write settings and days.

    Returns:
        Occupied bins of a curve of the first day, on average.
    """
    (folder / "ml_insights.yaml").write_text(_SETTINGS, encoding="utf-8")
    lake, random, curves = Lake(str(folder / "lake")), np.random.default_rng(0), 2 * slices
    notes = {"grid": GRID.name, "report": {"manifest_digest": "-", "labels_as_of": None}}
    closed = RECORD_BALANCE.arrow_schema().empty_table()
    occupied = 0
    for number in range(days):
        day = _FIRST + timedelta(days=number)
        if number < _DRAWN:
            bins = bins_of_day(random, curves, records)
            occupied = occupied or bins.num_rows
            rows = confusion_counts_table(bins, GRID, None)
            lake.write(ENDPOINT, CONFUSION_COUNTS, day, rows, notes)
            lake.write(ENDPOINT, RECORD_BALANCE, day, closed, notes)
            continue
        for table in (CONFUSION_COUNTS.name, RECORD_BALANCE.name):
            like = lake.partition(ENDPOINT, table, day - timedelta(days=_DRAWN))
            shutil.copytree(like, lake.partition(ENDPOINT, table, day))
    return occupied / curves


def measure(
    days: int, slices: int, runs: int, records: int = RECORDS
) -> tuple[float, dict[str, list[Cost]]]:
    """Bins of a curve, and what the command cost, by the question."""
    last = _FIRST + timedelta(days=days - 1)
    window = ("--from", str(_FIRST), "--to", str(last))
    questions = {
        "start and help": ("--help",),
        "all records": window,
        "one slice": (*window, "--slice", "region=07"),
        "one slice, every threshold as CSV": (*window, "--slice", "region=07", "--csv"),
    }
    with tempfile.TemporaryDirectory() as folder:
        bins = publish(Path(folder), days, slices, records)
        settings = ("--settings", str(Path(folder) / "ml_insights.yaml"))
        command = (str(Path(sys.executable).with_name("ml-insights")), "curve", *settings)
        costs = {
            asked: [account((*command, *words))[0] for _ in range(runs)]
            for asked, words in questions.items()
        }
    return bins, costs


def main(days: int, slices: int, runs: int) -> None:
    """Print a table of medians."""
    bins, costs = measure(days, slices, runs)
    print(
        f"{days} days, {len(VARIANTS)} variants, {slices} slices of {bins:,.0f} occupied bins a "
        f"day; medians of {runs}\n"
    )
    print("| asked | CPU s | wall s | peak MB |\n| --- | ---: | ---: | ---: |")
    for asked, runs_of_it in costs.items():
        cpu, wall, peak = (
            statistics.median(getattr(cost, name) for cost in runs_of_it)
            for name in ("cpu_seconds", "wall_seconds", "peak_bytes")
        )
        print(f"| {asked} | {cpu:.2f} | {wall:.2f} | {peak / 1e6:,.0f} |")


if __name__ == "__main__":
    given = [int(number) for number in sys.argv[1:]]
    main(*(given + [DAYS, SLICES, RUNS][len(given) :]))
