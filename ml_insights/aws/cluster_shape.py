"""What a cluster for one job is made of, and the request that asks EMR for it.

What belongs here: fleets, limits, roles, and how they become `RunJobFlow`. What does not: sending
the request (`emr_clusters`), and how large the cluster should be (`ml_insights.sizing`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ml_insights.aws.spark_jobs import TAG

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Fleet:
    """Instances of one role.

    Attributes:
        types: instance types EMR may take, and the vCPUs of each, which are the fleet's units.
        on_demand: vCPUs that cannot be taken away.
        spot: vCPUs that are cheap and may be taken away.
    """

    types: Mapping[str, int]
    on_demand: int = 0
    spot: int = 0


@dataclass(frozen=True)
class ClusterShape:
    """A cluster: one primary node and core nodes On-Demand, task nodes Spot.

    Attributes:
        release_label: EMR release.
        service_role: role of EMR.
        instance_profile: profile of the instances; the job's rights.
        subnets: where EMR may place it; it chooses one.
        primary: one instance; its fleet counts instances, not vCPUs.
        core: nodes that hold shuffle data and the driver.
        task: nodes that come and go with the work; `spot` is where it begins.
        most_vcpus: limit of core and task nodes together.
        spot_minutes: how long to wait for Spot before taking On-Demand instead.
        idle_seconds: a cluster without work for so long ends, whatever happened.
        tags: of the cluster and its instances.
    """

    release_label: str
    service_role: str
    instance_profile: str
    subnets: tuple[str, ...]
    primary: tuple[str, ...]
    core: Fleet
    task: Fleet
    most_vcpus: int
    spot_minutes: int = 15
    idle_seconds: int = 900
    tags: Mapping[str, str] | None = None

    def request(self, name: str, step: Mapping[str, Any], log_uri: str) -> dict[str, Any]:
        """Arguments of `RunJobFlow`: the cluster runs the step and ends."""
        tags = {**(self.tags or {}), TAG: name}
        wanted: dict[str, Any] = {
            "Name": name,
            "ReleaseLabel": self.release_label,
            "Applications": [{"Name": "Spark"}],
            "ServiceRole": self.service_role,
            "JobFlowRole": self.instance_profile,
            "Instances": {
                "InstanceFleets": self._fleets(),
                "Ec2SubnetIds": list(self.subnets),
                "KeepJobFlowAliveWhenNoSteps": False,
                "TerminationProtected": False,
            },
            "Steps": [dict(step)],
            "ManagedScalingPolicy": {"ComputeLimits": self._limits()},
            "AutoTerminationPolicy": {"IdleTimeout": self.idle_seconds},
            "Tags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())],
            "VisibleToAllUsers": True,
        }
        return {**wanted, "LogUri": f"{log_uri}/"} if log_uri else wanted

    def _fleets(self) -> list[dict[str, Any]]:
        primary = {
            "Name": "primary",
            "InstanceFleetType": "MASTER",
            "TargetOnDemandCapacity": 1,
            "InstanceTypeConfigs": [{"InstanceType": kind} for kind in self.primary],
            "LaunchSpecifications": {
                "OnDemandSpecification": {"AllocationStrategy": "lowest-price"}
            },
        }
        fleets = [primary, self._fleet("CORE", self.core)]
        return [*fleets, self._fleet("TASK", self.task)] if self.task.types else fleets

    def _fleet(self, role: str, fleet: Fleet) -> dict[str, Any]:
        on_demand = {"OnDemandSpecification": {"AllocationStrategy": "lowest-price"}}
        spot = {
            "SpotSpecification": {
                "TimeoutDurationMinutes": self.spot_minutes,
                "TimeoutAction": "SWITCH_TO_ON_DEMAND",
                "AllocationStrategy": "price-capacity-optimized",
            }
        }
        return {
            "Name": role.lower(),
            "InstanceFleetType": role,
            "TargetOnDemandCapacity": fleet.on_demand,
            "TargetSpotCapacity": fleet.spot,
            "InstanceTypeConfigs": [
                {"InstanceType": kind, "WeightedCapacity": vcpus}
                for kind, vcpus in sorted(fleet.types.items())
            ],
            "LaunchSpecifications": {**on_demand, **(spot if fleet.spot else {})},
        }

    def _limits(self) -> dict[str, Any]:
        core = self.core.on_demand
        return {
            "UnitType": "InstanceFleetUnits",
            "MinimumCapacityUnits": core,
            "MaximumCapacityUnits": max(self.most_vcpus, core),
            "MaximumOnDemandCapacityUnits": core,
            "MaximumCoreCapacityUnits": core,
        }
