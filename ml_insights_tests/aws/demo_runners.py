"""The three ways to run the demo's heavy steps on the stand-in, and whether their numbers agree.

What belongs here: settings of each runner, what they need on the stand-in, and a comparison of two
lakes. What does not: the demo's files and its days (`demo`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from ml_insights.aws_deployment import catalogued_tables
from ml_insights_tests.aws.service import ACCOUNT_ID

if TYPE_CHECKING:
    import pyarrow as pa

    from ml_insights.lake import Lake
    from ml_insights_tests.aws.server import StandIn

RELEASE = "emr-spark-8.0.0"
RUNNERS = ("local", "emr", "emr-running", "emr-serverless")
"""In process, a cluster for each job, a cluster that runs already, Serverless."""
OF_THE_RUN = {"run_id", "labels_as_of", "manifest_digest"}
"""Columns that say who computed a row, and when files of labels and captures were written."""

_ROOT = "^.*?/(capture|ground_truth)/"

_NODES = {
    "release_label": RELEASE,
    "service_role": "EMR_DefaultRole",
    "instance_profile": "EMR_EC2_DefaultRole",
    "subnets": ["subnet-1"],
    "primary_types": ["m7g.xlarge"],
    "core_types": ["m7g.4xlarge"],
    "core_vcpus": 16,
}


def runner_settings(
    runner: str, stand_in: StandIn, region: str, local: dict[str, str]
) -> dict[str, Any]:
    """The sections `spark` and `emr`; starts the cluster or application that the runner needs.

    Args:
        runner: one of `RUNNERS`.
        stand_in: where the jobs run.
        region: of everything.
        local: what Spark in this process needs to reach the stand-in's S3.
    """
    if runner == "local":
        return {"spark": {"runner": "local", "configuration": local}}
    # As small as this machine; a cluster's sizes are a matter of its nodes.
    small = {"spark.driver.memory": "1g"}
    spark = {"runner": runner.removesuffix("-running"), "configuration": small}
    if runner == "emr":
        return {"spark": spark, "emr": {"cluster": _NODES}}
    if runner == "emr-running":
        return {"spark": spark, "emr": {"cluster": {"id": _cluster(stand_in, region)}}}
    made = stand_in.client("emr-serverless", region).create_application(
        releaseLabel=RELEASE, type="SPARK"
    )
    role = f"arn:aws:iam::{ACCOUNT_ID}:role/EMRServerlessJobRole"
    return {
        "spark": spark,
        "emr": {"serverless": {"application_id": made["applicationId"], "role": role}},
    }


def _cluster(stand_in: StandIn, region: str) -> str:
    made = stand_in.client("emr", region).run_job_flow(
        Name="long running",
        ReleaseLabel=RELEASE,
        Applications=[{"Name": "Spark"}],
        ServiceRole="EMR_DefaultRole",
        JobFlowRole="EMR_EC2_DefaultRole",
        Instances={
            "MasterInstanceType": "m7g.xlarge",
            "SlaveInstanceType": "m7g.4xlarge",
            "InstanceCount": 2,
            "KeepJobFlowAliveWhenNoSteps": True,
        },
    )
    return str(made["JobFlowId"])


def differences(endpoint: str, one: Lake, other: Lake) -> Iterator[str]:
    """What differs between the published tables of two lakes; nothing when all numbers agree.

    Every table, day, row and column is compared by exact equality, but for `OF_THE_RUN` and the
    root below which a rejected line lies.
    """
    for table in catalogued_tables():
        days = one.days(endpoint, table), other.days(endpoint, table)
        if days[0] != days[1]:
            yield f"{table.name}: {len(days[0])} days against {len(days[1])}"
        for day in sorted({*days[0]} & {*days[1]}):
            rows = [_comparable(lake.read(endpoint, table, day)) for lake in (one, other)]
            names = rows[0].column_names
            unequal = [name for name in names if not rows[0][name].equals(rows[1][name])]
            if unequal:
                yield f"{table.name} of {day}: {', '.join(unequal)}"


def _comparable(rows: pa.Table) -> pa.Table:
    rows = rows.drop_columns([name for name in rows.column_names if name in OF_THE_RUN])
    if (place := rows.schema.get_field_index("source_object")) >= 0:
        below = pc.replace_substring_regex(rows["source_object"], _ROOT, "")
        rows = rows.set_column(place, "source_object", below)
    return rows
