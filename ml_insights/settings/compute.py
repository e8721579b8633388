"""Where the heavy steps compute: on this machine, on EMR clusters, or on EMR Serverless.

What belongs here: the sections `spark` and `emr`, and what each way of computing needs. What does
not: whether they fit the deployment (`model`), and acting on them (`ml_insights.runners`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from ml_insights.settings.section import Finding, Legal, Location, Section, Unit, part

Runner = Literal["local", "emr", "emr-serverless"]
SparkSetting = Annotated[str, StringConstraints(pattern=r"^spark\.[A-Za-z0-9._-]+$")]
InstanceTypes = Annotated[tuple[str, ...], Legal("a list of EC2 instance types")]
Arn = Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$")]


class Spark(Section):
    """Where Spark runs, and how it is set up."""

    runner: Annotated[Runner | None, Legal("`local`, `emr`, `emr-serverless`")] = None
    """Where the heavy steps run: in this process, on EMR on EC2, or on EMR Serverless. Without it
    in this process; `deployment: aws` must say."""

    driver_memory: Annotated[
        str,
        StringConstraints(pattern=r"^[1-9][0-9]*[mgMG]$"),
        Legal("a number with `m` or `g`, such as `512m` or `2g`"),
    ] = "2g"
    """Memory of the one Java process that does all the work when Spark runs in this process."""

    cores: Annotated[int, Field(ge=0), Unit("cores, 0 for all")] = 0
    """Cores that Spark uses in this process."""

    java_options: Annotated[str, Legal("options of the `java` program, separated by blanks")] = (
        "-XX:+UseParallelGC"
    )
    """For the Java process. `-XX:TieredStopAtLevel=1` halves the time of small days and slows
    large ones. Without `-XX:+UseParallelGC` Java's own choice collects garbage, and reading a
    large day costs a sixth more."""

    plain: Annotated[bool, Legal("`true`, `false`")] = False
    """Read and count in Spark's own expressions, without the Java that this package brings: the
    same tables, several times slower. For a Spark that refuses it."""

    configuration: Annotated[
        Mapping[SparkSetting, str], Legal("Spark settings, such as `spark.executor.memory: 20g`")
    ] = Field(default_factory=dict)
    """Over the settings that this package chooses, whatever the runner."""


class Cluster(Section):
    """EMR on EC2: a cluster that runs already (`id`), or one for each job (the other keys)."""

    id: Annotated[
        str | None, StringConstraints(pattern=r"^j-[A-Z0-9]+$"), Legal("an id such as `j-2AXXX`")
    ] = None
    """Cluster that somebody keeps running; jobs become steps of it."""

    release_label: Annotated[str | None, Legal("an EMR release such as `emr-spark-8.0.0`")] = None
    """Release of the cluster that is started for each job; with Spark 3.5 or 4."""

    service_role: Annotated[str | None, Legal("name or ARN of a role")] = None
    """Role of EMR itself."""

    instance_profile: Annotated[str | None, Legal("name or ARN of an instance profile")] = None
    """Profile of the cluster's instances: what the jobs may read and write."""

    subnets: Annotated[tuple[str, ...], Legal("a list such as `[subnet-1, subnet-2]`")] = ()
    """Where EMR may place the cluster; with several it takes the one that has capacity."""

    primary_types: InstanceTypes = ()
    """Types for the one primary node."""

    core_types: InstanceTypes = ()
    """Types for core nodes, which are On-Demand and hold the driver and shuffled data."""

    core_vcpus: Annotated[int, Field(ge=1), Unit("vCPUs")] = 32
    """Size of the core fleet."""

    task_types: InstanceTypes = ()
    """Types for task nodes, which are Spot and come and go with the work. None: no task nodes."""

    task_vcpus: Annotated[int, Field(ge=0), Unit("vCPUs")] = 0
    """Most vCPUs of task nodes."""

    spot_minutes: Annotated[int, Field(ge=5, le=1440), Unit("minutes")] = 15
    """Wait for Spot instances before On-Demand instances are taken instead."""

    idle_minutes: Annotated[int, Field(ge=1, le=10080), Unit("minutes")] = 15
    """A cluster without work for so long ends, whatever happened to Dagster."""

    deploy_mode: Literal["cluster", "client"] = "cluster"
    """Where the driver runs: on a core node or on the primary node."""


class Serverless(Section):
    """EMR Serverless: an application that exists."""

    application_id: Annotated[
        str | None, StringConstraints(pattern=r"^[0-9a-z]+$"), Legal("an id such as `00f1r9abcd`")
    ] = None
    """Application that runs the jobs. It must be of type Spark and start by itself."""

    role: Annotated[Arn | None, Legal("ARN of a role")] = None
    """Role of the jobs: what they may read and write."""

    most_vcpus: Annotated[int, Field(ge=8), Unit("vCPUs")] = 64
    """Most vCPUs of a job; the application's own limit holds as well."""


class Emr(Section):
    """Heavy steps on EMR. Read `docs/emr.md` first."""

    work: Annotated[Location | None, Legal("`s3://bucket/folder`")] = None
    """Folder for archives, arguments and messages. Without it `_jobs` below the lake. Give it a
    lifecycle rule of a few weeks."""

    logs: Annotated[Location | None, Legal("`s3://bucket/folder`")] = None
    """Where EMR puts its logs. Without it `logs` below `work`."""

    deadline_hours: Annotated[float, Field(gt=0, le=72), Unit("hours")] = 6.0
    """A job that takes longer, from its start on, is stopped and fails."""

    poll_seconds: Annotated[float, Field(ge=10, le=300), Unit("seconds")] = 10.0
    """Least time between two questions to EMR about a job."""

    prices: Annotated[Location | None, Legal("a YAML file")] = None
    """Price table in place of the one that comes with the package."""

    dollars_per_day: Annotated[float | None, Field(gt=0), Unit("dollars")] = None
    """Budget: what all jobs started on one UTC day may cost."""

    over_budget: Literal["warn", "stop"] = "warn"
    """`stop` starts no further job once the budget of the day is used up."""

    cluster: Cluster = Cluster()
    """EMR on EC2: a cluster that runs already (`id`), or one for each job (the other keys)."""

    serverless: Serverless = Serverless()
    """EMR Serverless: an application that exists."""


def lacking(emr: object, runner: Runner | None) -> list[Finding]:
    """Keys that a way of computing needs and that are not given; `emr` as written or checked."""
    needed: dict[str, tuple[str, ...]] = {}
    if runner == "emr-serverless":
        needed = {"serverless": ("application_id", "role")}
    elif runner == "emr" and part(part(emr, "cluster"), "id") is None:
        keys = ("release_label", "service_role", "instance_profile", "subnets")
        needed = {"cluster": (*keys, "primary_types", "core_types")}
    return [
        ((section, key), f"is missing: `spark.runner: {runner}` needs it")
        for section, keys in needed.items()
        for key in keys
        if not part(part(emr, section), key)
    ]
