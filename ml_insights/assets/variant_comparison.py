"""variant_comparison: variants against each other, and each against its own days before."""

import dagster as dg
import pyarrow as pa

from ml_insights.assets.days import WEEK, counts_before, traffic_of, traffic_windows
from ml_insights.assets.declaration import endpoint_asset, failures, published_result
from ml_insights.contracts import ALL_RECORDS, CONFUSION_COUNTS, RECORD_BALANCE
from ml_insights.day_counts import require_closed
from ml_insights.decisions.comparison_tables import VARIANT_COMPARISON
from ml_insights.decisions.comparisons import (
    PREVIOUS_DAY,
    SAME_EVENTS,
    TRAILING_7_DAYS,
    VARIANTS,
    variant_comparison_table,
)
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
            "A/B: every pair of variants, on the day and over 7 and 28 days, and each variant "
            "against the day and the week before. Differences with intervals, p-values adjusted "
            "for the day's tests, and a verdict that may be: it cannot be told yet."
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
            require_closed(lake.lake, scope.name, day)
            today = traffic_of(scope, lake.lake, day)
            several = len({curve.variant for curve in today.counts}) > 1
            windows = traffic_windows(scope, lake.lake, day) if several else None
            rows = variant_comparison_table(today, before, scope.comparison_rules, windows)
            published = lake.lake.write(scope.name, VARIANT_COMPARISON, day, rows)
        return published_result(published, **{"all records": dg.MetadataValue.md(_table(rows))})

    return variant_comparison


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
    over = row["comparison"].removeprefix(VARIANTS).removeprefix(SAME_EVENTS).replace("_", " ")
    return row["comparison"].replace("_", " ") if same else f"{row['baseline_variant']}{over}"
