"""A step is tried again only where that can help."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from ml_insights.assets import declaration
from ml_insights.errors import BadInputError, StorageError
from ml_insights_tests.installation import install
from ml_insights_tests.prepared_day import ENDPOINT, SETTINGS, PreparedDay, PreparedRunner


@pytest.fixture
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retry as often as the policy says, without its delay."""
    policy = dg.RetryPolicy(max_retries=declaration.RETRIES.max_retries)
    monkeypatch.setattr(declaration, "RETRIES", policy)


def compact_after(
    errors: list[BaseException], folder: Path
) -> tuple[dg.ExecuteInProcessResult, int]:
    """Run a step whose attempts end in these errors before one succeeds; and count attempts."""
    runner = PreparedRunner(PreparedDay())

    def fail() -> None:
        if errors:
            raise errors.pop(0)

    runner.before = fail
    spark = dg.ResourceDefinition.hardcoded_resource(runner)
    with dg.DagsterInstance.ephemeral() as instance:
        installation = install(folder, SETTINGS, instance, spark=spark)
        result = installation.run(ENDPOINT, date(2026, 10, 1), assets=["raw_predictions"])
    return result, runner.attempts


@pytest.mark.integration
@pytest.mark.usefixtures("_at_once")
def test_an_error_that_a_retry_can_mend_is_retried(tmp_path: Path) -> None:
    result, attempts = compact_after([StorageError("full"), StorageError("still full")], tmp_path)
    assert result.success
    assert attempts == 3


@pytest.mark.integration
@pytest.mark.usefixtures("_at_once")
def test_retries_come_to_an_end(tmp_path: Path) -> None:
    result, attempts = compact_after([StorageError("full") for _ in range(9)], tmp_path)
    assert not result.success
    assert attempts == 1 + declaration.RETRIES.max_retries
    (event,) = (event for event in result.all_events if event.is_step_failure)
    failure = event.step_failure_data.user_failure_data
    assert failure is not None
    assert failure.description == "full"


@pytest.mark.integration
@pytest.mark.usefixtures("_at_once")
def test_a_step_that_is_cancelled_is_not_run_again(tmp_path: Path) -> None:
    result, attempts = compact_after([KeyboardInterrupt()], tmp_path)
    assert not result.success
    assert attempts == 1


@pytest.mark.integration
@pytest.mark.usefixtures("_at_once")
@pytest.mark.parametrize("error", [BadInputError("40 % garbage"), ValueError("a defect")])
def test_an_error_that_stays_is_not_retried_and_says_what_it_is(
    tmp_path: Path, error: Exception
) -> None:
    result, attempts = compact_after([error], tmp_path)
    assert not result.success
    assert attempts == 1
    (event,) = (event for event in result.all_events if event.is_step_failure)
    failure = event.step_failure_data.user_failure_data
    assert failure is not None
    assert str(error) in (failure.description or "")


def test_retries_wait_longer_each_time() -> None:
    assert declaration.RETRIES.delay
    assert declaration.RETRIES.backoff is dg.Backoff.EXPONENTIAL
