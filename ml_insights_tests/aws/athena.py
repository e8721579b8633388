"""Athena: workgroups, and queries that are really answered from Glue's tables and S3's objects.

What belongs here: Athena's API. What does not: how a query is answered (`lake_queries`).

Effects: `hanging` keeps a query RUNNING for ever; `beyond_limit` has it scan too much.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from ml_insights_tests.aws.lake_queries import QueryError, query_lake, verify_results
from ml_insights_tests.aws.refusals import AwsError
from ml_insights_tests.aws.service import Account, Service

Json = dict[str, Any]

CALLER = "athena-for-its-caller"
"""Access key with which the calls of a query are logged: Athena reads with its caller's rights."""


class Athena(Service):
    """Workgroups and query executions."""

    name = "athena"
    refusal = "InvalidRequestException"
    effects = frozenset({"hanging", "beyond_limit"})

    def __init__(self, account: Account, region: str) -> None:
        super().__init__(account, region)
        self.workgroups: dict[str, Json] = {}
        self.tags: dict[str, list[Json]] = {}
        self.executions: dict[str, Json] = {}

    def get_work_group(self, parameters: Json) -> Json:
        return {"WorkGroup": self._workgroup(parameters["WorkGroup"])}

    def create_work_group(self, parameters: Json) -> Json:
        if parameters["Name"] in self.workgroups:
            raise self._refused("WorkGroup is already created")
        group = dict(parameters)
        self.tags[group["Name"]] = group.pop("Tags", [])
        self.workgroups[group["Name"]] = {**group, "State": "ENABLED"}
        return {}

    def list_tags_for_resource(self, parameters: Json) -> Json:
        name = parameters["ResourceARN"].removeprefix(self.arn("workgroup/"))
        if name not in self.workgroups:
            raise AwsError("ResourceNotFoundException", f"{parameters['ResourceARN']} is not there")
        return {"Tags": self.tags[name]}

    def update_work_group(self, parameters: Json) -> Json:
        group = self._workgroup(parameters["WorkGroup"])
        updates = dict(parameters.get("ConfigurationUpdates", {}))
        result = updates.pop("ResultConfigurationUpdates", None)
        configuration = {**group["Configuration"], **updates}
        if result:
            configuration["ResultConfiguration"] = result
        group["Configuration"] = configuration
        return {}

    def start_query_execution(self, parameters: Json) -> Json:
        group = self._workgroup(parameters["WorkGroup"])
        if group["State"] != "ENABLED":
            raise self._refused("WorkGroup is disabled")
        place = group["Configuration"]["ResultConfiguration"]["OutputLocation"]
        try:
            verify_results(self.account, self.region, place, CALLER)
        except QueryError as error:
            raise self._refused(str(error)) from error
        execution_id = str(uuid4())
        self.executions[execution_id] = {
            "QueryExecutionId": execution_id,
            "Query": parameters["QueryString"],
            "QueryExecutionContext": parameters["QueryExecutionContext"],
            "WorkGroup": parameters["WorkGroup"],
            "Status": {"State": "QUEUED"},
            "Statistics": {"DataScannedInBytes": 0},
        }
        if self.effect("hanging"):
            self.executions[execution_id]["hangs"] = True
        return {"QueryExecutionId": execution_id}

    def get_query_execution(self, parameters: Json) -> Json:
        execution = self._execution(parameters)
        state = execution["Status"]["State"]
        if state == "QUEUED":
            execution["Status"] = {"State": "RUNNING"}
        elif state == "RUNNING" and "hangs" not in execution:
            self._run(execution)
        own = {"answer", "hangs"}
        return {
            "QueryExecution": {key: value for key, value in execution.items() if key not in own}
        }

    def stop_query_execution(self, parameters: Json) -> Json:
        self._execution(parameters)["Status"] = {"State": "CANCELLED"}
        return {}

    def get_query_results(self, parameters: Json) -> Json:
        execution = self._execution(parameters)
        if "answer" not in execution:
            raise self._refused(f"Query has not yet finished: {execution['Status']['State']}")
        answer = execution["answer"]
        names = [{"VarCharValue": name} for name in answer.column_names]
        rows = [
            {"Data": [{} if value is None else {"VarCharValue": str(value)} for value in values]}
            for values in zip(
                *(answer[name].to_pylist() for name in answer.column_names), strict=True
            )
        ]
        size = min(parameters.get("MaxResults", 1000), 1000)
        first = int(parameters.get("NextToken", "0"))
        every = [{"Data": names}, *rows]
        info = [{"Name": name, "Type": "varchar"} for name in answer.column_names]
        page = {
            "ResultSet": {
                "Rows": every[first : first + size],
                "ResultSetMetadata": {"ColumnInfo": info},
            }
        }
        more = first + size < len(every)
        return {**page, "NextToken": str(first + size)} if more else page

    def _run(self, execution: Json) -> None:
        try:
            answer = query_lake(
                self.account,
                self.region,
                execution["QueryExecutionContext"]["Database"],
                execution["Query"],
                CALLER,
            )
        except QueryError as error:
            execution["Status"] = {"State": "FAILED", "StateChangeReason": str(error)}
            return
        execution["Statistics"] = {"DataScannedInBytes": answer.nbytes}
        configuration = self._workgroup(execution["WorkGroup"])["Configuration"]
        limit = configuration.get("BytesScannedCutoffPerQuery", answer.nbytes)
        if answer.nbytes > limit or self.effect("beyond_limit"):
            reason = "Bytes scanned limit was exceeded"
            execution["Status"] = {"State": "CANCELLED", "StateChangeReason": reason}
            return
        execution["Status"] = {"State": "SUCCEEDED"}
        execution["answer"] = answer

    def _workgroup(self, name: str) -> Json:
        if name not in self.workgroups:
            raise self._refused("WorkGroup is not found.")
        return self.workgroups[name]

    def _execution(self, parameters: Json) -> Json:
        found = self.executions.get(parameters["QueryExecutionId"])
        if found is None:
            raise self._refused("QueryExecution was not found")
        return found

    def _refused(self, message: str) -> AwsError:
        return AwsError("InvalidRequestException", message)
