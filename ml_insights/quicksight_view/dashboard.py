"""The endpoint's dashboard in QuickSight, and the business team that may read it.

What belongs here: what the dashboard depends on, its readers and owners. What does not: what it
shows (`ml_insights.aws.quicksight.sheets`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ml_insights.aws.quicksight import grants, readers
from ml_insights.aws.quicksight.controls import Choices
from ml_insights.aws.quicksight.dashboard import Published, ensure_dashboard, publish_options
from ml_insights.aws.quicksight.definition import Description, dashboard_definition
from ml_insights.contracts import ALL_RECORDS, MODEL_QUALITY
from ml_insights.errors import MissingInputError
from ml_insights.quicksight_view.data_sets import data_sets_of, pace_of, set_id
from ml_insights.variants import in_order

if TYPE_CHECKING:
    from ml_insights.aws.quicksight.account import Account
    from ml_insights.lake import Lake
    from ml_insights.scope import EndpointScope

_READY_SECONDS = 300


@dataclass(frozen=True)
class View:
    """The dashboard as its readers have it.

    Attributes:
        published: its version.
        url: where readers find it.
        group: the group of readers.
        members: users added to and removed from the group.
        changed: permissions that were given and taken away.
    """

    published: Published
    url: str
    group: str
    members: readers.Membership
    changed: grants.Changed


def publish_dashboard(scope: EndpointScope, lake: Lake, account: Account) -> View:
    """Make the dashboard, its readers and their rights as the settings say.

    Raises:
        MissingInputError: no day is published.
        AwsError: AWS refused; the last good version of the dashboard stays.
    """
    settings = scope.settings.quicksight
    dashboard_id = account.resource_id(scope.name)
    data_sets = data_sets_of(scope)
    definition = dashboard_definition(
        describe(scope, lake),
        data_sets,
        {
            name: account.arn("dataset", set_id(account, scope, one))
            for name, one in data_sets.items()
        },
    )
    published = ensure_dashboard(
        account,
        dashboard_id,
        name=f"{scope.name}: precision and recall",
        definition=definition,
        options=publish_options(exports=settings.exports),
        pace=pace_of(scope, _READY_SECONDS),
    )
    group = account.resource_id("readers")
    readers.ensure_group(account, group, managed=settings.readers is not None)
    wished = {account.principal(one): grants.OWN_DASHBOARD for one in settings.owners}
    wished[account.principal(f"group/{group}")] = grants.READ_DASHBOARD
    changed = grants.make_exact(account, grants.dashboard(dashboard_id), wished)
    members = readers.Membership((), ())
    if settings.readers is not None:
        members = readers.ensure_members(account, group, settings.readers)
    return View(published, account.dashboard_url(dashboard_id), group, members, changed)


def describe(scope: EndpointScope, lake: Lake) -> Description:
    """What the dashboard depends on: settings, and the newest day's variants and classes.

    Raises:
        MissingInputError: no day is published.
    """
    days = lake.days(scope.name, MODEL_QUALITY)
    if not days:
        raise MissingInputError(
            f"no day of {scope.name} is published in {lake.root}. Materialize model_quality first."
        )
    newest = lake.read(scope.name, MODEL_QUALITY, days[-1], ["variant", "class_label"])
    choices = Choices(
        variants=in_order(newest["variant"].to_pylist()),
        classes=sorted(set(newest["class_label"].to_pylist())),
        threshold=scope.endpoint.operating_threshold,
        days=scope.settings.dashboard.days,
        first_slice=ALL_RECORDS,
    )
    endpoint = scope.endpoint
    return Description(scope.name, choices, endpoint.min_label_coverage, endpoint.min_positives)
