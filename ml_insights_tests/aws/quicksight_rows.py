"""The rows a data set takes in: Athena's answer or CSV files, in the types it declares.

What belongs here: reading a source and fitting its values to columns, dropping rows that do not
fit, as SPICE does. What does not: ingestions and their states (`quicksight_data`).
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlparse

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv

from ml_insights_tests.aws.lake_queries import QueryError, clients, query_lake, verify_results
from ml_insights_tests.aws.service import Account

Json = dict[str, Any]

SERVICE_ROLE = "quicksight-service-role"
"""Access key with which QuickSight's own reads are logged."""

_FITTED = {"INTEGER": "BIGINT", "DATETIME": "TIMESTAMP", "STRING": "VARCHAR", "FLOAT": "DOUBLE"}
_FOUR_DECIMALS = "trunc(TRY_CAST({} AS DOUBLE) * 10000) / 10000"


class IngestionError(Exception):
    """Why an ingestion fails.

    Attributes:
        kind: as QuickSight names it.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True)
class Read:
    """What was read: the rows that fit, and how many did not."""

    rows: pa.Table
    dropped: int


def read_rows(
    account: Account, region: str, data_set: Json, source: Json, since: datetime | None
) -> Read:
    """Rows of a data set's source, those from a moment on if one is given.

    Raises:
        IngestionError: the source cannot be read.
    """
    (table,) = data_set["PhysicalTableMap"].values()
    if "CustomSql" in table:
        query = table["CustomSql"]
        window = f" WHERE dt >= TIMESTAMP '{since:%Y-%m-%d %H:%M:%S}'" if since else ""
        sql = f"SELECT * FROM ({query['SqlQuery']}) AS rows{window}"  # noqa: S608
        database = query["SqlQuery"].split('FROM "', 1)[1].split('"', 1)[0]
        client = clients(account, region, SERVICE_ROLE)
        name = source["AthenaParameters"]["WorkGroup"]
        group = client("athena").get_work_group(WorkGroup=name)["WorkGroup"]
        place = group["Configuration"]["ResultConfiguration"]["OutputLocation"]
        try:
            verify_results(account, region, place, SERVICE_ROLE)
            answer = query_lake(account, region, database, sql, SERVICE_ROLE)
        except QueryError as error:
            missing = "TABLE_NOT_FOUND" in str(error)
            kind = "SQL_TABLE_NOT_FOUND" if missing else "SQL_EXCEPTION"
            raise IngestionError(kind, str(error)) from error
        return _fitted(answer, query["Columns"])
    columns = {one["Name"]: one for one in table["S3Source"]["InputColumns"]}
    logical = data_set.get("LogicalTableMap", {}).values()
    for step in (one for each in logical for one in each.get("DataTransforms", [])):
        if cast := step.get("CastColumnTypeOperation"):
            columns[cast["ColumnName"]] = {
                "Name": cast["ColumnName"],
                "Type": cast["NewColumnType"],
                "SubType": cast.get("SubType"),
            }
    return _fitted(_csv(account, region, source), list(columns.values()))


def _fitted(answer: pa.Table, columns: list[Json]) -> Read:
    missing = [one["Name"] for one in columns if one["Name"] not in answer.column_names]
    if missing:
        raise IngestionError("SQL_SCHEMA_MISMATCH_ERROR", f"no column {missing}")
    selected, misfits = [], ["false"]
    for one in columns:
        name = f'"{one["Name"]}"'
        if one["Type"] == "DECIMAL" and one.get("SubType") != "FLOAT":
            fitted = _FOUR_DECIMALS.format(name)  # what plain DECIMAL does to a threshold
        else:
            kind = "FLOAT" if one["Type"] == "DECIMAL" else one["Type"]
            fitted = f"TRY_CAST({name} AS {_FITTED[kind]})"
        selected.append(f"{fitted} AS {name}")
        misfits.append(f"({name} IS NOT NULL AND {fitted} IS NULL)")
    with duckdb.connect() as engine:
        engine.execute("SET TimeZone = 'UTC'")
        engine.register("answer", answer)
        bad = " OR ".join(misfits)
        rows = engine.sql(
            f"SELECT {', '.join(selected)} FROM answer WHERE NOT ({bad})"  # noqa: S608
        ).to_arrow_table()
    assert rows is not None
    return Read(rows, answer.num_rows - rows.num_rows)


def _csv(account: Account, region: str, source: Json) -> pa.Table:
    s3 = clients(account, region, SERVICE_ROLE)("s3")
    location = source["S3Parameters"]["ManifestFileLocation"]
    try:
        text = s3.get_object(Bucket=location["Bucket"], Key=location["Key"])["Body"].read()
        manifest = json.loads(text)
        settings = manifest["globalUploadSettings"]
        assert settings == {
            "format": "CSV", "delimiter": ",", "containsHeader": "true", "textqualifier": '"',
        }  # fmt: skip
        tables = [_file(s3, uri) for one in manifest["fileLocations"] for uri in one["URIs"]]
    except (KeyError, AssertionError, ValueError, s3.exceptions.ClientError) as error:
        raise IngestionError("S3_MANIFEST_ERROR", str(error)) from error
    return pa.concat_tables(tables)


def _file(s3: Any, uri: str) -> pa.Table:
    where = urlparse(uri)
    content = s3.get_object(Bucket=where.netloc, Key=where.path.lstrip("/"))["Body"].read()
    header = content.split(b"\n", 1)[0].decode().replace('"', "").strip().split(",")
    texts = pv.ConvertOptions(
        column_types=dict.fromkeys(header, pa.string()),
        strings_can_be_null=True,
        null_values=[""],
        quoted_strings_can_be_null=False,
    )
    return pv.read_csv(io.BytesIO(content), convert_options=texts)


def rows_before(rows: pa.Table, since: datetime) -> pa.Table:
    """The rows that an incremental refresh leaves alone."""
    moment = pa.scalar(since.replace(tzinfo=None), rows["dt"].type)
    return rows.filter(pc.less(rows["dt"], moment))
