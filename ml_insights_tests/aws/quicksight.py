"""QuickSight: everything of it that the product uses, in one service.

What belongs here: dashboards and their versions. What does not: data sets and ingestions
(`quicksight_data`), users and permissions (`quicksight_access`), what a definition may refer to
(`quicksight_references`).

Effects of the next version: `failing_version` (detail `type`); `hanging_version` is made for ever.
`lost_publication`: the next version is told to be published and is not.
"""

from __future__ import annotations

from typing import Any

from ml_insights_tests.aws.protocol import service_model
from ml_insights_tests.aws.quicksight_data import Data
from ml_insights_tests.aws.quicksight_references import offences
from ml_insights_tests.aws.refusals import AwsError
from ml_insights_tests.aws.service import Account

Json = dict[str, Any]

_SHOWN = frozenset(
    ("VersionNumber", "Arn", "Status", "Description", "CreatedTime", "DataSetArns", "Errors")
)


class QuickSight(Data):
    """Dashboards on top of data sets and users."""

    effects = Data.effects | {"failing_version", "hanging_version", "lost_publication"}

    def __init__(self, account: Account, region: str) -> None:
        super().__init__(account, region)
        self.dashboards: dict[str, Json] = {}

    def create_dashboard(self, parameters: Json) -> Json:
        name = parameters["DashboardId"]
        self.refuse_existing(self.dashboards, name)
        self.dashboards[name] = {"versions": [], "published": None, "name": parameters["Name"]}
        self.own("dashboard", name, parameters)
        return self._version(name, parameters, "CREATION_IN_PROGRESS")

    def update_dashboard(self, parameters: Json) -> Json:
        dashboard = self.existing(self.dashboards, parameters["DashboardId"])
        self.refuse_busy(dashboard["versions"][-1]["Status"])
        answer = self._version(parameters["DashboardId"], parameters, "UPDATE_IN_PROGRESS")
        return {**answer, "Status": 200}

    def describe_dashboard(self, parameters: Json) -> Json:
        name = parameters["DashboardId"]
        dashboard = self.existing(self.dashboards, name)
        number = parameters.get("VersionNumber") or dashboard["published"] or 1
        version = self._numbered(dashboard, number)
        shown = {key: value for key, value in version.items() if key in _SHOWN}
        if version["Status"].endswith("IN_PROGRESS") and not version["hangs"]:
            self._settle(dashboard, version)
        return {
            "Dashboard": {
                "DashboardId": name,
                "Arn": self.arn(f"dashboard/{name}"),
                "Name": dashboard["name"],
                "Version": shown,
                "CreatedTime": dashboard["versions"][0]["CreatedTime"],
            }
        }

    def describe_dashboard_definition(self, parameters: Json) -> Json:
        dashboard = self.existing(self.dashboards, parameters["DashboardId"])
        number = parameters.get("VersionNumber") or dashboard["published"] or 1
        version = self._numbered(dashboard, number)
        return {
            "DashboardId": parameters["DashboardId"],
            "Name": dashboard["name"],
            "ResourceStatus": version["Status"],
            "Definition": version["Definition"],
            "DashboardPublishOptions": version["DashboardPublishOptions"],
        }

    def update_dashboard_published_version(self, parameters: Json) -> Json:
        dashboard = self.existing(self.dashboards, parameters["DashboardId"])
        version = self._numbered(dashboard, parameters["VersionNumber"])
        self.refuse_busy(version["Status"])
        if not version["Status"].endswith("SUCCESSFUL"):
            raise self.refused(f"version {parameters['VersionNumber']} is {version['Status']}")
        if not self.effect("lost_publication"):
            dashboard["published"] = parameters["VersionNumber"]
        return {"DashboardId": parameters["DashboardId"]}

    def list_dashboard_versions(self, parameters: Json) -> Json:
        dashboard = self.existing(self.dashboards, parameters["DashboardId"])
        kept = ("Arn", "CreatedTime", "VersionNumber", "Status", "Description")
        return {
            "DashboardVersionSummaryList": [
                {key: one[key] for key in kept if key in one} for one in dashboard["versions"]
            ]
        }

    def generate_embed_url_for_registered_user(self, parameters: Json) -> Json:
        name = parameters["ExperienceConfiguration"]["Dashboard"]["InitialDashboardId"]
        self.existing(self.dashboards, name)
        self.existing(self.users, parameters["UserArn"].rsplit("/", 1)[1])
        return {"EmbedUrl": f"https://{self.region}.quicksight.aws.amazon.com/embed/{name}"}

    def _version(self, name: str, parameters: Json, status: str) -> Json:
        dashboard = self.dashboards[name]
        number = len(dashboard["versions"]) + 1
        known = {one["Arn"]: self.columns_of(one) for one in self.sets.values()}
        found = offences(parameters["Definition"], known)
        if fault := self.effect("failing_version"):
            found.append(f"{fault.detail.get('type', 'COLUMN_TYPE_MISMATCH')}: injected")
        arn = self.arn(f"dashboard/{name}")
        dashboard["versions"].append(
            {
                "VersionNumber": number,
                "Arn": f"{arn}/version/{number}",
                "Status": status,
                "Description": parameters.get("VersionDescription"),
                "CreatedTime": self.now(),
                "DataSetArns": [
                    one["DataSetArn"]
                    for one in parameters["Definition"]["DataSetIdentifierDeclarations"]
                ],
                "Definition": parameters["Definition"],
                "DashboardPublishOptions": parameters.get("DashboardPublishOptions", {}),
                "offences": found,
                "hangs": self.effect("hanging_version") is not None,
            }
        )
        return {
            "Arn": arn,
            "VersionArn": f"{arn}/version/{number}",
            "DashboardId": name,
            "CreationStatus": status,
            "Status": 202,
        }

    def _settle(self, dashboard: Json, version: Json) -> None:
        outcome = "FAILED" if version["offences"] else "SUCCESSFUL"
        version["Status"] = version["Status"].replace("IN_PROGRESS", outcome)
        if version["offences"]:
            version["Errors"] = [_error(text) for text in version["offences"]]
        elif dashboard["published"] is None:
            dashboard["published"] = version["VersionNumber"]

    def _numbered(self, dashboard: Json, number: int) -> Json:
        if number > len(dashboard["versions"]):
            raise AwsError("ResourceNotFoundException", f"there is no version {number}")
        version: Json = dashboard["versions"][number - 1]
        return version


def _error(offence: str) -> Json:
    """An offence as QuickSight has it: of the type that it begins with, if there is such a type."""
    kind, _, message = offence.partition(": ")
    if kind in service_model("quicksight").shape_for("DashboardErrorType").enum:
        return {"Type": kind, "Message": message}
    return {"Type": "COLUMN_TYPE_MISMATCH", "Message": offence}
