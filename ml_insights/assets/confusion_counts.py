"""confusion_counts: labels joined, records counted per threshold. Heavy: the join runs on Spark."""

from collections import Counter
from datetime import date, datetime
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc

from ml_insights.assets.declaration import HEAVY, endpoint_asset, failures
from ml_insights.assets.inputs import GROUND_TRUTH, observed, others_said
from ml_insights.assets.raw_predictions import captured_counts
from ml_insights.contracts import ALL_RECORDS, CONFUSION_COUNTS, RAW_PREDICTIONS
from ml_insights.decisions.amounts import amount_counts_table
from ml_insights.decisions.comparison_tables import JOINT_COUNTS
from ml_insights.decisions.money_tables import AMOUNT_COUNTS
from ml_insights.decisions.pairs import joint_counts_table
from ml_insights.lake import Lake, Published
from ml_insights.partitions import day_of
from ml_insights.resources import LakeResource
from ml_insights.result_tables import confusion_counts_table
from ml_insights.runners import JobResult, SparkRunner
from ml_insights.scope import EndpointScope


def build_confusion_counts(scope: EndpointScope) -> dg.AssetsDefinition:
    """The asset confusion_counts of an endpoint."""

    @endpoint_asset(
        scope,
        CONFUSION_COUNTS.name,
        group="metrics",
        kinds={"spark", "parquet"},
        description=(
            "Positives, negatives and unlabelled records per threshold bin and, cumulated, the "
            "four cells of the confusion matrix; by variant, class and slice. The state from "
            "which every metric, window and roll-up follows: counts of days add up."
        ),
        deps=[RAW_PREDICTIONS.name, GROUND_TRUTH],
        table=CONFUSION_COUNTS,
        pool=HEAVY,
    )
    def confusion_counts(
        context: dg.AssetExecutionContext, lake: LakeResource, spark: SparkRunner
    ) -> dg.MaterializeResult[None]:
        day = day_of(context.partition_key)
        arguments = scope.confusion_counts_arguments(lake.lake, day, run_id=context.run.run_id)
        with failures():
            captured_counts(scope, lake.lake, day).refuse_above(scope.endpoint.max_rejected_share)
            job = spark.run(context, arguments)
            published, rows = _publish(scope, lake.lake, day, job)
        found = {**job.report["ground_truth"], "newest": job.report["labels_as_of"]}
        context.log_event(observed(scope, GROUND_TRUTH, context.partition_key, found))
        return dg.MaterializeResult(
            metadata={
                "dagster/uri": published.uri,
                "dagster/partition_row_count": published.rows,
                **_metadata(rows),
                "labels that settings do not name": others_said(job.report) or "none",
                **job.metadata,
            }
        )

    return confusion_counts


def _publish(
    scope: EndpointScope, lake: Lake, day: date, job: JobResult
) -> tuple[Published, pa.Table]:
    """Cumulate what the job counted and publish it with what the later steps need of its report."""
    bins = lake.read_staged(f"{job.output}/bins")
    rejected = lake.read_staged(f"{job.output}/quarantine")
    newest = job.report["labels_as_of"]
    grid = scope.settings.grid
    rows = confusion_counts_table(bins, grid, datetime.fromisoformat(newest) if newest else None)
    notes = {
        "grid": grid.name,
        "report": {**job.report, "duplicates": _duplicates(bins)},
        "rejected_labels": rejected.to_pylist() if rejected else [],
    }
    if scope.endpoint.shared_events:
        pairs = joint_counts_table(lake.read_staged(f"{job.output}/pairs"))
        lake.write(scope.name, JOINT_COUNTS, day, pairs)
    if scope.endpoint.amount:
        # As captures were read, which may not be as the settings have it any more.
        noted = {"amounts": job.report["amounts"]}
        lake.write(scope.name, AMOUNT_COUNTS, day, amount_counts_table(bins), noted)
    published = lake.write(scope.name, CONFUSION_COUNTS, day, rows, notes)
    lake.discard_staged(scope.name, CONFUSION_COUNTS.name, day)
    return published, rows


def _duplicates(bins: pa.Table) -> dict[str, int]:
    """Dropped rows by variant; a row is in the slice of all records once."""
    total: Counter[str] = Counter()
    for row in bins.filter(pc.equal(bins["slice"], ALL_RECORDS)).to_pylist():
        total[row["variant"]] += row["bin_duplicates"]
    return dict(total)


def _metadata(rows: pa.Table) -> dict[str, Any]:
    total = rows.filter(pc.equal(rows["slice"], ALL_RECORDS))
    sums = {
        name: pc.sum(total[f"bin_{name}"]).as_py() or 0
        for name in ("positives", "negatives", "unlabelled")
    }
    labelled = sums["positives"] + sums["negatives"]
    return {
        **sums,
        "label coverage": labelled / max(labelled + sums["unlabelled"], 1),
        "curves": rows.group_by(["variant", "class_label", "slice"]).aggregate([]).num_rows,
    }
