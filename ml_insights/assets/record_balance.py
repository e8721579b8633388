"""record_balance: where every line, prediction and label of the day went."""

import dagster as dg
import pyarrow as pa

from ml_insights.assets.declaration import endpoint_asset, failures
from ml_insights.assets.raw_predictions import captured_counts
from ml_insights.balance import record_balance_table
from ml_insights.contracts import CONFUSION_COUNTS, RAW_PREDICTIONS, RECORD_BALANCE
from ml_insights.partitions import day_of
from ml_insights.resources import LakeResource
from ml_insights.scope import EndpointScope


def build_record_balance(scope: EndpointScope) -> dg.AssetsDefinition:
    """The asset record_balance of an endpoint."""

    @endpoint_asset(
        scope,
        RECORD_BALANCE.name,
        group="metrics",
        kinds={"parquet"},
        description=(
            "Accounts of the day: what was read, and where each record went (used, duplicate, "
            "unlabelled, rejected with its reason). Each account adds up to zero, or the day's "
            "metrics are not published."
        ),
        deps=[RAW_PREDICTIONS.name, CONFUSION_COUNTS.name],
        table=RECORD_BALANCE,
    )
    def record_balance(
        context: dg.AssetExecutionContext, lake: LakeResource
    ) -> dg.MaterializeResult[None]:
        day = day_of(context.partition_key)
        with failures():
            report = lake.lake.notes(scope.name, CONFUSION_COUNTS, day)["report"]
            rows = record_balance_table(
                captured_counts(scope, lake.lake, day),
                lake.lake.read(scope.name, CONFUSION_COUNTS, day),
                report,
                classes=len(scope.endpoint.classes) or 1,
            )
            # The report tells which counts the balance belongs to.
            published = lake.lake.write(scope.name, RECORD_BALANCE, day, rows, {"report": report})
        return dg.MaterializeResult(
            metadata={
                "dagster/uri": published.uri,
                "dagster/partition_row_count": published.rows,
                "balance": _shown(rows),
            }
        )

    return record_balance


def _shown(rows: pa.Table) -> dg.MarkdownMetadataValue:
    """The accounts as the Dagster UI shows them."""
    table = "\n".join(
        f"| {row['account']} | {row['variant'] or ''} | {row['item']} | {row['records']:+,} |"
        for row in rows.to_pylist()
    )
    head = "| account | variant | item | records |\n| --- | --- | --- | ---: |"
    return dg.MetadataValue.md(f"{head}\n{table}")
