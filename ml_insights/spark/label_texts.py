"""What the text of a label says: whether it is a label at all, and when two are the same one.

What belongs here: these rules, for settings and for Spark (`ground_truth` has them as expressions,
`java/LabelRecord.java` is told them). What does not: what a label means.

This module travels to the Spark cluster: standard library only, Python 3.9.
"""

from __future__ import annotations

from ml_insights.spark.decimal_number import NAN, decimal_number

MISSING = (*NAN, "null", "none")
"""Lower-case texts that stand for a missing label, as an empty one does."""


def same_label(one: str, other: str) -> bool:
    """Labels are the same as text, or as numbers: `1` and `1.0` are one label."""
    number = decimal_number(one)
    return one == other or (number is not None and number == decimal_number(other))
