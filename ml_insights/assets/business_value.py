"""business_value: what every drawn threshold is worth in money."""

import dagster as dg

from ml_insights.assets.days import counts_of_day, stakes_of_day
from ml_insights.assets.declaration import endpoint_asset, failures, published_result
from ml_insights.contracts import CONFUSION_COUNTS, PRECISION_RECALL
from ml_insights.decisions.money import MoneyRules, business_value_table
from ml_insights.decisions.money_tables import BUSINESS_VALUE
from ml_insights.partitions import day_of
from ml_insights.resources import LakeResource
from ml_insights.result_tables import DRAWN, drawn_thresholds
from ml_insights.scope import EndpointScope


def build_business_value(scope: EndpointScope, rules: MoneyRules) -> dg.AssetsDefinition:
    """The asset business_value of an endpoint with money values in its settings."""

    @endpoint_asset(
        scope,
        BUSINESS_VALUE.name,
        group="decisions",
        kinds={"numpy", "parquet"},
        description=(
            "Money of the day's labelled records at each threshold that draws the curve, with "
            "its interval, and whether capacity allows it."
        ),
        deps=[CONFUSION_COUNTS.name, PRECISION_RECALL.name],
        table=BUSINESS_VALUE,
    )
    def business_value(
        context: dg.AssetExecutionContext, lake: LakeResource
    ) -> dg.MaterializeResult[None]:
        day = day_of(context.partition_key)
        with failures():
            drawn = drawn_thresholds(lake.lake.read(scope.name, PRECISION_RECALL, day, list(DRAWN)))
            today = counts_of_day(scope, lake.lake, day)
            stakes = stakes_of_day(scope, lake.lake, day, today)
            rows = business_value_table(today, drawn, rules, stakes)
            published = lake.lake.write(scope.name, BUSINESS_VALUE, day, rows)
        return published_result(published)

    return business_value
