"""The settings choose where the heavy steps run, and nothing else knows."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from ml_insights.errors import SettingsError
from ml_insights.lake import Lake
from ml_insights.resources import spark_runner
from ml_insights.runners import EmrClusterRunner, EmrServerlessRunner, LocalSparkRunner
from ml_insights.runners.emr import EmrRunner
from ml_insights.scope import EndpointScope
from ml_insights.settings import Settings, load_settings

BASE = """\
deployment: aws
lake: s3://data/lake
aws: {region: eu-central-1, endpoint_url: "http://127.0.0.1:1"}
endpoints:
  fraud:
    data_capture: s3://data/capture
    ground_truth: s3://data/labels
    start_date: 2026-10-01
    score: {content_type: text/csv, index: 0}
    positive_label: "1"
    operating_threshold: 0.5
"""
OWN = """\
spark: {runner: emr, configuration: {spark.executor.memory: 20g}}
emr:
  logs: s3://data/logs
  deadline_hours: 2
  poll_seconds: 15
  cluster:
    release_label: emr-7.12.0
    service_role: r
    instance_profile: p
    subnets: [subnet-1]
    primary_types: [m7g.xlarge]
    core_types: [m7g.4xlarge]
    core_vcpus: 32
    task_types: [r6g.4xlarge]
    task_vcpus: 64
"""
RUNNING = "spark: {runner: emr}\nemr:\n  cluster: {id: j-1}\n"
SERVERLESS = """\
spark: {runner: emr-serverless}
emr:
  work: s3://data/jobs
  serverless: {application_id: 00abc, role: "arn:aws:iam::123456789012:role/job"}
"""


def load(folder: Path, text: str) -> Settings:
    path = folder / "settings.yaml"
    path.write_text(BASE + text)
    return load_settings(path, {})


def emr_runner(folder: Path, text: str) -> EmrRunner:
    runner = spark_runner(load(folder, text))
    assert isinstance(runner, EmrRunner)
    return runner


def test_a_cluster_for_each_job_is_what_the_settings_say(tmp_path: Path) -> None:
    runner = emr_runner(tmp_path, OWN)
    assert isinstance(runner, EmrClusterRunner)
    jobs = runner.jobs()
    shape = jobs.shape  # type: ignore[attr-defined]
    assert shape.release_label == "emr-7.12.0"
    assert (shape.core.types, shape.core.on_demand) == ({"m7g.4xlarge": 16}, 32)
    assert (shape.task.types, shape.task.spot, shape.most_vcpus) == ({"r6g.4xlarge": 16}, 64, 96)
    assert (runner.work, runner.logs) == ("s3://data/lake/_jobs", "s3://data/logs")
    assert (runner.pace.deadline, runner.pace.interval) == (7200, 15)
    assert runner.configuration == {"spark.executor.memory": "20g"}


def test_a_type_without_size_and_price_is_refused(tmp_path: Path) -> None:
    runner = emr_runner(tmp_path, OWN.replace("r6g.4xlarge", "r99.huge"))
    with pytest.raises(SettingsError, match=r"no 'r99.huge'.*`emr.prices`"):
        runner.jobs()


def test_steps_go_to_the_cluster_that_is_named(tmp_path: Path) -> None:
    jobs = emr_runner(tmp_path, RUNNING).jobs()
    assert jobs.cluster == "j-1"  # type: ignore[attr-defined]


def test_serverless_runs_on_the_application_that_is_named(tmp_path: Path) -> None:
    runner = emr_runner(tmp_path, SERVERLESS)
    assert isinstance(runner, EmrServerlessRunner)
    jobs = runner.jobs()
    assert jobs.application == "00abc"  # type: ignore[attr-defined]
    assert (runner.work, runner.logs) == ("s3://data/jobs", "s3://data/jobs/logs")
    used = runner.usage_by_spark({"core_seconds": 7200.0})
    assert used is not None
    assert (used.vcpu_hours, used.memory_gb_hours) == (2, 8)
    assert runner.usage_by_spark({}) is None


def test_spark_in_the_process_gets_what_it_needs_to_reach_s3(tmp_path: Path) -> None:
    text = "spark: {runner: local, configuration: {spark.jars: a.jar}}\n"
    runner = spark_runner(load(tmp_path, text))
    assert isinstance(runner, LocalSparkRunner)
    assert runner.configuration == {"spark.jars": "a.jar"}
    assert not runner.work_folder.startswith("s3:")


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("", "spark: has no `runner`"),
        ("spark: {runner: emr}\n", "emr.cluster.release_label: is missing"),
        ("spark: {runner: emr-serverless}\n", "emr.serverless.application_id: is missing"),
    ],
)
def test_what_a_runner_lacks_is_named(tmp_path: Path, text: str, missing: str) -> None:
    with pytest.raises(SettingsError, match=missing):
        load(tmp_path, text)


@pytest.mark.parametrize("plain", [False, True])
def test_both_steps_are_told_whether_to_do_without_java_of_ours(
    tmp_path: Path, *, plain: bool
) -> None:
    settings = load(tmp_path, f"spark: {{runner: local, plain: {str(plain).lower()}}}\n")
    scope, lake = EndpointScope("fraud", settings.endpoints["fraud"], settings), Lake(str(tmp_path))
    day = date(2026, 10, 1)
    compacts = scope.raw_predictions_arguments(lake, day, run_id="run")
    assert (
        compacts.plain == scope.confusion_counts_arguments(lake, day, run_id="run").plain == plain
    )


def test_the_days_before_of_a_first_day_are_looked_for_though_they_may_not_be_published(
    tmp_path: Path,
) -> None:
    """Labels of their predictions arrive on it; without those days nobody can call them orphans."""
    settings = load(tmp_path, "spark: {runner: local}\n")
    scope, lake = EndpointScope("fraud", settings.endpoints["fraud"], settings), Lake(str(tmp_path))
    first, window = scope.endpoint.start_date, scope.endpoint.label_window_days
    told = scope.confusion_counts_arguments(lake, first, run_id="run")
    assert told.earlier_predictions == tuple(
        lake.partition("fraud", "raw_predictions", first - timedelta(days=n))
        for n in range(1, window + 1)
    )
