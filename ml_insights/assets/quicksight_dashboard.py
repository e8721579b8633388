"""quicksight_dashboard: the business team's dashboard in QuickSight, which they can only read."""

from typing import Any

import dagster as dg

from ml_insights.assets.declaration import QUICKSIGHT, endpoint_asset, failures
from ml_insights.assets.quicksight_dataset import QUICKSIGHT_DATASET
from ml_insights.quicksight_view.dashboard import View, publish_dashboard
from ml_insights.resources import LakeResource, QuickSightResource
from ml_insights.scope import EndpointScope

QUICKSIGHT_DASHBOARD = "quicksight_dashboard"


def build_quicksight_dashboard(scope: EndpointScope) -> dg.AssetsDefinition:
    """The asset quicksight_dashboard of an endpoint."""

    @endpoint_asset(
        scope,
        QUICKSIGHT_DASHBOARD,
        group="dashboards",
        kinds={"quicksight"},
        description=(
            "The dashboard: a new version is published only when its definition has changed and "
            "QuickSight accepts it; else the last good one stays. Readers may read it, and "
            "nothing else: surplus rights are taken away."
        ),
        deps=[QUICKSIGHT_DATASET],
        pool=QUICKSIGHT,
    )
    def quicksight_dashboard(
        context: dg.AssetExecutionContext, lake: LakeResource, quicksight: QuickSightResource
    ) -> dg.MaterializeResult[None]:
        with failures():
            view = publish_dashboard(scope, lake.lake, quicksight.account)
        for who, actions in view.changed.revoked.items():
            context.log.warning("took away from %s: %s", who, ", ".join(sorted(actions)))
        return dg.MaterializeResult(metadata=_metadata(view))

    return quicksight_dashboard


def _metadata(view: View) -> dict[str, Any]:
    given = sum(len(actions) for actions in view.changed.granted.values())
    taken = sum(len(actions) for actions in view.changed.revoked.values())
    return {
        "dashboard": dg.MetadataValue.url(view.url),
        "version": view.published.version,
        "new version": view.published.changed,
        "readers": view.group,
        "readers added": ", ".join(view.members.added) or "none",
        "readers removed": ", ".join(view.members.removed) or "none",
        "rights given": given,
        "rights taken away": taken,
    }
