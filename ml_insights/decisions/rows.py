"""From plain rows to Arrow tables of a contract: NaN becomes NULL.

What belongs here: what every module of this package does at its end. What does not: values.
"""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ml_insights.columns import Table


def arrow_rows(table: Table, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Rows with the columns, order and types of the contract."""
    return pa.Table.from_pylist([_without_nan(row) for row in rows], schema=table.arrow_schema())


def method_of(low: float | None, method: str) -> str | None:
    """The method of an interval; None where there is no interval."""
    return None if low is None or isnan(low) else method


def _without_nan(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: None if isinstance(value, float) and isnan(value) else value
        for name, value in row.items()
    }
