"""variant_comparison: variants against each other, and each against its own days before."""

from datetime import date

import dagster as dg
import pyarrow as pa

from ml_insights.assets.days import WEEK, counts_before, counts_of_day
from ml_insights.assets.declaration import endpoint_asset, failures, published_result
from ml_insights.contracts import ALL_RECORDS, CONFUSION_COUNTS, RECORD_BALANCE
from ml_insights.decisions.comparisons import (
    PREVIOUS_DAY,
    TRAILING_7_DAYS,
    variant_comparison_table,
)
from ml_insights.decisions.pairs import Pair, joint_counts_of
from ml_insights.decisions.tables import JOINT_COUNTS, VARIANT_COMPARISON
from ml_insights.lake import Lake
from ml_insights.metrics.paired import JointCounts
from ml_insights.partitions import day_of
from ml_insights.resources import LakeResource
from ml_insights.scope import EndpointScope


def build_variant_comparison(scope: EndpointScope) -> dg.AssetsDefinition:
    """The asset variant_comparison of an endpoint."""

    @endpoint_asset(
        scope,
        VARIANT_COMPARISON.name,
        group="decisions",
        kinds={"numpy", "parquet"},
        description=(
            "A/B: every pair of variants, and each variant against the day and the week before. "
            "Differences with intervals, p-values adjusted for the day's tests, and a verdict "
            "that may be: it cannot be told yet."
        ),
        deps=[CONFUSION_COUNTS.name, RECORD_BALANCE.name],
        table=VARIANT_COMPARISON,
    )
    def variant_comparison(
        context: dg.AssetExecutionContext, lake: LakeResource
    ) -> dg.MaterializeResult[None]:
        day = day_of(context.partition_key)
        with failures():
            before = {
                name: counts_before(scope, lake.lake, day, days)
                for name, days in ((PREVIOUS_DAY, 1), (TRAILING_7_DAYS, WEEK))
            }
            today = counts_of_day(scope, lake.lake, day)
            pairs = _shared_events(scope, lake.lake, day)
            rows = variant_comparison_table(today, before, scope.comparison_rules, pairs)
            published = lake.lake.write(scope.name, VARIANT_COMPARISON, day, rows)
        return published_result(published, **{"all records": dg.MetadataValue.md(_table(rows))})

    return variant_comparison


def _shared_events(scope: EndpointScope, lake: Lake, day: date) -> dict[Pair, JointCounts] | None:
    """Events that several variants scored; None unless the settings say that they share events."""
    if not scope.endpoint.shared_events:
        return None
    return joint_counts_of(lake.read(scope.name, JOINT_COUNTS, day), scope.settings.grid)


def _table(rows: pa.Table) -> str:
    """Differences of all records as a Markdown table."""
    head = "| variant | against | metric | difference | verdict |\n| --- | --- | --- | --- | --- |"
    lines = [
        f"| {row['variant']} | {_against(row)} | {row['metric']} | {row['difference']:+.4f} "
        f"[{row['difference_low']:+.4f}, {row['difference_high']:+.4f}] | {row['verdict']} |"
        for row in rows.to_pylist()
        if row["slice"] == ALL_RECORDS and row["difference_low"] is not None
    ]
    return "\n".join([head, *lines]) if lines else "Nothing to compare with yet."


def _against(row: dict[str, str]) -> str:
    same = row["variant"] == row["baseline_variant"]
    return row["comparison"].replace("_", " ") if same else row["baseline_variant"]
