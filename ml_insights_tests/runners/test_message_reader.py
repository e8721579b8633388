"""Messages of a job are read from its own folder, all that are there at once."""

from __future__ import annotations

import json

import pytest

from ml_insights.aws.s3 import Objects
from ml_insights.errors import AwsPermanentError
from ml_insights.runners.message_reader import FolderMessageReader
from ml_insights.spark.messages import Messages
from ml_insights_tests.aws.server import StandIn

FOLDER = "s3://data/jobs/a1/messages"


def send(objects: Objects, number: int, method: str = "log") -> None:
    line = json.dumps({"__dagster_pipes_version": "0.1", "method": method, "params": {}})
    objects.put(f"{FOLDER}/{number}.json", line.encode())


def test_a_reader_that_joins_late_catches_up_in_one_go(objects: Objects) -> None:
    for number in range(1, 8):
        send(objects, number)
    reader = FolderMessageReader(objects, FOLDER)
    found = reader.download_messages(None, {})
    assert found is not None
    cursor, text = found
    assert (cursor, len(text.splitlines())) == (8, 7)
    assert reader.download_messages(cursor, {}) is None
    send(objects, 8)
    assert reader.download_messages(cursor, {}) == (9, text.splitlines()[0])


def test_a_report_is_noticed(objects: Objects) -> None:
    reader = FolderMessageReader(objects, FOLDER)
    send(objects, 1)
    reader.download_messages(None, {})
    assert not reader.reported.is_set()
    send(objects, 2, "report_custom_message")
    reader.download_messages(2, {})
    assert reader.reported.is_set()


def test_it_reads_what_a_job_writes(objects: Objects) -> None:
    with Messages(lambda file, text: objects.put(file, text.encode()), FOLDER) as messages:
        messages.report({"status": "succeeded"})
    reader = FolderMessageReader(objects, FOLDER)
    assert reader.download_messages(None, {})
    assert reader.reported.is_set()


def test_the_folder_is_the_one_that_was_named(objects: Objects) -> None:
    with FolderMessageReader(objects, FOLDER).get_params() as where:
        assert where == {"bucket": "data", "key_prefix": "jobs/a1/messages"}


def test_throttled_reads_are_repeated_and_refused_ones_are_told(
    objects: Objects, aws: StandIn
) -> None:
    send(objects, 1)
    reader = FolderMessageReader(objects, FOLDER)
    aws.account.faults.error("s3", "GetObject", code="SlowDown", status=503, times=20)
    assert reader.download_messages(None, {}) is None
    aws.account.faults.clear()
    aws.account.faults.error("s3", "GetObject", code="AccessDenied", status=403)
    with pytest.raises(AwsPermanentError, match="allow GetObject"):
        reader.download_messages(None, {})
