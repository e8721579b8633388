"""The demo's numbers beside the truth they estimate.

What belongs here: reading the published days of a demo and setting them against its closed-form
curves and its ledger. What does not: computing either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table

from ml_insights.contracts import ALL_RECORDS, MODEL_QUALITY
from ml_insights.demo.scenario import OPERATING_THRESHOLD

if TYPE_CHECKING:
    from ml_insights.demo.history import Demo
    from ml_insights.lake import Lake


def comparison_table(demo: Demo, lake: Lake) -> Table:
    """Average precision, precision and recall of each day and variant, measured and true."""
    table = Table(
        title=f"{demo.endpoint}: measured [95 % interval] and true values, threshold "
        f"{OPERATING_THRESHOLD}"
    )
    for name in ("day", "variant", "average precision", "true", "precision", "true", "recall"):
        table.add_column(name, no_wrap=True)
    table.add_column("true")
    table.add_column("labels")
    for day in lake.days(demo.endpoint, MODEL_QUALITY):
        for row in lake.read(demo.endpoint, MODEL_QUALITY, day).to_pylist():
            if row["slice"] == ALL_RECORDS:
                truth = demo.scenario.truth(row["variant"], day)
                table.add_row(
                    f"{day}",
                    row["variant"],
                    _measured(row, "average_precision"),
                    f"{truth.average_precision():.3f}",
                    _measured(row, "operating_precision"),
                    f"{truth.precision(OPERATING_THRESHOLD):.3f}",
                    _measured(row, "operating_recall"),
                    f"{truth.recall(OPERATING_THRESHOLD):.3f}",
                    f"{row['label_coverage']:.0%}{' provisional' if row['provisional'] else ''}",
                )
    return table


def _measured(row: dict[str, Any], name: str) -> str:
    if row[name] is None:
        return "undefined"
    return f"{row[name]:.3f} [{row[f'{name}_low']:.3f}, {row[f'{name}_high']:.3f}]"
