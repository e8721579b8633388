"""Files as Spark sees them, local or S3, through Hadoop's own file system interface.

What belongs here: the few operations the jobs need besides reading and writing data frames. The
cluster needs no further library for them. What does not: the names of folders (`units`,
`raw_predictions`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Optional

from py4j.protocol import Py4JJavaError

from ml_insights.errors import DamagedFileError, StorageError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@dataclass(frozen=True)
class FolderSize:
    """What a folder holds: number of files and bytes, all levels."""

    files: int
    bytes: int


class Files:
    """File operations on one root, local path or URI."""

    def __init__(self, spark: SparkSession, root: str) -> None:
        """Connect to the file system that holds `root`; nothing is read."""
        # PySpark has no public way to Hadoop's file systems; its gateway has.
        context: Any = spark.sparkContext
        java, configuration = context._jvm, context._jsc.hadoopConfiguration()  # noqa: SLF001
        self._gateway: Any = context._gateway  # noqa: SLF001
        # By its whole name a class is found at once; `java.org.apache...` asks for each part of it.
        self._path: Any = getattr(java, "org.apache.hadoop.fs.Path")
        self._filesystem: Any = self._path(root).getFileSystem(configuration)
        self._scheme = str(self._filesystem.getScheme())
        # Locally a checksum is a file of its own: the document and it are not replaced in one step.
        local = self._scheme == "file"
        self._documents: Any = self._filesystem.getRawFileSystem() if local else self._filesystem
        self._file_contexts: Any = getattr(java, "org.apache.hadoop.fs.FileContext")
        self._configuration: Any = configuration
        self._rename: Any = getattr(java, "org.apache.hadoop.fs.Options$Rename")
        self._streams: Any = getattr(java, "org.apache.hadoop.io.IOUtils")
        self._output: Any = getattr(java, "java.io.ByteArrayOutputStream")

    def size(self, folder: str) -> FolderSize:
        """Files and bytes below a folder, without holding a listing; zero when there is none."""
        if not self._filesystem.exists(self._path(folder)):
            return FolderSize(0, 0)
        summary = self._filesystem.getContentSummary(self._path(folder))
        return FolderSize(int(summary.getFileCount()), int(summary.getLength()))

    def folders(self, folder: str) -> list[str]:
        """Names of the folders directly below, in order; empty when there is none."""
        if not self._filesystem.exists(self._path(folder)):
            return []
        statuses = self._filesystem.listStatus(self._path(folder))
        return sorted(str(item.getPath().getName()) for item in statuses if item.isDirectory())

    def newest(self, folder: str) -> Optional[datetime]:
        """When a file below a folder was last written, UTC; None when it holds no file."""
        files = self._filesystem.listFiles(self._path(folder), True)
        newest = 0
        while files.hasNext():
            newest = max(newest, int(files.next().getModificationTime()))
        utc = timezone.utc  # noqa: UP017 (Python 3.9 has no datetime.UTC)
        return datetime.fromtimestamp(newest / 1000, utc) if newest else None

    def delete(self, folder: str) -> None:
        """Delete a folder and all below it; nothing happens when there is none."""
        self._filesystem.delete(self._path(folder), True)

    def read_json(self, file: str) -> Optional[dict[str, Any]]:
        """A JSON document, or None when there is no such file.

        Raises:
            DamagedFileError: it is no JSON document.
        """
        path = self._path(file)
        if not self._documents.exists(path):
            return None
        buffer, stream = self._output(), self._documents.open(path)
        try:
            self._streams.copyBytes(stream, buffer, 65536)
        finally:
            stream.close()
        try:
            document: dict[str, Any] = json.loads(bytes(buffer.toByteArray()))
        except ValueError as error:
            raise DamagedFileError(
                f"{file} is damaged, it is no JSON document: {error}. Delete it, then run the "
                "partition that it belongs to again."
            ) from error
        return document

    def write_json(self, file: str, document: dict[str, Any]) -> None:
        """Replace a JSON document in one atomic step; see `write_text`."""
        self.write_text(file, json.dumps(document, sort_keys=True, indent=1))

    def write_text(self, file: str, text: str) -> None:
        """Replace a text document in one atomic step.

        Raises:
            StorageError: the file system refused; the former document is untouched.
        """
        target, staged = self._path(file), self._path(f"{file}.writing")
        try:
            # An object store shows an object only when it is complete, and cannot rename.
            object_store = self._scheme not in {"file", "hdfs"}
            stream = self._documents.create(target if object_store else staged, True)
            try:
                stream.write(text.encode())
            finally:
                stream.close()
            if not object_store:
                self._replace(staged, target)
        except Py4JJavaError as error:
            raise StorageError(
                f"{file} could not be written: {error.java_exception.getMessage()}. Check free "
                "space and permission, then run the partition again; what was published stays."
            ) from error

    def _replace(self, staged: Any, target: Any) -> None:
        if self._scheme == "file":
            self._documents.rename(staged, target)
            return
        overwrite = self._gateway.new_array(self._rename, 1)
        overwrite[0] = self._rename.OVERWRITE
        # Only here: connectors of S3 need not offer this second interface.
        files = self._file_contexts.getFileContext(self._filesystem.getUri(), self._configuration)
        files.rename(staged, target, overwrite)
