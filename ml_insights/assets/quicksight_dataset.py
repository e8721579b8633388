"""quicksight_dataset: the day in QuickSight's data sets, every row accounted for."""

from datetime import UTC, datetime
from typing import Any

import dagster as dg

from ml_insights.assets.declaration import QUICKSIGHT, endpoint_asset, failures
from ml_insights.aws.quicksight.grants import Changed
from ml_insights.partitions import day_of
from ml_insights.quicksight_view.data_sets import Filled, data_sets_of, publish_data_sets
from ml_insights.resources import LakeResource, QuickSightResource
from ml_insights.scope import EndpointScope

QUICKSIGHT_DATASET = "quicksight_dataset"


def build_quicksight_dataset(scope: EndpointScope) -> dg.AssetsDefinition:
    """The asset quicksight_dataset of an endpoint."""

    @endpoint_asset(
        scope,
        QUICKSIGHT_DATASET,
        group="dashboards",
        kinds={"quicksight", "athena"} if scope.settings.quicksight.source == "athena" else {"s3"},
        description=(
            "One SPICE data set for each published table. The day's rows are ingested once for "
            "each content, the ingestion is followed to its end, and its rows are compared with "
            "those of the lake."
        ),
        deps=list(data_sets_of(scope)),
        pool=QUICKSIGHT,
    )
    def quicksight_dataset(
        context: dg.AssetExecutionContext, lake: LakeResource, quicksight: QuickSightResource
    ) -> dg.MaterializeResult[None]:
        day = day_of(context.partition_key)
        rights: list[Changed] = []

        def report(resource: str, changed: Changed) -> None:
            rights.append(changed)
            for who, actions in changed.revoked.items():
                taken = ", ".join(sorted(actions))
                context.log.warning("took away from %s on %s: %s", who, resource, taken)

        with failures():
            filled = publish_data_sets(
                scope, lake.lake, quicksight.account, day, datetime.now(UTC), report_rights=report
            )
        return dg.MaterializeResult(metadata={**_metadata(filled), **_counted(rights)})

    return quicksight_dataset


def _counted(rights: list[Changed]) -> dict[str, int]:
    return {
        "rights given": sum(len(actions) for one in rights for actions in one.granted.values()),
        "rights taken away": sum(len(one) for each in rights for one in each.revoked.values()),
    }


def _metadata(filled: dict[str, Filled]) -> dict[str, Any]:
    lines = "\n".join(
        f"| {name} | {one.ingestion_id} | {'now' if one.started else 'before'} | {one.rows:,} "
        f"| {one.total:,} |"
        for name, one in filled.items()
    )
    return {
        "data sets ingested": sum(one.started for one in filled.values()),
        "rows in QuickSight": sum(one.total for one in filled.values()),
        "ingestions": dg.MetadataValue.md(
            "| data set | ingestion | when | rows read | rows in all |\n"
            f"| --- | --- | --- | ---: | ---: |\n{lines}"
        ),
    }
