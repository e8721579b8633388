"""The resources of every deployment, built in one place from one settings object.

What belongs here: which lake and which runner a deployment has. What does not: what they do.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from ml_insights.errors import SettingsError
from ml_insights.lake import Lake
from ml_insights.runners import LocalSparkRunner

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
    """Resources of the deployment that the settings choose.

    Raises:
        SettingsError: the deployment is not available.
    """
    if settings.deployment != "local":
        raise SettingsError(
            f"deployment {settings.deployment!r} is not part of this version; use local."
        )
    return {
        "lake": LakeResource(root=settings.lake),
        "spark": LocalSparkRunner(
            driver_memory=settings.spark.driver_memory,
            cores=settings.spark.cores,
            java_options=settings.spark.java_options or "",
            work_folder=str(Path(settings.lake) / "_staging" / "spark"),
        ),
    }
