"""quarantine: a sample of the day's rejected lines, captures and labels, with their reasons."""

import dagster as dg
import pyarrow as pa

from ml_insights.assets.declaration import endpoint_asset, failures
from ml_insights.contracts import CONFUSION_COUNTS, QUARANTINE, RAW_PREDICTIONS
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
            partition = lake.lake.partition(scope.name, RAW_PREDICTIONS.name, day)
            manifest = lake.lake.read_json(manifest_path(partition))
            samples = [
                lake.lake.read_staged(f"{partition}/{unit['path']}/{SAMPLE_FOLDER}")
                for unit in manifest["units"]
            ]
            notes = lake.lake.notes(scope.name, CONFUSION_COUNTS, day)
            schema = QUARANTINE.arrow_schema()
            labels = pa.Table.from_pylist(notes["rejected_labels"], schema=schema)
            captures = [sample.cast(schema) for sample in samples if sample]
            rows = pa.concat_tables([*captures, labels])
            published = lake.lake.write(scope.name, QUARANTINE, day, rows)
        return dg.MaterializeResult(
            metadata={
                "dagster/uri": published.uri,
                "dagster/partition_row_count": published.rows,
            }
        )

    return quarantine
