"""The catalogue: one Glue table for each published table, so that Athena can read the lake.

What belongs here: the database, tables from `contracts`, and changes of their columns. What does
not: queries (`athena`), and the files.

Days and endpoints are partitions that Athena derives from the settings (partition projection): no
crawler runs and nothing is registered when a day is published. Only Athena does so; Spark and
people read the paths. Long, because creating and changing a table must agree in one place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from ml_insights.aws.clients import AwsSession
from ml_insights.aws.failures import aws_call
from ml_insights.aws.likeness import covers
from ml_insights.aws.ownership import refuse_foreign
from ml_insights.columns import TYPES, Column, Table
from ml_insights.errors import AwsError, AwsTransientError, ContractError

Json = dict[str, Any]

_ABSENT = "EntityNotFoundException"
_EXISTS = "AlreadyExistsException"
_AT_A_TIME = 4
_MARK = "ml_insights.installation"
"""Parameter of the database and of each table; tags would take a call more to read."""
_PARTITIONS = [
    {"Name": "endpoint", "Type": "string", "Comment": "Name of the endpoint in SageMaker."},
    {"Name": "dt", "Type": "date", "Comment": "Day of the captured predictions, UTC."},
]
_PARQUET = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    "SerdeInfo": {
        "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
    },
}


@dataclass(frozen=True)
class Catalogue:
    """Where the tables are described, and which partitions they have.

    Attributes:
        session: region and credentials.
        database: Glue database.
        lake: `s3://` root of the lake.
        endpoints: names.
        first_day: first day that any endpoint has.
        installation: whose tables they are; tables of another are not touched.
    """

    session: AwsSession
    database: str
    lake: str
    endpoints: tuple[str, ...]
    first_day: date
    installation: str


@dataclass(frozen=True)
class ColumnChange:
    """How a table in Glue and its contract differ.

    Attributes:
        added: columns the contract has and Glue has not.
        removed: the reverse.
        retyped: columns whose type differs, as `name: old -> new`.
    """

    added: tuple[str, ...]
    removed: tuple[str, ...]
    retyped: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.retyped)

    @property
    def breaking(self) -> bool:
        """Whether a query that works now would fail."""
        return bool(self.removed or self.retyped)

    def __str__(self) -> str:
        parts = {"added": self.added, "removed": self.removed, "other type": self.retyped}
        return "; ".join(f"{name}: {', '.join(what)}" for name, what in parts.items() if what)


def ensure_tables(
    catalogue: Catalogue, tables: Sequence[Table], *, migrate: bool = False
) -> dict[str, ColumnChange]:
    """Create the database and tables, and bring their partitions up to date.

    Args:
        catalogue: where.
        tables: contracts.
        migrate: whether columns may be added. Without it, a table with other columns is refused.

    Returns:
        What was changed in columns, by table; empty when nothing was.

    Raises:
        ContractError: a table has other columns, and they may not be changed or not in this way.
        AwsError: a call failed, or the table is another installation's.
    """
    _ensure_database(catalogue)
    with ThreadPoolExecutor(max_workers=_AT_A_TIME) as pool:
        existing = list(pool.map(partial(_find_table, catalogue), tables))
        changes = {
            table.name: column_change(found, table)
            for table, found in zip(tables, existing, strict=True)
            if found is not None
        }
        # All are judged before any is changed.
        for name, change in changes.items():
            if change:
                _refuse_change(catalogue, name, change, migrate=migrate)
        list(pool.map(partial(_ensure_table, catalogue), tables, existing))
    return {name: change for name, change in changes.items() if change}


def column_change(found: Json, table: Table) -> ColumnChange:
    """Compare the columns of a Glue table with the contract."""
    actual = {one["Name"]: one["Type"] for one in found["StorageDescriptor"]["Columns"]}
    wished = {column.name: _glue_type(column) for column in table.columns}
    both = [name for name in wished if name in actual and actual[name] != wished[name]]
    return ColumnChange(
        added=tuple(name for name in wished if name not in actual),
        removed=tuple(name for name in actual if name not in wished),
        retyped=tuple(f"{name}: {actual[name]} -> {wished[name]}" for name in both),
    )


def table_input(catalogue: Catalogue, table: Table) -> Json:
    """The table as Glue stores it."""
    return {
        "Name": table.name,
        "Description": f"One row is {table.row}."[:2048],
        "TableType": "EXTERNAL_TABLE",
        "PartitionKeys": _PARTITIONS,
        "Parameters": {
            "EXTERNAL": "TRUE",
            "classification": "parquet",
            "projection.enabled": "true",
            "projection.endpoint.type": "enum",
            "projection.endpoint.values": ",".join(sorted(catalogue.endpoints)),
            "projection.dt.type": "date",
            "projection.dt.format": "yyyy-MM-dd",
            "projection.dt.range": f"{catalogue.first_day:%Y-%m-%d},NOW",
            "projection.dt.interval": "1",
            "projection.dt.interval.unit": "DAYS",
            "storage.location.template": f"{catalogue.lake}/${{endpoint}}/{table.name}/dt=${{dt}}/",
            _MARK: catalogue.installation,
        },
        "StorageDescriptor": {
            "Columns": [_glue_column(column) for column in table.columns],
            "Location": f"{catalogue.lake}/",
            **_PARQUET,
        },
    }


def _ensure_database(catalogue: Catalogue) -> None:
    name = catalogue.database
    if _is_our_database(catalogue):
        return
    described = {
        "Name": name,
        "Description": "Precision, recall and counts of ml_insights.",
        "Parameters": {_MARK: catalogue.installation},
    }
    try:
        _call(catalogue, "create_database", name, DatabaseInput=described)
    except AwsError as error:
        if error.code != _EXISTS:
            raise
        _is_our_database(catalogue)


def _is_our_database(catalogue: Catalogue) -> bool:
    """Whether the database is there; refused if it is somebody else's."""
    name = catalogue.database
    found = _find(catalogue, "get_database", name, Name=name)
    if found:
        refuse_foreign(
            f"Glue database {name}",
            found["Database"].get("Parameters", {}).get(_MARK),
            catalogue.installation,
            "Choose another `athena.database`, or make it this installation's with the parameter "
            f"{_MARK}={catalogue.installation} (`aws glue update-database`).",
        )
    return found is not None


def _ensure_table(catalogue: Catalogue, table: Table, found: Json | None) -> None:
    wished = table_input(catalogue, table)
    where = {"DatabaseName": catalogue.database, "TableInput": wished}
    if found is None:
        try:
            _call(catalogue, "create_table", table.name, **where)
        except AwsError as error:
            if error.code != _EXISTS:
                raise
            # Another run made it at this moment, from the same settings.
        return
    if covers(found, wished):
        return
    # With the version that was read, so that two writers do not undo each other's change.
    version = {"VersionId": found["VersionId"]} if "VersionId" in found else {}
    try:
        _call(catalogue, "update_table", table.name, **where, **version)
    except AwsError as error:
        if error.code not in ("ConcurrentModificationException", "VersionMismatchException"):
            raise
        raise AwsTransientError(
            f"{error} Another run changes the table.", code=error.code
        ) from error


def _find_table(catalogue: Catalogue, table: Table) -> Json | None:
    where = {"DatabaseName": catalogue.database, "Name": table.name}
    answer = _find(catalogue, "get_table", table.name, **where)
    if answer is None:
        return None
    found: Json = answer["Table"]
    refuse_foreign(
        f"Glue table {catalogue.database}.{table.name}",
        found.get("Parameters", {}).get(_MARK),
        catalogue.installation,
        "Choose another `athena.database`, or drop the table.",
    )
    return found


def _refuse_change(catalogue: Catalogue, name: str, change: ColumnChange, *, migrate: bool) -> None:
    table = f"{catalogue.database}.{name}"
    if change.breaking:
        raise ContractError(
            f"Glue table {table} and its contract differ ({change}). Queries and data sets that "
            "read these columns would fail, so the table is not changed. Use another "
            "`athena.database` for this version, or drop the table once nobody reads it."
        )
    if not migrate:
        raise ContractError(
            f"Glue table {table} and its contract differ ({change}). Days published before have "
            "NULL there. Run `ml-insights migrate` to add the columns."
        )


def _glue_column(column: Column) -> Mapping[str, str]:
    unit = f" Unit: {column.unit}." if column.unit else ""
    comment = f"{column.description}{unit}"[:255]
    return {"Name": column.name, "Type": _glue_type(column), "Comment": comment}


def _glue_type(column: Column) -> str:
    # Hive, and so Glue, names types as Spark does.
    return TYPES[column.type][0]


def _find(catalogue: Catalogue, operation: str, resource: str, **parameters: Any) -> Json | None:
    try:
        return _call(catalogue, operation, resource, **parameters)
    except AwsError as error:
        if error.code == _ABSENT:
            return None
        raise


def _call(catalogue: Catalogue, operation: str, resource: str, **parameters: Any) -> Json:
    doing = f"Glue {operation.replace('_', ' ')}"
    with aws_call(doing, resource, region=catalogue.session.region):
        answer: Json = getattr(catalogue.session.client("glue"), operation)(**parameters)
        return answer
