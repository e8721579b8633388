"""The resources of every deployment, built in one place from one settings object.

What belongs here: which lake and which runner a deployment has. What does not: what they do.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from ml_insights.aws.clients import AwsSession
from ml_insights.aws.identity import caller
from ml_insights.aws.quicksight.account import Account
from ml_insights.lake import Lake
from ml_insights.runners import (
    EmrClusterRunner,
    EmrServerlessRunner,
    LocalSparkRunner,
    SparkRunner,
)
from ml_insights.settings.section import is_s3
from ml_insights.storage import S3Storage

if TYPE_CHECKING:
    from ml_insights.settings import Settings


class LakeResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The lake that the assets read and publish."""

    root: str = Field(description="Local folder or s3:// URI of the lake.")
    region: str | None = Field(default=None, description="Region of the bucket.")
    endpoint_url: str | None = Field(default=None, description="In place of Amazon's addresses.")
    profile: str | None = Field(default=None, description="Profile of the credentials.")
    kms_key: str | None = Field(default=None, description="Key that encrypts what is written.")

    @property
    def lake(self) -> Lake:
        """The lake at `root`."""
        if self.region is None:
            return Lake(self.root)
        session = AwsSession(self.region, self.endpoint_url, self.profile)
        return Lake(S3Storage(self.root, session, self.kms_key))


class QuickSightResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """QuickSight of the account that the credentials are of."""

    region: str = Field(description="Region of everything.")
    endpoint_url: str | None = Field(default=None, description="In place of Amazon's addresses.")
    profile: str | None = Field(default=None, description="Profile of the credentials.")
    account_id: str | None = Field(default=None, description="Credentials of others are refused.")
    namespace: str = Field(description="Namespace of users and groups.")
    prefix: str = Field(description="Begins the id of everything that is made.")

    @property
    def account(self) -> Account:
        """QuickSight; asks AWS which account it is.

        Raises:
            AwsError: the credentials are missing, refused, or of another account.
        """
        session = AwsSession(self.region, self.endpoint_url, self.profile)
        who = caller(session, self.account_id)
        return Account(session, who.account_id, self.namespace, self.prefix, who.partition)


def build_resources(settings: Settings) -> dict[str, Any]:
    """Resources of the deployment that the settings choose."""
    resources: dict[str, Any] = {
        "lake": lake_resource(settings),
        "spark": spark_runner(settings),
    }
    if settings.deployment == "aws":
        resources["quicksight"] = quicksight_resource(settings)
    return resources


def lake_resource(settings: Settings) -> LakeResource:
    """Where the tables are."""
    if settings.deployment == "local":
        return LakeResource(root=settings.lake)
    aws = settings.aws
    return LakeResource(
        root=settings.lake,
        region=aws.region,
        endpoint_url=aws.endpoint_url,
        profile=aws.profile,
        kms_key=aws.kms_key,
    )


def quicksight_resource(settings: Settings) -> QuickSightResource:
    """Where the business team looks."""
    aws, quicksight = settings.aws, settings.quicksight
    return QuickSightResource(
        region=str(aws.region),
        endpoint_url=aws.endpoint_url,
        profile=aws.profile,
        account_id=aws.account_id,
        namespace=quicksight.namespace,
        prefix=quicksight.prefix,
    )


def spark_runner(settings: Settings) -> SparkRunner:
    """Where the heavy steps run."""
    spark, aws, emr = settings.spark, settings.aws, settings.emr
    if spark.runner in (None, "local"):
        on_s3 = is_s3(settings.lake)
        work = Path(tempfile.gettempdir()) / "ml_insights" if on_s3 else Path(settings.lake)
        return LocalSparkRunner(
            driver_memory=spark.driver_memory,
            cores=spark.cores,
            java_options=spark.java_options,
            work_folder=str(work / "_staging" / "spark"),
            configuration=dict(spark.configuration),
        )
    kind = EmrClusterRunner if spark.runner == "emr" else EmrServerlessRunner
    return kind(
        region=str(aws.region),
        endpoint_url=aws.endpoint_url,
        profile=aws.profile,
        kms_key=aws.kms_key,
        work=emr.work or f"{settings.lake}/_jobs",
        emr=emr.model_dump(mode="json", exclude_none=True),
        configuration=dict(spark.configuration),
    )
