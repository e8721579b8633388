"""The settings of an installation as one object, validated once and passed down.

What belongs here: the root of the settings, its small sections, and checks between endpoints and
deployment. What does not: one endpoint (`endpoint`), and where values come from (`load`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import time
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

from ml_insights.metrics.thresholds import ThresholdGrid
from ml_insights.settings.compute import Emr, Spark, lacking
from ml_insights.settings.endpoint import Endpoint
from ml_insights.settings.publication import Athena, QuickSight
from ml_insights.settings.section import (
    S3_LOCATION,
    Finding,
    Legal,
    Location,
    Section,
    Unit,
    WrittenAs,
    checked,
    is_s3,
    part,
)


class Grid(Section):
    """Resolution of the thresholds. Counts of different grids never mix, so choose it once."""

    octaves: Annotated[int, Field(ge=2, le=32), Unit("octaves")] = 20
    """Scores closer to 0 or 1 than 2^-octaves are not told apart."""

    bits: Annotated[int, Field(ge=0, le=12), Unit("bits")] = 9
    """Each octave is cut into 2^bits parts."""


def _threshold_grid(value: object) -> ThresholdGrid:
    if isinstance(value, ThresholdGrid):
        return value
    grid = Grid.model_validate(value)
    return ThresholdGrid(grid.octaves, grid.bits)


class Units(Section):
    """A day is read in units, consecutive hours or parts of a large one, each published alone."""

    max_files: Annotated[int, Field(ge=1), Unit("files")] = 50_000
    """Most files of a unit, and of labels, whose names the driver holds at a time. A larger hour is
    cut."""

    max_gigabytes: Annotated[float, Field(gt=0), Unit("10^9 bytes")] = 2000.0
    """Most bytes of a unit. A larger hour is cut, a single file is not."""

    @property
    def max_bytes(self) -> int:
        """Most bytes of a unit."""
        return int(self.max_gigabytes * 1e9)


class Aws(Section):
    """How AWS is reached. Credentials are boto3's: environment, profile or role of the machine."""

    region: Annotated[
        str | None,
        StringConstraints(pattern=r"^[a-z]{2,}(-[a-z]+)+-[0-9]$"),
        Legal("the name of a region, such as `eu-central-1`; required on `aws`"),
    ] = None
    """Region of everything: buckets, EMR, Glue, Athena, QuickSight."""

    endpoint_url: Annotated[
        str | None,
        StringConstraints(pattern=r"^https?://[^/]+/?$"),
        Legal("`https://host` or `http://host:port`"),
    ] = None
    """Takes the place of Amazon's own addresses, for instance a private endpoint."""

    profile: Annotated[str | None, Legal("a profile of the AWS configuration files")] = None
    """Named profile whose credentials are used."""

    account_id: Annotated[
        str | None, StringConstraints(pattern=r"^[0-9]{12}$"), Legal("twelve digits")
    ] = None
    """The account that everything must be in. Credentials of another account are refused."""

    kms_key: Annotated[
        str | None,
        StringConstraints(pattern=r"^arn:aws[a-z-]*:kms:[^:]+:[0-9]{12}:key/.+$"),
        Legal("ARN of a key; policies cannot name a key by its alias"),
    ] = None
    """Key that encrypts what is written to the lake. Without it, the bucket's default applies."""


class Dashboard(Section):
    """What the dashboard shows."""

    days: Annotated[int, Field(ge=1, le=366), Unit("days")] = 90
    """Days shown, up to the newest. More than a year is no longer read day by day."""


def _written_as_a_time(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", value):
        raise ValueError("is not a time such as 06:30")
    return value


def _endpoint_name(name: str) -> str:
    # SageMaker's own rule.
    if not re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", name) or len(name) > 63:
        raise ValueError("is not a name that SageMaker gives to endpoints")
    return name


EndpointName = Annotated[
    str,
    AfterValidator(_endpoint_name),
    Legal("1 to 63 letters, digits and hyphens, a letter or digit first and last"),
]


class Settings(Section):
    """Everything an installation is told."""

    deployment: Literal["local", "aws"] = "local"
    """`local` computes on this machine and reaches no cloud; `aws` computes on EMR."""

    lake: Location = "./data/lake"
    """Where the tables are written. A folder on `local`, `s3://` on `aws`."""

    grid: Annotated[ThresholdGrid, BeforeValidator(_threshold_grid), WrittenAs(Grid)] = (
        ThresholdGrid()
    )
    """Resolution of the thresholds. Counts of different grids never mix, so choose it once."""

    endpoints: Annotated[
        Mapping[EndpointName, Endpoint], Field(min_length=1), Legal("one endpoint or more")
    ]
    """The endpoints, by the name they have in SageMaker."""

    spark: Spark = Spark()
    """Where Spark runs, and how it is set up."""

    units: Units = Units()
    """A day is read in units, consecutive hours or parts of a large one, each published alone."""

    bootstrap_replicates: Annotated[int, Field(ge=200, le=100_000), Unit("replicates")] = 1000
    """Resampled curves from which intervals of average precision are estimated."""

    aws: Aws = Aws()
    """How AWS is reached. Credentials are boto3's: environment, profile or role of the machine."""

    emr: Emr = Emr()
    """Heavy steps on EMR. Read `docs/emr.md` first."""

    schedule: Annotated[
        time,
        BeforeValidator(_written_as_a_time),
        Unit("UTC"),
        Legal("a time of day such as `06:30`"),
    ] = time(6, 30)
    """When each day's computation starts."""

    dashboard: Dashboard = Dashboard()
    """What the dashboard shows."""

    athena: Athena = Athena()
    """Tables of the results for Athena, described in Glue."""

    quicksight: QuickSight = QuickSight()
    """Data sets and dashboard in QuickSight. Read `docs/aws.md` first."""

    @field_validator("lake")
    @classmethod
    def _lake_fits_the_deployment(cls, lake: str, info: ValidationInfo) -> str:
        deployment = info.data.get("deployment")
        if deployment == "local" and is_s3(lake):
            raise ValueError("is on S3, but `deployment: local` reaches no cloud; name a folder")
        if deployment == "aws" and not is_s3(lake):
            raise ValueError("is a local folder, but `deployment: aws` needs s3://bucket/folder")
        return lake

    @field_validator("aws")
    @classmethod
    def _aws_has_a_region(cls, aws: Aws, info: ValidationInfo) -> Aws:
        if info.data.get("deployment") == "aws" and aws.region is None:
            raise ValueError("has no `region`, which `deployment: aws` needs")
        return aws

    @field_validator("spark")
    @classmethod
    def _runner_fits_the_deployment(cls, spark: Spark, info: ValidationInfo) -> Spark:
        deployment = info.data.get("deployment")
        if deployment == "aws" and spark.runner is None:
            raise ValueError("has no `runner`, which `deployment: aws` needs")
        if deployment == "local" and spark.runner not in (None, "local"):
            raise ValueError(f"has `runner: {spark.runner}`, which needs `deployment: aws`")
        return spark

    @field_validator("emr", mode="wrap")
    @classmethod
    def _runner_has_what_it_needs(
        cls, value: Any, validate: Callable[[Any], Any], info: ValidationInfo
    ) -> Any:
        spark = info.data.get("spark")
        return checked(validate, value, lacking(value, spark.runner if spark else None))

    @field_validator("endpoints", mode="wrap")
    @classmethod
    def _endpoints_fit_together(
        cls, value: Any, validate: Callable[[Any], Any], info: ValidationInfo
    ) -> Any:
        entries = value if isinstance(value, Mapping) else {}
        findings = _names_that_differ_in_case_only(entries)
        findings += _sources_elsewhere(entries, info.data.get("deployment"))
        return checked(validate, value, findings)

    def operating_grid_threshold(self, endpoint: str) -> float:
        """Grid threshold at which an endpoint's operating values are counted.

        Returns:
            The largest grid threshold that is not above the endpoint's `operating_threshold`.

        Raises:
            KeyError: there is no such endpoint.
        """
        configured = self.endpoints[endpoint].operating_threshold
        return self.grid.threshold(self.grid.index_of(configured))


def _names_that_differ_in_case_only(entries: Mapping[str, object]) -> list[Finding]:
    # Glue tables, folders of some disks and environment variables know no case.
    names = [str(name).lower() for name in entries]
    return [
        ((name,), "differs from another endpoint's name in case only")
        for position, name in enumerate(entries)
        if names[position] in names[:position]
    ]


def _sources_elsewhere(entries: Mapping[str, object], deployment: str | None) -> list[Finding]:
    """Captures and labels that the deployment's Spark does not reach."""
    texts = {
        "aws": "{!r} is a local folder, but `deployment: aws` needs s3://",
        "local": "{!r} is on S3, but `deployment: local` reaches no cloud; name a folder",
    }
    return [
        ((name, key), texts[deployment].format(source))
        for name, entry in entries.items()
        for key in ("data_capture", "ground_truth")
        if isinstance(source := part(entry, key), str)
        and deployment == ("local" if S3_LOCATION.fullmatch(source) else "aws")
        and (deployment == "local" or "://" not in source)
    ]
