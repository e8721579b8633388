"""Messages of a job are those that Dagster reads, and their loss never stops the job."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import dagster_pipes
import pytest
from dagster._core.pipes.client import PipesMessageReader

from ml_insights.spark.arguments import packed, unpacked
from ml_insights.spark.messages import Messages


class Sent:
    """Takes the place of S3; can be out of order for a while."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.broken = False

    def __call__(self, file: str, text: str) -> None:
        if self.broken:
            raise ConnectionError("S3 is not there")
        assert file not in self.files
        self.files[file] = text

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [
            json.loads(line) for text in list(self.files.values()) for line in text.splitlines()
        ]

    def of(self, method: str) -> list[dict[str, Any]]:
        return [message["params"] for message in self.messages if message["method"] == method]


class _Reader(PipesMessageReader):
    """Hands messages to Dagster's own handler."""

    def __init__(self, messages: list[dict[str, Any]]) -> None:
        self.messages = messages

    @contextmanager
    def read_messages(self, handler: Any) -> Iterator[dict[str, Any]]:
        for message in self.messages:
            handler.handle_message(message)
        yield {}

    def no_messages_debug_text(self) -> str:
        return "nothing"


def test_dagster_reads_what_a_job_sends() -> None:
    sent = Sent()
    with Messages(sent, "jobs/1", interval=60) as messages:
        messages.log("half of it is done")
        messages.report({"status": "succeeded"})
    heard: list[Any] = []

    @dg.op
    def listen(context: dg.OpExecutionContext) -> None:
        with dg.open_pipes_session(
            context, dg.PipesEnvContextInjector(), _Reader(sent.messages)
        ) as session:
            pass
        heard.extend(session.get_custom_messages())
        assert session.message_handler.received_closed_message

    @dg.job
    def listening() -> None:
        listen()

    with dg.DagsterInstance.ephemeral() as instance:
        run = listening.execute_in_process(instance=instance)
        logged = [record.user_message for record in instance.all_logs(run.run_id)]
    assert heard == [{"status": "succeeded"}]
    assert "half of it is done" in logged


def test_the_protocol_is_the_one_of_dagsters_library() -> None:
    sent = Sent()
    with Messages(sent, "jobs/1", interval=60):
        pass
    field, version = (
        dagster_pipes.PIPES_PROTOCOL_VERSION_FIELD,
        dagster_pipes.PIPES_PROTOCOL_VERSION,
    )
    assert {message[field] for message in sent.messages} == {version}
    assert dagster_pipes.decode_param(packed(json.dumps({"a": [1, "ü"]}))) == {"a": [1, "ü"]}
    assert json.loads(unpacked(dagster_pipes.encode_param({"a": 1}))) == {"a": 1}


def test_files_are_numbered_from_one_without_a_gap() -> None:
    sent = Sent()
    with Messages(sent, "jobs/1", interval=0.02) as messages:
        for number in range(5):
            messages.log(f"line {number}")
            time.sleep(0.05)
    assert list(sent.files) == [f"jobs/1/{n}.json" for n in range(1, len(sent.files) + 1)]
    assert len(sent.files) >= 3
    assert [log["message"] for log in sent.of("log")] == [f"line {n}" for n in range(5)]


def test_messages_that_cannot_be_sent_wait_in_their_order(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sent = Sent()
    sent.broken = True
    with Messages(sent, "jobs/1", interval=0.01) as messages:
        messages.log("first")
        time.sleep(0.05)
        messages.log("second")
        sent.broken = False
    assert [message["method"] for message in sent.messages] == ["opened", "log", "log", "closed"]
    assert [log["message"] for log in sent.of("log")] == ["first", "second"]
    assert "S3 is not there" in capsys.readouterr().err


def test_a_job_ends_as_it_would_when_nothing_can_be_sent() -> None:
    sent = Sent()
    sent.broken = True
    with Messages(sent, "jobs/1", interval=60) as messages:
        messages.log("never heard")
    assert sent.files == {}


def test_an_exception_is_told_and_goes_on() -> None:
    sent = Sent()
    with (
        pytest.raises(KeyError, match="gone"),
        Messages(sent, "jobs/1", interval=60),
    ):
        raise KeyError("gone")
    (closed,) = sent.of("closed")
    assert closed["exception"]["name"] == "KeyError"
    assert any("raise KeyError" in line for line in closed["exception"]["stack"])


def test_new_whole_lines_of_the_log_go_along(tmp_path: Path) -> None:
    sent, log = Sent(), tmp_path / "driver.log"
    log.write_text("before\nhalf a")
    with Messages(sent, "jobs/1", log_file=log, interval=0.02):
        end = time.monotonic() + 60
        while not sent.of("log_external_stream") and time.monotonic() < end:
            time.sleep(0.01)
        with log.open("a") as file:
            file.write(" line\nlost without its end")
    texts = [stream["text"] for stream in sent.of("log_external_stream")]
    assert texts == ["before\n", "half a line\n"]
    assert {stream["stream"] for stream in sent.of("log_external_stream")} == {"stderr"}
