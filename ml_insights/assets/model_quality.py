"""model_quality: one row a curve, the numbers people track over time."""

from datetime import date, datetime
from typing import Any

import dagster as dg
import pyarrow as pa

from ml_insights import __version__
from ml_insights.assets.days import counts_of_day
from ml_insights.assets.declaration import endpoint_asset, failures
from ml_insights.contracts import ALL_RECORDS, CONFUSION_COUNTS, MODEL_QUALITY, PRECISION_RECALL
from ml_insights.lake import Lake
from ml_insights.metrics.undefined import RECALL_NOT_IDENTIFIABLE, UNDEFINED_REASONS
from ml_insights.partitions import day_of
from ml_insights.resources import LakeResource
from ml_insights.result_tables import DRAWN, drawn_thresholds, model_quality_table
from ml_insights.scope import EndpointScope

PLOTTED = {
    "average_precision": "average precision",
    "operating_precision": "precision",
    "operating_recall": "recall",
    "operating_f1": "F1",
    "label_coverage": "label coverage",
}
"""Columns that the Dagster UI plots over partitions, for each variant, and what it calls them."""


def build_model_quality(scope: EndpointScope) -> dg.AssetsDefinition:
    """The asset model_quality of an endpoint."""

    @endpoint_asset(
        scope,
        MODEL_QUALITY.name,
        group="metrics",
        kinds={"numpy", "parquet"},
        description=(
            "One row a variant, class and slice: average precision and ROC AUC with guaranteed "
            "limits and intervals, best F1, values at the operating threshold, volumes, label "
            "coverage, and what the row was made from."
        ),
        deps=[CONFUSION_COUNTS.name, PRECISION_RECALL.name],
        table=MODEL_QUALITY,
    )
    def model_quality(
        context: dg.AssetExecutionContext, lake: LakeResource
    ) -> dg.MaterializeResult[None]:
        day = day_of(context.partition_key)
        with failures():
            rows = _rows(scope, lake.lake, day, context.run.run_id)
            published = lake.lake.write(scope.name, MODEL_QUALITY, day, rows)
        return dg.MaterializeResult(
            metadata={
                "dagster/uri": published.uri,
                "dagster/partition_row_count": published.rows,
                **_plotted(rows, several_classes=bool(scope.endpoint.classes)),
            }
        )

    return model_quality


def _rows(scope: EndpointScope, lake: Lake, day: date, run_id: str) -> pa.Table:
    report = lake.notes(scope.name, CONFUSION_COUNTS, day)["report"]
    newest = report["labels_as_of"]
    return model_quality_table(
        counts_of_day(scope, lake, day),
        drawn_thresholds(lake.read(scope.name, PRECISION_RECALL, day, list(DRAWN))),
        scope.endpoint.operating_threshold,
        labels_as_of=datetime.fromisoformat(newest) if newest else None,
        min_label_coverage=scope.endpoint.min_label_coverage,
        provenance={
            "run_id": run_id,
            "code_version": __version__,
            "manifest_digest": report["manifest_digest"],
        },
        identity=(scope.name, day.isoformat()),
        replicates=scope.settings.bootstrap_replicates,
    )


def _plotted(rows: pa.Table, *, several_classes: bool) -> dict[str, Any]:
    """Headline numbers of all records; undefined ones are left out, so that plots show a gap."""
    metadata: dict[str, Any] = {}
    for row in rows.to_pylist():
        if row["slice"] != ALL_RECORDS:
            continue
        who = f"{row['variant']} {row['class_label']}" if several_classes else row["variant"]
        for column, name in PLOTTED.items():
            if row[column] is not None:
                metadata[f"{who}: {name}"] = row[column]
        if RECALL_NOT_IDENTIFIABLE in (row["undefined_reason"] or ""):
            metadata[f"{who}: recall is not identifiable"] = UNDEFINED_REASONS[
                RECALL_NOT_IDENTIFIABLE
            ]
    return metadata
