"""model_quality_7_days and model_quality_28_days: the headline numbers of trailing windows."""

import dagster as dg

from ml_insights import __version__
from ml_insights.assets.declaration import endpoint_asset, failures, published_result
from ml_insights.contracts import CONFUSION_COUNTS, MODEL_QUALITY
from ml_insights.decisions.rollups import window_quality_table
from ml_insights.decisions.tables import WINDOW_QUALITY
from ml_insights.decisions.windows import days_before
from ml_insights.partitions import day_of
from ml_insights.resources import LakeResource
from ml_insights.scope import EndpointScope


def build_model_quality_window(scope: EndpointScope, days: int) -> dg.AssetsDefinition:
    """The roll-up of an endpoint over so many days up to and with the partition's day."""
    table = WINDOW_QUALITY[days]

    @endpoint_asset(
        scope,
        table.name,
        group="metrics",
        kinds={"numpy", "parquet"},
        description=(
            f"model_quality of the published days among the {days} up to and with the day, from "
            "their counts added up: the same numbers with narrower intervals."
        ),
        deps=[CONFUSION_COUNTS.name, MODEL_QUALITY.name],
        table=table,
    )
    def model_quality_window(
        context: dg.AssetExecutionContext, lake: LakeResource
    ) -> dg.MaterializeResult[None]:
        day = day_of(context.partition_key)
        with failures():
            inside = [*days_before(lake.lake, scope.name, day, days - 1), day]
            rows = window_quality_table(
                lake.lake,
                table,
                scope.name,
                scope.settings.grid,
                inside,
                operating_threshold=scope.endpoint.operating_threshold,
                min_label_coverage=scope.endpoint.min_label_coverage,
                replicates=scope.settings.bootstrap_replicates,
                provenance={"run_id": context.run.run_id, "code_version": __version__},
            )
            published = lake.lake.write(scope.name, table, day, rows)
        return published_result(published, days=len(inside))

    return model_quality_window
