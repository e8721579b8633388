"""The lake: the one place that reads and writes published partitions, on a local disk or on S3.

What belongs here: where a partition lives, writing it complete or not at all, reading it back.
What does not: how files are replaced (`storage`), what the rows mean (`contracts`,
`result_tables`), the heavy table raw_predictions, which Spark writes (only its folder and manifest
are located here).

A partition of a published table is one Parquet file, `<lake>/<endpoint>/<table>/dt=<day>/
<table>.parquet`, replaced in one atomic step: readers see the former file or the new one.
Writing and reading stand in one file, though it is long, because they must agree on names.
"""

from __future__ import annotations

import json
import re
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from ml_insights.errors import ContractError, DamagedFileError, MissingInputError
from ml_insights.storage import STAGING, LocalStorage, Storage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ml_insights.columns import Table

_RUN = "run_id"
_NOTES_KEY = b"ml_insights"
_FOOTER_GUESS = 64 * 1024
_FOOTER_LENGTH = slice(-8, -4)


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
    """Published tables below one root."""

    def __init__(self, storage: Storage | str) -> None:
        """Locate the lake, a storage or a local folder; nothing is read or created."""
        self._storage = LocalStorage(storage) if isinstance(storage, str) else storage
        self.root = self._storage.root

    def partition(self, endpoint: str, table: str, day: date) -> str:
        """Folder of a partition, as Spark and people name it."""
        return f"{self.root}/{endpoint}/{table}/dt={day:%Y-%m-%d}"

    def staging(self, endpoint: str, table: str, day: date, attempt: str) -> str:
        """Folder for the unpublished result of one attempt; readers never look here."""
        return f"{self.root}/{_staged(endpoint, table, day)}/run={attempt}"

    def discard_staged(self, endpoint: str, table: str, day: date) -> None:
        """Delete what attempts at a partition left unpublished, also those that were killed."""
        self._storage.delete(_staged(endpoint, table, day))

    def write(
        self,
        endpoint: str,
        table: Table,
        day: date,
        rows: pa.Table,
        notes: Mapping[str, Any] | None = None,
    ) -> Published:
        """Replace a partition, complete or not at all.

        Where the same is published already nothing is written: what depends on it stays as it is.
        The name of the run says who published a row first, so it makes no difference.

        Args:
            endpoint: whose lake.
            table: contract the rows must keep.
            day: the partition.
            rows: sorted as they should be stored.
            notes: facts about the partition that are no column, stored in the file as JSON.

        Raises:
            ContractError: columns, types or NULLs are not those of the contract.
            StorageError: the file system refused; the former partition is untouched.
            AwsError: likewise, on S3.
        """
        metadata = {_NOTES_KEY: json.dumps(dict(notes or {}), sort_keys=True).encode()}
        conforming = _conform(rows, table).replace_schema_metadata(metadata)
        path = _file(endpoint, table.name, day)
        content = self._unchanged(path, conforming)
        if content is None:
            content = _encoded(conforming)
            self._storage.replace(path, memoryview(content))
        return Published(f"{self.root}/{path}", conforming.num_rows, content.size)

    def _unchanged(self, path: str, rows: pa.Table) -> pa.Buffer | None:
        """The published file, if it holds these rows but for the run; None if it does not."""
        former = self._former(path)
        if former is None:
            return None
        if _RUN in rows.column_names:
            try:
                runs = pq.read_table(pa.BufferReader(former), columns=[_RUN])[_RUN]
            except (pa.ArrowException, OSError):  # damaged, or of another version
                return None
            if len(runs) != rows.num_rows:
                return None
            rows = rows.set_column(
                rows.column_names.index(_RUN), rows.schema.field(_RUN), runs.combine_chunks()
            )
        return former if _encoded(rows).equals(former) else None

    def _former(self, path: str) -> pa.Buffer | None:
        try:
            return pa.py_buffer(self._storage.read(path))
        except OSError:
            return None

    def write_text(self, endpoint: str, name: str, text: str) -> str:
        """Replace a text document of an endpoint, complete or not at all; returns its URI.

        Where the same text is there already nothing is written.

        Raises:
            StorageError: the file system refused; the former document is untouched.
            AwsError: likewise, on S3.
        """
        former, content = self._former(f"{endpoint}/{name}"), text.encode()
        if former is None or not former.equals(pa.py_buffer(content)):
            self._storage.replace(f"{endpoint}/{name}", content)
        return f"{self.root}/{endpoint}/{name}"

    def read_text(self, endpoint: str, name: str) -> str | None:
        """A text document of an endpoint; None when there is none."""
        try:
            return self._storage.read(f"{endpoint}/{name}").decode()
        except FileNotFoundError:
            return None

    def read(
        self,
        endpoint: str,
        table: Table,
        day: date,
        columns: list[str] | None = None,
        dictionaries: Sequence[str] = (),
    ) -> pa.Table:
        """A published partition.

        Args:
            endpoint: whose lake.
            table: which table.
            day: the partition.
            columns: only these; all unless told.
            dictionaries: text columns to return as codes and their texts. Where few texts repeat
                over many rows, the whole read takes a quarter of the time.

        Raises:
            MissingInputError: it is not published.
            DamagedFileError: it cannot be read.
        """
        with self._published(endpoint, table.name, day) as path:
            return self._table(path, columns=columns, read_dictionary=list(dictionaries))

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
            with self._published(endpoint, table.name, day) as path:
                rows = self._table(path, filters=where)
            dt = pa.repeat(pa.scalar(day, pa.date32()), rows.num_rows)
            read.append(rows.add_column(0, pa.field("dt", pa.date32()), dt))
        return pa.concat_tables(read, promote_options="default")

    def notes(self, endpoint: str, table: Table, day: date) -> dict[str, Any]:
        """Notes that `write` stored with a partition.

        Raises:
            MissingInputError: it is not published.
            DamagedFileError: it cannot be read.
        """
        metadata = self._footer(endpoint, table, day).metadata or {}
        notes: dict[str, Any] = json.loads(metadata.get(_NOTES_KEY, b"{}"))
        return notes

    def row_count(self, endpoint: str, table: Table, day: date, present: str | None = None) -> int:
        """Rows of a published partition, by its footer alone.

        Args:
            endpoint: whose lake.
            table: which table.
            day: the partition.
            present: count only rows in which this column is not NULL.

        Raises:
            MissingInputError: it is not published.
            DamagedFileError: it cannot be read.
        """
        footer = self._footer(endpoint, table, day)
        if present is None:
            return int(footer.num_rows)
        column = footer.schema.names.index(present)
        groups = (footer.row_group(n).column(column) for n in range(footer.num_row_groups))
        return sum(group.num_values - group.statistics.null_count for group in groups)

    def version(self, endpoint: str, table: Table, day: date) -> str:
        """A text that is another one when the partition's content is another one.

        Raises:
            MissingInputError: it is not published.
            DamagedFileError: it cannot be read.
        """
        with self._published(endpoint, table.name, day) as path:
            return self._storage.version(path)

    def days(self, endpoint: str, table: Table) -> list[date]:
        """Published days of a table, ascending."""
        return list(_by_day(endpoint, table, self._storage.files(f"{endpoint}/{table.name}")))

    def versions(self, endpoint: str, table: Table) -> dict[date, str]:
        """Published days of a table, ascending, each with its `version`; on S3 by listing alone."""
        versions = self._storage.versions(f"{endpoint}/{table.name}")
        return {day: versions[path] for day, path in _by_day(endpoint, table, versions).items()}

    def texts(self, endpoint: str, folder: str) -> list[str]:
        """Names of the text documents below a folder of an endpoint, as `write_text` takes them."""
        found = self._storage.files(f"{endpoint}/{folder}")
        return [path.removeprefix(f"{endpoint}/") for path in found]

    def read_json(self, uri: str) -> dict[str, Any]:
        """A JSON document of the lake, such as the manifest of raw_predictions.

        Raises:
            MissingInputError: there is no such document.
            DamagedFileError: it cannot be read.
        """
        try:
            content = self._storage.read(self._relative(uri))
        except FileNotFoundError as error:
            raise MissingInputError(
                f"{uri} is not there: the upstream partition is not published. Materialize it."
            ) from error
        try:
            document: dict[str, Any] = json.loads(content)
        except ValueError as error:
            raise DamagedFileError(
                f"{uri} is damaged, it is no JSON document: {error}. Delete it, then materialize "
                "the partition that it belongs to again."
            ) from error
        return document

    def read_staged(self, folder: str) -> pa.Table | None:
        """The Parquet files of a staged folder as one table; None when there is no folder."""
        files = self._storage.files(self._relative(folder))
        tables = [self._table(file) for file in files if file.endswith(".parquet")]
        return pa.concat_tables(tables) if tables else None

    def _relative(self, uri: str) -> str:
        return uri.removeprefix(f"{self.root}/")

    def _table(self, path: str, **selected: Any) -> pa.Table:
        content = pa.BufferReader(self._storage.read(path))
        with self._damage_named(path):
            return pq.read_table(content, **selected)

    def _footer(self, endpoint: str, table: Table, day: date) -> pq.FileMetaData:
        with self._published(endpoint, table.name, day) as path:
            end = self._storage.tail(path, _FOOTER_GUESS)
            needed = int.from_bytes(end[_FOOTER_LENGTH], "little") + 8
            if needed > len(end):
                end = self._storage.tail(path, needed)
            # Offsets in a footer count from the file's start, but the footer itself is all there.
            with self._damage_named(path):
                return pq.read_metadata(pa.BufferReader(end))

    @contextmanager
    def _damage_named(self, path: str) -> Iterator[None]:
        try:
            yield
        except (pa.ArrowException, OSError) as error:
            raise DamagedFileError(
                f"{self.root}/{path} cannot be read as Parquet, it may be damaged: {error}. "
                "Materialize its partition again, which replaces it."
            ) from error

    @contextmanager
    def _published(self, endpoint: str, table: str, day: date) -> Iterator[str]:
        path = _file(endpoint, table, day)
        try:
            yield path
        except FileNotFoundError as error:
            raise MissingInputError(
                f"{table} of {endpoint} is not published for {day}: {self.root}/{path} is not "
                "there. Materialize that partition first."
            ) from error


def _encoded(rows: pa.Table) -> pa.Buffer:
    # A dictionary of floats, most of which are there once, is work that only adds bytes.
    repeated = [field.name for field in rows.schema if not pa.types.is_floating(field.type)]
    sink = pa.BufferOutputStream()
    pq.write_table(rows, sink, compression="zstd", use_dictionary=repeated)
    return sink.getvalue()


def _staged(endpoint: str, table: str, day: date) -> str:
    return f"{endpoint}/{STAGING}/{table}/dt={day:%Y-%m-%d}"


def _file(endpoint: str, table: str, day: date) -> str:
    return f"{endpoint}/{table}/dt={day:%Y-%m-%d}/{table}.parquet"


def _by_day(endpoint: str, table: Table, paths: Iterable[str]) -> dict[date, str]:
    """Files of published partitions by their day, ascending."""
    start, end = re.escape(f"{endpoint}/{table.name}/dt="), re.escape(f"/{table.name}.parquet")
    published = re.compile(rf"{start}(\d{{4}}-\d\d-\d\d){end}")
    found = {}
    for path in paths:
        # A partition that somebody has put aside under another name, or on no day, is none.
        if named := published.fullmatch(path):
            with suppress(ValueError):
                found[date.fromisoformat(named[1])] = path
    return dict(sorted(found.items()))


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
