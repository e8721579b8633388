"""Running days of an endpoint through Dagster from a terminal, as its UI and schedules do.

What belongs here: the instance that keeps the history and running a job's partitions in this
process. What does not: many days at once (`many_days`), the job itself (`jobs`).
"""

from __future__ import annotations

import os
import socket
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
)

from ml_insights.contracts import RAW_PREDICTIONS
from ml_insights.errors import MlInsightsError, SettingsError, StorageError
from ml_insights.jobs import job_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

_INSTANCE_SETTINGS = """\
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  runs:
    max_concurrent_runs: 1  # each local run has a Spark process of its own
run_monitoring:
  enabled: true
  max_runtime_seconds: 86400  # a run whose process has died holds the queue no longer
python_logs:
  managed_python_loggers: [ml_insights]
"""

_PROCESS = "ml_insights/process"
"""Tag of a run that names the host and number of the process it runs in."""

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@contextmanager
def dagster_instance(home: Path) -> Iterator[dg.DagsterInstance]:
    """The Dagster instance in a folder, which is created with quiet settings if it is new.

    Runs that a process of this machine began and did not live to end are reported as failed: else
    they would count as running, and nothing would leave the queue.

    Raises:
        StorageError: the folder cannot be written.
    """
    settings = home / "dagster.yaml"
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not settings.exists():
            settings.write_text(_INSTANCE_SETTINGS)
    except OSError as error:
        raise StorageError(
            f"the run history cannot be kept in {home}: {error}. Name another folder with "
            "--dagster-home, or make this one writable."
        ) from error
    with dg.DagsterInstance.from_config(str(home.absolute())) as instance:
        _report_dead_runs(instance)
        yield instance


def _report_dead_runs(instance: dg.DagsterInstance) -> None:
    begun = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]
    for run in instance.get_runs(dg.RunsFilter(statuses=begun)):
        host, _, process = run.tags.get(_PROCESS, "").rpartition(":")
        if host == socket.gethostname() and not _lives(int(process)):
            instance.report_run_failed(
                run, "The process of this run has ended without a word: killed, or out of memory."
            )


def _lives(process: int) -> bool:
    """Whether another process of this number is there; this one begins no run before it asks."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return process != os.getpid()


def partition_days(definitions: dg.Definitions, endpoint: str) -> list[date]:
    """Days of an endpoint whose labels have matured by now, ascending.

    Raises:
        SettingsError: there is no such endpoint.
    """
    from ml_insights.partitions import day_of  # noqa: PLC0415

    job = _job(definitions, endpoint)
    partitions = job.partitions_def
    return [day_of(key) for key in partitions.get_partition_keys()] if partitions else []


def asset_names(definitions: dg.Definitions, endpoint: str) -> set[str]:
    """Names of the assets that the daily job of an endpoint computes."""
    keys = definitions.resolve_asset_graph().materializable_asset_keys
    return {key.path[-1] for key in keys if key.path[0] == endpoint}


def run_day(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    endpoint: str,
    day: date,
    *,
    to: date | None = None,
    only: Sequence[str] | None = None,
    recompute: bool = False,
) -> tuple[str, ...]:
    """Compute one day: all assets and checks, or some.

    Args:
        definitions: of the installation.
        instance: where the history goes.
        endpoint: whose day.
        day: a partition.
        to: last of the days that are computed at once, for assets that can.
        only: names of the assets to compute, with their checks.
        recompute: read all captured lines again, also those of units that stand.

    Returns:
        What checks found that stops nothing, a sentence each, with the name of the check.

    Raises:
        MlInsightsError: the run failed; the message is that of the step that failed first.
    """
    key = dg.AssetKey([endpoint, RAW_PREDICTIONS.name])
    reads = only is None or RAW_PREDICTIONS.name in only
    config = {"ops": {key.to_python_identifier(): {"config": {"recompute": recompute}}}}
    result = _job(definitions, endpoint).execute_in_process(
        partition_key=None if to else day.isoformat(),
        asset_selection=[dg.AssetKey([endpoint, name]) for name in only] if only else None,
        instance=instance,
        run_config=_QUIET | (config if reads else {}),
        tags={_PROCESS: f"{socket.gethostname()}:{os.getpid()}", **_range(day, to)},
        raise_on_error=False,
    )
    if not result.success:
        days = f"{day} to {to}" if to and to != day else day
        raise MlInsightsError(f"{days}: {_first_failure(result)} (run {result.run_id})")
    return tuple(
        f"{check.check_name}: {check.description}"
        for check in result.get_asset_check_evaluations()
        if not check.passed
    )


def _range(first: date, last: date | None) -> dict[str, str]:
    if last is None:
        return {}
    return {
        ASSET_PARTITION_RANGE_START_TAG: first.isoformat(),
        ASSET_PARTITION_RANGE_END_TAG: last.isoformat(),
    }


def _job(definitions: dg.Definitions, endpoint: str) -> dg.JobDefinition:
    name = job_name(endpoint)
    known = {job.name for job in definitions.resolve_all_job_defs()}
    if name not in known:
        raise SettingsError(f"there is no endpoint {endpoint!r} in the settings")
    return definitions.resolve_job_def(name)


def _first_failure(result: dg.ExecuteInProcessResult) -> str:
    for evaluation in result.get_asset_check_evaluations():
        # Dagster's own message lacks the finding. A check that blocks nothing is no reason.
        if not evaluation.passed and evaluation.blocking:
            return f"check {evaluation.check_name} failed: {evaluation.description}"
    for event in result.all_events:
        if event.is_step_failure:
            failure = event.step_failure_data
            if failure.user_failure_data and failure.user_failure_data.description:
                return f"{event.step_key} failed: {failure.user_failure_data.description}"
            error = failure.error
            while error and error.cause:
                error = error.cause
            return f"{event.step_key} failed: {error.message.strip() if error else 'no reason'}"
    return "the run failed outside of its steps"
