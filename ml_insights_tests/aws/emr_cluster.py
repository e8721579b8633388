"""Clusters and steps of EMR on EC2 as records, and how EMR shows them.

What belongs here: what is known of a cluster and a step, in the shapes of answers. What does not:
how they change (`emr`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ml_insights_tests.aws.spark_job import SparkJob
from ml_insights_tests.aws.spark_lines import RELEASES

CLUSTER_ENDED = {"TERMINATED", "TERMINATED_WITH_ERRORS"}
STEP_ENDED = {"COMPLETED", "CANCELLED", "FAILED", "INTERRUPTED"}


@dataclass
class Step:
    """A step.

    Attributes:
        request: as it was asked for.
        log_polls: polls until the logs of an ended step are written; None when they are, or when
            they never will be.
        errors: what stderr has when no process was started.
        application_id: of YARN, once it runs.
    """

    id: str
    request: dict[str, Any]
    created: datetime
    state: str = "PENDING"
    started: datetime | None = None
    ended: datetime | None = None
    failure: dict[str, str] | None = None
    message: str = ""
    job: SparkJob | None = None
    log_polls: int | None = None
    log_uri: str | None = None
    errors: bytes = b""
    application_id: str = ""

    @property
    def action_on_failure(self) -> str:
        action: str = self.request.get("ActionOnFailure", "CONTINUE")
        return action.replace("TERMINATE_JOB_FLOW", "TERMINATE_CLUSTER")

    def view(self) -> dict[str, Any]:
        """As ListSteps and DescribeStep show it."""
        jar = self.request["HadoopJarStep"]
        properties = {one["Key"]: one["Value"] for one in jar.get("Properties", [])}
        config = {"Jar": jar["Jar"], "Properties": properties, "Args": jar.get("Args", [])}
        timeline = {
            "CreationDateTime": self.created,
            "StartDateTime": self.started,
            "EndDateTime": self.ended,
        }
        yarn = {"ResourceManagerApplicationIds": [self.application_id], "ResourceManager": "YARN"}
        return {
            "Id": self.id,
            "Name": self.request["Name"],
            "Config": config,
            "ActionOnFailure": self.action_on_failure,
            "Status": {
                "State": self.state,
                "StateChangeReason": {"Message": self.message} if self.message else {},
                "FailureDetails": self.failure,
                "Timeline": timeline,
            },
            "LogUri": self.log_uri,
            "AdditionalInfo": yarn if self.application_id else None,
        }


@dataclass
class Cluster:
    """A cluster.

    Attributes:
        request: as it was asked for.
        startup_polls: polls for which it stays in STARTING.
        idle_since: when it last had nothing to do; None while it has.
    """

    id: str
    arn: str
    request: dict[str, Any]
    created: datetime
    state: str = "STARTING"
    code: str = ""
    message: str = ""
    startup_polls: int = 0
    ready: datetime | None = None
    ended: datetime | None = None
    idle_since: datetime | None = None
    protected: bool = False
    tags: dict[str, str] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    instances: list[dict[str, Any]] = field(default_factory=list)
    idle_timeout: int | None = None
    scaling: dict[str, Any] | None = None

    @property
    def ends_with_its_steps(self) -> bool:
        return not self.request["Instances"].get("KeepJobFlowAliveWhenNoSteps", False)

    @property
    def concurrency(self) -> int:
        return int(self.request.get("StepConcurrencyLevel", 1))

    def in_state(self, *states: str) -> list[Step]:
        return [step for step in self.steps if step.state in states]

    def status(self) -> dict[str, Any]:
        reason = {"Code": self.code or None, "Message": self.message or None}
        timeline = {
            "CreationDateTime": self.created,
            "ReadyDateTime": self.ready,
            "EndDateTime": self.ended,
        }
        return {"State": self.state, "StateChangeReason": reason, "Timeline": timeline}

    def summary(self) -> dict[str, Any]:
        """As ListClusters shows it."""
        return {
            "Id": self.id,
            "Name": self.request["Name"],
            "Status": self.status(),
            "NormalizedInstanceHours": 0,
            "ClusterArn": self.arn,
        }

    def view(self) -> dict[str, Any]:
        """As DescribeCluster shows it; the location of logs comes back as s3n://."""
        request, instances = self.request, self.request["Instances"]
        subnets = instances.get("Ec2SubnetIds") or [instances.get("Ec2SubnetId")]
        attributes = {
            "Ec2SubnetId": subnets[0],
            "Ec2AvailabilityZone": f"{self.arn.split(':')[3]}a",
            "IamInstanceProfile": request["JobFlowRole"],
        }
        kept = ("ReleaseLabel", "ServiceRole", "Configurations", "ScaleDownBehavior")
        version = RELEASES[request["ReleaseLabel"]]
        applications = [
            {**one, "Version": version} if one["Name"].lower() == "spark" else one
            for one in request.get("Applications", [])
        ]
        uri = request.get("LogUri")
        fleets = bool(instances.get("InstanceFleets"))
        running = self.state in {"RUNNING", "WAITING"}
        return {
            **self.summary(),
            **{name: request.get(name) for name in kept},
            "Ec2InstanceAttributes": attributes,
            "InstanceCollectionType": "INSTANCE_FLEET" if fleets else "INSTANCE_GROUP",
            "LogUri": f"s3n://{uri.partition('://')[2]}" if uri else None,
            "AutoTerminate": self.ends_with_its_steps,
            "TerminationProtected": self.protected,
            "VisibleToAllUsers": True,
            "Applications": applications,
            "Tags": [{"Key": key, "Value": value} for key, value in self.tags.items()],
            "MasterPublicDnsName": "ip-10-0-0-1.ec2.internal" if running else None,
            "StepConcurrencyLevel": self.concurrency,
        }


def launch_instances(cluster: Cluster, now: datetime) -> list[dict[str, Any]]:
    """The instances that a cluster's fleets or groups get, one type a fleet."""
    wanted: list[tuple[str, str, str, int]] = []
    requested = cluster.request["Instances"]
    for fleet in requested.get("InstanceFleets", []):
        first = fleet["InstanceTypeConfigs"][0]
        weight = first.get("WeightedCapacity", 1)
        for market, key in (
            ("ON_DEMAND", "TargetOnDemandCapacity"),
            ("SPOT", "TargetSpotCapacity"),
        ):
            count = -(-fleet.get(key, 0) // weight)
            wanted.append((fleet["InstanceFleetType"], market, first["InstanceType"], count))
    for group in requested.get("InstanceGroups", []):
        market = group.get("Market", "ON_DEMAND")
        count = group["InstanceCount"]
        wanted.append((group["InstanceRole"], market, group["InstanceType"], count))
    if "MasterInstanceType" in requested:
        count = requested.get("InstanceCount", 1) - 1
        core = requested.get("SlaveInstanceType", requested["MasterInstanceType"])
        wanted += [("MASTER", "ON_DEMAND", requested["MasterInstanceType"], 1)]
        wanted += [("CORE", "ON_DEMAND", core, count)]
    timeline = {"CreationDateTime": cluster.created, "ReadyDateTime": now}
    collection = "InstanceFleetId" if requested.get("InstanceFleets") else "InstanceGroupId"
    prefix = "if" if collection == "InstanceFleetId" else "ig"
    return [
        {
            "Id": f"ci-{cluster.id[2:]}{kind[0]}{market[0]}{number:05}",
            "Ec2InstanceId": f"i-{cluster.id[2:].lower()}{kind[0].lower()}{market[0]}{number:05}",
            "Status": {"State": "RUNNING", "StateChangeReason": {}, "Timeline": dict(timeline)},
            collection: f"{prefix}-{cluster.id[2:]}{kind}",
            "Market": market,
            "InstanceType": instance_type,
        }
        for kind, market, instance_type, count in wanted
        for number in range(count)
    ]
