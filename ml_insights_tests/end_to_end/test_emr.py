"""Heavy steps on clusters give the bytes that Spark in the process gives, and survive Dagster."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import psutil  # type: ignore[import-untyped]
import pytest

from ml_insights.aws.policies.roles import dagster_role, job_role
from ml_insights.aws.policies.statements import policy
from ml_insights.aws_deployment import places_of
from ml_insights.settings import Settings
from ml_insights_tests.aws.calls import Call
from ml_insights_tests.aws.policy_check import granted, refused, used
from ml_insights_tests.aws.roles import ROLES
from ml_insights_tests.aws.server import StandIn
from ml_insights_tests.end_to_end.aws_churn import (
    BUCKET,
    CLUSTER,
    JOB_ROLE,
    RELEASE,
    UNITS,
    install_on_aws,
    keys_below,
    local_spark,
    long_running_cluster,
    published,
    serverless_application,
    settings,
    upload_churn,
)
from ml_insights_tests.end_to_end.churn import DAY, ENDPOINT
from ml_insights_tests.prepared_day import PreparedDay

pytestmark = pytest.mark.cluster

HEAVY = ["raw_predictions", "confusion_counts"]
OWN_CLUSTER = f"emr:\n  cluster:\n{CLUSTER}"


@pytest.fixture(scope="module")
def on_s3(
    aws_server: StandIn, real_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StandIn]:
    """The stand-in with the captured day; each test has a lake of its own on it."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in aws_server.environment().items():
            environment.setenv(name, value)
        upload_churn(real_data, tmp_path_factory.mktemp("files"), aws_server)
        yield aws_server
    defects = list(aws_server.defects)
    aws_server.forget()
    assert not defects, "\n".join(defects)


@pytest.fixture(scope="module")
def here(on_s3: StandIn, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The counts that Spark in the process publishes."""
    text = settings(on_s3, local_spark(on_s3), lake="here")
    done = OtherProcess(tmp_path_factory.mktemp("here"), text, HEAVY)
    assert done.process.wait(timeout=300) == 0
    return published(on_s3, "here", "confusion_counts")


class OtherProcess:
    """Computes the day in a process of its own, which tests may kill."""

    def __init__(self, folder: Path, text: str, assets: list[str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "ml_insights.yaml").write_text(text)
        program = (
            "import sys, dagster as dg\n"
            "from pathlib import Path\n"
            "from ml_insights_tests.end_to_end.churn import DAY, ENDPOINT\n"
            "from ml_insights_tests.installation import install\n"
            "folder = Path(sys.argv[1])\n"
            "text = (folder / 'ml_insights.yaml').read_text()\n"
            "with dg.DagsterInstance.ephemeral() as instance:\n"
            "    run = install(folder, text, instance).run(ENDPOINT, DAY, assets=sys.argv[2:])\n"
            "sys.exit(0 if run.success else 1)\n"
        )
        self.process = subprocess.Popen([sys.executable, "-c", program, str(folder), *assets])

    def wait_until(self, seen: Callable[[], bool], seconds: float = 400) -> None:
        """Waits; a job's first sign of life takes minutes where machine and disk cache are cold."""
        end = time.monotonic() + seconds
        while not seen():
            assert self.process.poll() is None, "it ended before"
            assert time.monotonic() < end, f"not seen within {seconds:.0f} s"
            time.sleep(0.2)

    def end(self, by: signal.Signals) -> int:
        os.kill(self.process.pid, by)
        return self.process.wait(timeout=120)


def manifest_of(aws: StandIn, lake: str) -> dict[str, Any]:
    """What raw_predictions of the day says of itself."""
    key = f"{lake}/{ENDPOINT}/raw_predictions/dt={DAY}/_manifest.json"
    manifest: dict[str, Any] = json.loads(
        aws.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    )
    return manifest


def messages(aws: StandIn, lake: str) -> list[str]:
    """Keys of the messages that jobs have sent."""
    return [key for key in keys_below(aws, f"{lake}/_jobs/") if "/messages/" in key]


def committers(aws: StandIn, lake: str) -> set[str]:
    """By what the units of raw_predictions were committed: S3A writes its name beside them."""
    s3, runs = aws.client("s3"), f"{lake}/{ENDPOINT}/raw_predictions/dt={DAY}/"
    marks = [key for key in keys_below(aws, runs) if key.endswith("/_SUCCESS")]
    read = (s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in marks)
    return {json.loads(mark)["committer"] for mark in read}


def of_own_cluster_with_spark_3_5(_: StandIn) -> tuple[str, str]:
    return "{runner: emr}", OWN_CLUSTER.replace(RELEASE, "emr-7.12.0")


def of_running_cluster(aws: StandIn) -> tuple[str, str]:
    cluster = long_running_cluster(aws)
    return "{runner: emr}", f"emr:\n  cluster: {{id: {cluster}, deploy_mode: client}}"


def of_serverless(aws: StandIn) -> tuple[str, str]:
    application = serverless_application(aws)
    section = f"emr:\n  serverless: {{application_id: {application}, role: {JOB_ROLE}}}"
    # A listing of several pages.
    configuration = '{spark.hadoop.fs.s3a.paging.maximum: "2"}'
    return f"{{runner: emr-serverless, configuration: {configuration}}}", section


@pytest.mark.parametrize(
    ("lake", "way"),
    [
        ("own", of_own_cluster_with_spark_3_5),
        ("running", of_running_cluster),
        ("serverless", of_serverless),
    ],
)
def test_a_cluster_publishes_the_bytes_of_the_process(
    on_s3: StandIn,
    here: bytes,
    tmp_path: Path,
    instance: dg.DagsterInstance,
    *,
    lake: str,
    way: Callable[[StandIn], tuple[str, str]],
) -> None:
    text = settings(on_s3, *way(on_s3), lake=lake)
    installed = install_on_aws(tmp_path / lake, text, instance)
    before = len(on_s3.calls)
    run = installed.run(ENDPOINT, DAY, assets=HEAVY)
    calls = list(on_s3.calls)[before:]
    assert run.success, reasons(run)
    policies_suffice(calls, installed.settings)
    assert published(on_s3, lake, "confusion_counts") == here
    assert [unit["path"].split("/")[0] for unit in manifest_of(on_s3, lake)["units"]] == UNITS
    assert messages(on_s3, lake) == []
    assert committers(on_s3, lake) == {"magic"}
    (made,) = run.asset_materializations_for_node(f"{ENDPOINT}__raw_predictions")
    cost = made.metadata["cost dollars"]
    assert isinstance(cost, dg.FloatMetadataValue)
    assert cost.value
    assert "EMR console" in made.metadata
    assert len(keys_below(on_s3, f"{lake}/_jobs/_archives/")) == 2
    put = [call.resource["Key"] for call in on_s3.calls.of("s3", "PutObject")]
    uploads = [key for key in put if key.startswith(f"{lake}/_jobs/_archives/")]
    assert len(uploads) == 2, "once, however many jobs"


def test_a_retry_after_kill_9_joins_the_job_that_runs(
    on_s3: StandIn, tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    text = settings(on_s3, "{runner: emr}", OWN_CLUSTER, lake="killed")
    before = calls_of_clusters(on_s3)
    first = OtherProcess(tmp_path / "killed", text, HEAVY[:1])
    first.wait_until(lambda: bool(messages(on_s3, "killed")))
    assert first.end(signal.SIGKILL) == -signal.SIGKILL
    installed = install_on_aws(tmp_path / "killed", text, instance)
    run = installed.run(ENDPOINT, DAY, assets=HEAVY[:1])
    assert run.success, reasons(run)
    started, ended = calls_of_clusters(on_s3)
    assert (started, ended) == (before[0] + 1, before[1])
    runs = {unit["path"].rpartition("run=")[2] for unit in manifest_of(on_s3, "killed")["units"]}
    assert len(runs) == 1
    assert not runs.pop().startswith(run.run_id), "the rows are those of the first attempt"


def test_an_interrupt_ends_the_cluster_that_was_started(on_s3: StandIn, tmp_path: Path) -> None:
    text = settings(on_s3, "{runner: emr}", OWN_CLUSTER, lake="stopped")
    first = OtherProcess(tmp_path / "stopped", text, HEAVY[:1])
    first.wait_until(lambda: bool(messages(on_s3, "stopped")))
    first.end(signal.SIGINT)
    started = max(
        on_s3.client("emr").list_clusters()["Clusters"],
        key=lambda cluster: cluster["Status"]["Timeline"]["CreationDateTime"],
    )
    assert started["Status"]["State"] in {"TERMINATING", "TERMINATED"}
    assert started["Status"]["StateChangeReason"]["Code"] == "USER_REQUEST"


def test_what_the_job_refuses_is_the_error_that_users_see(
    on_s3: StandIn, tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    text = settings(on_s3, "{runner: emr}", OWN_CLUSTER, lake="early")
    installed = install_on_aws(tmp_path / "early", text, instance)
    key = f"early/{ENDPOINT}/raw_predictions/dt={DAY}/_manifest.json"
    empty = PreparedDay().manifest
    empty["units"][0]["rows"] = 0
    on_s3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=json.dumps(empty).encode())
    run = installed.run(ENDPOINT, DAY, assets=HEAVY[1:])
    (failure,) = (event for event in run.all_events if event.is_step_failure)
    data = failure.step_failure_data.user_failure_data
    assert data is not None
    assert "holds no usable prediction" in str(data.description)
    assert data.metadata["error"].value == "MissingInputError"
    assert "EMR console" in data.metadata


def test_an_executor_that_is_killed_changes_no_byte(
    on_s3: StandIn, here: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_s3.account, "spark_master", "local-cluster[2,1,1024]")
    small = "spark.executor.memory: 512m, spark.executor.cores: '1', spark.driver.memory: 512m"
    fixed = "spark.dynamicAllocation.enabled: 'false'"
    spark = f"{{runner: emr-serverless, configuration: {{{small}, {fixed}}}}}"
    application = serverless_application(on_s3)
    emr = f"emr:\n  serverless: {{application_id: {application}, role: {JOB_ROLE}}}"
    text = settings(on_s3, spark, emr, lake="disturbed")
    other = OtherProcess(tmp_path / "disturbed", text, HEAVY)
    for messages_seen in (1, 2):
        other.wait_until(lambda n=messages_seen: len(messages(on_s3, "disturbed")) >= n)  # type: ignore[misc]
        executors = executor_processes()
        assert len(executors) >= 1
        executors[0].kill()
    assert other.process.wait(timeout=300) == 0
    assert published(on_s3, "disturbed", "confusion_counts") == here


def policies_suffice(calls: list[Call], settings: Settings) -> None:
    """The printed policies allow all calls of a run, and a job needs every right that it has.

    But for the one that it needs when a task fails.
    """
    places = places_of(settings)
    dagster, job = policy(dagster_role(places)), policy(job_role(places))
    callers = {"testing": dagster, **dict.fromkeys(ROLES, job)}
    assert not refused(calls, callers, lake=settings.lake.rpartition("/")[2])
    beyond = {"s3:AbortMultipartUpload"}
    assert used(call for call in calls if call.access_key in ROLES) | beyond == granted(job)


def calls_of_clusters(aws: StandIn) -> tuple[int, int]:
    """How often a cluster was started, and ended by a call."""
    started, ended = (aws.calls.of("emr", name) for name in ("RunJobFlow", "TerminateJobFlows"))
    return len(started), len(ended)


def reasons(run: dg.ExecuteInProcessResult) -> list[str]:
    """What the failures and retries of a run say."""
    failed = {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.STEP_UP_FOR_RETRY}
    return [
        str(getattr(event.event_specific_data, "error", event.message))[-3000:]
        for event in run.all_events
        if event.event_type in failed
    ]


def executor_processes() -> list[psutil.Process]:
    """Executors of the jobs that this process has started."""
    children = psutil.Process().children(recursive=True)
    return [child for child in children if "CoarseGrainedExecutorBackend" in _command(child)]


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:  # it has ended meanwhile
        return ""
