"""What EMR Serverless refuses although the model allows it: releases, workers, capacity, roles.

What belongs here: rules on the input, as AWS documents them, and the sizes they are about. What
does not: rules of the model (`shapes`), states (`emr_serverless`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from ml_insights_tests.aws.refusals import AwsError
from ml_insights_tests.aws.service import Account
from ml_insights_tests.aws.spark_lines import RELEASES

MEMORY_OF_WORKERS = {1: (2, 8), 2: (4, 16), 4: (8, 30), 8: (16, 60), 16: (32, 120)}
"""Least and most GB, overhead included, by vCPU."""
_GIGABYTES = {"k": 2**-20, "m": 2**-10, "g": 1.0, "t": 2.0**10}


def refuse(message: str) -> AwsError:
    return AwsError("ValidationException", message)


@dataclass(frozen=True)
class Worker:
    """The size of a driver or an executor: vCPU and GB, the latter with overhead."""

    cores: int
    gigabytes: float


def check_application(parameters: Mapping[str, Any]) -> None:
    """Check a CreateApplication.

    Raises:
        AwsError: EMR Serverless would not create such an application.
    """
    if parameters["releaseLabel"] not in RELEASES:
        raise refuse(f"Invalid release label: {parameters['releaseLabel']}")
    if parameters["type"].upper() != "SPARK":
        raise AwsError("NotSimulated", "applications of type SPARK only", 501)
    concurrent = parameters.get("schedulerConfiguration", {}).get("maxConcurrentRuns", 15)
    if not 1 <= concurrent <= 1000:
        raise refuse(f"maxConcurrentRuns must be 1 to 1000: {concurrent}")


def check_job(parameters: Mapping[str, Any], account: Account, region: str) -> None:
    """Check a StartJobRun: the role is there, the program is on S3 or in the image.

    Raises:
        AwsError: EMR Serverless would not start such a job.
    """
    role = parameters["executionRoleArn"]
    try:
        account.client("iam", region).get_role(RoleName=role.rpartition("/")[2])
    except ClientError as error:
        raise refuse(f"Role does not exist or cannot be assumed: {role}") from error
    driver = parameters.get("jobDriver", {}).get("sparkSubmit")
    if driver is None:
        raise refuse("An application of type SPARK needs jobDriver.sparkSubmit.")
    if not re.match("s3://|local:|/", driver["entryPoint"]):
        raise refuse(f"entryPoint must be a location on S3 or in the image: {driver['entryPoint']}")
    if parameters.get("mode", "BATCH") != "BATCH" or "retryPolicy" in parameters:
        raise AwsError("NotSimulated", "batch jobs without a retry policy only", 501)
    monitoring = parameters.get("configurationOverrides", {}).get("monitoringConfiguration", {})
    uri = monitoring.get("s3MonitoringConfiguration", {}).get("logUri", "s3://")
    if not uri.startswith("s3://"):
        raise refuse(f"logUri is not a location on S3: {uri}")


def worker(conf: Mapping[str, str], kind: str) -> Worker:
    """Size of a `driver` or an `executor` by Spark's properties.

    Raises:
        AwsError: there is no worker of that size.
    """
    cores = int(conf.get(f"spark.{kind}.cores", "4"))
    heap = _gigabytes(conf.get(f"spark.{kind}.memory", "14g"))
    overhead = conf.get(f"spark.{kind}.memoryOverhead")
    total = heap + (_gigabytes(overhead) if overhead else max(0.1 * heap, 0.375))
    if cores not in MEMORY_OF_WORKERS:
        raise refuse(f"spark.{kind}.cores must be one of {sorted(MEMORY_OF_WORKERS)}: {cores}")
    low, high = MEMORY_OF_WORKERS[cores]
    if total > high:
        raise refuse(f"{kind}: {total:g} GB with overhead is more than {high} of {cores} vCPU")
    return Worker(cores, max(total, low))


def exceeds(capacity: Mapping[str, str] | None, workers: list[Worker]) -> bool:
    """Whether workers need more than an application's maximum capacity."""
    if not capacity:
        return False
    cores, gigabytes = (float(re.sub(r"\D", "", capacity[key])) for key in ("cpu", "memory"))
    needed = sum(one.cores for one in workers), sum(one.gigabytes for one in workers)
    return needed[0] > cores or needed[1] > gigabytes


def _gigabytes(text: str) -> float:
    """A size as Spark writes it; without a unit it is in MB."""
    found = re.fullmatch(r"(\d+)\s*([kmgt]?)b?", text.strip().lower())
    if not found:
        raise refuse(f"not a size of memory: {text}")
    return int(found[1]) * _GIGABYTES[found[2] or "m"]
