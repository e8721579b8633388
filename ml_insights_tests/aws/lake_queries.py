"""What Athena does with a query: Glue tables, projected partitions, Parquet on S3; by DuckDB.

What belongs here: reading the lake as Athena would, strict about types. What does not: Athena's API
(`athena`), and who asks.
"""

from __future__ import annotations

import re
from datetime import date
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import boto3
import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from ml_insights_tests.aws.service import Account

_ARROW = {
    "bigint": pa.int64(),
    "int": pa.int32(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "string": pa.string(),
    "date": pa.date32(),
    "binary": pa.binary(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "array<string>": pa.list_(pa.string()),
}


_TABLES = re.compile(r'\b(?:FROM|JOIN)\s+(?:"?\w+"?\.)?"?(\w+)"?', re.IGNORECASE).findall
"""Names of the tables of a query, and of what only looks like one."""


class QueryError(Exception):
    """What Athena says of a query that fails."""


def clients(account: Account, region: str, access_key: str) -> Any:
    """Makes clients of the stand-in for whoever has this access key."""
    return partial(_client, account.endpoint_url, region, access_key)


@cache
def _client(url: str, region: str, access_key: str, name: str) -> Any:
    """Making one takes longer than most calls."""
    return boto3.client(
        name,
        region_name=region,
        endpoint_url=url,
        aws_access_key_id=access_key,
        aws_secret_access_key="testing",  # noqa: S106 (not a secret)
    )


def verify_results(account: Account, region: str, place: str, access_key: str) -> None:
    """Look at the bucket of results as Athena does before a query, with the rights of its caller.

    Raises:
        QueryError: there is no such bucket.
    """
    s3, bucket = clients(account, region, access_key)("s3"), urlparse(place).netloc
    try:
        s3.get_bucket_location(Bucket=bucket)
    except s3.exceptions.ClientError as error:
        raise QueryError(f"Unable to verify/create output bucket {bucket}") from error


def query_lake(account: Account, region: str, database: str, sql: str, access_key: str) -> pa.Table:
    """The answer to a query, as Arrow.

    Raises:
        QueryError: with Athena's words for it.
    """
    client = clients(account, region, access_key)
    client("glue").get_database(Name=database)
    with duckdb.connect() as engine:
        engine.execute("SET TimeZone = 'UTC'")
        engine.execute(f'CREATE SCHEMA "{database}"')
        engine.execute(f'USE "{database}"')
        for name in sorted(set(_TABLES(sql))):
            _define(engine, client, database, name, account.folder)
        try:
            return engine.sql(sql).to_arrow_table()
        except duckdb.Error as error:
            text = str(error)
            if "does not exist" in text and "Table" in text:
                raise QueryError(f"TABLE_NOT_FOUND: {text}") from error
            raise QueryError(f"SYNTAX_ERROR: {text}") from error


def _define(engine: Any, client: Any, database: str, name: str, folder: Path) -> None:
    """Make a Glue table known to DuckDB, if the word is the name of one."""
    glue = client("glue")
    try:
        table = glue.get_table(DatabaseName=database, Name=name)["Table"]
    except glue.exceptions.EntityNotFoundException:
        return
    columns = {one["Name"]: one["Type"] for one in table["StorageDescriptor"]["Columns"]}
    parts = [
        _part(engine, path, endpoint, day, columns)
        for endpoint, day, path in _objects(client("s3"), table["Parameters"], folder)
    ]
    names = ", ".join(f'NULL::{_duck(kind)} AS "{one}"' for one, kind in columns.items())
    empty = f"SELECT {names}, NULL::VARCHAR AS endpoint, NULL::DATE AS dt WHERE false"
    engine.execute(f'CREATE VIEW "{name}" AS {" UNION ALL ".join([empty, *parts])}')


def _part(engine: Any, path: Path, endpoint: str, day: date, columns: dict[str, str]) -> str:
    stored = {field.name: field.type for field in pq.read_schema(path)}
    for name, kind in columns.items():
        if name in stored and stored[name] != _ARROW[kind]:
            raise QueryError(
                f"HIVE_BAD_DATA: Field {name}'s type {stored[name]} in parquet file is "
                f"incompatible with type {kind} defined in table schema"
            )
    selected = ", ".join(
        f'"{name}"' if name in stored else f'NULL::{_duck(kind)} AS "{name}"'
        for name, kind in columns.items()
    )
    return (
        f"SELECT {selected}, '{endpoint}' AS endpoint, DATE '{day}' AS dt "  # noqa: S608
        f"FROM read_parquet('{path}', hive_partitioning = false)"
    )


def _objects(s3: Any, parameters: dict[str, str], folder: Path) -> list[tuple[str, date, Path]]:
    """Objects of the partitions that projection yields: endpoint, day and a copy on disk."""
    if parameters.get("projection.enabled") != "true":
        raise QueryError("HIVE_METASTORE_ERROR: the table has no partition projection")
    first = date.fromisoformat(parameters["projection.dt.range"].split(",")[0])
    found = []
    for endpoint in parameters["projection.endpoint.values"].split(","):
        template = parameters["storage.location.template"].replace("${endpoint}", endpoint)
        where = urlparse(template)
        prefix, _, rest = where.path.lstrip("/").partition("${dt}")
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=where.netloc, Prefix=prefix)
        for one in (item for page in pages for item in page.get("Contents", [])):
            value, _, name = one["Key"].removeprefix(prefix).partition(rest)
            if name and not name.startswith(("_", ".")) and date.fromisoformat(value) >= first:
                path = _copy(s3, where.netloc, one, folder)
                found.append((endpoint, date.fromisoformat(value), path))
    return found


def _copy(s3: Any, bucket: str, listed: dict[str, Any], folder: Path) -> Path:
    """A copy of an object, made once for each of its versions."""
    path: Path = folder / "athena" / listed["ETag"].strip('"')
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(s3.get_object(Bucket=bucket, Key=listed["Key"])["Body"].read())
    return path


def _duck(kind: str) -> str:
    named = {"string": "VARCHAR", "binary": "BLOB", "timestamp": "TIMESTAMPTZ"}
    return named.get(kind, "VARCHAR[]" if kind.startswith("array") else kind.upper())
