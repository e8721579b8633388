"""What a table and its columns are, and their translation to Arrow and Spark types.

What belongs here: the form of a contract. What does not: the tables there are (`contracts`,
`decisions.tables`).

This module travels to the cluster: Python 3.9, standard library only; Arrow is imported on use.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

# Column type -> (Spark SQL type, Arrow type factory). Timestamps are UTC.
TYPES = {
    "binary": ("binary", "binary"),
    "boolean": ("boolean", "bool_"),
    "date": ("date", "date32"),
    "float64": ("double", "float64"),
    "int32": ("int", "int32"),
    "int64": ("bigint", "int64"),
    "string": ("string", "string"),
    "strings": ("array<string>", ""),
    "timestamp": ("timestamp", ""),
}


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        name: snake_case; the same quantity has the same name in every table.
        type: a key of `TYPES`.
        description: what a reader needs to know.
        unit: what one is counted or measured in; "" for names and flags.
        nullable: NULL means "undefined" and the description says when.
        key: part of a row's key; rows of raw_predictions that share it are repeated captures.
    """

    name: str
    type: str
    description: str
    unit: str = ""
    nullable: bool = False
    key: bool = False


@dataclass(frozen=True)
class Table:
    """A daily partitioned table: asset, lake folder, Glue table and data set share its name."""

    name: str
    row: str
    columns: tuple[Column, ...]

    def arrow_schema(self) -> pa.Schema:
        """Arrow schema of one partition's file, columns in contract order."""
        import pyarrow as pa  # noqa: PLC0415 (the cluster has no Arrow)

        special = {"strings": pa.list_(pa.string()), "timestamp": pa.timestamp("us", tz="UTC")}
        return pa.schema(
            pa.field(
                column.name,
                special.get(column.type) or getattr(pa, TYPES[column.type][1])(),
                nullable=column.nullable,
            )
            for column in self.columns
        )

    def spark_ddl(self) -> str:
        """Spark schema in DDL form, columns in contract order."""
        return ", ".join(f"`{column.name}` {TYPES[column.type][0]}" for column in self.columns)

    @property
    def key(self) -> tuple[str, ...]:
        """Names of the columns that make a row of a partition unique."""
        return tuple(column.name for column in self.columns if column.key)
