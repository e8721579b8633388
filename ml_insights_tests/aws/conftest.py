"""The stand-in as the product's own clients reach it."""

from __future__ import annotations

import pytest

from ml_insights.aws.clients import AwsSession
from ml_insights_tests.aws.server import StandIn


@pytest.fixture
def session(aws: StandIn, monkeypatch: pytest.MonkeyPatch) -> AwsSession:
    """A way to the stand-in, with credentials that mean nothing."""
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    return AwsSession("us-east-1", endpoint_url=aws.url)
