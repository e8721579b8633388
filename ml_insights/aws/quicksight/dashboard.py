"""The dashboard in QuickSight: a version is made, waited for, published and verified.

What belongs here: versions of one dashboard. What does not: its definition (`definition`), and who
may see it (`grants`).

A version that fails is never published: readers keep the last good one. The description of a
version names its definition, so that a rerun knows the latest version again: it is waited for,
published, or its error is said again, and no other of the same is made.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from ml_insights.aws.quicksight.account import EXISTS, RESOURCE_STATES, Account
from ml_insights.aws.quicksight.fields import Json
from ml_insights.aws.waiting import Pace, wait
from ml_insights.errors import AwsError, AwsPermanentError, DeadlineExceededError

_DIGEST = "ml_insights definition "
_ERRORS_SHOWN = 5
_PASSING = frozenset({"ACCESS_DENIED", "INTERNAL_FAILURE"})
"""Types of errors that something else than the definition and its data sets can mend."""


@dataclass(frozen=True)
class Published:
    """The dashboard that readers see.

    Attributes:
        dashboard_id: its id.
        version: number of the published version.
        changed: whether it was made just now.
    """

    dashboard_id: str
    version: int
    changed: bool


def publish_options(*, exports: bool) -> Json:
    """What readers may do on the dashboard besides looking and choosing."""
    on, off = {"AvailabilityStatus": "ENABLED"}, {"AvailabilityStatus": "DISABLED"}
    return {
        "AdHocFilteringOption": off,
        "ExportToCSVOption": on if exports else off,
        "ExportWithHiddenFieldsOption": off,
        "SheetControlsOption": {"VisibilityState": "EXPANDED"},
        "DataQAEnabledOption": off,
        "DataStoriesSharingOption": off,
        "ExecutiveSummaryOption": off,
        "QuickSuiteActionsOption": off,
    }


def ensure_dashboard(
    account: Account,
    dashboard_id: str,
    *,
    name: str,
    definition: Json,
    options: Json,
    pace: Pace,
) -> Published:
    """Create the dashboard, or make and publish a version where the published one differs.

    Raises:
        AwsPermanentError: it exists and is not ours, or QuickSight refuses the definition.
        DeadlineExceededError: the version was not ready; the published one stays.
    """
    wished = {
        "Name": name,
        "Definition": definition,
        "DashboardPublishOptions": options,
        "ValidationStrategy": {"Mode": "STRICT"},
    }
    described = _DIGEST + _digest(wished)
    wished["VersionDescription"] = described
    existing = _published(account, dashboard_id)
    if existing is None:
        existing = _create(account, dashboard_id, wished)
        if existing is None:
            version = _ready(account, dashboard_id, 1, pace)
            return Published(dashboard_id, version, changed=True)
    account.refuse_foreign(existing["Arn"])
    current = existing["Version"]
    if current["Status"].endswith("SUCCESSFUL") and current.get("Description") == described:
        return Published(dashboard_id, current["VersionNumber"], changed=False)
    number = _version_of(account, dashboard_id, wished, pace)
    _ready(account, dashboard_id, number, pace)
    _publish(account, dashboard_id, number)
    return Published(dashboard_id, number, changed=number != current["VersionNumber"])


def embed_url(account: Account, dashboard_id: str, user: str, minutes: int) -> str:
    """An address that shows the dashboard to one user; for one use within five minutes.

    Args:
        account: where.
        dashboard_id: the dashboard.
        user: a QuickSight user who may read it.
        minutes: how long the session lasts, 15 to 600.
    """
    answer = account.call(
        "generate_embed_url_for_registered_user",
        dashboard_id,
        UserArn=account.arn("user", user),
        SessionLifetimeInMinutes=minutes,
        ExperienceConfiguration={"Dashboard": {"InitialDashboardId": dashboard_id}},
    )
    return str(answer["EmbedUrl"])


def _published(account: Account, dashboard_id: str) -> Json | None:
    found = account.find("describe_dashboard", dashboard_id, DashboardId=dashboard_id)
    return found["Dashboard"] if found else None


def _create(account: Account, dashboard_id: str, wished: Json) -> Json | None:
    """Create it; the dashboard that somebody else created meanwhile, if so."""
    try:
        account.call(
            "create_dashboard", dashboard_id, DashboardId=dashboard_id, Tags=account.tags(),
            **wished,
        )  # fmt: skip
    except AwsError as error:
        if error.code != EXISTS:
            raise
        return _published(account, dashboard_id)
    return None


def _version_of(account: Account, dashboard_id: str, wished: Json, pace: Pace) -> int:
    """The latest version if it is as wished, good or bad; else a new one."""
    latest = _latest(account, dashboard_id)
    if latest["Status"] in RESOURCE_STATES.pending:
        latest = _ended(account, dashboard_id, latest["VersionNumber"], pace)
    same = latest.get("Description") == wished["VersionDescription"]
    if same and not _may_succeed_now(account, latest):
        return int(latest["VersionNumber"])
    updated = account.call("update_dashboard", dashboard_id, DashboardId=dashboard_id, **wished)
    return int(str(updated["VersionArn"]).rsplit("/", 1)[1])


def _latest(account: Account, dashboard_id: str) -> Json:
    """The version that was made last."""
    named = {"DashboardId": dashboard_id}
    listed = account.pages(
        "list_dashboard_versions", "DashboardVersionSummaryList", dashboard_id, **named
    )
    number = max(one["VersionNumber"] for one in listed)
    return _described(account, dashboard_id, number)


def _may_succeed_now(account: Account, version: Json) -> bool:
    """Whether a version has failed and the same could be good today.

    So it is if the error was of the service or of rights, or a data set was changed since.
    """
    if not version["Status"].endswith("FAILED"):
        return False
    if {one.get("Type") for one in version.get("Errors", [])} <= _PASSING:
        return True
    sets = [str(arn).rsplit("/", 1)[1] for arn in version.get("DataSetArns", [])]
    found = [account.find("describe_data_set", one, DataSetId=one) for one in sets]
    return any(
        one["DataSet"].get("LastUpdatedTime", one["DataSet"]["CreatedTime"])
        > version["CreatedTime"]
        for one in found
        if one
    )


def _publish(account: Account, dashboard_id: str, number: int) -> None:
    """Show a version to readers, and look that it is shown."""
    account.call(
        "update_dashboard_published_version",
        dashboard_id,
        DashboardId=dashboard_id,
        VersionNumber=number,
    )
    shown = _published(account, dashboard_id)
    if shown is None or shown["Version"]["VersionNumber"] != number:
        seen = shown["Version"]["VersionNumber"] if shown else "none"
        raise AwsPermanentError(
            f"version {number} of dashboard {dashboard_id} was published, but QuickSight shows "
            f"{seen}. Somebody else may be publishing it; run again.",
            code="NotPublished",
        )


def _ready(account: Account, dashboard_id: str, number: int, pace: Pace) -> int:
    """Wait until a version is ready.

    Raises:
        AwsPermanentError: QuickSight refused it; the message has its errors.
    """
    version = _ended(account, dashboard_id, number, pace)
    if version["Status"].endswith("SUCCESSFUL"):
        return number
    errors = version.get("Errors", [])
    told = "; ".join(
        f"{one.get('Type')}: {one.get('Message')} "
        f"({', '.join(entity.get('Path', '') for entity in one.get('ViolatedEntities', []))})"
        for one in errors[:_ERRORS_SHOWN]
    )
    raise AwsPermanentError(
        f"version {number} of dashboard {dashboard_id} is {version['Status']}: "
        f"{told or 'no reason given'}. It was not published: the last good version stays. If the "
        "columns of a table have changed, materialize quicksight_dataset first.",
        code="VersionFailed",
    )


def _ended(account: Account, dashboard_id: str, number: int, pace: Pace) -> Json:
    """Wait until a version is no longer being made."""
    try:
        return wait(
            f"version {number} of dashboard {dashboard_id}",
            lambda: _described(account, dashboard_id, number),
            lambda found: str(found["Status"]),
            states=RESOURCE_STATES,
            pace=pace,
            clock=account.clock,
        )
    except DeadlineExceededError as error:
        raise DeadlineExceededError(
            f"QuickSight was still making version {number} of dashboard {dashboard_id} after "
            f"{pace.deadline:.0f} s. It was not published: the last good version stays. Run again: "
            "the version is taken up. If it never ends, delete the dashboard; it is made anew."
        ) from error


def _described(account: Account, dashboard_id: str, number: int) -> Json:
    described: Json = account.call(
        "describe_dashboard", dashboard_id, DashboardId=dashboard_id, VersionNumber=number
    )["Dashboard"]["Version"]
    return described


def _digest(wished: Json) -> str:
    return hashlib.sha256(json.dumps(wished, sort_keys=True).encode()).hexdigest()
