"""model_health: calibration, drift of scores, labels, and estimates without labels."""

from collections import defaultdict
from datetime import date
from typing import Any

import dagster as dg
import pyarrow as pa

from ml_insights.assets.days import WEEK, counts_before, counts_of_day
from ml_insights.assets.declaration import endpoint_asset, failures, published_result
from ml_insights.contracts import ALL_RECORDS, CONFUSION_COUNTS, CURVE, MODEL_QUALITY
from ml_insights.decisions.health import ESTIMATED, model_health_table
from ml_insights.decisions.tables import MODEL_HEALTH
from ml_insights.lake import Lake
from ml_insights.partitions import day_of
from ml_insights.resources import LakeResource
from ml_insights.result_tables import Curve
from ml_insights.scope import EndpointScope

PAST_DAYS = 28
PLOTTED = (
    "calibration_error",
    "population_stability_index",
    "estimated_precision",
    "estimated_recall",
)


def build_model_health(scope: EndpointScope) -> dg.AssetsDefinition:
    """The asset model_health of an endpoint."""

    @endpoint_asset(
        scope,
        MODEL_HEALTH.name,
        group="decisions",
        kinds={"numpy", "parquet"},
        description=(
            "One row a curve: calibration error beside what chance makes of it, drift of scores, "
            "whether labels are a random sample, and performance estimated without labels beside "
            "the error such estimates had."
        ),
        deps=[CONFUSION_COUNTS.name, MODEL_QUALITY.name],
        table=MODEL_HEALTH,
    )
    def model_health(
        context: dg.AssetExecutionContext, lake: LakeResource
    ) -> dg.MaterializeResult[None]:
        day = day_of(context.partition_key)
        with failures():
            week = counts_before(scope, lake.lake, day, WEEK)
            rows = model_health_table(
                counts_of_day(scope, lake.lake, day),
                week.counts,
                scope.threshold_index,
                identity=(scope.name, day),
                reference_days=week.days,
                past=_past(scope, lake.lake, day),
            )
            published = lake.lake.write(scope.name, MODEL_HEALTH, day, rows)
        return published_result(published, **_plotted(rows))

    return model_health


def _past(scope: EndpointScope, lake: Lake, day: date) -> dict[Curve, list[dict[str, Any]]]:
    """Estimates of published days before, beside what their labels have shown since."""
    both = set(lake.days(scope.name, MODEL_HEALTH)) & set(lake.days(scope.name, MODEL_QUALITY))
    past = defaultdict(list)
    for known in sorted(known for known in both if 0 < (day - known).days <= PAST_DAYS):
        columns = [*CURVE, *(f"operating_{name}" for name in ESTIMATED)]
        found = lake.read(scope.name, MODEL_QUALITY, known, columns).to_pylist()
        realised = {Curve(*(row[name] for name in CURVE)): row for row in found}
        for row in lake.read(scope.name, MODEL_HEALTH, known).to_pylist():
            curve = Curve(*(row[name] for name in CURVE))
            if row["estimated_recall"] is not None and curve in realised:
                now = {name: realised[curve][f"operating_{name}"] for name in ESTIMATED}
                past[curve].append({**row, **now})
    return dict(past)


def _plotted(rows: pa.Table) -> dict[str, Any]:
    return {
        f"{row['variant']}: {name.replace('_', ' ')}": row[name]
        for row in rows.to_pylist()
        if row["slice"] == ALL_RECORDS
        for name in PLOTTED
        if row[name] is not None
    }
