"""quarantine: a sample of the day's rejected lines, captures and labels, with their reasons.

Captures are in the table as soon as they are read: a day that is stopped because too many are
rejected has its samples where people look for them. Labels join them when they have been read;
until then those of the last count stay.
"""

from datetime import date
from typing import Any

import dagster as dg
import pyarrow as pa

from ml_insights.assets.declaration import endpoint_asset, failures, published_result
from ml_insights.contracts import CONFUSION_COUNTS, QUARANTINE, RAW_PREDICTIONS
from ml_insights.errors import DamagedFileError, MissingInputError
from ml_insights.lake import Lake, Published
from ml_insights.partitions import day_of
from ml_insights.resources import LakeResource
from ml_insights.scope import EndpointScope
from ml_insights.spark.manifest import manifest_path
from ml_insights.spark.raw_predictions import SAMPLE_FOLDER


def build_quarantine(scope: EndpointScope) -> dg.AssetsDefinition:
    """The asset quarantine of an endpoint."""

    @endpoint_asset(
        scope,
        QUARANTINE.name,
        group="metrics",
        kinds={"parquet"},
        description=(
            "A capped sample of rejected lines for each reason, to see what is wrong with "
            "them. The complete counts are in record_balance."
        ),
        deps=[RAW_PREDICTIONS.name, CONFUSION_COUNTS.name],
        table=QUARANTINE,
    )
    def quarantine(
        context: dg.AssetExecutionContext, lake: LakeResource
    ) -> dg.MaterializeResult[None]:
        day = day_of(context.partition_key)
        with failures():
            notes = lake.lake.notes(scope.name, CONFUSION_COUNTS, day)
            published = publish_quarantine(scope, lake.lake, day, notes["rejected_labels"])
        return published_result(published)

    return quarantine


def last_rejected_labels(scope: EndpointScope, lake: Lake, day: date) -> list[dict[str, Any]]:
    """Samples of the labels that were rejected when the day was counted last; none if never."""
    try:
        rejected: list[dict[str, Any]] = lake.notes(scope.name, CONFUSION_COUNTS, day)[
            "rejected_labels"
        ]
    except (MissingInputError, DamagedFileError):
        return []
    return rejected


def publish_quarantine(
    scope: EndpointScope, lake: Lake, day: date, rejected_labels: list[dict[str, Any]]
) -> Published:
    """Replace the day's table by the samples of its units and these rejected labels.

    Raises:
        MissingInputError: the day's raw_predictions are not published.
    """
    partition = lake.partition(scope.name, RAW_PREDICTIONS.name, day)
    manifest = lake.read_json(manifest_path(partition))
    samples = [
        lake.read_staged(f"{partition}/{unit['path']}/{SAMPLE_FOLDER}")
        for unit in manifest["units"]
    ]
    schema = QUARANTINE.arrow_schema()
    captures = [sample.cast(schema) for sample in samples if sample]
    labels = pa.Table.from_pylist(rejected_labels, schema=schema)
    return lake.write(scope.name, QUARANTINE, day, pa.concat_tables([*captures, labels]))
