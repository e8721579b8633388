"""Credentials of the wrong account are refused before anything is made."""

from __future__ import annotations

import pytest

from ml_insights.aws.clients import AwsSession
from ml_insights.aws.identity import caller
from ml_insights.errors import AwsPermanentError
from ml_insights_tests.aws.server import StandIn
from ml_insights_tests.aws.service import ACCOUNT_ID


@pytest.fixture
def session(aws: StandIn, monkeypatch: pytest.MonkeyPatch) -> AwsSession:
    for name, value in aws.environment().items():
        if name != "AWS_ENDPOINT_URL":
            monkeypatch.setenv(name, value)
    return AwsSession("us-east-1", aws.url)


def test_the_account_of_the_credentials_is_known(session: AwsSession) -> None:
    assert caller(session).account_id == caller(session, ACCOUNT_ID).account_id == ACCOUNT_ID
    assert caller(session).partition == "aws"


def test_another_account_than_the_settings_name_is_refused(session: AwsSession) -> None:
    with pytest.raises(AwsPermanentError, match=r"`aws\.account_id` is 999999999999"):
        caller(session, "999999999999")
