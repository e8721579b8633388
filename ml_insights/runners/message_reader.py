"""Reads what a job on a cluster tells Dagster: numbered files in one folder on S3.

What belongs here: finding and fetching these files. What does not: what the messages mean, which is
Dagster's part (`dagster_aws.pipes`), and writing them (`ml_insights.spark.messages`).
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING, Any

from dagster_aws.pipes import PipesS3MessageReader

from ml_insights.aws.s3 import Objects, bucket_and_key
from ml_insights.errors import AwsTransientError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_REPORT = "report_custom_message"


class FolderMessageReader(PipesS3MessageReader):
    """Dagster's reader with a folder of our choice, which a later process can find again.

    Three habits of the stock reader are replaced: it makes a random folder at the bucket's root; it
    asks S3 every second until a job has started, which takes minutes; and it fetches one file at a
    time, so that a reader that joins a running job never catches up.
    """

    def __init__(self, objects: Objects, folder: str, *, interval: float = 1.0) -> None:
        """Prepare to read `<folder>/1.json`, `2.json` and so on, every `interval` seconds."""
        bucket, _ = bucket_and_key(folder)
        super().__init__(bucket=bucket, client=objects.session.client("s3"), interval=interval)
        self._objects, self._folder = objects, folder
        self.reported = Event()
        """Set when the job has told how it ended."""

    @contextmanager
    def get_params(self) -> Iterator[Mapping[str, Any]]:
        """Where the messages are; the job gets the folder as an argument of its own."""
        bucket, prefix = bucket_and_key(self._folder)
        yield {"bucket": bucket, "key_prefix": prefix}

    def messages_are_readable(self, params: Mapping[str, Any]) -> bool:
        """Always: a file that is not there yet is simply not read."""
        return True

    def download_messages(self, cursor: Any, params: Mapping[str, Any]) -> tuple[Any, str] | None:
        """All files that have come since the last time; None when there is no new one."""
        number, chunks = cursor or 1, []
        while (content := self._fetch(number)) is not None:
            chunks.append(content.decode())
            number += 1
        if not chunks:
            return None
        text = "\n".join(chunks)
        if any(json.loads(line)["method"] == _REPORT for line in text.splitlines()):
            self.reported.set()
        return number, text

    def _fetch(self, number: int) -> bytes | None:
        try:
            return self._objects.read(f"{self._folder}/{number}.json")
        except AwsTransientError:
            return None
