"""Where the lake's files are: a local folder, or S3. Whole files in, whole files out.

What belongs here: the few operations the lake needs, the same on both. What does not: which files
there are and what is in them (`lake`). Spark reads and writes its own files and is not concerned.

Paths are relative to the root. A file is replaced in one step: readers see the former or the new.
Both implementations stand in this one file, though it is long, so that they stay alike.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from ml_insights.aws.clients import AwsSession
from ml_insights.aws.failures import aws_call
from ml_insights.errors import AwsError, AwsTransientError, StorageError

Content = bytes | memoryview
_Result = TypeVar("_Result")

STAGING = "_staging"
"""Folder of what is not published; readers never look here."""


class Storage(Protocol):
    """Files below one root."""

    @property
    def root(self) -> str:
        """The folder, or `s3://bucket/prefix`."""

    def read(self, path: str) -> bytes:
        """A whole file.

        Raises:
            FileNotFoundError: there is none.
        """

    def tail(self, path: str, size: int) -> bytes:
        """The last bytes of a file, or all of it if it is shorter.

        Raises:
            FileNotFoundError: there is none.
        """

    def version(self, path: str) -> str:
        """A text that is another one when the content is another one.

        Raises:
            FileNotFoundError: there is no such file.
        """

    def replace(self, path: str, content: Content) -> None:
        """Write a file in one step, in the place of the one that is there.

        Raises:
            StorageError: it could not be written; the former file is untouched.
            AwsError: likewise, on S3.
        """

    def files(self, folder: str) -> list[str]:
        """Paths of all files below a folder, in order; empty when there is no such folder."""

    def versions(self, folder: str) -> dict[str, str]:
        """As `files`, each with its version; see `version`."""

    def delete(self, folder: str) -> None:
        """Delete a folder and all below it; nothing happens when there is none."""


_A_DAY = 24 * 3600.0


class LocalStorage:
    """A folder of this machine."""

    def __init__(self, root: str) -> None:
        """Locate the folder; nothing is read or created."""
        self.root = str(Path(root).absolute())

    def read(self, path: str) -> bytes:
        """See `Storage.read`."""
        return self._path(path).read_bytes()

    def tail(self, path: str, size: int) -> bytes:
        """See `Storage.tail`."""
        with self._path(path).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - size))
            return file.read()

    def version(self, path: str) -> str:
        """See `Storage.version`."""
        with self._path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def replace(self, path: str, content: Content) -> None:
        """See `Storage.replace`: written under another name, then renamed."""
        target, staged = self._path(path), self._path(f"{STAGING}/{uuid.uuid4().hex}")
        try:
            for folder in (staged.parent, target.parent):
                folder.mkdir(parents=True, exist_ok=True)
            staged.write_bytes(content)
            staged.replace(target)
        except OSError as error:
            raise StorageError(
                f"{target} could not be written: {error}. Check free space and permission, then "
                "run the partition again; what was published stays."
            ) from error
        finally:
            with suppress(FileNotFoundError, NotADirectoryError):
                staged.unlink()
        self._clear(staged.parent)

    def _clear(self, staging: Path) -> None:
        """Delete what writers left that were killed; one that is at work is younger than a day."""
        with suppress(OSError):
            for left in staging.iterdir():
                if left.is_file() and time.time() - left.stat().st_mtime > _A_DAY:
                    left.unlink()

    def files(self, folder: str) -> list[str]:
        """See `Storage.files`."""
        paths = self._path(folder).rglob("*")
        return sorted(str(one.relative_to(self.root)) for one in paths if one.is_file())

    def versions(self, folder: str) -> dict[str, str]:
        """See `Storage.versions`."""
        return {path: self.version(path) for path in self.files(folder)}

    def delete(self, folder: str) -> None:
        """See `Storage.delete`."""
        if self._path(folder).exists():
            shutil.rmtree(self._path(folder))

    def _path(self, path: str) -> Path:
        return Path(self.root) / path


_TRIES = 3
_LOST_RACE = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")
_ABSENT = ("NoSuchKey", "404", "NotFound")
_LARGEST = 5 * 1024**3
_DELETED_AT_ONCE = 1000


@dataclass(frozen=True)
class S3Storage:
    """A prefix of a bucket.

    A file is one PUT, so it appears whole or not at all and leaves no parts behind. It is made
    conditional on what was there before: of two runs that publish the same partition at the same
    moment one is told so, instead of silently replacing what the other has just published.

    Attributes:
        root: `s3://bucket/prefix`.
        session: region and credentials.
        kms_key: key that encrypts what is written; None for the bucket's default.
    """

    root: str
    session: AwsSession
    kms_key: str | None = None

    def read(self, path: str) -> bytes:
        """See `Storage.read`."""
        return self._get(path)

    def tail(self, path: str, size: int) -> bytes:
        """See `Storage.tail`."""
        return self._get(path, Range=f"bytes=-{size}")

    def version(self, path: str) -> str:
        """See `Storage.version`."""
        return str(self._head(path)["ETag"])

    def replace(self, path: str, content: Content) -> None:
        """See `Storage.replace`."""
        if len(content) > _LARGEST:
            raise StorageError(
                f"{self.root}/{path} would have {len(content) / 1e9:.1f} GB: S3 takes at most 5 GB "
                "in one step. Use fewer slices."
            )
        writer = uuid.uuid4().hex
        condition = self._unchanged(path)
        encryption = (
            {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": self.kms_key} if self.kms_key else {}
        )
        try:
            self._call(
                "put_object", path, Body=bytes(content), Metadata={"writer": writer},
                **condition, **encryption,
            )  # fmt: skip
        except AwsError as error:
            if error.code not in _LOST_RACE:
                raise
            # The answer to an earlier try may have been lost: then the file is our own.
            if self._head(path).get("Metadata", {}).get("writer") != writer:
                raise AwsTransientError(
                    f"{self.root}/{path} was written by another run at the same moment; its "
                    "version stays. Run the partition again if this run's input is newer.",
                    code=error.code,
                ) from error

    def files(self, folder: str) -> list[str]:
        """See `Storage.files`."""
        return list(self.versions(folder))

    def versions(self, folder: str) -> dict[str, str]:
        """See `Storage.versions`."""
        token: dict[str, str] = {}
        found: dict[str, str] = {}
        while True:
            page = self._call("list_objects_v2", f"{folder}/", key="Prefix", **token)
            found |= {
                one["Key"].removeprefix(self._prefix): str(one["ETag"])
                for one in page.get("Contents", [])
                if not one["Key"].endswith("/")
            }
            if not page.get("IsTruncated"):
                return dict(sorted(found.items()))
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def delete(self, folder: str) -> None:
        """See `Storage.delete`."""
        paths = self.files(folder)
        for start in range(0, len(paths), _DELETED_AT_ONCE):
            chunk = paths[start : start + _DELETED_AT_ONCE]
            keys = [{"Key": f"{self._prefix}{path}"} for path in chunk]
            answer = self._call("delete_objects", folder, key=None, Delete={"Objects": keys})
            if errors := answer.get("Errors"):
                first = errors[0]
                raise StorageError(
                    f"{len(errors)} objects below {self.root}/{folder} could not be deleted: "
                    f"{first.get('Key')}: {first.get('Code')}: {first.get('Message')}."
                )

    @property
    def bucket(self) -> str:
        """Name of the bucket."""
        return self.root.removeprefix("s3://").split("/", 1)[0]

    @property
    def _prefix(self) -> str:
        _, _, prefix = self.root.removeprefix("s3://").partition("/")
        return f"{prefix}/" if prefix else ""

    def _unchanged(self, path: str) -> dict[str, str]:
        """The condition that the file is what it is now."""
        try:
            return {"IfMatch": str(self._head(path)["ETag"])}
        except FileNotFoundError:
            return {"IfNoneMatch": "*"}

    def _head(self, path: str) -> dict[str, Any]:
        return self._found(path, lambda: self._call("head_object", path))

    def _get(self, path: str, **parameters: str) -> bytes:
        def whole() -> bytes:
            where = f"{self.root}/{path}"
            # The body comes after the answer, so that botocore does not retry it.
            with aws_call("reading from S3", where, region=self.session.region):
                body = self._call("get_object", path, **parameters)["Body"]
                content: bytes = body.read()
            return content

        for number in range(1, _TRIES + 1):
            try:
                return self._found(path, whole)
            except AwsTransientError:
                if number == _TRIES:
                    raise
            time.sleep(0.2 * 2**number)
        raise AssertionError("the last try returns or raises")

    def _found(self, path: str, call: Callable[[], _Result]) -> _Result:
        try:
            return call()
        except AwsError as error:
            if error.code in _ABSENT:
                raise FileNotFoundError(f"{self.root}/{path}") from error
            raise

    def _call(
        self, operation: str, path: str, *, key: str | None = "Key", **parameters: Any
    ) -> dict[str, Any]:
        where = {key: f"{self._prefix}{path}"} if key else {}
        doing = f"S3 {operation.replace('_', ' ')}"
        with aws_call(doing, f"{self.root}/{path}", region=self.session.region):
            call = getattr(self.session.client("s3"), operation)
            answer: dict[str, Any] = call(Bucket=self.bucket, **where, **parameters)
            return answer
