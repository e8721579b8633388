"""The two QuickSight assets through Dagster: what they report, and how they fail."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from ml_insights.definitions import build_definitions
from ml_insights.settings import load_settings
from ml_insights_tests.aws.service import ACCOUNT_ID
from ml_insights_tests.installation import Installation
from ml_insights_tests.quicksight_view.publication import ENDPOINT, Publication, days_of

ASSETS = ["quicksight_dataset", "quicksight_dashboard"]
*_, THIRD = days_of(3)


@pytest.fixture
def installed(publication: Publication, tmp_path: Path) -> Iterator[Installation]:
    settings = publication.scope.settings
    (tmp_path / "home").mkdir()
    with dg.DagsterInstance.ephemeral() as instance:
        yield Installation(settings, build_definitions(settings), instance)


def metadata(run: dg.ExecuteInProcessResult, asset: str) -> dict[str, Any]:
    (event,) = run.asset_materializations_for_node(f"{ENDPOINT.replace('-', '_')}__{asset}")
    return {name: value.value for name, value in event.metadata.items()}


def test_a_day_is_published_and_reported(publication: Publication, installed: Installation) -> None:
    run = installed.run(ENDPOINT, THIRD, assets=ASSETS)
    assert run.success
    sets = metadata(run, "quicksight_dataset")
    assert sets["data sets ingested"] == 9
    assert "| model_quality | " in sets["ingestions"]
    board = metadata(run, "quicksight_dashboard")
    assert board["dashboard"].endswith(f"/sn/dashboards/ml-insights-{ENDPOINT}")
    assert (board["version"], board["new version"]) == (1, True)
    assert (board["readers"], board["readers added"]) == ("ml-insights-readers", "bob, eve")
    assert (sets["rights given"], sets["rights taken away"]) == (10 * 9 + 6, 0)
    mallory = publication.account.principal("user/mallory")
    arn = publication.service.arn(f"dataset/ml-insights-{ENDPOINT}-insights")
    publication.service.permissions[arn][mallory] = {"quicksight:DescribeDataSet"}
    again = installed.run(ENDPOINT, THIRD, assets=ASSETS)
    assert metadata(again, "quicksight_dataset")["data sets ingested"] == 0
    assert metadata(again, "quicksight_dataset")["rights taken away"] == 1
    assert metadata(again, "quicksight_dashboard")["new version"] is False


def test_a_missing_permission_is_what_a_user_sees_first(
    publication: Publication, installed: Installation, aws: Any
) -> None:
    aws.account.faults.error("quicksight", "CreateDataSet", "AccessDeniedException", times=99)
    run = installed.run(ENDPOINT, THIRD, assets=["quicksight_dataset"])
    assert not run.success
    (failure,) = [event.step_failure_data for event in run.all_events if event.is_step_failure]
    assert failure.user_failure_data is not None
    described = failure.user_failure_data.description or ""
    assert "CreateDataSet answered AccessDeniedException" in described
    assert "ml-insights iam-policy" in described


def test_credentials_of_another_account_are_refused_before_anything_is_made(
    publication: Publication,
) -> None:
    text = publication.file.read_text().replace(ACCOUNT_ID, "999999999999")
    publication.file.write_text(text)
    settings = load_settings(publication.file, environ={})
    with dg.DagsterInstance.ephemeral() as instance:
        other = Installation(settings, build_definitions(settings), instance)
        for asset in ASSETS:
            run = other.run(ENDPOINT, THIRD, assets=[asset])
            (failed,) = [one.step_failure_data for one in run.all_events if one.is_step_failure]
            assert failed.user_failure_data is not None
            described = failed.user_failure_data.description or ""
            assert f"of account {ACCOUNT_ID}" in described
            assert "`aws.account_id` is 999999999999" in described
    assert not [*publication.aws.calls.of("quicksight"), *publication.aws.calls.of("athena")]
