"""What a job tells Dagster while it runs: lines of the Dagster Pipes protocol, in numbered files.

What belongs here: the messages, and putting them where Dagster reads them. What does not: what is
told (`job`).

The protocol is Dagster's own, version 0.1; its library `dagster-pipes` needs Python 3.10 and, for
S3, boto3, and a cluster may have neither. A test has that library and Dagster read these messages.
Files go through Hadoop's file system, which knows the cluster's way to S3.

This module travels to the Spark cluster: standard library only, Python 3.9.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any, Optional

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

INTERVAL = 5.0
"""Seconds between two files of messages."""
_LONGEST_PIECE = 64 * 1024


class Messages:
    """Messages to Dagster, opened and closed as a context; kept and sent later when sending fails.

    A job never fails because its messages cannot be sent: its report is also a file.
    """

    def __init__(
        self,
        send: Callable[[str, str], None],
        folder: str,
        *,
        log_file: Optional[Path] = None,
        interval: float = INTERVAL,
    ) -> None:
        """Prepare; nothing is sent.

        Args:
            send: writes a text (second argument) to a file (first).
            folder: files are `<folder>/1.json`, `2.json` and so on, as Dagster reads them.
            log_file: a file whose new lines are sent along, such as the log of the driver.
            interval: seconds between two files.
        """
        self._send, self._folder, self._log_file = send, folder, log_file
        self._interval = interval
        self._waiting: list[str] = []
        self._sent, self._followed = 0, 0
        self._closing, self._lock = Event(), Lock()
        self._thread = Thread(target=self._keep_sending, name="messages", daemon=True)

    def __enter__(self) -> Self:
        self._add("opened", {"extras": {}})
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self._follow()
        self._add("closed", {"exception": _described(error)} if error else {})
        self._closing.set()
        self._thread.join()
        self._flush()

    def log(self, text: str, level: str = "INFO") -> None:
        """A line for the log of the run."""
        self._add("log", {"message": text, "level": level})

    def report(self, document: dict[str, Any]) -> None:
        """A JSON document for the program that started the job."""
        self._add("report_custom_message", {"payload": document})

    def _add(self, method: str, params: dict[str, Any]) -> None:
        message = {"__dagster_pipes_version": "0.1", "method": method, "params": params}
        with self._lock:
            self._waiting.append(json.dumps(message))

    def _keep_sending(self) -> None:
        while not self._closing.wait(self._interval):
            self._follow()
            self._flush()

    def _follow(self) -> None:
        """Take along what the log file has new, up to its last whole line."""
        if self._log_file is None or not self._log_file.exists():
            return
        with self._log_file.open("rb") as log:
            log.seek(self._followed)
            piece = log.read(_LONGEST_PIECE)
        lines, newline, _ = piece.rpartition(b"\n")
        if newline:
            self._followed += len(lines) + 1
            text = lines.decode(errors="replace") + "\n"
            self._add("log_external_stream", {"stream": "stderr", "text": text, "extras": {}})

    def _flush(self) -> None:
        """Send what waits as the next file; if that fails it waits for the next time."""
        with self._lock:
            messages, self._waiting = self._waiting, []
        if not messages:
            return
        try:
            self._send(f"{self._folder}/{self._sent + 1}.json", "\n".join(messages))
            self._sent += 1
        except Exception as error:  # noqa: BLE001 (messages must not stop the work)
            sys.stderr.write(f"messages to Dagster could not be sent yet: {error}\n")
            with self._lock:
                self._waiting = messages + self._waiting


def _described(error: BaseException) -> dict[str, Any]:
    """An exception as the protocol has it."""
    lines = traceback.TracebackException.from_exception(error)
    return {
        "message": "".join(lines.format_exception_only()),
        "stack": lines.stack.format(),
        "name": type(error).__name__,
        "cause": _described(error.__cause__) if error.__cause__ else None,
        "context": None,
    }
