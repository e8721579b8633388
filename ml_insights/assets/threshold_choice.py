"""threshold_choice: the threshold that is worth most, and how sure that is."""

from datetime import date
from typing import Any

import dagster as dg
import pyarrow as pa

from ml_insights.assets.days import counts_of_day, stakes_of_day
from ml_insights.assets.declaration import endpoint_asset, failures, published_result
from ml_insights.contracts import ALL_RECORDS, CONFUSION_COUNTS, RECORD_BALANCE
from ml_insights.decisions.choices import threshold_choice_table
from ml_insights.decisions.money import MoneyRules
from ml_insights.decisions.tables import THRESHOLD_CHOICE
from ml_insights.lake import Lake
from ml_insights.partitions import day_of
from ml_insights.resources import LakeResource
from ml_insights.result_tables import Curve
from ml_insights.scope import EndpointScope

PLOTTED = ("operating_value", "best_value", "regret", "value_of_chosen_before")


def build_threshold_choice(scope: EndpointScope, rules: MoneyRules) -> dg.AssetsDefinition:
    """The asset threshold_choice of an endpoint with money values in its settings."""

    @endpoint_asset(
        scope,
        THRESHOLD_CHOICE.name,
        group="decisions",
        kinds={"numpy", "parquet"},
        description=(
            "One row a curve: best threshold within capacity and the uncertainty of its choice, "
            "what today's threshold costs, break-even, and what the threshold chosen the day "
            "before was worth on this day."
        ),
        deps=[CONFUSION_COUNTS.name, RECORD_BALANCE.name],
        table=THRESHOLD_CHOICE,
    )
    def threshold_choice(
        context: dg.AssetExecutionContext, lake: LakeResource
    ) -> dg.MaterializeResult[None]:
        day = day_of(context.partition_key)
        with failures():
            today = counts_of_day(scope, lake.lake, day)
            rows = threshold_choice_table(
                today,
                rules,
                identity=(scope.name, day),
                chosen_before=_chosen_before(scope, lake.lake, day),
                stakes=stakes_of_day(scope, lake.lake, day, today),
            )
            published = lake.lake.write(scope.name, THRESHOLD_CHOICE, day, rows)
        return published_result(published, **_plotted(rows))

    return threshold_choice


def _chosen_before(scope: EndpointScope, lake: Lake, day: date) -> dict[Curve, float | None]:
    """Best thresholds of the last published day before; none where it had no money to go by."""
    earlier = [known for known in lake.days(scope.name, THRESHOLD_CHOICE) if known < day]
    if not earlier:
        return {}
    rows = lake.read(scope.name, THRESHOLD_CHOICE, earlier[-1]).to_pylist()
    return {
        Curve(row["variant"], row["class_label"], row["slice"]): row["best_threshold"]
        for row in rows
        if row["best_value"] is not None
    }


def _plotted(rows: pa.Table) -> dict[str, Any]:
    """Money of all records, so that the Dagster UI plots it over days."""
    return {
        f"{row['variant']}: {name.replace('_', ' ')} ({row['currency']})": row[name]
        for row in rows.to_pylist()
        if row["slice"] == ALL_RECORDS
        for name in PLOTTED
        if row[name] is not None
    }
