"""The headline values of a curve beside those of the day before, in words.

What belongs here: which values everybody sees first and how their change is judged. What does not:
how a number is said (`wording`). The only arithmetic is the difference of two published values.
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

COLUMNS = {
    "precision": "operating_precision",
    "recall": "operating_recall",
    "f1": "operating_f1",
    "average_precision": "average_precision",
}
"""The headline ratios and their columns in `model_quality`."""


def tile(ratio: str, row: Row, before: Row | None) -> dict[str, str | None]:
    """One headline value: value, interval, guaranteed limits, change against the day before.

    Args:
        ratio: A key of `COLUMNS`.
        row: A row of `model_quality` with `dt`.
        before: The row of the same curve one day earlier, if there is one.

    Returns:
        Texts `value` (None if it is not defined, and then `undefined` says why), `interval`,
        `limits`, `change`, and the `tone` of the change: `better`, `worse`, `unclear` or `none`.
    """
    column = COLUMNS[ratio]
    value = row[column]
    if value is None:
        reason = f"not defined: {why_undefined(row, ratio)}"
        return {"value": None, "undefined": reason, "tone": "none"}
    change, tone = _change(ratio, row, before)
    return {
        "value": value_text(ratio, value),
        "interval": interval_text(ratio, value, row[f"{column}_low"], row[f"{column}_high"]),
        "limits": _limits(row, column),
        "change": change,
        "tone": tone,
    }


def _change(ratio: str, row: Row, before: Row | None) -> tuple[str, str]:
    """The difference, called clear if the two 95 % intervals do not overlap."""
    column = COLUMNS[ratio]
    if before is None or before[column] is None:
        return "no value the day before", "none"
    former = before["operating_threshold"]
    if column.startswith("operating_") and row["operating_threshold"] != former:
        return f"the threshold was {former:g} on {day_name(before['dt'])}: no comparison", "none"
    difference = row[column] - before[column]
    size = abs(difference)
    digits = f"{100 * size:.1f}" if ratio in SHARES else f"{size:.3f}"
    sign = "" if float(digits) == 0 else "+" if difference > 0 else MINUS
    unit = " points" if ratio in SHARES else ""
    text = f"{sign}{digits}{unit} since {day_name(before['dt'])}"
    ends = [limits[f"{column}_{end}"] for limits in (row, before) for end in ("low", "high")]
    if None in ends or (ends[0] <= ends[3] and ends[2] <= ends[1]):
        return f"{text}, within the uncertainty", "unclear"
    return f"{text}, a clear change", "better" if difference > 0 else "worse"


def _limits(row: Row, column: str) -> str | None:
    """Guaranteed limits with as many decimals as tell them apart."""
    low, high = row.get(f"{column}_limit_low"), row.get(f"{column}_limit_high")
    if low is None or high is None:
        return None
    decimals = 4 if high <= low else max(4, min(9, -math.floor(math.log10(high - low))))
    return f"guaranteed {low:.{decimals}f}{DASH}{high:.{decimals}f}"
