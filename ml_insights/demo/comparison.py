"""The demo's numbers beside the truth they estimate.

What belongs here: reading the published days of a demo and setting them against its closed-form
curves. What does not: computing either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE
from rich.table import Table

from ml_insights.contracts import ALL_RECORDS, MODEL_QUALITY
from ml_insights.demo.scenario import OPERATING_THRESHOLD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ml_insights.demo.history import Demo
    from ml_insights.demo.truth import TrueCurve
    from ml_insights.lake import Lake

WIDTH = 142
"""Characters that the table needs."""

_MEASURES = ("average_precision", "operating_precision", "operating_recall")


def comparison_table(demo: Demo, lake: Lake) -> Table:
    """Average precision, precision and recall of each day and variant, measured and true."""
    table = Table(
        box=SIMPLE,
        title=f"{demo.endpoint} at {OPERATING_THRESHOLD}: measured [95 % interval] and true values",
    )
    for name in ("day", "variant"):
        table.add_column(name, no_wrap=True)
    for name in ("average precision", "precision", "recall"):
        table.add_column(name, no_wrap=True)
        table.add_column("true", no_wrap=True)
    table.add_column("labels", no_wrap=True)
    held = total = 0
    for row, truth in _rows(demo, lake):
        cells = []
        for name in _MEASURES:
            true = _true(truth, name)
            cells += [_measured(row, name), f"{true:.3f}"]
            if _has_interval(row, name):
                held += row[f"{name}_low"] <= true <= row[f"{name}_high"]
                total += 1
        labels = f"{row['label_coverage']:.0%}{' provisional' if row['provisional'] else ''}"
        table.add_row(f"{row['day']}", row["variant"], *cells, labels)
    table.caption = f"{held} of {total} intervals hold the true value"
    return table


def _rows(demo: Demo, lake: Lake) -> Iterator[tuple[dict[str, Any], TrueCurve]]:
    published = lake.days(demo.endpoint, MODEL_QUALITY)
    for day in sorted({*published} & {*demo.scenario.all_days()}):
        for row in lake.read(demo.endpoint, MODEL_QUALITY, day).to_pylist():
            if row["slice"] == ALL_RECORDS:
                yield {**row, "day": day}, demo.scenario.truth(row["variant"], day)


def _true(truth: TrueCurve, name: str) -> float:
    if name == "average_precision":
        return truth.average_precision()
    measure = truth.precision if name == "operating_precision" else truth.recall
    return measure(OPERATING_THRESHOLD)


def _has_interval(row: dict[str, Any], name: str) -> bool:
    """Whether there are enough records for one."""
    return row[f"{name}_low"] is not None and row[f"{name}_high"] is not None


def _measured(row: dict[str, Any], name: str) -> str:
    if row[name] is None:
        return "undefined"
    if not _has_interval(row, name):
        return f"{row[name]:.3f} [no interval]"
    return f"{row[name]:.3f} [{row[f'{name}_low']:.3f}, {row[f'{name}_high']:.3f}]"
