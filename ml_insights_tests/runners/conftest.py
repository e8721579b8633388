"""The stand-in as the product's own clients reach it."""

from __future__ import annotations

import pytest

from ml_insights.aws.clients import AwsSession
from ml_insights.aws.s3 import Objects
from ml_insights_tests.aws.server import StandIn


@pytest.fixture
def objects(aws: StandIn, monkeypatch: pytest.MonkeyPatch) -> Objects:
    """S3 of the stand-in, with a bucket `data`."""
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    aws.client("s3").create_bucket(Bucket="data")
    return Objects(AwsSession("us-east-1", endpoint_url=aws.url))
