"""The resources of every deployment, built in one place from one settings object.

What belongs here: which lake and which runner a deployment has. What does not: what they do.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from ml_insights.lake import Lake
from ml_insights.runners import (
    EmrClusterRunner,
    EmrServerlessRunner,
    LocalSparkRunner,
    SparkRunner,
)
from ml_insights.settings.section import is_s3

if TYPE_CHECKING:
    from ml_insights.settings import Settings


class LakeResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The lake that the assets read and publish."""

    root: str = Field(description="Local folder or s3:// URI of the lake.")

    @property
    def lake(self) -> Lake:
        """The lake at `root`."""
        return Lake(self.root)


def build_resources(settings: Settings) -> dict[str, Any]:
    """Resources of the deployment that the settings choose."""
    return {"lake": LakeResource(root=settings.lake), "spark": spark_runner(settings)}


def spark_runner(settings: Settings) -> SparkRunner:
    """Where the heavy steps run."""
    spark, aws, emr = settings.spark, settings.aws, settings.emr
    if spark.runner in (None, "local"):
        on_s3 = is_s3(settings.lake)
        work = Path(tempfile.gettempdir()) / "ml_insights" if on_s3 else Path(settings.lake)
        return LocalSparkRunner(
            driver_memory=spark.driver_memory,
            cores=spark.cores,
            java_options=spark.java_options or "",
            work_folder=str(work / "_staging" / "spark"),
            configuration=dict(spark.configuration),
        )
    kind = EmrClusterRunner if spark.runner == "emr" else EmrServerlessRunner
    return kind(
        region=str(aws.region),
        endpoint_url=aws.endpoint_url,
        profile=aws.profile,
        work=emr.work or f"{settings.lake}/_jobs",
        emr=emr.model_dump(mode="json", exclude_none=True),
        configuration=dict(spark.configuration),
    )
