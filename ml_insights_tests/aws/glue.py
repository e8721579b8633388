"""Glue's data catalogue: databases and tables, with versions.

What belongs here: what the product calls of Glue, and what Glue refuses. What does not: queries.

Effects: `concurrent_update` lets somebody else change a table just before `UpdateTable`.
"""

from __future__ import annotations

import re
from typing import Any

from ml_insights_tests.aws.refusals import AwsError
from ml_insights_tests.aws.service import Account, Service

Json = dict[str, Any]

_TYPE = re.compile(
    r"(array<)?(bigint|int|smallint|tinyint|double|float|boolean|string|date|binary|timestamp"
    r"|decimal\(\d+,\d+\))>?"
)


class Glue(Service):
    """Databases and tables of the default catalogue."""

    name = "glue"
    refusal = "InvalidInputException"
    effects = frozenset({"concurrent_update"})

    def __init__(self, account: Account, region: str) -> None:
        super().__init__(account, region)
        self.databases: dict[str, Json] = {}
        self.tables: dict[tuple[str, str], Json] = {}

    def get_database(self, parameters: Json) -> Json:
        return {"Database": self._database(parameters["Name"])}

    def create_database(self, parameters: Json) -> Json:
        described = parameters["DatabaseInput"]
        if described["Name"] in self.databases:
            raise AwsError("AlreadyExistsException", "Database already exists.")
        self.databases[described["Name"]] = {**described, "CreateTime": self.now()}
        return {}

    def get_table(self, parameters: Json) -> Json:
        return {"Table": self._table(parameters["DatabaseName"], parameters["Name"])}

    def create_table(self, parameters: Json) -> Json:
        database, wished = parameters["DatabaseName"], parameters["TableInput"]
        self._database(database)
        if (database, wished["Name"]) in self.tables:
            raise AwsError("AlreadyExistsException", "Table already exists.")
        self._put(database, wished, version=0)
        return {}

    def update_table(self, parameters: Json) -> Json:
        database, wished = parameters["DatabaseName"], parameters["TableInput"]
        current = self._table(database, wished["Name"])
        if self.effect("concurrent_update"):
            current["VersionId"] = str(int(current["VersionId"]) + 1)
        if parameters.get("VersionId", current["VersionId"]) != current["VersionId"]:
            raise AwsError(
                "ConcurrentModificationException", "Update table failed due to concurrent changes."
            )
        self._put(database, wished, version=int(current["VersionId"]) + 1)
        return {}

    def delete_table(self, parameters: Json) -> Json:
        self._table(parameters["DatabaseName"], parameters["Name"])
        del self.tables[parameters["DatabaseName"], parameters["Name"]]
        return {}

    def _put(self, database: str, wished: Json, version: int) -> None:
        for column in (*wished["StorageDescriptor"]["Columns"], *wished.get("PartitionKeys", [])):
            if not _TYPE.fullmatch(column["Type"]):
                raise AwsError("InvalidInputException", f"Unsupported type {column['Type']}")
            if column["Name"] != column["Name"].lower():
                raise AwsError("InvalidInputException", f"{column['Name']} is not lower case")
        self._check_projection(wished)
        self.tables[database, wished["Name"]] = {
            **wished,
            "DatabaseName": database,
            "VersionId": str(version),
            "UpdateTime": self.now(),
        }

    def _check_projection(self, wished: Json) -> None:
        """Athena finds these only when it queries; the stand-in says so at once."""
        parameters = wished.get("Parameters", {})
        if parameters.get("projection.enabled") != "true":
            return
        for key in wished.get("PartitionKeys", []):
            if f"projection.{key['Name']}.type" not in parameters:
                raise AwsError(
                    "InvalidInputException",
                    f"HIVE_METASTORE_ERROR: partition column {key['Name']} has no projection",
                )
        template = parameters.get("storage.location.template", "")
        missing = [
            key["Name"] for key in wished["PartitionKeys"] if f"${{{key['Name']}}}" not in template
        ]
        if missing or not template.endswith("/"):
            raise AwsError("InvalidInputException", f"location template lacks {missing or '/'}")

    def _database(self, name: str) -> Json:
        if name not in self.databases:
            raise AwsError("EntityNotFoundException", f"Database {name} not found.")
        return self.databases[name]

    def _table(self, database: str, name: str) -> Json:
        self._database(database)
        if (database, name) not in self.tables:
            raise AwsError("EntityNotFoundException", f"Table {name} not found.")
        return self.tables[database, name]
