"""What EMR refuses although the model allows it: releases, fleets, roles, limits.

What belongs here: rules on the input of EMR on EC2, as AWS documents them. What does not: rules of
the model (`shapes`), states (`emr`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from ml_insights_tests.aws.refusals import AwsError
from ml_insights_tests.aws.service import Account
from ml_insights_tests.aws.spark_lines import RELEASES

MAX_STEPS = 256
APPLICATIONS = {"spark", "hadoop", "hive", "livy", "zeppelin", "jupyterenterprisegateway"}


def refuse(message: str) -> AwsError:
    return AwsError("ValidationException", message)


def check_cluster(parameters: Mapping[str, Any], account: Account, region: str) -> None:
    """Check a RunJobFlow.

    Raises:
        AwsError: EMR would not create such a cluster.
    """
    label = parameters.get("ReleaseLabel")
    if label not in RELEASES:
        raise refuse(f"The supplied release label is invalid: {label}.")
    for one in parameters.get("Applications", []):
        if str(one.get("Name", "")).lower() not in APPLICATIONS:
            raise refuse(f"Specified application: {one.get('Name')} is not supported.")
    uri = parameters.get("LogUri")
    if uri is not None and not uri.startswith(("s3://", "s3n://", "s3a://")):
        raise refuse(f"LogUri is not a location on S3: {uri}")
    check_roles(parameters, account, region)
    check_instances(parameters["Instances"])
    check_scaling(parameters)
    level = parameters.get("StepConcurrencyLevel", 1)
    if not 1 <= level <= MAX_STEPS:
        raise refuse(f"StepConcurrencyLevel must be between 1 and {MAX_STEPS}: {level}")
    check_idle_timeout(parameters.get("AutoTerminationPolicy"))
    check_steps(parameters.get("Steps", []), 0, level)


def check_roles(parameters: Mapping[str, Any], account: Account, region: str) -> None:
    """The service role and the instance profile must be given and be there."""
    iam = account.client("iam", region)
    profile, role = parameters.get("JobFlowRole"), parameters.get("ServiceRole")
    if not profile:
        raise refuse("InstanceProfile is required for creating cluster.")
    if not role:
        raise refuse("ServiceRole is required for creating cluster.")
    try:
        iam.get_instance_profile(InstanceProfileName=profile.rpartition("/")[2])
    except ClientError as error:
        raise refuse(f"Invalid InstanceProfile: {profile}.") from error
    try:
        iam.get_role(RoleName=role.rpartition("/")[2])
    except ClientError as error:
        raise refuse(f"Invalid ServiceRole: {role}.") from error


def check_instances(instances: Mapping[str, Any]) -> None:
    """Fleets or groups or the old three numbers, with one primary node (or three)."""
    fleets, groups = instances.get("InstanceFleets"), instances.get("InstanceGroups")
    plain = "MasterInstanceType" in instances
    if sum(map(bool, (fleets, groups, plain))) != 1:
        raise refuse(
            "Exactly one of InstanceFleets, InstanceGroups and MasterInstanceType must be set."
        )
    kinds = [one["InstanceFleetType"] for one in fleets or []]
    kinds += [one["InstanceRole"] for one in groups or []]
    if not plain and kinds.count("MASTER") != 1:
        raise refuse("The cluster needs exactly one instance fleet or group of type MASTER.")
    if fleets and len(set(kinds)) < len(kinds):
        raise refuse("A cluster can have one instance fleet of each type only.")
    for fleet in fleets or []:
        check_fleet(fleet)


def check_fleet(fleet: Mapping[str, Any]) -> None:
    """Capacity, number of instance types, and the limits of the Spot specification."""
    kind = fleet["InstanceFleetType"]
    on_demand, spot = fleet.get("TargetOnDemandCapacity", 0), fleet.get("TargetSpotCapacity", 0)
    if on_demand + spot < 1:
        raise refuse(f"The {kind} instance fleet needs a target capacity greater than zero.")
    if kind == "MASTER" and (on_demand, spot) not in {(1, 0), (0, 1), (3, 0)}:
        raise refuse("The MASTER instance fleet must have a target capacity of one, or three.")
    launch = fleet.get("LaunchSpecifications", {})
    chosen = [one for one in launch.values() if "AllocationStrategy" in one]
    types, limit = fleet.get("InstanceTypeConfigs", []), 30 if chosen else 5
    if not 1 <= len(types) <= limit:
        raise refuse(
            f"The {kind} instance fleet has {len(types)} instance types, not 1 to {limit}."
        )
    names = [one["InstanceType"] for one in types]
    if len(set(names)) < len(names):
        raise refuse(f"The {kind} instance fleet names an instance type twice: {names}")
    specification = launch.get("SpotSpecification")
    if spot and specification is None:
        raise refuse(f"The {kind} instance fleet has Spot capacity and no SpotSpecification.")
    if specification and not 5 <= specification["TimeoutDurationMinutes"] <= 1440:
        raise refuse("SpotSpecification.TimeoutDurationMinutes must be between 5 and 1440.")


def check_scaling(parameters: Mapping[str, Any]) -> None:
    """Managed scaling counts fleets in fleet units, and its limits are in order."""
    limits = parameters.get("ManagedScalingPolicy", {}).get("ComputeLimits")
    if limits is None:
        return
    of_fleets = limits["UnitType"] == "InstanceFleetUnits"
    if of_fleets != bool(parameters["Instances"].get("InstanceFleets")):
        raise refuse(f"UnitType {limits['UnitType']} does not fit the cluster's instances.")
    low, high = limits["MinimumCapacityUnits"], limits["MaximumCapacityUnits"]
    if not 1 <= low <= high:
        raise refuse(f"MinimumCapacityUnits {low} must be 1 to MaximumCapacityUnits {high}.")
    for name in ("MaximumOnDemandCapacityUnits", "MaximumCoreCapacityUnits"):
        if limits.get(name, 0) > high:
            raise refuse(f"{name} {limits[name]} is above MaximumCapacityUnits {high}.")


def check_idle_timeout(policy: Mapping[str, Any] | None) -> None:
    if policy and not 60 <= policy.get("IdleTimeout", 3600) <= 604800:
        raise refuse("AutoTerminationPolicy.IdleTimeout must be between 60 and 604800 seconds.")


def check_steps(steps: Sequence[Mapping[str, Any]], before: int, level: int) -> None:
    """At most 256 steps; steps that run together must not end one another."""
    if before + len(steps) > MAX_STEPS:
        raise refuse("Maximum number of steps for job flow exceeded.")
    for step in steps:
        action = step.get("ActionOnFailure", "CONTINUE")
        if level > 1 and action != "CONTINUE":
            raise refuse(
                f"ActionOnFailure {action} is not valid with a step concurrency level > 1."
            )
        jar = step["HadoopJarStep"]["Jar"]
        if jar != "command-runner.jar":
            raise AwsError("NotSimulated", f"steps run command-runner.jar here, not {jar}", 501)
