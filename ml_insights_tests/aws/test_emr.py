"""The stand-in's EMR on EC2 refuses, moves and cleans up as EMR does.

Steps are small Python processes here; `test_spark_job` runs Spark. What goes wrong is in
`test_emr_faults`.
"""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest
from botocore.exceptions import ClientError

from ml_insights_tests.aws.cluster_jobs import (
    BUCKET,
    LOGS,
    archive,
    cluster,
    fleet,
    python_step,
    spark_step,
)
from ml_insights_tests.aws.observed_clusters import (
    SLEEP,
    STEP_ENDED,
    TERMINATED,
    cluster_states,
    described,
    emr_of_python_steps,
    log,
    running_process,
    start,
    step_ids,
    step_states,
    steps_of,
)
from ml_insights_tests.aws.server import StandIn
from ml_insights_tests.aws.submission import SubmissionError, parse_submission


@pytest.fixture
def emr(aws: StandIn, monkeypatch: pytest.MonkeyPatch) -> Any:
    return emr_of_python_steps(aws, monkeypatch)


def test_a_transient_cluster_runs_its_steps_one_by_one_and_ends(aws: StandIn, emr: Any) -> None:
    identity = start(emr, python_step("print('one')"), python_step("print('two')"))
    states = cluster_states(emr, identity, TERMINATED)
    assert states == ["STARTING", "BOOTSTRAPPING", "RUNNING", "TERMINATING", "TERMINATED"]
    assert described(emr, identity)["Status"]["StateChangeReason"]["Code"] == "ALL_STEPS_COMPLETED"
    first, second = steps_of(emr, identity)
    assert [first["Status"]["State"], second["Status"]["State"]] == ["COMPLETED", "COMPLETED"]
    times = [one["Status"]["Timeline"] for one in (first, second)]
    assert times[0]["EndDateTime"] <= times[1]["StartDateTime"]
    assert log(aws, identity, first["Id"], "stdout.gz") == "one\n"
    assert log(aws, identity, second["Id"], "stdout.gz") == "two\n"


def test_a_cluster_that_is_kept_waits_takes_steps_and_ends_when_told(emr: Any) -> None:
    identity = start(emr, keep_alive=True)
    assert cluster_states(emr, identity, {"WAITING"})[-1] == "WAITING"
    emr.add_job_flow_steps(JobFlowId=identity, Steps=[python_step("pass")])
    assert step_states(emr, identity, STEP_ENDED) == ["PENDING", "RUNNING", "COMPLETED"]
    assert cluster_states(emr, identity, {"WAITING"})[-1] == "WAITING"
    emr.terminate_job_flows(JobFlowIds=[identity])
    assert cluster_states(emr, identity, TERMINATED) == ["TERMINATING", "TERMINATED"]
    with pytest.raises(ClientError, match="may not be modified"):
        emr.add_job_flow_steps(JobFlowId=identity, Steps=[python_step("pass")])


@pytest.mark.parametrize(
    ("action", "states", "end"),
    [
        ("CONTINUE", ["FAILED", "COMPLETED"], "TERMINATED"),
        ("CANCEL_AND_WAIT", ["FAILED", "CANCELLED"], "TERMINATED"),
        ("TERMINATE_CLUSTER", ["FAILED", "CANCELLED"], "TERMINATED_WITH_ERRORS"),
    ],
)
def test_a_failed_step_does_what_it_was_told_to_do(
    emr: Any, action: str, states: list[str], end: str
) -> None:
    fails = python_step("import sys; sys.exit('no such column')", action=action)
    identity = start(emr, fails, python_step("pass"))
    assert cluster_states(emr, identity, TERMINATED)[-1] == end
    assert [step["Status"]["State"] for step in steps_of(emr, identity)] == states


def test_a_failure_names_the_log_that_tells_why(aws: StandIn, emr: Any) -> None:
    identity = start(emr, python_step("raise SystemExit('no such column')"))
    cluster_states(emr, identity, TERMINATED)
    (step,) = steps_of(emr, identity)
    details = step["Status"]["FailureDetails"]
    assert details["LogFile"] == f"{LOGS}/{identity}/steps/{step['Id']}/stderr.gz"
    assert log(aws, identity, step["Id"], "stderr.gz") == "no such column\n"


def test_in_cluster_mode_the_driver_writes_into_its_container(aws: StandIn, emr: Any) -> None:
    words = ("--deploy-mode", "cluster", "s3://lake/job.py")
    identity = start(emr, spark_step(*words, "raise SystemExit('no such column')"))
    cluster_states(emr, identity, TERMINATED)
    (step,) = steps_of(emr, identity)
    application = step["AdditionalInfo"]["ResourceManagerApplicationIds"][0]
    assert f"{application} finished with failed status" in log(
        aws, identity, step["Id"], "stderr.gz"
    )
    container = application.replace("application", "container") + "_01_000001"
    key = f"logs/{identity}/containers/{application}/{container}/stderr.gz"
    body = aws.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    assert gzip.decompress(body) == b"no such column\n"


def test_a_container_has_the_files_and_unpacked_archives(aws: StandIn, emr: Any) -> None:
    s3 = aws.client("s3")
    s3.put_object(Bucket=BUCKET, Key="a.json", Body=b"{}")
    s3.put_object(Bucket=BUCKET, Key="code.zip", Body=archive(shipped="WHAT = 1"))
    submitted = ("--files", "s3://lake/a.json#b.json", "--archives", "s3://lake/code.zip#code")
    program = "import os; print(sorted(os.listdir('.')), os.listdir('code'))"
    mode = ("--deploy-mode", "cluster")
    identity = start(emr, spark_step(*mode, *submitted, "s3://lake/job.py", program))
    cluster_states(emr, identity, TERMINATED)
    found = s3.list_objects_v2(Bucket=BUCKET, Prefix=f"logs/{identity}/containers/")["Contents"]
    (output,) = (one["Key"] for one in found if one["Key"].endswith("stdout.gz"))
    body = s3.get_object(Bucket=BUCKET, Key=output)["Body"].read()
    assert gzip.decompress(body).decode() == "['b.json', 'code'] ['shipped.py']\n"


def test_a_file_that_is_not_there_fails_the_step(aws: StandIn, emr: Any) -> None:
    words = ("--deploy-mode", "cluster", "--files", "s3://lake/none.json", "s3://lake/job.py")
    identity = start(emr, spark_step(*words, "pass"))
    cluster_states(emr, identity, TERMINATED)
    (step,) = steps_of(emr, identity)
    assert step["Status"]["State"] == "FAILED"
    assert "s3://lake/none.json does not exist" in log(aws, identity, step["Id"], "stderr.gz")


def test_spark_that_is_not_installed_cannot_run(aws: StandIn, emr: Any) -> None:
    identity = start(emr, python_step("pass"), Applications=[{"Name": "Hive"}])
    cluster_states(emr, identity, TERMINATED)
    (step,) = steps_of(emr, identity)
    assert 'Cannot run program "spark-submit"' in log(aws, identity, step["Id"], "stderr.gz")


def test_cancelling_kills_the_process_and_what_it_has_started(aws: StandIn, emr: Any) -> None:
    grandchild = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SLEEP!r}])"
    identity = start(emr, python_step(grandchild), python_step("pass"), keep_alive=True)
    process = running_process(aws, emr, identity)
    while not (children := process.children()):
        time.sleep(0.05)
    (step, waiting) = step_ids(emr, identity)
    answer = emr.cancel_steps(
        ClusterId=identity, StepIds=[step, waiting], StepCancellationOption="TERMINATE_PROCESS"
    )
    statuses = [one["Status"] for one in answer["CancelStepsInfoList"]]
    assert statuses == ["SUBMITTED", "SUBMITTED"]
    assert not process.is_running()
    assert not any(child.is_running() and child.status() != "zombie" for child in children)
    states = [one["Status"]["State"] for one in steps_of(emr, identity)]
    assert states == ["CANCELLED", "CANCELLED"]
    again = emr.cancel_steps(ClusterId=identity, StepIds=[step])["CancelStepsInfoList"][0]
    assert again["Status"] == "FAILED"


def test_an_interrupted_process_may_end_by_itself(aws: StandIn, emr: Any) -> None:
    tidy = (
        "import signal, sys, time; "
        "signal.signal(signal.SIGTERM, lambda *_: (print('tidy', flush=True), sys.exit(0))); "
        "print('ready', flush=True); time.sleep(600)"
    )
    identity = start(emr, python_step(tidy), keep_alive=True)
    running_process(aws, emr, identity)
    job = aws.service("emr").clusters[identity].steps[0].job
    while b"ready" not in job.output("stdout"):
        time.sleep(0.05)
    (step,) = step_ids(emr, identity)
    emr.cancel_steps(ClusterId=identity, StepIds=[step], StepCancellationOption="SEND_INTERRUPT")
    assert step_states(emr, identity, STEP_ENDED)[-1] == "CANCELLED"
    assert log(aws, identity, step, "stdout.gz") == "ready\ntidy\n"


def test_terminating_a_cluster_kills_its_step(aws: StandIn, emr: Any) -> None:
    identity = start(emr, python_step(SLEEP), Instances={"TerminationProtected": True})
    process = running_process(aws, emr, identity)
    with pytest.raises(ClientError, match="termination protected"):
        emr.terminate_job_flows(JobFlowIds=[identity])
    emr.set_termination_protection(JobFlowIds=[identity], TerminationProtected=False)
    emr.terminate_job_flows(JobFlowIds=[identity])
    assert not process.is_running()
    assert steps_of(emr, identity)[0]["Status"]["State"] == "CANCELLED"
    assert {
        one["Status"]["State"] for one in emr.list_instances(ClusterId=identity)["Instances"]
    } == {"TERMINATED"}


@pytest.mark.integration
def test_nothing_is_left_when_the_server_is_killed() -> None:
    program = f"""
import pathlib, signal, sys
from ml_insights_tests.aws import SERVICES
from ml_insights_tests.aws.server import StandIn
from ml_insights_tests.aws.spark_job import SparkJob, Submission
with StandIn(SERVICES) as aws:
    SparkJob._command = lambda job: [sys.executable, "-c", {SLEEP!r}]
    SparkJob._variables = lambda job: {{}}
    nothing = Submission((), {{}}, "client", "", ())
    job = SparkJob(aws.account, None, nothing, "job", "role", "us-east-1")
    job.start()
    print(job.process_id, aws.account.folder, flush=True)
    signal.pause()
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as server:
        assert server.stdout
        identity, folder = server.stdout.readline().decode().split()
        supervisor = psutil.Process(int(identity))
        while not (children := supervisor.children()):
            time.sleep(0.05)
        os.kill(server.pid, signal.SIGKILL)
        gone, alive = psutil.wait_procs([supervisor, *children], timeout=20)
    subprocess.run(["rm", "-r", folder], check=True)
    assert len(gone) == 2
    assert not alive


def wrong_clusters() -> list[Any]:
    """Requests that botocore sends and EMR refuses, and what it says."""
    spot = fleet("TASK", 0, 2)
    del spot["LaunchSpecifications"]
    quick = fleet("TASK", 0, 2)
    quick["LaunchSpecifications"]["SpotSpecification"]["TimeoutDurationMinutes"] = 1
    many = fleet("CORE")
    many["InstanceTypeConfigs"] = [{"InstanceType": f"m{n}.large"} for n in range(6)]
    group = {"InstanceRole": "MASTER", "InstanceType": "m6g.large", "InstanceCount": 1}
    limits = {"UnitType": "InstanceFleetUnits", "MinimumCapacityUnits": 1}

    def scaling(**more: Any) -> dict[str, Any]:
        return {"ComputeLimits": {**limits, "MaximumCapacityUnits": 4, **more}}

    return [
        ({"ReleaseLabel": "emr-7.99.0"}, "release label is invalid"),
        ({"Applications": [{"Name": "Sparc"}]}, "Sparc is not supported"),
        ({"ServiceRole": "Nobody"}, "Invalid ServiceRole"),
        ({"JobFlowRole": "Nobody"}, "Invalid InstanceProfile"),
        ({"LogUri": "/tmp/logs"}, "LogUri"),  # noqa: S108 (a wrong value)
        ({"Instances": {"InstanceGroups": [group]}}, "Exactly one of InstanceFleets"),
        ({"Instances": {"InstanceFleets": [fleet("CORE")]}}, "exactly one instance fleet"),
        ({"Instances": {"InstanceFleets": [fleet("MASTER", 2)]}}, "target capacity of one"),
        ({"Instances": {"InstanceFleets": [fleet("MASTER"), many]}}, "6 instance types"),
        ({"Instances": {"InstanceFleets": [fleet("MASTER"), spot]}}, "no SpotSpecification"),
        ({"Instances": {"InstanceFleets": [fleet("MASTER"), quick]}}, "between 5 and 1440"),
        (
            {"Instances": {"InstanceFleets": [fleet("MASTER"), fleet("CORE", 0)]}},
            "greater than zero",
        ),
        ({"ManagedScalingPolicy": scaling(UnitType="VCPU")}, "UnitType VCPU"),
        ({"ManagedScalingPolicy": scaling(MinimumCapacityUnits=9)}, "MinimumCapacityUnits"),
        ({"ManagedScalingPolicy": scaling(MaximumCoreCapacityUnits=9)}, "MaximumCoreCapacityUnits"),
        ({"AutoTerminationPolicy": {"IdleTimeout": 30}}, "between 60 and 604800"),
        ({"StepConcurrencyLevel": 257}, "StepConcurrencyLevel"),
        ({"ScaleDownBehavior": "NOW"}, "enum value set"),
        ({"Name": "x" * 257}, "less than or equal to 256"),
        ({"Steps": [python_step("pass")] * 257}, "Maximum number of steps"),
        (
            {"StepConcurrencyLevel": 2, "Steps": [python_step("pass", action="TERMINATE_CLUSTER")]},
            "is not valid with a step concurrency level",
        ),
    ]


@pytest.mark.parametrize(("changed", "said"), wrong_clusters())
def test_a_wrong_cluster_is_refused_before_it_is_made(
    emr: Any, changed: dict[str, Any], said: str
) -> None:
    with pytest.raises(ClientError, match=said) as refused:
        emr.run_job_flow(**cluster(**changed))
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    assert emr.list_clusters()["Clusters"] == []


def test_what_is_not_there_is_refused(emr: Any) -> None:
    for call in (emr.describe_cluster, emr.list_steps, emr.list_instances):
        with pytest.raises(emr.exceptions.InvalidRequestException, match="j-NONE"):
            call(ClusterId="j-NONE")
    with pytest.raises(ClientError, match="does not exist"):
        emr.add_job_flow_steps(JobFlowId="j-NONE", Steps=[python_step("pass")])
    identity = start(emr, keep_alive=True)
    with pytest.raises(emr.exceptions.InvalidRequestException, match="s-NONE"):
        emr.describe_step(ClusterId=identity, StepId="s-NONE")


def test_a_cluster_is_shown_as_it_was_asked_for(emr: Any) -> None:
    tags = [{"Key": "run", "Value": "7"}]
    identity = start(emr, keep_alive=True, Tags=tags, StepConcurrencyLevel=3)
    emr.add_tags(ResourceId=identity, Tags=[{"Key": "day", "Value": "2026-11-14"}])
    shown = described(emr, identity)
    assert shown["LogUri"] == "s3n://lake/logs"
    assert shown["InstanceCollectionType"] == "INSTANCE_FLEET"
    assert shown["Tags"] == [*tags, {"Key": "day", "Value": "2026-11-14"}]
    assert shown["StepConcurrencyLevel"] == 3
    assert shown["AutoTerminate"] is False
    assert shown["Applications"] == [{"Name": "Spark", "Version": "4.0.2"}]
    cluster_states(emr, identity, {"WAITING"})
    markets = [one["Market"] for one in emr.list_instances(ClusterId=identity)["Instances"]]
    assert sorted(markets) == ["ON_DEMAND", "ON_DEMAND", "SPOT", "SPOT"]
    assert [one["Id"] for one in emr.list_clusters(ClusterStates=["WAITING"])["Clusters"]] == [
        identity
    ]
    assert emr.list_clusters(ClusterStates=["TERMINATED"])["Clusters"] == []


def test_a_cluster_that_idles_too_long_ends(aws: StandIn, emr: Any) -> None:
    identity = start(emr, keep_alive=True, AutoTerminationPolicy={"IdleTimeout": 3600})
    cluster_states(emr, identity, {"WAITING"})
    aws.account.clock.advance(timedelta(minutes=50))
    assert described(emr, identity)["Status"]["State"] == "WAITING"
    aws.account.clock.advance(timedelta(minutes=11))
    assert cluster_states(emr, identity, TERMINATED)[-1] == "TERMINATED"


def test_steps_run_together_up_to_the_level_of_the_cluster(emr: Any) -> None:
    identity = start(emr, *[python_step(SLEEP)] * 3, StepConcurrencyLevel=2)
    step_states(emr, identity, {"RUNNING"}, which=1)
    states = [step["Status"]["State"] for step in steps_of(emr, identity)]
    assert states == ["RUNNING", "RUNNING", "PENDING"]


@pytest.mark.parametrize("words", [[], ["--conf"], ["--py-files", "a.zip"]])
def test_an_incomplete_submission_is_refused(words: list[str]) -> None:
    with pytest.raises(SubmissionError):
        parse_submission(words)


def test_a_submission_is_taken_apart_as_spark_does() -> None:
    words = ["--master", "yarn", "--conf", "spark.a=b=c", "--conf=spark.submit.deployMode=cluster"]
    words += ["--py-files", "s3://x/code.zip", "s3://x/job.py", "--conf", "mine"]
    found = parse_submission(words)
    assert found.options == ("--py-files", "s3://x/code.zip")
    assert found.conf == {"spark.a": "b=c"}
    assert found.deploy_mode == "cluster"
    assert (found.application, found.arguments) == ("s3://x/job.py", ("--conf", "mine"))
