"""The answer of `ml-insights curve` for a terminal, and as CSV for a program.

What belongs here: columns, words, formats. What does not: numbers (`curve_query`).
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from pyarrow import csv
from rich.table import Table

from ml_insights.metrics.undefined import RECALL_NOT_IDENTIFIABLE, UNDEFINED_REASONS

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
    "bootstrap_replicates": "bootstrap replicates",
    "undefined_reason": "not defined, or to mind",
}
"""What is shown: column of model_quality -> words."""


def answer_table(answer: CurveAnswer) -> Table:
    """One column a curve, one row a headline number: 95 % interval, method, guaranteed limits."""
    days = answer.days
    title = (
        f"{days[0]} to {days[-1]}: {len(days)} published days\n"
        "95 % intervals, their method, guaranteed limits"
    )
    columns = ("\n".join((c.variant, f"class {c.class_label}", c.slice)) for c in answer.quality)
    table = Table("", *columns, title=title)
    for column, words in ROWS.items():
        table.add_row(words, *(_text(row, column) for row in answer.quality.values()))
    return table


def answer_csv(answer: CurveAnswer) -> str:
    """Every occupied threshold of the curves, with counts, ratios and intervals."""
    sink = io.BytesIO()
    csv.write_csv(answer.points, sink)
    return sink.getvalue().decode()


def words_beside(answer: CurveAnswer) -> list[str]:
    """What must not be missed: days that are left out, and recall that cannot be known."""
    words = []
    if answer.left_out:
        days = ", ".join(map(str, answer.left_out))
        words.append(f"left out, for their records are not all accounted for: {days}")
    if unknown := ["/".join(curve) for curve in answer.recall_unknown]:
        why = UNDEFINED_REASONS[RECALL_NOT_IDENTIFIABLE]
        words.append(f"recall of {', '.join(unknown)} is not identifiable: {why}")
    return words


def _text(row: Mapping[str, float | int | str | None], column: str) -> str:
    value = row[column]
    if value is None:
        return "-"
    if isinstance(value, str):
        return value.replace(",", ", ")
    if isinstance(value, int):
        return f"{value:,}"
    low, high = row.get(f"{column}_low"), row.get(f"{column}_high")
    lines = [f"{value:.4f}" if low is None else f"{value:.4f} [{low:.4f}, {high:.4f}]"]
    if method := row.get(f"{column}_method"):
        lines.append(str(method))
    least, most = row.get(f"{column}_limit_low"), row.get(f"{column}_limit_high")
    if most is not None:
        lines.append(
            f"at most {most:.4f}" if least is None else f"within {least:.4f} to {most:.4f}"
        )
    if column == "operating_recall" and RECALL_NOT_IDENTIFIABLE in str(row["undefined_reason"]):
        lines.append("not identifiable")
    return "\n".join(lines)
