"""raw_predictions: the captured day, parsed once and compacted. Heavy: runs on Spark."""

from collections import Counter
from datetime import date
from typing import Any

import dagster as dg

from ml_insights.assets.declaration import HEAVY, endpoint_asset, failures
from ml_insights.assets.inputs import DATA_CAPTURE, observed
from ml_insights.assets.quarantine import last_rejected_labels, publish_quarantine
from ml_insights.capture_counts import CaptureCounts
from ml_insights.contracts import AMOUNT_REASONS, RAW_PREDICTIONS, REASONS
from ml_insights.lake import Lake
from ml_insights.partitions import day_of
from ml_insights.resources import LakeResource
from ml_insights.runners import SparkRunner
from ml_insights.scope import EndpointScope
from ml_insights.spark.manifest import manifest_path


class RawPredictionsConfig(dg.Config):
    """Options of one run."""

    recompute: bool = False
    """Read every unit again, also those that an earlier run finished and that are unchanged."""


def build_raw_predictions(scope: EndpointScope) -> dg.AssetsDefinition:
    """The asset raw_predictions of an endpoint."""

    @endpoint_asset(
        scope,
        RAW_PREDICTIONS.name,
        group="predictions",
        kinds={"spark", "parquet"},
        description=(
            "One row a score: the captured day parsed once, without payloads. What cannot be "
            "used is counted by reason and sampled into quarantine. Published in units of "
            "hours; a rerun continues after the last finished unit."
        ),
        deps=[DATA_CAPTURE],
        table=RAW_PREDICTIONS,
        pool=HEAVY,
    )
    def raw_predictions(
        context: dg.AssetExecutionContext,
        config: RawPredictionsConfig,
        lake: LakeResource,
        spark: SparkRunner,
    ) -> dg.MaterializeResult[None]:
        day = day_of(context.partition_key)
        arguments = scope.raw_predictions_arguments(
            lake.lake,
            day,
            run_id=context.run.run_id,
            attempt=context.op_execution_context.retry_number,
            recompute=config.recompute,
        )
        with failures():
            job = spark.run(context, arguments)
            manifest = job.report
            counts = CaptureCounts.from_manifest(manifest)
            labels = last_rejected_labels(scope, lake.lake, day)
            samples = publish_quarantine(scope, lake.lake, day, labels)
        context.log_event(
            observed(scope, DATA_CAPTURE, context.partition_key, counts.observation())
        )
        return dg.MaterializeResult(
            metadata={
                "dagster/uri": arguments.output,
                **_metadata(counts),
                "samples of rejected lines": samples.uri,
                **job.metadata,
            },
            data_version=dg.DataVersion(manifest["digest"]),
        )

    return raw_predictions


def captured_counts(scope: EndpointScope, lake: Lake, day: date) -> CaptureCounts:
    """What the published day counted.

    Raises:
        MissingInputError: the day is not published.
    """
    partition = lake.partition(scope.name, RAW_PREDICTIONS.name, day)
    manifest = lake.read_json(manifest_path(partition))
    return CaptureCounts.from_manifest(manifest)


def _metadata(counts: CaptureCounts) -> dict[str, Any]:
    without_amount = counts.without_amount
    return {
        "dagster/partition_row_count": counts.total("raw_predictions"),
        "captured files": counts.files,
        "captured megabytes": counts.bytes / 1e6,
        "lines read": counts.total("lines_read"),
        "predictions": counts.total("predictions_in_records"),
        "rejected share": counts.rejected_share,
        "rejected": _by_reason(counts.rejected, REASONS),
        **(
            {"scores without an amount": _by_reason(without_amount, AMOUNT_REASONS)}
            if without_amount
            else {}
        ),
    }


def _by_reason(counts: Counter[str], words: dict[str, str]) -> dg.MetadataValue[Any]:
    rows = "\n".join(f"| {words[reason]} | {count:,} |" for reason, count in counts.items())
    return dg.MetadataValue.md(
        f"| reason | records |\n| --- | ---: |\n{rows}" if rows else "nothing"
    )
