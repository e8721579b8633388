"""insights: what is worth reading on a day, in words."""

import dagster as dg
import pyarrow as pa

from ml_insights.assets.declaration import endpoint_asset, failures, published_result
from ml_insights.contracts import MODEL_QUALITY
from ml_insights.dashboard.short_list import MOST, more_than_shown
from ml_insights.decisions.comparison_tables import VARIANT_COMPARISON
from ml_insights.decisions.insights.earlier import earlier_days
from ml_insights.decisions.insights.table import insights_table
from ml_insights.decisions.money_tables import THRESHOLD_CHOICE
from ml_insights.decisions.tables import INSIGHTS, MODEL_HEALTH
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
            "Sentences, most important first, each with the interval it stands on; what is known "
            "from days before stands last. Noise makes no sentence."
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
                earlier=earlier_days(lake.lake, scope.name, day),
            )
            published = lake.lake.write(scope.name, INSIGHTS, day, rows)
        return published_result(published, insights=dg.MetadataValue.md(_list(rows)))

    return insights


def _list(rows: pa.Table) -> str:
    found = rows.to_pylist()
    news = any(row["known_since"] is None for row in found)
    lines = [] if news else ["Nothing changed beyond chance."]
    lines += [f"{SIGNS[row['tone']]} {row['sentence']}" for row in found[:MOST]]
    return "\n\n".join([*lines, *more_than_shown(len(found))])
