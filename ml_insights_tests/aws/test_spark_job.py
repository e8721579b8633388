"""Steps really run Spark over S3A, with what travels with them and nothing else."""

from __future__ import annotations

import gzip
import io
import json
import time
from typing import Any

import psutil  # type: ignore[import-untyped]
import pyarrow.parquet as pq
import pytest

from ml_insights.sizing.spark_settings import cluster_settings
from ml_insights_tests.aws.cluster_jobs import (
    BUCKET,
    LABEL,
    archive,
    cluster,
    job_run,
    poll,
    spark_step,
)
from ml_insights_tests.aws.server import StandIn

pytestmark = [pytest.mark.spark, pytest.mark.cluster]

PROGRAM = """
import importlib.util, json, os, sys
from pyspark.sql import SparkSession
import shipped
spark = SparkSession.builder.getOrCreate()
source, target = sys.argv[1:]
rows = spark.read.json(source).repartition(3)
rows.selectExpr("id", "score >= 0.5 as positive").write.parquet(target)
print(json.dumps({
    "shipped": shipped.WHAT,
    "rows": spark.read.parquet(target.replace("s3://", "s3a://")).count(),
    "foreign": [name for name in ("numpy", "boto3", "dagster") if importlib.util.find_spec(name)],
    "shuffle": spark.conf.get("spark.sql.shuffle.partitions"),
    "spark": spark.version,
    "mine": os.environ.get("MINE"),
    "folder": sorted(os.listdir(".")),
}))
"""
COMMITTER = {
    name: value
    for name, value in cluster_settings(most_vcpus=8, shuffle_partitions=1).items()
    if "committer" in name
}
"""How jobs of this package commit."""


@pytest.fixture
def s3(aws: StandIn) -> Any:
    """A bucket with a program, what travels with it, and 100 lines to read."""
    client = aws.client("s3")
    client.create_bucket(Bucket=BUCKET)
    client.put_object(Bucket=BUCKET, Key="job.py", Body=PROGRAM.encode())
    client.put_object(Bucket=BUCKET, Key="code.zip", Body=archive(shipped="WHAT = 'with it'"))
    lines = [json.dumps({"id": n, "score": n / 100}) for n in range(100)]
    client.put_object(Bucket=BUCKET, Key="in/a.jsonl", Body="\n".join(lines).encode())
    return client


def written(s3: Any) -> dict[int, bool]:
    """What the program has written, read by another reader of Parquet."""
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix="out/")["Contents"]
    rows: dict[int, bool] = {}
    for key in (one["Key"] for one in listed if one["Key"].endswith(".parquet")):
        body = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        table = pq.read_table(io.BytesIO(body)).to_pydict()
        rows |= dict(zip(table["id"], table["positive"], strict=True))
    return rows


def text(s3: Any, key: str) -> str:
    return gzip.decompress(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()).decode()


def run_step(emr: Any, step: dict[str, Any], label: str, **more: Any) -> tuple[str, str]:
    """Run a cluster of one step to its end; returns both ids."""
    identity = emr.run_job_flow(**cluster(step, ReleaseLabel=label, **more))["JobFlowId"]

    def state() -> str:
        return str(emr.describe_cluster(ClusterId=identity)["Cluster"]["Status"]["State"])

    poll(state, {"TERMINATED", "TERMINATED_WITH_ERRORS"}, most=4000)
    (found,) = emr.list_steps(ClusterId=identity)["Steps"]
    assert found["Status"]["State"] == "COMPLETED", found
    return identity, found["Id"]


@pytest.mark.parametrize("label", [LABEL, "emr-7.13.0"])
def test_a_step_reads_json_lines_and_writes_parquet(aws: StandIn, s3: Any, label: str) -> None:
    conf = [word for name, value in COMMITTER.items() for word in ("--conf", f"{name}={value}")]
    words = ("--deploy-mode", "client", *conf, "--py-files", "s3://lake/code.zip")
    step = spark_step(*words, "s3://lake/job.py", "s3://lake/in/", "s3://lake/out")
    defaults = {
        "Classification": "spark-defaults",
        "Properties": {"spark.sql.shuffle.partitions": "7"},
    }
    exported = {"Classification": "export", "Properties": {"MINE": "set"}}
    environment = {"Classification": "spark-env", "Configurations": [exported]}
    more = {"Configurations": [defaults, environment]}
    identity, found = run_step(aws.client("emr"), step, label, **more)

    said = json.loads(text(s3, f"logs/{identity}/steps/{found}/stdout.gz"))
    assert said.pop("spark").startswith("4.0" if label == LABEL else "3.5")
    expected = {"shipped": "with it", "rows": 100, "foreign": [], "shuffle": "7", "mine": "set"}
    assert said == {**expected, "folder": []}
    assert written(s3) == {n: n >= 50 for n in range(100)}
    manifest = s3.get_object(Bucket=BUCKET, Key="out/_SUCCESS")["Body"].read()
    assert json.loads(manifest)["committer"] == "magic"
    by_role = {call.action for call in aws.calls if call.access_key == "EMR_EC2_DefaultRole"}
    assert by_role >= {"s3:GetObject", "s3:ListBucket", "s3:PutObject"}


def test_a_job_run_has_its_archives_and_variables(aws: StandIn, s3: Any) -> None:
    serverless = aws.client("emr-serverless")
    app = serverless.create_application(releaseLabel=LABEL, type="SPARK")["applicationId"]
    request = job_run(aws, app, "s3://lake/out")
    request["jobDriver"]["sparkSubmit"] |= {
        "entryPointArguments": ["s3://lake/in/", "s3://lake/out"],
        "sparkSubmitParameters": "--py-files s3://lake/code.zip --archives s3://lake/code.zip#env "
        "--conf spark.emr-serverless.driverEnv.MINE=set --conf spark.sql.shuffle.partitions=7",
    }
    run = serverless.start_job_run(**request)["jobRunId"]

    def state() -> str:
        return str(serverless.get_job_run(applicationId=app, jobRunId=run)["jobRun"]["state"])

    assert poll(state, {"SUCCESS", "FAILED"}, most=4000)[-1] == "SUCCESS"
    said = json.loads(text(s3, f"logs/applications/{app}/jobs/{run}/SPARK_DRIVER/stdout.gz"))
    assert (said["mine"], said["folder"], said["shuffle"]) == ("set", ["env"], "7")
    assert written(s3) == {n: n >= 50 for n in range(100)}


def test_cancelling_kills_java_and_python(aws: StandIn, s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="job.py", Body=b"import time\ntime.sleep(600)\n")
    emr = aws.client("emr")
    step = spark_step("s3://lake/job.py")
    identity = emr.run_job_flow(**cluster(step, keep_alive=True))["JobFlowId"]

    def state() -> str:
        (found,) = emr.list_steps(ClusterId=identity)["Steps"]
        return str(found["Status"]["State"])

    poll(state, {"RUNNING"})
    found = aws.service("emr").clusters[identity].steps[0]
    supervisor = psutil.Process(found.job.process_id)
    while not {"java", "python"} <= {_program(one) for one in _below(supervisor)}:
        assert state() == "RUNNING"
        time.sleep(0.1)
    processes = _below(supervisor)
    emr.cancel_steps(
        ClusterId=identity, StepIds=[found.id], StepCancellationOption="TERMINATE_PROCESS"
    )
    assert state() == "CANCELLED"
    _, alive = psutil.wait_procs([supervisor, *processes], timeout=5)
    assert not alive
    assert "stderr.gz" in str(s3.list_objects_v2(Bucket=BUCKET, Prefix=f"logs/{identity}"))


def _below(process: psutil.Process) -> list[psutil.Process]:
    return list(process.children(recursive=True))


def _program(process: psutil.Process) -> str:
    try:
        return str(process.name()).rstrip("0123456789.")
    except psutil.NoSuchProcess:
        return ""
