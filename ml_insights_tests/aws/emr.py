"""EMR on EC2: clusters that start with polls and steps that really run.

What belongs here: the operations. What does not: which requests EMR refuses (`emr_checks`), how
clusters and steps move (`emr_life`), what is shown of them (`emr_cluster`). The file is long,
for EMR has many operations; each is a few lines.

Effects that tests inject with `faults.effect("emr", name, detail={...})`:

    slow_start         the next cluster stays in STARTING for `polls` (5) polls more
    no_capacity        it ends before it has started; `message`
    quota_exceeded     it ends for want of a quota of EC2; `code` (INTERNAL_ERROR), `message`
    bootstrap_failure  it ends while it bootstraps; `message`
    failed_step        the next step fails before it runs; `reason`, `message`
    spot_loss          the Spot instances go, and running steps fail unless `survives`
    terminated         the cluster is terminated under a running step; `message`
    interrupted        a running step becomes INTERRUPTED; `message`
    gone               the cluster is not known any more when it is asked for next
    missing_log        the logs of the next step that ends never appear
    late_log           they appear after `polls` (3) polls
    log_named_txt      they are named stderr.txt.gz and so on
    cancel_refused     the next CancelSteps answers that it failed; `message`

Other quotas, missing permissions and throttling are errors:
`faults.error("emr", "RunJobFlow", ...)`.
"""

from __future__ import annotations

import secrets
import signal
import string
from typing import Any

from ml_insights_tests.aws.emr_checks import (
    check_cluster,
    check_idle_timeout,
    check_scaling,
    check_steps,
    refuse,
)
from ml_insights_tests.aws.emr_cluster import CLUSTER_ENDED, Cluster, Step
from ml_insights_tests.aws.emr_life import ClusterLife
from ml_insights_tests.aws.refusals import AwsError
from ml_insights_tests.aws.service import Service
from ml_insights_tests.aws.spark_lines import RELEASES

Parameters = dict[str, Any]


class Emr(Service):
    """See the module."""

    name = "emr"
    effects = frozenset(
        {
            "slow_start",
            "no_capacity",
            "quota_exceeded",
            "bootstrap_failure",
            "failed_step",
            "spot_loss",
            "terminated",
            "interrupted",
            "gone",
            "missing_log",
            "late_log",
            "log_named_txt",
            "cancel_refused",
        }
    )

    def __init__(self, *surroundings: Any) -> None:
        super().__init__(*surroundings)
        self.clusters: dict[str, Cluster] = {}

    def close(self) -> None:
        for cluster in self.clusters.values():
            ClusterLife(self, cluster).terminate("INTERNAL_ERROR", "the stand-in ends")

    def run_job_flow(self, parameters: Parameters) -> Parameters:
        check_cluster(parameters, self.account, self.region)
        identity = f"j-{_letters()}"
        tags = {one["Key"]: one.get("Value", "") for one in parameters.get("Tags", [])}
        policy = parameters.get("AutoTerminationPolicy")
        cluster = Cluster(
            id=identity,
            arn=self.arn(f"cluster/{identity}", "elasticmapreduce"),
            request=parameters,
            created=self.now(),
            protected=parameters["Instances"].get("TerminationProtected", False),
            tags=tags,
            idle_timeout=policy.get("IdleTimeout", 3600) if policy else None,
            scaling=parameters.get("ManagedScalingPolicy"),
        )
        if fault := self.effect("slow_start"):
            cluster.startup_polls = fault.detail.get("polls", 5)
        cluster.steps = [self._step(request) for request in parameters.get("Steps", [])]
        self.clusters[identity] = cluster
        return {"JobFlowId": identity, "ClusterArn": cluster.arn}

    def add_job_flow_steps(self, parameters: Parameters) -> Parameters:
        cluster = self.clusters.get(parameters["JobFlowId"])
        if cluster is None:
            raise refuse("Specified job flow ID does not exist.")
        if cluster.state in {"TERMINATING", *CLUSTER_ENDED}:
            raise refuse(
                "A job flow that is shutting down, terminated, or finished may not be modified."
            )
        check_steps(parameters["Steps"], len(cluster.steps), cluster.concurrency)
        steps = [self._step(request) for request in parameters["Steps"]]
        cluster.steps += steps
        return {"StepIds": [step.id for step in steps]}

    def describe_cluster(self, parameters: Parameters) -> Parameters:
        return {"Cluster": self._answer(parameters, Cluster.view)}

    def describe_step(self, parameters: Parameters) -> Parameters:
        def view(cluster: Cluster) -> Parameters:
            for step in cluster.steps:
                if step.id == parameters["StepId"]:
                    return step.view()
            raise _invalid(f"Step id '{parameters['StepId']}' is not valid.")

        return {"Step": self._answer(parameters, view)}

    def list_clusters(self, parameters: Parameters) -> Parameters:
        after, before = parameters.get("CreatedAfter"), parameters.get("CreatedBefore")
        states = parameters.get("ClusterStates")
        found = [
            cluster.summary()
            for cluster in reversed(self.clusters.values())
            if (not states or cluster.state in states)
            and (not after or cluster.created >= after)
            and (not before or cluster.created <= before)
        ]
        return {"Clusters": found}

    def list_steps(self, parameters: Parameters) -> Parameters:
        states, ids = parameters.get("StepStates"), parameters.get("StepIds")
        if ids and len(ids) > 10:
            raise _invalid("StepIds must not have more than 10 items.")

        def view(cluster: Cluster) -> list[Parameters]:
            return [
                step.view()
                for step in reversed(cluster.steps)
                if (not states or step.state in states) and (not ids or step.id in ids)
            ]

        return {"Steps": self._answer(parameters, view)}

    def list_instances(self, parameters: Parameters) -> Parameters:
        states, kind = parameters.get("InstanceStates"), parameters.get("InstanceFleetType")
        kinds = [kind] if kind else parameters.get("InstanceGroupTypes", [])

        def view(cluster: Cluster) -> list[Parameters]:
            return [
                one
                for one in cluster.instances
                if (not states or one["Status"]["State"] in states)
                and (not kinds or _collection(one).endswith(tuple(kinds)))
            ]

        return {"Instances": self._answer(parameters, view)}

    def list_instance_fleets(self, parameters: Parameters) -> Parameters:
        return {"InstanceFleets": self._answer(parameters, _fleets)}

    def cancel_steps(self, parameters: Parameters) -> Parameters:
        cluster = self._cluster(parameters["ClusterId"])
        life = ClusterLife(self, cluster)
        life.refresh()
        sent = parameters.get("StepCancellationOption") == "TERMINATE_PROCESS"
        with_signal = signal.SIGKILL if sent else signal.SIGTERM
        steps = {step.id: step for step in cluster.steps}
        return {
            "CancelStepsInfoList": [
                {"StepId": one, **self._cancel(life, steps.get(one), with_signal)}
                for one in parameters["StepIds"]
            ]
        }

    def terminate_job_flows(self, parameters: Parameters) -> Parameters:
        clusters = [self._cluster(one, refuse) for one in parameters["JobFlowIds"]]
        if any(cluster.protected for cluster in clusters):
            raise refuse(
                "Could not shut down one or more job flows since they are termination protected."
            )
        for cluster in clusters:
            ClusterLife(self, cluster).terminate("USER_REQUEST", "Terminated by user request")
        return {}

    def set_termination_protection(self, parameters: Parameters) -> Parameters:
        for one in parameters["JobFlowIds"]:
            self._cluster(one, refuse).protected = parameters["TerminationProtected"]
        return {}

    def put_auto_termination_policy(self, parameters: Parameters) -> Parameters:
        policy = parameters.get("AutoTerminationPolicy") or {}
        check_idle_timeout(policy)
        cluster = self._cluster(parameters["ClusterId"])
        cluster.idle_timeout = policy.get("IdleTimeout", 3600)
        return {}

    def get_auto_termination_policy(self, parameters: Parameters) -> Parameters:
        timeout = self._cluster(parameters["ClusterId"]).idle_timeout
        return {"AutoTerminationPolicy": {"IdleTimeout": timeout} if timeout else None}

    def remove_auto_termination_policy(self, parameters: Parameters) -> Parameters:
        self._cluster(parameters["ClusterId"]).idle_timeout = None
        return {}

    def put_managed_scaling_policy(self, parameters: Parameters) -> Parameters:
        cluster = self._cluster(parameters["ClusterId"])
        check_scaling({**parameters, "Instances": cluster.request["Instances"]})
        cluster.scaling = parameters["ManagedScalingPolicy"]
        return {}

    def get_managed_scaling_policy(self, parameters: Parameters) -> Parameters:
        return {"ManagedScalingPolicy": self._cluster(parameters["ClusterId"]).scaling}

    def add_tags(self, parameters: Parameters) -> Parameters:
        tags = {one["Key"]: one.get("Value", "") for one in parameters["Tags"]}
        self._cluster(parameters["ResourceId"]).tags |= tags
        return {}

    def remove_tags(self, parameters: Parameters) -> Parameters:
        for key in parameters["TagKeys"]:
            self._cluster(parameters["ResourceId"]).tags.pop(key, None)
        return {}

    def list_release_labels(self, parameters: Parameters) -> Parameters:
        return {"ReleaseLabels": sorted(RELEASES, reverse=True)}

    def describe_release_label(self, parameters: Parameters) -> Parameters:
        label = parameters.get("ReleaseLabel")
        if label not in RELEASES:
            raise _invalid(f"The release label is not valid: {label}")
        return {
            "ReleaseLabel": label,
            "Applications": [{"Name": "Spark", "Version": RELEASES[label]}],
        }

    def _answer(self, parameters: Parameters, view: Any) -> Any:
        """What is to be seen of a cluster now; after that, one poll has passed."""
        cluster = self._cluster(parameters["ClusterId"])
        life = ClusterLife(self, cluster)
        life.refresh()
        answer = view(cluster)
        life.move()
        return answer

    def _cluster(self, identity: str, error: Any = None) -> Cluster:
        cluster = self.clusters.get(identity)
        if cluster and self.effect("gone"):
            ClusterLife(self, cluster).terminate("USER_REQUEST", "gone")
            del self.clusters[identity]
            cluster = None
        if cluster is None:
            raise (error or _invalid)(f"Cluster id '{identity}' is not valid.")
        return cluster

    def _cancel(self, life: ClusterLife, step: Step | None, with_signal: int) -> Parameters:
        if fault := self.effect("cancel_refused"):
            return {"Status": "FAILED", "Reason": fault.detail.get("message", "not now")}
        if step is None:
            return {"Status": "FAILED", "Reason": "Step does not exist."}
        if step.state == "PENDING":
            step.state, step.ended = "CANCELLED", self.now()
            step.message = "Step was cancelled by the user."
        elif step.state == "RUNNING":
            step.state = "CANCEL_PENDING"
            life.stop(step, with_signal)
        else:
            return {"Status": "FAILED", "Reason": f"Step is in state {step.state}."}
        return {"Status": "SUBMITTED"}

    def _step(self, request: Parameters) -> Step:
        return Step(f"s-{_letters()}", request, self.now())


def _fleets(cluster: Cluster) -> list[Parameters]:
    """The fleets; what they got is what they asked for, less what was lost."""
    up = [one for one in cluster.instances if one["Status"]["State"] == "RUNNING"]
    fleets = []
    for fleet in cluster.request["Instances"].get("InstanceFleets", []):
        kind = fleet["InstanceFleetType"]
        weight = fleet["InstanceTypeConfigs"][0].get("WeightedCapacity", 1)
        mine = [one["Market"] for one in up if _collection(one).endswith(kind)]
        fleets.append(
            {
                "Id": f"if-{cluster.id[2:]}{kind}",
                "Name": fleet.get("Name", kind),
                "InstanceFleetType": kind,
                "Status": {"State": "RUNNING" if mine else "PROVISIONING"},
                "TargetOnDemandCapacity": fleet.get("TargetOnDemandCapacity", 0),
                "TargetSpotCapacity": fleet.get("TargetSpotCapacity", 0),
                "ProvisionedOnDemandCapacity": mine.count("ON_DEMAND") * weight,
                "ProvisionedSpotCapacity": mine.count("SPOT") * weight,
                "LaunchSpecifications": fleet.get("LaunchSpecifications"),
            }
        )
    return fleets


def _collection(instance: Parameters) -> str:
    return str(instance.get("InstanceFleetId") or instance.get("InstanceGroupId"))


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidRequestException", message)


def _letters() -> str:
    return "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(13))
