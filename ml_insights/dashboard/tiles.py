"""The headline values of a curve beside those of the day before, in words.

What belongs here: which values everybody sees first and how the verdict on their change is said.
What does not: how a number is said (`wording`), and the verdict itself, which is that of
`variant_comparison` against the day before.
"""

from __future__ import annotations

import math

from ml_insights.dashboard.wording import (
    DASH,
    MINUS,
    SHARES,
    Row,
    day_name,
    interval_text,
    value_text,
    why_undefined,
)
from ml_insights.metrics.comparison import BETTER, CANNOT_TELL_YET, NO_RELEVANT_DIFFERENCE, WORSE

_VERDICTS = {
    BETTER: (", a clear change", "better"),
    WORSE: (", a clear change", "worse"),
    NO_RELEVANT_DIFFERENCE: (", no relevant difference", "unclear"),
    CANNOT_TELL_YET: (", within the uncertainty", "unclear"),
}
"""How a verdict is said, and its tone."""

COLUMNS = {
    "precision": "operating_precision",
    "recall": "operating_recall",
    "f1": "operating_f1",
    "average_precision": "average_precision",
}
"""The headline ratios and their columns in `model_quality`."""


def tile(ratio: str, row: Row, before: Row | None, compared: Row | None) -> dict[str, str | None]:
    """One headline value: value, interval, guaranteed limits, change against the day before.

    Args:
        ratio: A key of `COLUMNS`.
        row: A row of `model_quality` with `dt`.
        before: The row of the same curve one day earlier, if there is one.
        compared: The row of `variant_comparison` of this curve and ratio against the day before;
            without one no verdict is said.

    Returns:
        Texts `value` (None if it is not defined, and then `undefined` says why), `interval`,
        `limits`, `change`, and the `tone` of the change: `better`, `worse`, `unclear` or `none`.
    """
    column = COLUMNS[ratio]
    value = row[column]
    if value is None:
        reason = f"not defined: {why_undefined(row, ratio)}"
        return {"value": None, "undefined": reason, "tone": "none"}
    change, tone = _change(ratio, row, before, compared)
    return {
        "value": value_text(ratio, value),
        "interval": interval_text(ratio, value, row[f"{column}_low"], row[f"{column}_high"]),
        "limits": _limits(row, column),
        "change": change,
        "tone": tone,
    }


def _change(ratio: str, row: Row, before: Row | None, compared: Row | None) -> tuple[str, str]:
    """The difference and the verdict on it."""
    column = COLUMNS[ratio]
    if before is None or before[column] is None:
        return "no value the day before", "none"
    former = before["operating_threshold"]
    if column.startswith("operating_") and row["operating_threshold"] != former:
        return f"the threshold was {former:g} on {day_name(before['dt'])}: no comparison", "none"
    compared = compared or {"difference": None, "verdict": None}
    judged = compared["difference"] is not None
    difference = compared["difference"] if judged else row[column] - before[column]
    size = abs(difference)
    digits = f"{100 * size:.1f}" if ratio in SHARES else f"{size:.3f}"
    sign = "" if float(digits) == 0 else "+" if difference > 0 else MINUS
    unit = " points" if ratio in SHARES else ""
    text = f"{sign}{digits}{unit} since {day_name(before['dt'])}"
    verdict, tone = _VERDICTS.get(compared["verdict"], ("", "none"))
    return f"{text}{verdict}", tone


def _limits(row: Row, column: str) -> str | None:
    """Guaranteed limits with as many decimals as tell them apart."""
    low, high = row.get(f"{column}_limit_low"), row.get(f"{column}_limit_high")
    if low is None or high is None:
        return None
    decimals = 4 if high <= low else max(4, min(9, -math.floor(math.log10(high - low))))
    return f"guaranteed {low:.{decimals}f}{DASH}{high:.{decimals}f}"
