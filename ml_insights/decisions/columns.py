"""Columns that several tables of decisions have, and how their like are written.

What belongs here: what tables share. What does not: the tables.
"""

from __future__ import annotations

from ml_insights.columns import Column
from ml_insights.contracts import MODEL_QUALITY

VARIANT, CLASS_LABEL, SLICE = MODEL_QUALITY.columns[:3]
CURVE_COLUMNS = (VARIANT, CLASS_LABEL, SLICE)
REASON = Column(
    "undefined_reason",
    "string",
    "Why values are NULL, and what to mind about others, comma separated: keys of "
    "`metrics.reasons.REASONS`.",
    nullable=True,
)
PROVISIONAL = Column(
    "provisional", "boolean", "Label coverage is still below the configured minimum."
)


def ratio(name: str, description: str) -> Column:
    """A share or a difference of shares; NULL if undefined."""
    return number(name, description, "ratio")


def number(name: str, description: str, unit: str) -> Column:
    """A number; NULL if undefined."""
    return Column(name, "float64", description, unit, nullable=True)


def with_interval(name: str, description: str, unit: str = "ratio") -> tuple[Column, ...]:
    """A number and the ends of its 95 % interval; NULL if undefined."""
    return (
        number(name, description, unit),
        number(f"{name}_low", "Lower end of its 95 % interval.", unit),
        number(f"{name}_high", "Upper end of its 95 % interval.", unit),
    )


def method(name: str, methods: str) -> Column:
    """How an interval is computed."""
    return Column(
        f"{name}_method",
        "string",
        f"How the interval of {name} is computed: {methods}; NULL without one.",
        nullable=True,
    )


def replicates(name: str, of: str) -> Column:
    """How many draws are behind an interval."""
    return Column(name, "int32", f"{of}; 0 where nothing was drawn.", "replicates")
