"""precision_recall: the curves of the day, every threshold with its counts and ratios."""

import dagster as dg
import pyarrow.compute as pc

from ml_insights.assets.days import counts_of_day
from ml_insights.assets.declaration import endpoint_asset, failures
from ml_insights.contracts import CONFUSION_COUNTS, PRECISION_RECALL, RECORD_BALANCE
from ml_insights.dashboard.picture import curve_picture
from ml_insights.partitions import day_of
from ml_insights.resources import LakeResource
from ml_insights.result_tables import precision_recall_table
from ml_insights.scope import EndpointScope


def build_precision_recall(scope: EndpointScope) -> dg.AssetsDefinition:
    """The asset precision_recall of an endpoint."""

    @endpoint_asset(
        scope,
        PRECISION_RECALL.name,
        group="metrics",
        kinds={"numpy", "parquet"},
        description=(
            "The precision-recall curves: precision, recall and F1 with intervals at every "
            "threshold whose bin holds a record, exact at each of them."
        ),
        # The curve is published only if the day's record balance closes.
        deps=[CONFUSION_COUNTS.name, RECORD_BALANCE.name],
        table=PRECISION_RECALL,
    )
    def precision_recall(
        context: dg.AssetExecutionContext, lake: LakeResource
    ) -> dg.MaterializeResult[None]:
        day = day_of(context.partition_key)
        with failures():
            curves = counts_of_day(scope, lake.lake, day)
            rows = precision_recall_table(curves, scope.endpoint.operating_threshold)
            published = lake.lake.write(scope.name, PRECISION_RECALL, day, rows)
            drawn = lake.lake.read_days(
                scope.name, PRECISION_RECALL, [day], where=pc.field("display_rank").is_valid()
            )
            picture = curve_picture(drawn)
        return dg.MaterializeResult(
            metadata={
                "dagster/uri": published.uri,
                "dagster/partition_row_count": published.rows,
                "curve": dg.MetadataValue.md(picture),
            }
        )

    return precision_recall
