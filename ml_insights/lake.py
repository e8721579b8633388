"""The lake: the one place that reads and writes published partitions, on a local disk or on S3.

What belongs here: where a partition lives, writing it complete or not at all, reading it back.
What does not: what the rows mean (`contracts`, `result_tables`), the heavy table raw_predictions,
which Spark writes (only its folder and manifest are located here).

A partition of a published table is one Parquet file, `<lake>/<endpoint>/<table>/dt=<day>/
<table>.parquet`, replaced in one atomic step: readers see the former file or the new one.
"""

from __future__ import annotations

import json
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from ml_insights.errors import ContractError, MissingInputError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ml_insights.contracts import Table

_NOTES_KEY = b"ml_insights"
_STAGING = "_staging"


@dataclass(frozen=True)
class Published:
    """A partition that was written.

    Attributes:
        uri: where it is.
        rows: number of rows.
        bytes: size of the file.
    """

    uri: str
    rows: int
    bytes: int


class Lake:
    """Published tables below one root, a local folder or an `s3://` URI."""

    def __init__(self, root: str) -> None:
        """Locate the lake; nothing is read or created."""
        self.root = root if "://" in root else str(Path(root).absolute())
        self._filesystem, self._path = fs.FileSystem.from_uri(
            self.root if "://" in root else Path(self.root).as_uri()
        )

    def partition(self, endpoint: str, table: str, day: date) -> str:
        """Folder of a partition, as Spark and people name it."""
        return f"{self.root}/{endpoint}/{table}/dt={day:%Y-%m-%d}"

    def staging(self, endpoint: str, table: str, day: date, attempt: str) -> str:
        """Folder for the unpublished result of one attempt; readers never look here."""
        return f"{self._staged(endpoint, table, day)}/run={attempt}"

    def discard_staged(self, endpoint: str, table: str, day: date) -> None:
        """Delete what attempts at a partition left unpublished, also those that were killed."""
        folder = self._local(self._staged(endpoint, table, day))
        if self._filesystem.get_file_info(folder).type != fs.FileType.NotFound:
            self._filesystem.delete_dir(folder)

    def write(
        self,
        endpoint: str,
        table: Table,
        day: date,
        rows: pa.Table,
        notes: Mapping[str, Any] | None = None,
    ) -> Published:
        """Replace a partition, complete or not at all.

        Args:
            endpoint: whose lake.
            table: contract the rows must keep.
            day: the partition.
            rows: sorted as they should be stored.
            notes: facts about the partition that are no column, stored in the file as JSON.

        Raises:
            ContractError: columns, types or NULLs are not those of the contract.
            StorageError: the file system refused; the former partition is untouched.
        """
        conforming = _conform(rows, table)
        metadata = {_NOTES_KEY: json.dumps(dict(notes or {}), sort_keys=True).encode()}
        conforming = conforming.replace_schema_metadata(metadata)
        path = self._file(endpoint, table.name, day)
        with self._storage_errors(path):
            size = self._replace(path, lambda sink: _write_parquet(conforming, sink))
        return Published(self._uri(path), conforming.num_rows, size)

    def write_text(self, endpoint: str, name: str, text: str) -> str:
        """Replace a text document of an endpoint, complete or not at all; returns its URI.

        Raises:
            StorageError: the file system refused; the former document is untouched.
        """
        path = f"{self._path}/{endpoint}/{name}"
        with self._storage_errors(path):
            self._replace(path, lambda sink: sink.write(text.encode()))
        return self._uri(path)

    def read(
        self, endpoint: str, table: Table, day: date, columns: list[str] | None = None
    ) -> pa.Table:
        """A published partition.

        Raises:
            MissingInputError: it is not published.
        """
        with self._input(endpoint, table.name, day) as source:
            return pq.read_table(source, columns=columns)

    def read_days(
        self, endpoint: str, table: Table, days: list[date], where: Any = None
    ) -> pa.Table:
        """Several published days with their day as first column `dt`.

        Args:
            endpoint: whose lake.
            table: which table.
            days: published days, as `days` returns them.
            where: Arrow expression that selects rows.
        """
        read = [pa.schema([pa.field("dt", pa.date32()), *table.arrow_schema()]).empty_table()]
        for day in days:
            with self._input(endpoint, table.name, day) as source:
                rows = pq.read_table(source, filters=where)
            dt = pa.repeat(pa.scalar(day, pa.date32()), rows.num_rows)
            read.append(rows.add_column(0, pa.field("dt", pa.date32()), dt))
        return pa.concat_tables(read, promote_options="default")

    def notes(self, endpoint: str, table: Table, day: date) -> dict[str, Any]:
        """Notes that `write` stored with a partition.

        Raises:
            MissingInputError: it is not published.
        """
        with self._input(endpoint, table.name, day) as source:
            metadata = pq.read_schema(source).metadata or {}
        notes: dict[str, Any] = json.loads(metadata.get(_NOTES_KEY, b"{}"))
        return notes

    def days(self, endpoint: str, table: Table) -> list[date]:
        """Published days of a table, ascending."""
        folder = fs.FileSelector(f"{self._path}/{endpoint}/{table.name}", allow_not_found=True)
        names = [
            entry.base_name.removeprefix("dt=")
            for entry in self._filesystem.get_file_info(folder)
            if entry.base_name.startswith("dt=")
        ]
        published = sorted(date.fromisoformat(name) for name in names)
        files = [self._file(endpoint, table.name, day) for day in published]
        found = self._filesystem.get_file_info(files) if files else []
        return [day for day, info in zip(published, found, strict=True) if info.is_file]

    def read_json(self, uri: str) -> dict[str, Any]:
        """A JSON document of the lake, such as the manifest of raw_predictions.

        Raises:
            MissingInputError: there is no such document.
        """
        try:
            with self._filesystem.open_input_stream(self._local(uri)) as source:
                document: dict[str, Any] = json.loads(source.read())
        except FileNotFoundError as error:
            raise MissingInputError(
                f"{uri} is not there: the upstream partition is not published. Materialize it."
            ) from error
        return document

    def read_staged(self, folder: str) -> pa.Table | None:
        """The Parquet files of a staged folder as one table; None when there is no folder."""
        info = self._filesystem.get_file_info(self._local(folder))
        if info.type == fs.FileType.NotFound:
            return None
        return pq.read_table(self._local(folder), filesystem=self._filesystem)

    def _staged(self, endpoint: str, table: str, day: date) -> str:
        return f"{self.root}/{endpoint}/{_STAGING}/{table}/dt={day:%Y-%m-%d}"

    def _file(self, endpoint: str, table: str, day: date) -> str:
        return f"{self._path}/{endpoint}/{table}/dt={day:%Y-%m-%d}/{table}.parquet"

    def _local(self, uri: str) -> str:
        return f"{self._path}{uri.removeprefix(self.root)}"

    def _uri(self, path: str) -> str:
        return self.root + path.removeprefix(self._path)

    def _replace(self, path: str, write: Any) -> int:
        """Write to a new name, then give it the final name: one step for every reader."""
        staged = f"{self._path}/{_STAGING}/{uuid.uuid4().hex}"
        object_store = not isinstance(self._filesystem, fs.LocalFileSystem)
        # An object appears only when its upload is complete, and S3 has no rename.
        target = path if object_store else staged
        if not object_store:
            self._filesystem.create_dir(staged.rpartition("/")[0])
            self._filesystem.create_dir(path.rpartition("/")[0])
        try:
            with self._filesystem.open_output_stream(target) as sink:
                write(sink)
            if not object_store:
                self._filesystem.move(staged, path)
        except BaseException:
            if not object_store and self._filesystem.get_file_info(staged).is_file:
                self._filesystem.delete_file(staged)
            raise
        return int(self._filesystem.get_file_info(path).size)

    @contextmanager
    def _input(self, endpoint: str, table: str, day: date) -> Iterator[Any]:
        path = self._file(endpoint, table, day)
        try:
            with self._filesystem.open_input_file(path) as source:
                yield source
        except FileNotFoundError as error:
            raise MissingInputError(
                f"{table} of {endpoint} is not published for {day}: {self._uri(path)} is not "
                "there. Materialize that partition first."
            ) from error

    @contextmanager
    def _storage_errors(self, path: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StorageError(
                f"{self._uri(path)} could not be written: {error}. Check free space and "
                "permission, then run the partition again; what was published stays."
            ) from error


def _write_parquet(rows: pa.Table, sink: Any) -> None:
    pq.write_table(rows, sink, compression="zstd")


def _conform(rows: pa.Table, table: Table) -> pa.Table:
    """Rows in the contract's column order and types."""
    schema = table.arrow_schema()
    difference = set(schema.names) ^ set(rows.column_names)
    if difference:
        raise ContractError(
            f"rows for {table.name} and its contract differ in columns {sorted(difference)}"
        )
    conforming = rows.select(schema.names)
    for field in schema:
        if not field.nullable and conforming[field.name].null_count:
            raise ContractError(f"{table.name}.{field.name} must not be NULL, but is")
    try:
        return conforming.cast(schema)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise ContractError(f"rows do not have the types of {table.name}: {error}") from error
