"""insights: what is worth reading on a day, in words."""

import dagster as dg
import pyarrow as pa

from ml_insights.assets.declaration import endpoint_asset, failures, published_result
from ml_insights.contracts import MODEL_QUALITY
from ml_insights.decisions.insights.table import insights_table
from ml_insights.decisions.tables import (
    INSIGHTS,
    MODEL_HEALTH,
    THRESHOLD_CHOICE,
    VARIANT_COMPARISON,
)
from ml_insights.partitions import day_of
from ml_insights.resources import LakeResource
from ml_insights.scope import EndpointScope

SIGNS = {"worse": "▼", "better": "▲", "notice": "•"}


def build_insights(scope: EndpointScope) -> dg.AssetsDefinition:
    """The asset insights of an endpoint."""
    money = [THRESHOLD_CHOICE.name] if scope.endpoint.business else []

    @endpoint_asset(
        scope,
        INSIGHTS.name,
        group="decisions",
        kinds={"parquet"},
        description=(
            "A short list of sentences, most important first, each with the interval it stands "
            "on. Noise makes no sentence; a day without news has none."
        ),
        deps=[VARIANT_COMPARISON.name, MODEL_HEALTH.name, MODEL_QUALITY.name, *money],
        table=INSIGHTS,
    )
    def insights(
        context: dg.AssetExecutionContext, lake: LakeResource
    ) -> dg.MaterializeResult[None]:
        day = day_of(context.partition_key)
        with failures():
            quality = lake.lake.read(scope.name, MODEL_QUALITY, day).to_pylist()
            rows = insights_table(
                lake.lake.read(scope.name, VARIANT_COMPARISON, day),
                lake.lake.read(scope.name, MODEL_HEALTH, day),
                lake.lake.read(scope.name, THRESHOLD_CHOICE, day) if money else None,
                coverage={
                    (row["variant"], row["class_label"], row["slice"]): row["label_coverage"]
                    for row in quality
                },
                relevant=scope.endpoint.smallest_relevant_difference,
            )
            published = lake.lake.write(scope.name, INSIGHTS, day, rows)
        return published_result(published, insights=dg.MetadataValue.md(_list(rows)))

    return insights


def _list(rows: pa.Table) -> str:
    lines = [f"{SIGNS[row['tone']]} {row['sentence']}" for row in rows.to_pylist()]
    return "\n\n".join(lines) or "Nothing changed beyond chance."
