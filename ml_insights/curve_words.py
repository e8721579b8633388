"""The answer of `ml-insights curve` for a terminal, and as CSV for a program.

What belongs here: columns, words, formats. What does not: numbers (`curve_query`).
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from pyarrow import csv
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ml_insights.curve_query import CurveAnswer

ROWS = {
    "predictions": "predictions",
    "positives": "positives",
    "label_coverage": "label coverage",
    "average_precision": "average precision",
    "roc_auc": "ROC AUC",
    "operating_precision": "precision at the operating threshold",
    "operating_recall": "recall at the operating threshold",
    "operating_f1": "F1 at the operating threshold",
    "best_f1": "best F1",
    "undefined_reason": "not defined, because",
}
"""What is shown: column of model_quality -> words."""


def answer_table(answer: CurveAnswer) -> Table:
    """One column a curve, one row a headline number, with its 95 % interval."""
    days = answer.days
    title = f"{days[0]} to {days[-1]}: {len(days)} published days, 95 % intervals"
    columns = (f"{c.variant}\n{c.slice}" for c in answer.quality)
    table = Table("", *columns, title=title)
    for column, words in ROWS.items():
        table.add_row(words, *(_text(row, column) for row in answer.quality.values()))
    return table


def answer_csv(answer: CurveAnswer) -> str:
    """Every occupied threshold of the curves, with counts, ratios and intervals."""
    sink = io.BytesIO()
    csv.write_csv(answer.points, sink)
    return sink.getvalue().decode()


def left_out_words(answer: CurveAnswer) -> str:
    """Which days of the window are left out, and why; empty where none is."""
    if not answer.left_out:
        return ""
    days = ", ".join(map(str, answer.left_out))
    return f"left out, for their records are not all accounted for: {days}"


def _text(row: Mapping[str, float | int | str | None], column: str) -> str:
    value, low, high = (row.get(f"{column}{end}") for end in ("", "_low", "_high"))
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return f"{value:,}"
    if low is None:
        return f"{value:.4f}"
    return f"{value:.4f} [{low:.4f}, {high:.4f}]"
