"""Programs, clusters and applications that tests of the stand-in start.

What belongs here: what several test modules submit. What does not: what they expect of it.
"""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from ml_insights_tests.aws.server import StandIn
from ml_insights_tests.aws.spark_job import SparkJob

BUCKET = "lake"
LOGS = f"s3://{BUCKET}/logs"
LABEL = "emr-spark-8.0.0"


def run_python_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let steps run their last argument as a Python program: processes without Spark's start."""

    def command(job: SparkJob) -> list[str]:
        return [sys.executable, "-c", job.submission.arguments[-1]]

    monkeypatch.setattr(SparkJob, "_command", command)
    monkeypatch.setattr(SparkJob, "_variables", lambda _: {})


def spark_step(*words: str, action: str = "CONTINUE") -> dict[str, Any]:
    """A step that submits words to Spark."""
    jar = {"Jar": "command-runner.jar", "Args": ["spark-submit", *words]}
    return {"Name": "count", "ActionOnFailure": action, "HadoopJarStep": jar}


def python_step(program: str, **more: str) -> dict[str, Any]:
    """A step of `run_python_instead`."""
    return spark_step("s3://lake/job.py", program, **more)


def fleet(kind: str, on_demand: int = 1, spot: int = 0) -> dict[str, Any]:
    """A fleet of one instance type."""
    capacity = {"TargetOnDemandCapacity": on_demand, "TargetSpotCapacity": spot}
    types = {"InstanceTypeConfigs": [{"InstanceType": "m6g.4xlarge"}]}
    timeout = {"TimeoutDurationMinutes": 10, "TimeoutAction": "SWITCH_TO_ON_DEMAND"}
    launch = {"LaunchSpecifications": {"SpotSpecification": timeout}} if spot else {}
    return {"InstanceFleetType": kind, **capacity, **types, **launch}


def cluster(*steps: dict[str, Any], keep_alive: bool = False, **more: Any) -> dict[str, Any]:
    """A RunJobFlow that EMR accepts."""
    instances = {
        "InstanceFleets": [fleet("MASTER"), fleet("CORE"), fleet("TASK", 0, 2)],
        "KeepJobFlowAliveWhenNoSteps": keep_alive,
        **more.pop("Instances", {}),
    }
    return {
        "Name": "daily",
        "ReleaseLabel": LABEL,
        "Applications": [{"Name": "Spark"}],
        "LogUri": LOGS,
        "ServiceRole": "EMR_DefaultRole",
        "JobFlowRole": "EMR_EC2_DefaultRole",
        "Instances": instances,
        "Steps": list(steps),
        **more,
    }


def job_run(aws: StandIn, application: str, *words: str, **more: Any) -> dict[str, Any]:
    """A StartJobRun that EMR Serverless accepts; the last word is the program's argument."""
    role = f"arn:aws:iam::{aws.account.account_id}:role/EMRServerlessJobRole"
    *parameters, argument = words
    driver = {"entryPoint": "s3://lake/job.py", "entryPointArguments": [argument]}
    if parameters:
        driver["sparkSubmitParameters"] = " ".join(parameters)
    logs = {"s3MonitoringConfiguration": {"logUri": LOGS}}
    return {
        "applicationId": application,
        "executionRoleArn": role,
        "jobDriver": {"sparkSubmit": driver},
        "configurationOverrides": {"monitoringConfiguration": logs},
        **more,
    }


def archive(**modules: str) -> bytes:
    """A zip of Python modules."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as zipped:
        for name, text in modules.items():
            zipped.writestr(f"{name}.py", text)
    return packed.getvalue()


def poll(ask: Callable[[], str], ends: set[str], most: int = 2000) -> list[str]:
    """States in the order in which they are first seen, until one of `ends`."""
    import time

    seen: list[str] = []
    for _ in range(most):
        state = ask()
        if state not in seen:
            seen.append(state)
        if state in ends:
            return seen
        time.sleep(0.05)
    raise AssertionError(f"still {seen[-1]} after {most} polls: {seen}")
