"""Who may do what with a data source, a data set or the dashboard: exactly what is wished.

What belongs here: the action lists and the comparison with what is granted. What does not: who is
in the group of readers (`readers`). Whoever has the link of a dashboard may be given rights apart
from those of users and groups; here nobody is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ml_insights.aws.quicksight.account import Account
from ml_insights.aws.quicksight.fields import Json

READ_DASHBOARD = frozenset(
    {
        "quicksight:DescribeDashboard",
        "quicksight:ListDashboardVersions",
        "quicksight:QueryDashboard",
    }
)
"""All that readers get, and they get it on the dashboard alone."""

OWN_DASHBOARD = READ_DASHBOARD | {
    "quicksight:UpdateDashboard",
    "quicksight:DeleteDashboard",
    "quicksight:DescribeDashboardPermissions",
    "quicksight:UpdateDashboardPermissions",
    "quicksight:UpdateDashboardPublishedVersion",
}
OWN_DATA_SET = frozenset(
    {
        "quicksight:DescribeDataSet",
        "quicksight:DescribeDataSetPermissions",
        "quicksight:PassDataSet",
        "quicksight:DescribeIngestion",
        "quicksight:ListIngestions",
        "quicksight:UpdateDataSet",
        "quicksight:DeleteDataSet",
        "quicksight:CreateIngestion",
        "quicksight:CancelIngestion",
        "quicksight:UpdateDataSetPermissions",
    }
)
OWN_DATA_SOURCE = frozenset(
    {
        "quicksight:DescribeDataSource",
        "quicksight:DescribeDataSourcePermissions",
        "quicksight:PassDataSource",
        "quicksight:UpdateDataSource",
        "quicksight:DeleteDataSource",
        "quicksight:UpdateDataSourcePermissions",
    }
)

Grants = Mapping[str, frozenset[str]]
"""Principal's ARN -> actions."""


@dataclass(frozen=True)
class Changed:
    """What differed and is now as wished.

    Attributes:
        granted: actions given, by principal.
        revoked: actions taken away, by principal; those of whoever has the link, by `the link for`
            and the principal.
    """

    granted: Grants
    revoked: Grants

    def __bool__(self) -> bool:
        return bool(self.granted or self.revoked)


@dataclass(frozen=True)
class Guarded:
    """A resource with permissions, as the API names its parts.

    Attributes:
        noun: as in `describe_<noun>_permissions`.
        id_parameter: name of its id.
        resource_id: its id.
    """

    noun: str
    id_parameter: str
    resource_id: str


def data_source(resource_id: str) -> Guarded:
    """A data source."""
    return Guarded("data_source", "DataSourceId", resource_id)


def data_set(resource_id: str) -> Guarded:
    """A data set."""
    return Guarded("data_set", "DataSetId", resource_id)


def dashboard(resource_id: str) -> Guarded:
    """A dashboard."""
    return Guarded("dashboard", "DashboardId", resource_id)


def make_exact(account: Account, guarded: Guarded, wished: Grants) -> Changed:
    """Grant what is missing and revoke what is too much; nothing is sent when all is as wished.

    Nothing is wished for a link: what link sharing grants is too much.

    Raises:
        AwsError: a call failed.
    """
    named = {guarded.id_parameter: guarded.resource_id}
    described = account.call(f"describe_{guarded.noun}_permissions", guarded.resource_id, **named)
    actual = _granted(described)
    by_link = _granted(described.get("LinkSharingConfiguration", {}))
    granted, revoked = _beyond(wished, actual), _beyond(actual, wished)
    linked = {f"the link for {who}": actions for who, actions in by_link.items()}
    changed = Changed(granted, {**revoked, **linked})
    if changed:
        account.call(
            f"update_{guarded.noun}_permissions",
            guarded.resource_id,
            **named,
            **_sent("GrantPermissions", granted),
            **_sent("RevokePermissions", revoked),
            **_sent("RevokeLinkPermissions", by_link),
        )
    return changed


def _granted(described: Json) -> Grants:
    return {
        one["Principal"]: frozenset(one["Actions"]) for one in described.get("Permissions") or ()
    }


def _beyond(some: Grants, others: Grants) -> Grants:
    rest = {who: actions - others.get(who, frozenset()) for who, actions in some.items()}
    return {who: actions for who, actions in rest.items() if actions}


def _sent(parameter: str, grants: Grants) -> dict[str, list[dict[str, object]]]:
    entries: list[dict[str, object]] = [
        {"Principal": who, "Actions": sorted(actions)} for who, actions in sorted(grants.items())
    ]
    return {parameter: entries} if entries else {}
