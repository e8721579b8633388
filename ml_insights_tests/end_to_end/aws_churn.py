"""The day of AWS's churn example on S3, and installations that compute it by each runner.

What belongs here: files on the stand-in's S3, settings, published bytes. What does not: the day
itself (`churn`) and the stand-in (`ml_insights_tests.aws`).
"""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from ml_insights_tests.aws.server import StandIn
from ml_insights_tests.aws.spark_lines import find_spark, s3a_jars
from ml_insights_tests.capture_data import write_churn
from ml_insights_tests.conftest import QUICK_JAVA
from ml_insights_tests.end_to_end.churn import DAY, ENDPOINT
from ml_insights_tests.installation import Installation, install

BUCKET = "ml-insights-data"
RELEASE = "emr-spark-8.0.0"
JOB_ROLE = "arn:aws:iam::123456789012:role/EMRServerlessJobRole"
UNITS = ["unit=00-00", "unit=01-01-0000", "unit=01-01-0001"]
CLUSTER = f"""\
    release_label: {RELEASE}
    service_role: EMR_DefaultRole
    instance_profile: EMR_EC2_DefaultRole
    subnets: [subnet-1]
    primary_types: [m7g.xlarge]
    core_types: [m7g.4xlarge]
    core_vcpus: 16
    task_types: [m7g.4xlarge, m6g.4xlarge]
    task_vcpus: 32
"""
"""A cluster for each job."""


def upload_churn(data: Path, folder: Path, aws: StandIn) -> None:
    """Put captures and labels of the day's first eight hours on S3.

    All but the first of the capture files lie in one hour: by `settings` it is read in `UNITS`.
    """
    write_churn(data, folder)
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    for source in ("capture", "ground_truth"):
        for path in sorted((folder / source).rglob("*.jsonl"))[:8]:
            key = path.relative_to(folder)
            if source == "capture" and path.parent.name != "00":
                key = key.parent.parent / "01" / key.name
            s3.upload_file(str(path), BUCKET, key.as_posix())


def settings(aws: StandIn, runner: str, emr: str = "", *, lake: str = "lake") -> str:
    """Settings of the aws deployment with a runner; `emr` is the text of that section."""
    return f"""\
deployment: aws
lake: s3://{BUCKET}/{lake}
aws: {{region: us-east-1, endpoint_url: "{aws.url}"}}
units: {{max_files: 4}}
spark: {runner}
{emr}
endpoints:
  {ENDPOINT}:
    data_capture: s3://{BUCKET}/capture
    ground_truth: s3://{BUCKET}/ground_truth
    start_date: {DAY}
    score: {{content_type: text/csv, index: 0}}
    positive_label: "1"
    operating_threshold: 0.8
"""


def local_spark(aws: StandIn) -> str:
    """The section `spark` for Spark in the process, with what it needs to reach S3."""
    jars = ",".join(map(str, sorted(s3a_jars(find_spark(RELEASE)).glob("*.jar"))))
    return f"""
  runner: local
  driver_memory: 512m
  cores: 2
  java_options: {QUICK_JAVA}
  configuration:
    spark.jars: {jars}
    spark.hadoop.fs.s3.impl: org.apache.hadoop.fs.s3a.S3AFileSystem
    spark.hadoop.fs.AbstractFileSystem.s3.impl: org.apache.hadoop.fs.s3a.S3A
    spark.hadoop.fs.s3a.endpoint: {aws.url}
    spark.hadoop.fs.s3a.path.style.access: "true"
    spark.hadoop.fs.s3a.connection.ssl.enabled: "false\""""


def install_on_aws(folder: Path, text: str, instance: dg.DagsterInstance) -> Installation:
    """An installation on the stand-in."""
    folder.mkdir(parents=True, exist_ok=True)
    return install(folder, text, instance)


def published(aws: StandIn, lake: str, table: str) -> bytes:
    """The published file of a table on the day."""
    key = f"{lake}/{ENDPOINT}/{table}/dt={DAY}/{table}.parquet"
    content: bytes = aws.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return content


def keys_below(aws: StandIn, prefix: str) -> list[str]:
    """Keys of the data bucket that begin with a prefix."""
    pages = aws.client("s3").get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
    return [item["Key"] for page in pages for item in page.get("Contents", [])]


def long_running_cluster(aws: StandIn, release: str = RELEASE) -> str:
    """Start a cluster that waits for steps; returns its id."""
    emr = aws.client("emr")
    cluster: str = emr.run_job_flow(
        Name="long running",
        ReleaseLabel=release,
        Applications=[{"Name": "Spark"}],
        ServiceRole="EMR_DefaultRole",
        JobFlowRole="EMR_EC2_DefaultRole",
        LogUri=f"s3://{BUCKET}/cluster-logs/",
        Instances={
            "MasterInstanceType": "m7g.xlarge",
            "SlaveInstanceType": "m7g.4xlarge",
            "InstanceCount": 2,
            "KeepJobFlowAliveWhenNoSteps": True,
        },
    )["JobFlowId"]
    for _ in range(10):
        if emr.describe_cluster(ClusterId=cluster)["Cluster"]["Status"]["State"] == "WAITING":
            return cluster
    raise AssertionError


def serverless_application(aws: StandIn) -> str:
    """Create an application of EMR Serverless; returns its id."""
    answer = aws.client("emr-serverless").create_application(releaseLabel=RELEASE, type="SPARK")
    return str(answer["applicationId"])
