"""Where QuickSight reads from: Athena, or CSV files that a manifest on S3 names.

What belongs here: the data source, created or updated, and its state. What does not: which rows
are read (`data_set`).
"""

from __future__ import annotations

from ml_insights.aws.quicksight.account import EXISTS, RESOURCE_STATES, Account
from ml_insights.aws.quicksight.fields import Json
from ml_insights.aws.waiting import Pace, wait
from ml_insights.errors import AwsError, AwsPermanentError


def athena_parameters(workgroup: str, role_arn: str | None = None) -> Json:
    """Parameters of a source that queries through an Athena workgroup."""
    role = {"RoleArn": role_arn} if role_arn else {}
    return {"AthenaParameters": {"WorkGroup": workgroup, **role}}


def manifest_parameters(bucket: str, key: str, role_arn: str | None = None) -> Json:
    """Parameters of a source that reads the files a manifest names."""
    role = {"RoleArn": role_arn} if role_arn else {}
    location = {"Bucket": bucket, "Key": key}
    return {"S3Parameters": {"ManifestFileLocation": location, **role}}


def ensure_data_source(account: Account, source_id: str, parameters: Json, pace: Pace) -> str:
    """Create the data source or make it as wished; returns its ARN.

    Raises:
        AwsPermanentError: it exists and is not ours, or QuickSight cannot connect.
        DeadlineExceededError: QuickSight did not finish.
    """
    wished = {"Name": source_id, "DataSourceParameters": parameters}
    named = {"DataSourceId": source_id}
    kind = "ATHENA" if "AthenaParameters" in parameters else "S3"
    existing = account.find("describe_data_source", source_id, **named)
    if existing is None:
        try:
            created = {**named, **wished, "Type": kind, "Tags": account.tags()}
            account.call("create_data_source", source_id, **created)
        except AwsError as error:
            if error.code != EXISTS:
                raise
            existing = account.call("describe_data_source", source_id, **named)
    if existing is not None:
        account.refuse_foreign(existing["DataSource"]["Arn"])
        # Compared whole: a role that is no longer wished for must go.
        if any(existing["DataSource"].get(key) != value for key, value in wished.items()) or (
            "FAILED" in _state(existing)
        ):
            account.call("update_data_source", source_id, **named, **wished)
    ready = wait(
        f"data source {source_id}",
        lambda: account.call("describe_data_source", source_id, **named),
        _state,
        states=RESOURCE_STATES,
        pace=pace,
        clock=account.clock,
    )
    if not _state(ready).endswith("SUCCESSFUL"):
        found = ready["DataSource"].get("ErrorInfo", {})
        raise AwsPermanentError(
            f"data source {source_id} is {_state(ready)}: {found.get('Type', 'no type')}: "
            f"{found.get('Message', 'no message')}. Check that QuickSight's role may use the "
            "workgroup, the tables and the bucket (`ml-insights iam-policy`), then run again.",
            code=str(found.get("Type", "")),
        )
    return str(ready["DataSource"]["Arn"])


def _state(described: Json) -> str:
    return str(described["DataSource"]["Status"])
