"""Starting clusters of the stand-in and seeing what becomes of them.

What belongs here: what tests of EMR on EC2 ask it. What does not: what they expect of the answer.
"""

from __future__ import annotations

import gzip
import time
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest

from ml_insights_tests.aws.cluster_jobs import BUCKET, cluster, poll, run_python_instead
from ml_insights_tests.aws.server import StandIn

SLEEP = "import time; time.sleep(600)"
TERMINATED = {"TERMINATED", "TERMINATED_WITH_ERRORS"}
STEP_ENDED = {"COMPLETED", "FAILED", "CANCELLED", "INTERRUPTED"}


def emr_of_python_steps(aws: StandIn, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client of EMR with a bucket for logs, whose steps are Python programs."""
    run_python_instead(monkeypatch)
    aws.client("s3").create_bucket(Bucket=BUCKET)
    return aws.client("emr")


def start(emr: Any, *steps: dict[str, Any], **more: Any) -> str:
    return str(emr.run_job_flow(**cluster(*steps, **more))["JobFlowId"])


def described(emr: Any, identity: str) -> dict[str, Any]:
    found: dict[str, Any] = emr.describe_cluster(ClusterId=identity)["Cluster"]
    return found


def cluster_states(emr: Any, identity: str, ends: set[str]) -> list[str]:
    return poll(lambda: str(described(emr, identity)["Status"]["State"]), ends)


def steps_of(emr: Any, identity: str) -> list[dict[str, Any]]:
    """Oldest first."""
    return list(reversed(emr.list_steps(ClusterId=identity)["Steps"]))


def step_states(emr: Any, identity: str, ends: set[str], which: int = 0) -> list[str]:
    return poll(lambda: str(steps_of(emr, identity)[which]["Status"]["State"]), ends)


def step_ids(emr: Any, identity: str) -> list[str]:
    return [str(step["Id"]) for step in steps_of(emr, identity)]


def log(aws: StandIn, identity: str, step: str, name: str) -> str:
    key = f"logs/{identity}/steps/{step}/{name}"
    body = aws.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return gzip.decompress(body).decode()


def logs(aws: StandIn, identity: str) -> list[str]:
    found = aws.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=f"logs/{identity}/")
    return sorted(one["Key"].rpartition("/")[2] for one in found.get("Contents", []))


def running_process(aws: StandIn, emr: Any, identity: str) -> psutil.Process:
    """The process of the cluster's first step, once it runs."""
    step_states(emr, identity, {"RUNNING"})
    job = aws.service("emr").clusters[identity].steps[0].job
    supervisor = psutil.Process(job.process_id)
    for _ in range(100):
        if children := supervisor.children():
            return children[0]
        time.sleep(0.05)
    raise AssertionError("the step has no process")
