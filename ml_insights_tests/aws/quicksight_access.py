"""QuickSight's users, groups, permissions and tags, and what all of its calls refuse alike.

What belongs here: who there is and who may do what. What does not: the resources themselves.
"""

from __future__ import annotations

from typing import Any

from ml_insights_tests.aws.refusals import AwsError
from ml_insights_tests.aws.service import Account, Service

Json = dict[str, Any]


class Access(Service):
    """Users, groups, permissions, tags."""

    name = "quicksight"
    refusal = "InvalidParameterValueException"
    page_size = 100

    def __init__(self, account: Account, region: str) -> None:
        super().__init__(account, region)
        self.groups: dict[str, set[str]] = {}
        self.descriptions: dict[str, str] = {}
        self.users: dict[str, Json] = {}
        self.permissions: dict[str, dict[str, set[str]]] = {}
        self.link_permissions: dict[str, dict[str, set[str]]] = {}
        """Rights of whoever has the link of a dashboard; a principal is a namespace."""
        self.tags: dict[str, list[Json]] = {}

    def create_group(self, parameters: Json) -> Json:
        self.refuse_existing(self.groups, parameters["GroupName"])
        self.groups[parameters["GroupName"]] = set()
        self.descriptions[parameters["GroupName"]] = parameters.get("Description", "")
        return {**self.describe_group(parameters), "Status": 201}

    def describe_group(self, parameters: Json) -> Json:
        self.existing(self.groups, parameters["GroupName"])
        arn = self.arn(f"group/{parameters['Namespace']}/{parameters['GroupName']}")
        described = self.descriptions[parameters["GroupName"]]
        return {
            "Group": {"Arn": arn, "GroupName": parameters["GroupName"], "Description": described}
        }

    def create_group_membership(self, parameters: Json) -> Json:
        members = self.existing(self.groups, parameters["GroupName"])
        self.existing(self.users, parameters["MemberName"])
        members.add(parameters["MemberName"])
        return {"GroupMember": {"MemberName": parameters["MemberName"]}}

    def delete_group_membership(self, parameters: Json) -> Json:
        self.existing(self.groups, parameters["GroupName"]).discard(parameters["MemberName"])
        return {}

    def list_group_memberships(self, parameters: Json) -> Json:
        members = self.existing(self.groups, parameters["GroupName"])
        return {"GroupMemberList": [{"MemberName": name} for name in sorted(members)]}

    def register_user(self, parameters: Json) -> Json:
        name = parameters.get("UserName") or parameters["Email"]
        arn = self.arn(f"user/{parameters['Namespace']}/{name}")
        self.users[name] = {"Arn": arn, "UserName": name, "Role": parameters["UserRole"]}
        return {"User": self.users[name], "Status": 201}

    def list_tags_for_resource(self, parameters: Json) -> Json:
        return {"Tags": self.tags.get(parameters["ResourceArn"], [])}

    def tag_resource(self, parameters: Json) -> Json:
        self.tags.setdefault(parameters["ResourceArn"], []).extend(parameters["Tags"])
        return {}

    def describe_data_source_permissions(self, parameters: Json) -> Json:
        return self._described("DataSource", "datasource", parameters)

    def update_data_source_permissions(self, parameters: Json) -> Json:
        return self._granted("DataSource", "datasource", parameters)

    def describe_data_set_permissions(self, parameters: Json) -> Json:
        return self._described("DataSet", "dataset", parameters)

    def update_data_set_permissions(self, parameters: Json) -> Json:
        return self._granted("DataSet", "dataset", parameters)

    def describe_dashboard_permissions(self, parameters: Json) -> Json:
        described = self._described("Dashboard", "dashboard", parameters)
        linked = self.link_permissions.get(described["DashboardArn"])
        shared = {"LinkSharingConfiguration": {"Permissions": _listed(linked)}} if linked else {}
        return {**described, **shared}

    def update_dashboard_permissions(self, parameters: Json) -> Json:
        arn = self._granted("Dashboard", "dashboard", parameters)["DashboardArn"]
        linked = self.link_permissions.setdefault(arn, {})
        for grant in parameters.get("GrantLinkPermissions", []):
            if ":namespace/" not in grant["Principal"]:
                raise self.refused(f"{grant['Principal']} is not a namespace")
            linked.setdefault(grant["Principal"], set()).update(grant["Actions"])
        for grant in parameters.get("RevokeLinkPermissions", []):
            _revoke(linked, grant)
        return self.describe_dashboard_permissions(parameters)

    def own(self, kind: str, name: str, parameters: Json) -> None:
        """Keep the tags and permissions that a resource is created with."""
        arn = self.arn(f"{kind}/{name}")
        self.tags[arn] = parameters.get("Tags", [])
        self.permissions[arn] = {}
        for grant in parameters.get("Permissions", []):
            self._grant(arn, grant)

    def existing(self, kept: Any, name: str) -> Any:
        """What is kept under a name.

        Raises:
            AwsError: there is nothing.
        """
        if name not in kept:
            raise AwsError("ResourceNotFoundException", f"{name} is not found")
        return kept[name]

    def refuse_existing(self, kept: Any, name: str) -> None:
        if name in kept:
            raise AwsError("ResourceExistsException", f"{name} already exists")

    def refuse_busy(self, status: str) -> None:
        if status.endswith("IN_PROGRESS"):
            raise AwsError("ConflictException", f"the resource is in state {status}")

    def refused(self, message: str) -> AwsError:
        return AwsError("InvalidParameterValueException", message)

    def _described(self, kind: str, noun: str, parameters: Json) -> Json:
        name = parameters[f"{kind}Id"]
        arn = self.arn(f"{noun}/{name}")
        grants = self.existing(self.permissions, arn)
        return {
            f"{kind}Arn": arn,
            f"{kind}Id": name,
            "Permissions": _listed(grants),
        }

    def _granted(self, kind: str, noun: str, parameters: Json) -> Json:
        name = parameters[f"{kind}Id"]
        arn = self.arn(f"{noun}/{name}")
        self.existing(self.permissions, arn)
        for grant in parameters.get("GrantPermissions", []):
            self._grant(arn, grant)
        for grant in parameters.get("RevokePermissions", []):
            _revoke(self.permissions[arn], grant)
        return {f"{kind}Arn": arn, f"{kind}Id": name}

    def _grant(self, arn: str, grant: Json) -> None:
        kind, _, rest = grant["Principal"].rsplit(":", 1)[1].partition("/")
        name = rest.partition("/")[2]
        if name not in (self.groups if kind == "group" else self.users):
            raise self.refused(f"principal {grant['Principal']} does not exist")
        self.permissions[arn].setdefault(grant["Principal"], set()).update(grant["Actions"])


def _listed(grants: dict[str, set[str]]) -> list[Json]:
    return [{"Principal": who, "Actions": sorted(actions)} for who, actions in grants.items()]


def _revoke(grants: dict[str, set[str]], grant: Json) -> None:
    left = grants.pop(grant["Principal"], set()) - set(grant["Actions"])
    if left:
        grants[grant["Principal"]] = left
