"""Whether policies allow what was called, as IAM would decide; a resource by its ARN.

What belongs here: ARNs of calls, and matching them. What does not: the policies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from ml_insights_tests.aws.calls import Call
from ml_insights_tests.aws.service import ACCOUNT_ID

IMPLIED = {
    "athena:CreateWorkGroup": {"athena:TagResource"},
    "quicksight:CreateDataSource": {"quicksight:TagResource"},
    "quicksight:CreateDataSet": {"quicksight:PassDataSource", "quicksight:TagResource"},
    "quicksight:UpdateDataSet": {"quicksight:PassDataSource"},
    "quicksight:CreateDashboard": {"quicksight:PassDataSet", "quicksight:TagResource"},
    "quicksight:UpdateDashboard": {"quicksight:PassDataSet"},
    "elasticmapreduce:RunJobFlow": {"elasticmapreduce:AddTags", "iam:PassRole"},
    "emr-serverless:StartJobRun": {"emr-serverless:TagResource", "iam:PassRole"},
}
"""Actions that a call needs besides its own; AWS checks them, no call bears their name."""

ALWAYS_ALLOWED = {"sts:GetCallerIdentity"}
"""Needs no permission."""

_QUICKSIGHT = {
    "IngestionId": "dataset/{DataSetId}/ingestion/{IngestionId}",
    "DataSetId": "dataset/{DataSetId}",
    "DataSourceId": "datasource/{DataSourceId}",
    "DashboardId": "dashboard/{DashboardId}",
    "GroupName": "group/{Namespace}/{GroupName}",
}


def arn_of(call: Call, workgroup: str, lake: str) -> str:
    """ARN of the resource that a call is about.

    Of a query's execution it is its workgroup; of several deleted objects, whose keys are not
    logged, any object of the lake, the only place where the product deletes.
    """
    named = {"Namespace": "default", "WorkGroup": workgroup, **call.resource}
    if call.service == "s3":
        bucket = f"arn:aws:s3:::{named['Bucket']}"
        if call.operation == "DeleteObjects":
            return f"{bucket}/{lake}/any"
        return f"{bucket}/{named['Key']}" if "Key" in named else bucket
    service = call.action.partition(":")[0]
    prefix = f"arn:aws:{service}:{call.region}:{ACCOUNT_ID}:"
    if call.service == "quicksight":
        if whole := named.get("ResourceArn") or named.get("UserArn"):
            return whole
        form = next(form for key, form in _QUICKSIGHT.items() if key in named)
        return prefix + form.format(**named)
    others = {
        "glue": "catalog",
        "athena": f"workgroup/{named.get('Name', named['WorkGroup'])}",
        # Some name their clusters in a list, which is not logged.
        "emr": f"cluster/{named.get('ClusterId', named.get('JobFlowId', 'j-any'))}",
        "emr-serverless": f"/applications/{named.get('applicationId')}"
        + (f"/jobruns/{named['jobRunId']}" if "jobRunId" in named else ""),
    }
    return prefix + others[call.service]


def allows(policy: dict[str, Any], action: str, arn: str) -> bool:
    """Whether one of the statements allows an action on a resource."""
    return any(
        action in statement["Action"]
        and any(fnmatchcase(arn, pattern) for pattern in statement["Resource"])
        for statement in policy["Statement"]
    )


def refused(
    calls: Iterable[Call],
    policies: Mapping[str, dict[str, Any]],
    group: str = "ml-insights",
    lake: str = "lake",
) -> set[str]:
    """What the policies of the callers do not allow, as sentences.

    Args:
        calls: of callers that have policies.
        policies: by access key.
        group: Athena workgroup of queries that do not name theirs.
        lake: prefix of the lake in its bucket.
    """
    return {
        f"{call.access_key} may not {call.action} on {arn} ({call.operation})"
        for call in calls
        if call.action not in ALWAYS_ALLOWED
        and not allows(policies[call.access_key], call.action, arn := arn_of(call, group, lake))
    }


def granted(policy: dict[str, Any]) -> set[str]:
    """All actions that a policy allows."""
    return {action for statement in policy["Statement"] for action in statement["Action"]}


def used(calls: Iterable[Call]) -> set[str]:
    """Actions that calls needed."""
    actions = {call.action for call in calls} - ALWAYS_ALLOWED
    return actions | {more for action in actions for more in IMPLIED.get(action, set())}
