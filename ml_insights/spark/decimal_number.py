"""What counts as a number in the data that SageMaker records: one rule for Python and for Spark.

What belongs here: that rule. What does not: what a number means (`data_capture`, `ground_truth`).
Python's own parser would also take `1_000` and `inf`, Java's hex and `0.5d`.

This module travels to the Spark cluster: standard library only, Python 3.9.
"""

from __future__ import annotations

import re
from typing import Optional

_NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"

DECIMAL_NUMBER = rf"\A{_NUMBER}\z"
"""The rule as Java's regular expression."""

NAN = ("nan", "+nan", "-nan", '"nan"')
"""Lower-case texts of NaN, no number; the last is what Spark makes of the JSON token NaN."""


def decimal_number(text: str) -> Optional[float]:
    """The number that a text is; None if it is none.

    >>> decimal_number("1e0"), decimal_number("1_000"), decimal_number("nan")
    (1.0, None, None)
    """
    return float(text) if re.fullmatch(_NUMBER, text) else None
