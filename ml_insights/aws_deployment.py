"""What the aws deployment consists of, from settings: lake, catalogue, workgroup, QuickSight.

What belongs here: settings to the objects of `aws` and `storage`. What does not: calls. The local
deployment needs only `lake_of`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ml_insights.aws.athena import Workgroup
from ml_insights.aws.clients import AwsSession
from ml_insights.aws.glue import Catalogue
from ml_insights.aws.identity import Identity, caller
from ml_insights.aws.policies.statements import Places
from ml_insights.columns import Table
from ml_insights.contracts import RAW_PREDICTIONS, TABLES
from ml_insights.decisions.tables import DECISION_TABLES
from ml_insights.errors import SettingsError
from ml_insights.lake import Lake
from ml_insights.storage import S3Storage

if TYPE_CHECKING:
    from ml_insights.settings import Settings


def session_of(settings: Settings) -> AwsSession:
    """Where AWS is reached.

    Raises:
        SettingsError: the settings name no region.
    """
    aws = settings.aws
    if aws.region is None:
        raise SettingsError("this needs `deployment: aws` and `aws.region` in the settings")
    return AwsSession(aws.region, aws.endpoint_url, aws.profile)


def lake_of(settings: Settings) -> Lake:
    """The lake of an installation."""
    if settings.deployment == "local":
        return Lake(settings.lake)
    return Lake(S3Storage(settings.lake, session_of(settings), settings.aws.kms_key))


def catalogued_tables() -> list[Table]:
    """The tables that Glue describes: all but raw_predictions, whose units its manifest names."""
    tables = (*TABLES.values(), *DECISION_TABLES.values())
    return [table for table in tables if table is not RAW_PREDICTIONS]


def catalogue_of(settings: Settings) -> Catalogue:
    """The Glue tables of an installation."""
    return Catalogue(
        session=session_of(settings),
        database=settings.athena.database,
        lake=settings.lake,
        endpoints=tuple(settings.endpoints),
        first_day=min(endpoint.start_date for endpoint in settings.endpoints.values()),
        installation=settings.quicksight.prefix,
    )


def workgroup_of(settings: Settings) -> Workgroup:
    """Athena's workgroup of an installation."""
    return Workgroup(
        session=session_of(settings),
        name=settings.athena.workgroup,
        results=settings.athena.results or f"{settings.lake}/_athena",
        installation=settings.quicksight.prefix,
        scan_limit=settings.athena.scan_limit,
        kms_key=settings.aws.kms_key,
    )


def places_of(settings: Settings) -> Places:
    """What the policies of an installation are about; asks AWS for the account where it is not set.

    Raises:
        SettingsError: the deployment is not aws.
    """
    session = session_of(settings)
    known = settings.aws.account_id
    who = Identity(known, session.partition, "") if known else caller(session)
    cluster, serverless = settings.emr.cluster, settings.emr.serverless
    roles = (cluster.service_role, cluster.instance_profile, serverless.role)
    sources = (
        f"{source}{name}"
        for key, endpoint in settings.endpoints.items()
        for source, name in ((endpoint.data_capture, f"/{key}"), (endpoint.ground_truth, ""))
    )
    return Places(
        partition=who.partition,
        region=session.region,
        account_id=who.account_id,
        lake=settings.lake,
        sources=tuple(sources),
        results=workgroup_of(settings).results,
        work=settings.emr.work or f"{settings.lake}/_jobs",
        database=settings.athena.database,
        workgroup=settings.athena.workgroup,
        prefix=settings.quicksight.prefix,
        namespace=settings.quicksight.namespace,
        runner=str(settings.spark.runner),
        cluster=cluster.id,
        application=serverless.application_id,
        passed_roles=tuple(role for role in roles if role),
        kms_key=settings.aws.kms_key,
        source=settings.quicksight.source,
        quicksight_role=settings.quicksight.role,
    )
