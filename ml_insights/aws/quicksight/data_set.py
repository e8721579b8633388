"""A data set in SPICE: created or updated to its description, with its incremental refresh.

What belongs here: the calls for one data set. What does not: its description (`shown_tables`), and
filling it (`ingestion`), although QuickSight starts an ingestion whenever a set is made or changed.
"""

from __future__ import annotations

from dataclasses import dataclass

from ml_insights.aws.likeness import covers
from ml_insights.aws.quicksight.account import EXISTS, Account
from ml_insights.aws.quicksight.fields import Json
from ml_insights.aws.quicksight.shown_tables import DAY, DataSet
from ml_insights.errors import AwsError

_TABLE = "rows"


@dataclass(frozen=True)
class Ensured:
    """A data set that is as described.

    Attributes:
        arn: its ARN.
        ingestion_id: ingestion that QuickSight started because the set is new or changed.
    """

    arn: str
    ingestion_id: str | None


def athena_table(data_set: DataSet, source_arn: str, database: str, endpoint: str) -> Json:
    """Physical and logical tables of a data set that Athena answers."""
    query = {
        "DataSourceArn": source_arn,
        "Name": data_set.name,
        "SqlQuery": data_set.sql(database, endpoint),
        "Columns": data_set.input_columns(),
    }
    return {"PhysicalTableMap": {_TABLE: {"CustomSql": query}}}


def csv_table(data_set: DataSet, source_arn: str) -> Json:
    """Physical and logical tables of a data set of CSV files: all text, then cast."""
    columns = data_set.input_columns()
    files = {
        "DataSourceArn": source_arn,
        "UploadSettings": {
            "Format": "CSV",
            "StartFromRow": 1,
            "ContainsHeader": True,
            "TextQualifier": "DOUBLE_QUOTE",
            "Delimiter": ",",
        },
        "InputColumns": [{"Name": column["Name"], "Type": "STRING"} for column in columns],
    }
    casts = [{"CastColumnTypeOperation": _cast(column)} for column in columns if _cast(column)]
    names = {"ProjectOperation": {"ProjectedColumns": [column["Name"] for column in columns]}}
    logical = {
        "Alias": data_set.name,
        "Source": {"PhysicalTableId": _TABLE},
        "DataTransforms": [*casts, names],
    }
    return {
        "PhysicalTableMap": {_TABLE: {"S3Source": files}},
        "LogicalTableMap": {_TABLE: logical},
    }


def ensure_data_set(account: Account, set_id: str, name: str, tables: Json) -> Ensured:
    """Create the data set or make it as wished.

    Raises:
        AwsError: it exists and is not ours, or a call failed.
    """
    wished = {"Name": name, "ImportMode": "SPICE", **tables}
    named = {"DataSetId": set_id}
    existing = account.find("describe_data_set", set_id, **named)
    if existing is None:
        try:
            made = account.call("create_data_set", set_id, **named, **wished, Tags=account.tags())
            return Ensured(str(made["Arn"]), made.get("IngestionId"))
        except AwsError as error:
            if error.code != EXISTS:
                raise
            existing = account.call("describe_data_set", set_id, **named)
    arn = str(existing["DataSet"]["Arn"])
    account.refuse_foreign(arn)
    if covers(existing["DataSet"], wished):
        return Ensured(arn, None)
    changed = account.call("update_data_set", set_id, **named, **wished)
    return Ensured(arn, changed.get("IngestionId"))


def ensure_lookback(account: Account, set_id: str, days: int) -> None:
    """Let incremental refreshes replace the rows of the last days.

    Args:
        account: where.
        set_id: the data set.
        days: days in which a published day may still be restated.
    """
    named = {"DataSetId": set_id}
    window = {"ColumnName": DAY.name, "Size": days, "SizeUnit": "DAY"}
    wished = {"RefreshConfiguration": {"IncrementalRefresh": {"LookbackWindow": window}}}
    existing = account.find("describe_data_set_refresh_properties", set_id, **named)
    if existing is None or not covers(existing.get("DataSetRefreshProperties"), wished):
        account.call(
            "put_data_set_refresh_properties", set_id, **named, DataSetRefreshProperties=wished
        )


def _cast(column: dict[str, str]) -> Json:
    cast = {"ColumnName": column["Name"], "NewColumnType": column["Type"]}
    if column["Type"] == "DATETIME":
        day = column["Name"] == DAY.name
        return {**cast, "Format": "yyyy-MM-dd" if day else "yyyy-MM-dd HH:mm:ss"}
    if column["Type"] == "DECIMAL":
        return {**cast, "SubType": "FLOAT"}
    return cast if column["Type"] == "INTEGER" else {}
