"""Two endpoints at once: the pool of the heavy steps lets one job run after the other."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from ml_insights.capture_files import capture_record, csv_response, write_capture_files
from ml_insights_tests.aws.server import StandIn
from ml_insights_tests.end_to_end.aws_churn import (
    BUCKET,
    JOB_ROLE,
    serverless_application,
)

pytestmark = pytest.mark.cluster

DAY = date(2026, 10, 1)
ENDPOINTS = ("checkout", "search")
POOL = "ml_insights_spark"
PROGRAM = """
import sys
from datetime import date
from pathlib import Path

import dagster as dg

from ml_insights_tests.installation import install

folder, endpoint, day = sys.argv[1:]
text = (Path(folder) / "ml_insights.yaml").read_text()
with dg.DagsterInstance.from_config(folder) as instance:
    installed = install(Path(folder) / endpoint, text, instance)
    print("ready", flush=True)
    sys.stdin.readline()
    run = installed.run(endpoint, date.fromisoformat(day), assets=["raw_predictions"])
sys.exit(0 if run.success else 1)
"""
ENDPOINT_SETTINGS = """
  {name}:
    data_capture: s3://{bucket}/capture
    ground_truth: s3://{bucket}/ground_truth
    start_date: {day}
    score: {{content_type: text/csv, index: 0}}
    positive_label: "1"
    operating_threshold: 0.5"""


def settings(aws: StandIn) -> str:
    application = serverless_application(aws)
    endpoints = [ENDPOINT_SETTINGS.format(name=n, bucket=BUCKET, day=DAY) for n in ENDPOINTS]
    return f"""\
deployment: aws
lake: s3://{BUCKET}/lake
aws: {{region: us-east-1, endpoint_url: "{aws.url}"}}
spark: {{runner: emr-serverless, configuration: {{spark.driver.memory: 512m}}}}
emr:
  serverless: {{application_id: {application}, role: {JOB_ROLE}}}
endpoints:{"".join(endpoints)}
"""


def capture(aws: StandIn, folder: Path) -> None:
    """One record an endpoint."""
    aws.client("s3").create_bucket(Bucket=BUCKET)
    moment = datetime(DAY.year, DAY.month, DAY.day, 7, tzinfo=UTC)
    for endpoint in ENDPOINTS:
        line = capture_record(event_id=endpoint, time=moment, response=csv_response([0.5]))
        variant = folder / "capture" / endpoint / "main"
        for path in write_capture_files(variant, [(moment, line.encode())]):
            key = path.relative_to(folder).as_posix()
            aws.client("s3").upload_file(str(path), BUCKET, key)


def published_rows(aws: StandIn, endpoint: str) -> int:
    key = f"lake/{endpoint}/raw_predictions/dt={DAY}/_manifest.json"
    answer = aws.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return sum(unit["rows"] for unit in json.loads(answer)["units"])


def job_runs(aws: StandIn) -> list[dict[str, Any]]:
    """All job runs, in the order in which they began."""
    emr = aws.client("emr-serverless")
    (application,) = emr.list_applications()["applications"]
    runs = emr.list_job_runs(applicationId=application["id"])["jobRuns"]
    found = [
        emr.get_job_run(applicationId=application["id"], jobRunId=run["id"])["jobRun"]
        for run in runs
    ]
    return sorted(found, key=lambda run: run["createdAt"])


def test_two_endpoints_share_a_pool_of_one_job(
    aws: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    capture(aws, tmp_path)
    (tmp_path / "ml_insights.yaml").write_text(settings(aws))
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        # What `dagster instance concurrency set` does.
        instance.event_log_storage.set_concurrency_slots(POOL, 1)
        processes = [started(tmp_path, endpoint) for endpoint in ENDPOINTS]
        try:
            for process in processes:
                assert process.stdout
                assert process.stdout.readline() == "ready\n"
            for process in processes:
                assert process.stdin
                process.stdin.write("\n")
                process.stdin.flush()
            assert [process.wait(timeout=900) for process in processes] == [0, 0]
        finally:
            for process in processes:
                process.kill()
                process.communicate()
        began = max(run.start_time or 0 for run in instance.get_run_records())
        slots = instance.event_log_storage.get_concurrency_info(POOL)
    first, second = job_runs(aws)
    assert began < first["endedAt"].timestamp(), "both Dagster runs were there during the first job"
    assert first["endedAt"] <= second["createdAt"]
    assert second["createdAt"] - first["endedAt"] < timedelta(minutes=5)
    assert {run["state"] for run in (first, second)} == {"SUCCESS"}
    assert [published_rows(aws, endpoint) for endpoint in ENDPOINTS] == [1, 1]
    assert (slots.active_slot_count, slots.pending_step_count) == (0, 0)


def started(folder: Path, endpoint: str) -> subprocess.Popen[str]:
    (folder / endpoint).mkdir()
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder), endpoint, str(DAY)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
