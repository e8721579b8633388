"""A publication on the stand-in, with three days in the lake."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from ml_insights.contracts import MODEL_QUALITY
from ml_insights_tests.aws.server import StandIn
from ml_insights_tests.dashboard.synthetic import Tables, build_tables
from ml_insights_tests.quicksight_view.publication import (
    Publication,
    days_of,
    open_publication,
)


@pytest.fixture(scope="session")
def tables() -> Tables:
    return build_tables(days=8, slices=("all", "region=EU"), points=50)


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch, aws: StandIn) -> None:
    for name, value in aws.environment("eu-central-1").items():
        if name != "AWS_ENDPOINT_URL":
            monkeypatch.setenv(name, value)


@pytest.fixture
def two_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    """The endpoint shows two tables only: all data sets are filled alike, nine take their time."""
    two = ("precision_recall", "model_quality")
    monkeypatch.setattr("ml_insights.quicksight_view.data_sets.SHOWN", two)


@pytest.fixture
def unpublished(aws: StandIn, tmp_path: Path) -> Publication:
    """Nothing is published; it is the morning after the third day."""
    return open_publication(aws, tmp_path, days_of(3)[-1] + timedelta(days=1))


@pytest.fixture
def publication(unpublished: Publication, tables: Tables) -> Publication:
    """Three days are published on the lake."""
    unpublished.write(tables, days_of(3))
    unpublished.aws.calls.clear()
    return unpublished


@pytest.fixture
def filled(unpublished: Publication, tables: Tables) -> Publication:
    """The data sets are there; a dashboard depends on their columns and not on their rows."""
    unpublished.write(tables, days_of(3), MODEL_QUALITY)
    unpublished.empty_sets()
    unpublished.aws.calls.clear()
    return unpublished
