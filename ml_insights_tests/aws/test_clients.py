"""Clients of one session share region, endpoint, retries and timeouts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from ml_insights import __version__
from ml_insights.aws.clients import AwsSession
from ml_insights.errors import AwsPermanentError

SESSION = AwsSession("eu-central-1", endpoint_url="http://127.0.0.1:1")


def test_clients_use_region_endpoint_retries_and_say_who_they_are() -> None:
    client = SESSION.client("emr")
    assert client.meta.region_name == "eu-central-1"
    assert client.meta.endpoint_url == "http://127.0.0.1:1"
    assert client.meta.config.retries["mode"] == "standard"
    assert client.meta.config.connect_timeout <= 10
    assert f"ml_insights/{__version__}" in client.meta.config.user_agent


def test_a_client_is_made_once_for_a_session_and_service() -> None:
    again = AwsSession("eu-central-1", endpoint_url="http://127.0.0.1:1")
    assert SESSION.client("emr") is again.client("emr")
    assert SESSION.client("emr") is not AwsSession("us-east-1").client("emr")


def test_threads_that_ask_together_share_one_client() -> None:
    together, session = Barrier(4), AwsSession("sa-east-1", endpoint_url="http://127.0.0.1:1")

    def ask(_: int) -> int:
        together.wait()
        return id(session.client("emr"))

    with ThreadPoolExecutor(4) as threads:
        assert len(set(threads.map(ask, range(4)))) == 1


def test_a_profile_that_is_not_there_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    with pytest.raises(AwsPermanentError, match=r"nobody.*`aws.profile`"):
        AwsSession("eu-central-1", profile="nobody").client("emr")
