"""calibration_curve: rate said and rate found, and who was labelled, by neighbouring scores."""

import dagster as dg

from ml_insights.assets.days import counts_of_day
from ml_insights.assets.declaration import endpoint_asset, failures, published_result
from ml_insights.contracts import CONFUSION_COUNTS, RECORD_BALANCE
from ml_insights.decisions.health import calibration_curve_table
from ml_insights.decisions.tables import CALIBRATION_CURVE
from ml_insights.partitions import day_of
from ml_insights.resources import LakeResource
from ml_insights.scope import EndpointScope


def build_calibration_curve(scope: EndpointScope) -> dg.AssetsDefinition:
    """The asset calibration_curve of an endpoint."""

    @endpoint_asset(
        scope,
        CALIBRATION_CURVE.name,
        group="decisions",
        kinds={"numpy", "parquet"},
        description=(
            "The reliability table: in groups of neighbouring scores, the rate of positives the "
            "scores say, the rate there is, and the share of records that have a label."
        ),
        deps=[CONFUSION_COUNTS.name, RECORD_BALANCE.name],
        table=CALIBRATION_CURVE,
    )
    def calibration_curve(
        context: dg.AssetExecutionContext, lake: LakeResource
    ) -> dg.MaterializeResult[None]:
        day = day_of(context.partition_key)
        with failures():
            rows = calibration_curve_table(
                counts_of_day(scope, lake.lake, day), scope.threshold_index
            )
            published = lake.lake.write(scope.name, CALIBRATION_CURVE, day, rows)
        return published_result(published)

    return calibration_curve
