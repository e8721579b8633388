"""Whether policies allow what was called, as IAM would decide: action, resource and condition.

What belongs here: what calls need, and matching it. What does not: the policies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from ml_insights_tests.aws.calls import Call
from ml_insights_tests.aws.service import ACCOUNT_ID

PASSED = {
    "quicksight:CreateDataSet": "quicksight:PassDataSource",
    "quicksight:UpdateDataSet": "quicksight:PassDataSource",
    "quicksight:CreateDashboard": "quicksight:PassDataSet",
    "quicksight:UpdateDashboard": "quicksight:PassDataSet",
    "elasticmapreduce:RunJobFlow": "iam:PassRole",
    "emr-serverless:StartJobRun": "iam:PassRole",
}
"""Actions on what a call hands over; AWS checks them, no call bears their name."""

TAGGED = {
    "athena:CreateWorkGroup": "athena:TagResource",
    "quicksight:CreateDataSource": "quicksight:TagResource",
    "quicksight:CreateDataSet": "quicksight:TagResource",
    "quicksight:CreateDashboard": "quicksight:TagResource",
    "elasticmapreduce:RunJobFlow": "elasticmapreduce:AddTags",
    "emr-serverless:StartJobRun": "emr-serverless:TagResource",
}
"""Actions with which a call marks what it makes, likewise."""

ALWAYS_ALLOWED = {"sts:GetCallerIdentity"}
"""Needs no permission."""

_QUICKSIGHT = {
    "IngestionId": "dataset/{DataSetId}/ingestion/{IngestionId}",
    "DataSetId": "dataset/{DataSetId}",
    "DataSourceId": "datasource/{DataSourceId}",
    "DashboardId": "dashboard/{DashboardId}",
    "GroupName": "group/{Namespace}/{GroupName}",
}


@dataclass(frozen=True)
class Need:
    """What a policy must allow.

    Attributes:
        action: such as `s3:GetObject`.
        arn: of the resource.
        context: keys of conditions, as far as a call has them.
    """

    action: str
    arn: str
    context: tuple[tuple[str, str], ...] = ()


def needs(call: Call, workgroup: str, lake: str, kms_key: str | None = None) -> list[Need]:
    """All that a call needs.

    Args:
        call: a call.
        workgroup: of Athena, for calls about the execution of a query.
        lake: prefix of the lake in its bucket; the objects that the product deletes, whose keys are
            not logged, are of it.
        kms_key: key of the lake's objects.
    """
    if call.action in ALWAYS_ALLOWED:
        return []
    context = (("s3:prefix", call.resource["Prefix"]),) if "Prefix" in call.resource else ()
    arns = _arns(call, workgroup, lake)
    found = [Need(call.action, arn, context) for arn in arns]
    # The job that EMR marks has no name before the call.
    if (tagging := TAGGED.get(call.action)) and not call.service.startswith("emr"):
        found += [Need(tagging, arn) for arn in arns]
    if call.service == "quicksight":
        found += [
            Need("iam:PassRole", role, (("iam:PassedToService", "quicksight.amazonaws.com"),))
            for name, role in call.resource.items()
            if name.endswith(".RoleArn")
        ]
    if key := call.resource.get("SSEKMSKeyId"):
        found.append(Need("kms:GenerateDataKey", key))
    if kms_key and call.operation == "GetObject" and call.resource["Key"].startswith(f"{lake}/"):
        found.append(Need("kms:Decrypt", kms_key))
    return found


def _arns(call: Call, workgroup: str, lake: str) -> list[str]:
    """ARNs of all resources that a call is about; each must be allowed."""
    named = {"Namespace": "default", "WorkGroup": workgroup, **call.resource}
    if call.service == "s3":
        bucket = f"arn:aws:s3:::{named['Bucket']}"
        key = f"{lake}/any" if call.operation == "DeleteObjects" else named.get("Key")
        return [f"{bucket}/{key}" if key else bucket]
    if whole := named.get("ResourceArn") or named.get("ResourceARN") or named.get("UserArn"):
        return [whole]
    service = call.action.partition(":")[0]
    prefix = f"arn:aws:{service}:{call.region}:{ACCOUNT_ID}:"
    if call.service == "quicksight":
        form = next(form for key, form in _QUICKSIGHT.items() if key in named)
        return [prefix + form.format(**named)]
    if call.service == "glue":
        return [f"{prefix}{one}" for one in _glue(named)]
    others = {
        "athena": f"workgroup/{named.get('Name', named['WorkGroup'])}",
        # Some name their clusters in a list, which is not logged.
        "emr": f"cluster/{named.get('ClusterId', named.get('JobFlowId', 'j-any'))}",
        "emr-serverless": f"/applications/{named.get('applicationId')}"
        + (f"/jobruns/{named['jobRunId']}" if "jobRunId" in named else ""),
    }
    return [prefix + others[call.service]]


def _glue(named: Mapping[str, str]) -> list[str]:
    """Glue asks for the right on all that a resource is in."""
    if "DatabaseName" not in named:
        return ["catalog", f"database/{named.get('Name', named.get('DatabaseInput.Name'))}"]
    database, table = named["DatabaseName"], named.get("Name", named.get("TableInput.Name"))
    return ["catalog", f"database/{database}", f"table/{database}/{table}"]


def allows(policy: dict[str, Any], action: str, arn: str, context: Mapping[str, str]) -> bool:
    """Whether one of the statements allows an action on a resource.

    Args:
        policy: the document.
        action: such as `s3:GetObject`.
        arn: of the resource.
        context: keys of conditions.
    """
    return any(
        action in statement["Action"]
        and any(fnmatchcase(arn, pattern) for pattern in statement["Resource"])
        and _satisfied(statement.get("Condition", {}), context)
        for statement in policy["Statement"]
    )


def _satisfied(condition: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    """Whether a condition holds; of a key that a call does not have it does not."""
    for operator, keys in condition.items():
        for key, wished in keys.items():
            if operator == "Null":
                held = (key not in context) == (wished == "true")
            elif operator == "StringEquals":
                held = context.get(key) in wished
            elif operator == "StringLike":
                held = any(fnmatchcase(context.get(key, ""), one) for one in wished)
            else:
                raise AssertionError(f"condition {operator} is not known")
            if not held:
                return False
    return True


def refused(
    calls: Iterable[Call],
    policies: Mapping[str, dict[str, Any]],
    group: str = "ml-insights",
    lake: str = "lake",
    kms_key: str | None = None,
) -> set[str]:
    """What the policies of the callers do not allow, as sentences.

    Args:
        calls: of callers that have policies.
        policies: by access key.
        group: Athena workgroup of queries that do not name theirs.
        lake: prefix of the lake in its bucket.
        kms_key: key of the lake's objects.
    """
    return {
        f"{call.access_key} may not {need.action} on {need.arn} ({call.operation})"
        for call in calls
        for need in needs(call, group, lake, kms_key)
        if not allows(policies[call.access_key], need.action, need.arn, dict(need.context))
    }


def idle(policy: dict[str, Any], needed: Iterable[Need]) -> set[tuple[str, str]]:
    """Actions and resources that a policy allows and nothing needed, one by one."""
    asked: dict[str, set[str]] = {}
    for need in needed:
        asked.setdefault(need.action, set()).add(need.arn)
    return {
        (action, pattern)
        for statement in policy["Statement"]
        for action in statement["Action"]
        for pattern in statement["Resource"]
        if not any(fnmatchcase(arn, pattern) for arn in asked.get(action, ()))
    }


def granted(policy: dict[str, Any]) -> set[str]:
    """All actions that a policy allows."""
    return {action for statement in policy["Statement"] for action in statement["Action"]}


def used(calls: Iterable[Call]) -> set[str]:
    """Actions that calls needed."""
    every = list(calls)
    actions = {call.action for call in every} - ALWAYS_ALLOWED
    if any(one.endswith(".RoleArn") for call in every for one in call.resource):
        actions.add("iam:PassRole")
    return actions | {
        implied[action] for implied in (PASSED, TAGGED) for action in actions if action in implied
    }
