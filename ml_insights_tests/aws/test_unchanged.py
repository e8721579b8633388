"""The check that a second run changes nothing sees each kind of change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ml_insights_tests.aws.server import StandIn
from ml_insights_tests.aws.service import ACCOUNT_ID
from ml_insights_tests.aws.unchanged import changes

REGION = "us-east-1"


@pytest.fixture
def client(aws: StandIn) -> Callable[[str], Any]:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="data")
    s3.put_object(Bucket="data", Key="lake/a", Body=b"1")
    return aws.client


def test_looks_and_scratch_files_are_no_changes(aws: StandIn, client: Callable[[str], Any]) -> None:
    def work() -> None:
        client("s3").get_object(Bucket="data", Key="lake/a")
        client("s3").put_object(Bucket="data", Key="lake/x/_staging/a", Body=b"1")
        client("s3").list_objects_v2(Bucket="data")

    assert changes(aws, REGION, "data", work) == []


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "found"),
    [
        ("s3", "put_object", {"Bucket": "data", "Key": "lake/a", "Body": b"1"}, "PutObject of"),
        ("s3", "put_object", {"Bucket": "data", "Key": "lake/b", "Body": b""}, "lake/b is another"),
        (
            "s3",
            "delete_objects",
            {"Bucket": "data", "Delete": {"Objects": [{"Key": "lake/a"}]}},
            "lake/a is another",
        ),
        (
            "quicksight",
            "create_group",
            {"AwsAccountId": ACCOUNT_ID, "Namespace": "default", "GroupName": "readers"},
            "CreateGroup of",
        ),
        ("glue", "create_database", {"DatabaseInput": {"Name": "a"}}, "CreateDatabase of"),
    ],
)
def test_each_change_is_named(
    aws: StandIn,
    client: Callable[[str], Any],
    *,
    service: str,
    operation: str,
    parameters: dict[str, Any],
    found: str,
) -> None:
    told = changes(aws, REGION, "data", lambda: getattr(client(service), operation)(**parameters))
    assert any(found in sentence for sentence in told), told
