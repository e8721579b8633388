"""Heavy steps on clusters give the bytes that the local run gives, and survive what clusters do."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from ml_insights_tests.aws.server import StandIn
from ml_insights_tests.end_to_end.aws_churn import (
    CLUSTER,
    install_on_aws,
    published,
    settings,
    upload_churn,
)
from ml_insights_tests.end_to_end.churn import DAY, ENDPOINT

HEAVY = ["raw_predictions", "confusion_counts"]


@pytest.fixture
def on_s3(
    aws: StandIn, real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> StandIn:
    """The stand-in with the captured day."""
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    upload_churn(real_data, tmp_path / "files", aws)
    return aws


def test_a_cluster_of_its_own(on_s3: StandIn, tmp_path: Path, instance: dg.DagsterInstance) -> None:
    text = settings(on_s3, "{runner: emr}", f"emr:\n  cluster:\n{CLUSTER}", lake="emr")
    installed = install_on_aws(tmp_path / "emr", text, instance)
    run = installed.run(ENDPOINT, DAY, assets=HEAVY)
    for event in run.all_events:
        print(event.event_type_value, event.message)
        if event.step_failure_data if event.event_type_value == "STEP_FAILURE" else None:
            print(event.event_specific_data.error, event.event_specific_data.user_failure_data)
    for m in run.asset_materializations_for_node("churn__raw_predictions"):
        print(m.metadata)
    print([(c.service, c.operation) for c in on_s3.calls if c.service != "s3"])
    assert run.success
    assert len(published(on_s3, "emr", "confusion_counts")) > 1000
