"""QuickSight's data sources, data sets and ingestions: state that moves when it is described.

What belongs here: these calls and what QuickSight refuses in them. What does not: reading rows
(`quicksight_rows`), permissions and tags (`quicksight_access`).

Effects: `failing_source`; `hanging_ingestion`; `failing_ingestion` (detail `type`); `dropped_rows`
(detail `rows`).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pyarrow as pa

from ml_insights_tests.aws.lake_queries import clients
from ml_insights_tests.aws.quicksight_access import Access
from ml_insights_tests.aws.quicksight_rows import (
    SERVICE_ROLE,
    IngestionError,
    read_rows,
    rows_before,
)
from ml_insights_tests.aws.refusals import AwsError
from ml_insights_tests.aws.service import Account

Json = dict[str, Any]

MANUAL_INGESTIONS = 32
"""In any 24 hours, Enterprise edition."""
_NEXT = {"INITIALIZED": "QUEUED", "QUEUED": "RUNNING"}
_COLUMN = {"BOOLEAN": "INTEGER", "BIT": "INTEGER"}


class Data(Access):
    """Data sources, data sets, ingestions."""

    effects = frozenset(
        {
            "failing_source",
            "hanging_ingestion",
            "failing_ingestion",
            "dropped_rows",
        }
    )

    def __init__(self, account: Account, region: str) -> None:
        super().__init__(account, region)
        self.sources: dict[str, Json] = {}
        self.sets: dict[str, Json] = {}
        self.refresh: dict[str, Json] = {}
        self.ingestions: dict[str, dict[str, Json]] = {}
        self.rows: dict[str, pa.Table] = {}

    def create_data_source(self, parameters: Json) -> Json:
        name = parameters["DataSourceId"]
        self.refuse_existing(self.sources, name)
        self.sources[name] = self._source(parameters, "CREATION_IN_PROGRESS")
        self.own("datasource", name, parameters)
        return {"Arn": self.arn(f"datasource/{name}"), "DataSourceId": name, "Status": 202,
                "CreationStatus": "CREATION_IN_PROGRESS"}  # fmt: skip

    def describe_data_source(self, parameters: Json) -> Json:
        source = self.existing(self.sources, parameters["DataSourceId"])
        before, status = dict(source), source["Status"]
        if status.endswith("IN_PROGRESS"):
            problem = self._connect(source)
            outcome = "FAILED" if problem else "SUCCESSFUL"
            source["Status"] = status.replace("IN_PROGRESS", outcome)
            if problem:
                source["ErrorInfo"] = {"Type": "ACCESS_DENIED", "Message": problem}
        return {"DataSource": before}

    def update_data_source(self, parameters: Json) -> Json:
        source = self.existing(self.sources, parameters["DataSourceId"])
        self.refuse_busy(source["Status"])
        source.update(self._source(parameters, "UPDATE_IN_PROGRESS"))
        source.pop("ErrorInfo", None)
        return {"Arn": source["Arn"], "DataSourceId": source["DataSourceId"],
                "UpdateStatus": "UPDATE_IN_PROGRESS"}  # fmt: skip

    def create_data_set(self, parameters: Json) -> Json:
        name = parameters["DataSetId"]
        self.refuse_existing(self.sets, name)
        self.sets[name] = self._set(parameters)
        self.ingestions[name], self.rows[name] = {}, pa.table({})
        self.own("dataset", name, parameters)
        return {**self._filled(name, "INITIAL_INGESTION"), "Status": 201}

    def describe_data_set(self, parameters: Json) -> Json:
        return {"DataSet": self.existing(self.sets, parameters["DataSetId"])}

    def update_data_set(self, parameters: Json) -> Json:
        name = parameters["DataSetId"]
        made = self.existing(self.sets, name)["CreatedTime"]
        self.sets[name] = {**self._set(parameters), "CreatedTime": made}
        return {**self._filled(name, "EDIT"), "Status": 201}

    def delete_data_set(self, parameters: Json) -> Json:
        del self.sets[self.existing(self.sets, parameters["DataSetId"])["DataSetId"]]
        return {}

    def describe_data_set_refresh_properties(self, parameters: Json) -> Json:
        self.existing(self.sets, parameters["DataSetId"])
        return {"DataSetRefreshProperties": self.existing(self.refresh, parameters["DataSetId"])}

    def put_data_set_refresh_properties(self, parameters: Json) -> Json:
        name, wished = parameters["DataSetId"], parameters["DataSetRefreshProperties"]
        columns = self.columns_of(self.existing(self.sets, name))
        window = wished["RefreshConfiguration"]["IncrementalRefresh"]["LookbackWindow"]
        if columns.get(window["ColumnName"]) != "DATETIME":
            raise self.refused(f"{window['ColumnName']} is not a date column")
        if "S3Source" in next(iter(self.sets[name]["PhysicalTableMap"].values())):
            raise self.refused("incremental refresh is not supported for this source")
        self.refresh[name] = wished
        return {}

    def create_ingestion(self, parameters: Json) -> Json:
        name, ingestion_id = parameters["DataSetId"], parameters["IngestionId"]
        self.existing(self.sets, name)
        self.refuse_existing(self.ingestions[name], ingestion_id)
        kind = parameters.get("IngestionType", "FULL_REFRESH")
        if kind == "INCREMENTAL_REFRESH" and name not in self.refresh:
            raise self.refused("the data set has no refresh properties")
        since = self.now() - timedelta(hours=24)
        recent = [
            one for one in self.ingestions[name].values()
            if one["CreatedTime"] > since and one["RequestType"].endswith("REFRESH")
        ]  # fmt: skip
        if len(recent) >= MANUAL_INGESTIONS:
            raise AwsError(
                "LimitExceededException", "Maximum ingestions per data set in 24 hours reached",
                ResourceType="INGESTION",
            )  # fmt: skip
        self._ingestion(name, ingestion_id, kind)
        return {"Arn": self.arn(f"dataset/{name}/ingestion/{ingestion_id}"), "Status": 201,
                "IngestionId": ingestion_id, "IngestionStatus": "INITIALIZED"}  # fmt: skip

    def describe_ingestion(self, parameters: Json) -> Json:
        name = parameters["DataSetId"]
        self.existing(self.sets, name)
        ingestion = self.existing(self.ingestions[name], parameters["IngestionId"])
        before = {key: value for key, value in ingestion.items() if key != "hangs"}
        state = ingestion["IngestionStatus"]
        if state == "RUNNING" and "hangs" not in ingestion:
            self._finish(name, ingestion)
        ingestion["IngestionStatus"] = _NEXT.get(state, ingestion["IngestionStatus"])
        return {"Ingestion": before}

    def list_ingestions(self, parameters: Json) -> Json:
        self.existing(self.sets, parameters["DataSetId"])
        every = self.ingestions[parameters["DataSetId"]].values()
        return {
            "Ingestions": [
                {key: value for key, value in one.items() if key != "hangs"} for one in every
            ]
        }

    def cancel_ingestion(self, parameters: Json) -> Json:
        name = parameters["DataSetId"]
        ingestion = self.existing(self.ingestions[name], parameters["IngestionId"])
        if ingestion["IngestionStatus"] in ("COMPLETED", "FAILED", "CANCELLED"):
            raise self.refused("the ingestion has ended")
        ingestion["IngestionStatus"] = "CANCELLED"
        return {"Arn": ingestion["Arn"], "IngestionId": ingestion["IngestionId"]}

    def columns_of(self, data_set: Json) -> dict[str, str]:
        """Name and type of each column, after casts."""
        (table,) = data_set["PhysicalTableMap"].values()
        (source,) = table.values()
        columns = {
            one["Name"]: _COLUMN.get(one["Type"], one["Type"])
            for one in source.get("Columns") or source["InputColumns"]
        }
        for logical in data_set.get("LogicalTableMap", {}).values():
            for step in logical.get("DataTransforms", []):
                if cast := step.get("CastColumnTypeOperation"):
                    columns[cast["ColumnName"]] = cast["NewColumnType"]
        return columns

    def _source(self, parameters: Json, status: str) -> Json:
        name = parameters["DataSourceId"]
        wished = parameters["DataSourceParameters"]
        return {
            "Arn": self.arn(f"datasource/{name}"),
            "DataSourceId": name,
            "Name": parameters["Name"],
            "Type": "ATHENA" if "AthenaParameters" in wished else "S3",
            "DataSourceParameters": wished,
            "Status": status,
            "CreatedTime": self.now(),
        }

    def _connect(self, source: Json) -> str:
        """Why QuickSight cannot use a source; empty when it can."""
        if self.effect("failing_source"):
            return "The QuickSight service role may not access the source"
        client = clients(self.account, self.region, SERVICE_ROLE)
        wished = source["DataSourceParameters"]
        try:
            if "AthenaParameters" in wished:
                group = wished["AthenaParameters"]["WorkGroup"]
                client("athena").get_work_group(WorkGroup=group)
            else:
                where = wished["S3Parameters"]["ManifestFileLocation"]
                client("s3").get_object(**where)
        except client("s3").exceptions.ClientError as error:
            return str(error)
        return ""

    def _set(self, parameters: Json) -> Json:
        name = parameters["DataSetId"]
        (table,) = parameters["PhysicalTableMap"].values()
        (source,) = table.values()
        self.existing(self.sources, source["DataSourceArn"].rsplit("/", 1)[1])
        columns = source.get("Columns") or source["InputColumns"]
        names = [one["Name"] for one in columns]
        if len(names) != len(set(names)):
            raise self.refused("column names are not unique")
        if "S3Source" in table and any(one["Type"] != "STRING" for one in columns):
            raise self.refused("columns of files must be STRING; cast them in the logical table")
        for logical in parameters.get("LogicalTableMap", {}).values():
            if logical["Source"].get("PhysicalTableId") not in parameters["PhysicalTableMap"]:
                raise self.refused("the logical table has no physical table")
            for step in logical.get("DataTransforms", []):
                cast = step.get("CastColumnTypeOperation")
                if cast and cast["ColumnName"] not in names:
                    raise self.refused(f"no column {cast['ColumnName']} to cast")
        kept = ("Name", "PhysicalTableMap", "LogicalTableMap", "ImportMode")
        return {
            "Arn": self.arn(f"dataset/{name}"),
            "DataSetId": name,
            **{key: parameters[key] for key in kept if key in parameters},
            "CreatedTime": self.now(),
            "LastUpdatedTime": self.now(),
        }

    def _filled(self, name: str, reason: str) -> Json:
        """The answer to a call that starts an ingestion by itself."""
        ingestion_id = str(uuid4())
        self._ingestion(name, ingestion_id, reason)
        arn = self.arn(f"dataset/{name}")
        return {"Arn": arn, "DataSetId": name, "IngestionId": ingestion_id,
                "IngestionArn": f"{arn}/ingestion/{ingestion_id}"}  # fmt: skip

    def _ingestion(self, name: str, ingestion_id: str, kind: str) -> None:
        self.ingestions[name][ingestion_id] = {
            "Arn": self.arn(f"dataset/{name}/ingestion/{ingestion_id}"),
            "IngestionId": ingestion_id,
            "IngestionStatus": "INITIALIZED",
            "CreatedTime": self.now(),
            "RequestSource": "MANUAL",
            "RequestType": kind,
            **({"hangs": True} if self.effect("hanging_ingestion") else {}),
        }

    def _finish(self, name: str, ingestion: Json) -> None:
        since = None
        if ingestion["RequestType"] == "INCREMENTAL_REFRESH":
            window = self.refresh[name]["RefreshConfiguration"]["IncrementalRefresh"]
            days = window["LookbackWindow"]["Size"]
            since = ingestion["CreatedTime"] - timedelta(days=days)
        if fault := self.effect("failing_ingestion"):
            self._fail(ingestion, fault.detail["type"], fault.message)
            return
        try:
            data_set = self.sets[name]
            (table,) = data_set["PhysicalTableMap"].values()
            (origin,) = table.values()
            source = self.sources[origin["DataSourceArn"].rsplit("/", 1)[1]]
            read = read_rows(
                self.account, self.region, data_set, source["DataSourceParameters"], since,
            )  # fmt: skip
        except IngestionError as error:
            self._fail(ingestion, error.kind, str(error))
            return
        rows, dropped = read.rows, read.dropped
        if fault := self.effect("dropped_rows"):
            lost = fault.detail["rows"]
            rows, dropped = rows.slice(lost), dropped + fault.detail.get("reported", lost)
        ingested = rows.num_rows
        if since and self.rows[name].num_rows:
            rows = pa.concat_tables([rows_before(self.rows[name], since), rows])
        self.rows[name] = rows
        ingestion["IngestionStatus"] = "COMPLETED"
        ingestion["RowInfo"] = {
            "RowsIngested": ingested,
            "RowsDropped": dropped,
            "TotalRowsInDataset": rows.num_rows,
        }

    def _fail(self, ingestion: Json, kind: str, message: str) -> None:
        ingestion["IngestionStatus"] = "FAILED"
        ingestion["ErrorInfo"] = {"Type": kind, "Message": message}
