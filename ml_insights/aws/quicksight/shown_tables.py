"""A published table as a QuickSight data set: with which columns and rows. No AWS here.

What belongs here: the translation of a table's contract to a data set, for both sources (Athena's
SQL, CSV files). What does not: creating it (`data_set`), and what a dashboard shows (`sheets`).

Numbers are FLOAT: QuickSight's plain DECIMAL keeps four decimals. Flags are 0 and 1, which is what
SPICE makes of them anyway. The day is a real date, so that incremental refreshes can select by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ml_insights.columns import Column, Table
from ml_insights.errors import ContractError

Kind = Literal["date", "number", "text"]

DAY = Column("dt", "date", "Day of the captured predictions, UTC.", key=True)

_TYPES: dict[str, tuple[str, Kind]] = {
    "boolean": ("INTEGER", "number"),
    "date": ("DATETIME", "date"),
    "float64": ("DECIMAL", "number"),
    "int32": ("INTEGER", "number"),
    "int64": ("INTEGER", "number"),
    "string": ("STRING", "text"),
    "timestamp": ("DATETIME", "date"),
}


@dataclass(frozen=True)
class DataSet:
    """A table as QuickSight holds it.

    Attributes:
        table: its contract; the data set has its name.
    """

    table: Table

    @property
    def name(self) -> str:
        """Name of the table, of the data set, and of its identifier in the dashboard."""
        return self.table.name

    @property
    def columns(self) -> tuple[Column, ...]:
        """The day, then the table's columns that QuickSight can hold."""
        return (DAY, *(column for column in self.table.columns if column.type in _TYPES))

    @property
    def drawn_rows_only(self) -> bool:
        """Whether only rows with a `display_rank` are shown: the points that draw a curve."""
        return any(column.name == "display_rank" for column in self.table.columns)

    def kind(self, column: str) -> Kind:
        """What a column is to a visual.

        Raises:
            ContractError: there is no such column.
        """
        for own in self.columns:
            if own.name == column:
                return _TYPES[own.type][1]
        raise ContractError(f"data set {self.name} has no column {column}")

    def sql(self, database: str, endpoint: str) -> str:
        """Athena's query for the rows of one endpoint; `dt` stays bare so that it prunes."""
        selected = ", ".join(
            f'CAST("{column.name}" AS integer) AS "{column.name}"'
            if column.type == "boolean"
            else f'"{column.name}"'
            for column in self.columns
        )
        drawn = ' AND "display_rank" IS NOT NULL' if self.drawn_rows_only else ""
        return (
            f'SELECT {selected} FROM "{database}"."{self.name}" '  # noqa: S608 (own names only)
            f"WHERE \"endpoint\" = '{endpoint}'{drawn}"
        )

    def input_columns(self) -> list[dict[str, str]]:
        """QuickSight's description of the query's columns."""
        described = []
        for column in self.columns:
            kind = _TYPES[column.type][0]
            subtype = {"SubType": "FLOAT"} if kind == "DECIMAL" else {}
            described.append({"Name": column.name, "Type": kind, **subtype})
        return described
