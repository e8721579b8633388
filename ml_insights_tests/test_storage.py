"""On S3 the lake behaves as on disk, and two writers do not undo each other silently."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from pyarrow import fs

from ml_insights.aws.clients import AwsSession
from ml_insights.aws_deployment import catalogued_tables
from ml_insights.columns import Table
from ml_insights.contracts import PRECISION_RECALL, RECORD_BALANCE
from ml_insights.errors import (
    AwsPermanentError,
    AwsTransientError,
    MissingInputError,
    StorageError,
)
from ml_insights.lake import Lake
from ml_insights.storage import STAGING, LocalStorage, S3Storage, Storage
from ml_insights_tests.aws.server import StandIn
from ml_insights_tests.dashboard.synthetic import FIRST_DAY, build_tables
from ml_insights_tests.quicksight_view.publication import contract_rows
from ml_insights_tests.test_lake import DAY, ENDPOINT, NEXT_DAY, balance

REGION = "eu-central-1"
BUCKET = "lake-bucket"


@pytest.fixture
def s3(aws: StandIn, monkeypatch: pytest.MonkeyPatch) -> S3Storage:
    for name, value in aws.environment(REGION).items():
        if name != "AWS_ENDPOINT_URL":
            monkeypatch.setenv(name, value)
    location = {"LocationConstraint": REGION}
    aws.client("s3", REGION).create_bucket(Bucket=BUCKET, CreateBucketConfiguration=location)
    aws.calls.clear()
    return S3Storage(f"s3://{BUCKET}/some/lake", AwsSession(REGION, aws.url))


@pytest.fixture(params=["local", pytest.param("s3", marks=pytest.mark.aws)])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    if request.param == "local":
        yield LocalStorage(str(tmp_path / "lake"))
    else:
        yield request.getfixturevalue("s3")


def test_a_file_is_read_as_it_was_last_written(storage: Storage) -> None:
    for content in (b"first", b"second"):
        storage.replace("a/b.txt", content)
        assert storage.read("a/b.txt") == content
    assert storage.tail("a/b.txt", 3) == b"ond"
    assert storage.tail("a/b.txt", 300) == b"second"


def test_a_version_changes_with_the_content_only(storage: Storage) -> None:
    storage.replace("a", b"first")
    first = storage.version("a")
    storage.replace("a", b"second")
    second = storage.version("a")
    storage.replace("a", b"first")
    assert storage.version("a") == first != second


@pytest.mark.parametrize("read", ["read", "tail", "version"])
def test_a_file_that_is_not_there_is_not_found(storage: Storage, read: str) -> None:
    more = (8,) if read == "tail" else ()
    with pytest.raises(FileNotFoundError):
        getattr(storage, read)("nothing", *more)


def test_files_of_a_folder_are_listed_and_deleted_with_all_below(storage: Storage) -> None:
    for path in ("x/a", "x/y/b", "x-y/c", "z"):
        storage.replace(path, b"")
    assert storage.files("x") == ["x/a", "x/y/b"]
    assert storage.files("nothing") == []
    storage.delete("x")
    storage.delete("nothing")
    assert storage.files("x") == []
    assert storage.files("x-y") == ["x-y/c"]


def test_what_a_killed_writer_left_on_disk_goes_after_a_day(tmp_path: Path) -> None:
    storage = LocalStorage(str(tmp_path))
    storage.replace("a", b"first")
    left, at_work = tmp_path / STAGING / "left", tmp_path / STAGING / "at_work"
    for file in (left, at_work):
        file.write_bytes(b"half")
    two_days_ago = time.time() - 2 * 24 * 3600
    os.utime(left, (two_days_ago, two_days_ago))
    storage.replace("a", b"second")
    assert at_work.exists()
    assert not left.exists()


def test_published_days_are_listed_with_their_versions(storage: Storage) -> None:
    lake = Lake(storage)
    for day, records in ((NEXT_DAY, 5), (DAY, 3)):
        lake.write(ENDPOINT, RECORD_BALANCE, day, balance(records))
    storage.replace(f"{ENDPOINT}/record_balance/notes.txt", b"of somebody")
    versions = lake.versions(ENDPOINT, RECORD_BALANCE)
    assert list(versions) == lake.days(ENDPOINT, RECORD_BALANCE) == [DAY, NEXT_DAY]
    for day in (DAY, NEXT_DAY):
        assert versions[day] == lake.version(ENDPOINT, RECORD_BALANCE, day)


def test_listings_and_deletions_go_on_after_a_thousand_objects(s3: S3Storage) -> None:
    client = s3.session.client("s3")
    for number in range(1001):
        client.put_object(Bucket=BUCKET, Key=f"some/lake/many/{number:05}", Body=b"")
    assert len(s3.files("many")) == 1001
    s3.delete("many")
    assert s3.files("many") == []


def test_a_partition_on_s3_is_the_file_that_a_disk_would_hold(
    s3: S3Storage, tmp_path: Path
) -> None:
    local, remote = Lake(str(tmp_path / "lake")), Lake(s3)
    for lake in (local, remote):
        published = lake.write(ENDPOINT, RECORD_BALANCE, DAY, balance(3, -3), {"grid": "g"})
        assert lake.read(ENDPOINT, RECORD_BALANCE, DAY)["records"].to_pylist() == [3, -3]
        assert lake.notes(ENDPOINT, RECORD_BALANCE, DAY) == {"grid": "g"}
        assert published.uri.startswith(f"{lake.root}/{ENDPOINT}/record_balance/dt=2026-10-01/")
        assert lake.days(ENDPOINT, RECORD_BALANCE) == [DAY]
    name = f"{ENDPOINT}/record_balance/dt=2026-10-01/record_balance.parquet"
    assert s3.read(name) == (Path(local.root) / name).read_bytes()
    assert s3.files(ENDPOINT) == [name]


@pytest.mark.parametrize("rows", [1, 200_000])
def test_rows_are_counted_by_the_footer_alone(storage: Storage, aws: StandIn, rows: int) -> None:
    lake, tables = Lake(storage), build_tables(days=1, slices=("all",), points=20)
    curves = tables.curves.drop_columns(["dt"])
    place = curves.schema.get_field_index("display_rank")
    every_other = pa.array([n if n % 2 else None for n in range(len(curves))], pa.int32())
    curves = curves.set_column(place, curves.schema.field(place), every_other)
    many = pa.concat_tables([curves] * (rows // len(curves) + 1))
    lake.write(ENDPOINT, PRECISION_RECALL, DAY, many)
    aws.calls.clear()
    assert lake.row_count(ENDPOINT, PRECISION_RECALL, DAY) == len(many)
    assert lake.row_count(ENDPOINT, PRECISION_RECALL, DAY, "display_rank") == len(many) // 2
    with pytest.raises(MissingInputError):
        lake.row_count(ENDPOINT, PRECISION_RECALL, NEXT_DAY)


def test_a_footer_that_is_longer_than_the_guess_is_read_whole(storage: Storage) -> None:
    lake = Lake(storage)
    notes = {"rejected": ["x" * 100] * 2000}
    lake.write(ENDPOINT, RECORD_BALANCE, DAY, balance(1, 2), notes)
    assert lake.notes(ENDPOINT, RECORD_BALANCE, DAY) == notes
    assert lake.row_count(ENDPOINT, RECORD_BALANCE, DAY) == 2


def test_of_two_writers_at_the_same_moment_one_is_told(
    s3: S3Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, contents = S3Storage(s3.root, s3.session), [b"first", b"second"]
    unchanged = S3Storage._unchanged

    def meanwhile(self: S3Storage, path: str) -> dict[str, str]:
        condition = unchanged(self, path)
        if self is s3:
            other.replace(path, contents[0])
        return condition

    monkeypatch.setattr(S3Storage, "_unchanged", meanwhile)
    for _ in ("absent before", "present before"):
        published = contents[0]
        with pytest.raises(AwsTransientError, match="written by another run at the same moment"):
            s3.replace("a", b"mine")
        assert s3.read("a") == published
        del contents[0]


def test_a_write_whose_answer_was_lost_is_not_taken_for_another_writer(
    s3: S3Storage, aws: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first PUT succeeds, its answer is lost, and botocore's second PUT meets its own file."""
    client = s3.session.client("s3")
    put = client.put_object

    def twice(**parameters: Any) -> Any:
        put(**parameters)
        return put(**parameters)

    monkeypatch.setattr(client, "put_object", twice)
    s3.replace("a", b"mine")
    assert s3.read("a") == b"mine"


@pytest.mark.parametrize("operation", ["PutObject", "GetObject", "HeadObject", "ListObjectsV2"])
def test_throttling_and_broken_connections_are_overcome(
    s3: S3Storage, aws: StandIn, operation: str
) -> None:
    aws.account.faults.throttle("s3", operation, times=2)
    aws.account.faults.reset("s3", operation, times=1)
    s3.replace("x/a", b"content")
    assert s3.read("x/a") == b"content"
    assert s3.files("x") == ["x/a"]


def test_a_refused_write_leaves_the_former_partition(s3: S3Storage, aws: StandIn) -> None:
    lake = Lake(s3)
    lake.write(ENDPOINT, RECORD_BALANCE, DAY, balance(7))
    aws.account.faults.error("s3", "PutObject", "AccessDenied", status=403)
    with pytest.raises(AwsPermanentError, match=r"S3 put object .*AccessDenied.*iam-policy"):
        lake.write(ENDPOINT, RECORD_BALANCE, DAY, balance(8))
    assert lake.read(ENDPOINT, RECORD_BALANCE, DAY)["records"].to_pylist() == [7]


def test_objects_that_cannot_be_deleted_are_named(
    s3: S3Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3.replace("x/a", b"")
    client = s3.session.client("s3")
    refused = {"Errors": [{"Key": "some/lake/x/a", "Code": "AccessDenied", "Message": "no"}]}
    monkeypatch.setattr(client, "delete_objects", lambda **_: refused)
    with pytest.raises(StorageError, match=r"1 objects below .* AccessDenied"):
        s3.delete("x")


def test_what_is_written_is_encrypted_with_the_key_of_the_settings(s3: S3Storage) -> None:
    key = f"arn:aws:kms:{REGION}:123456789012:key/1234"
    S3Storage(s3.root, s3.session, key).replace("a", b"secret")
    answer = s3.session.client("s3").head_object(Bucket=BUCKET, Key="some/lake/a")
    assert (answer["ServerSideEncryption"], answer["SSEKMSKeyId"]) == ("aws:kms", key)


def test_publishing_leaves_no_parts_of_uploads(s3: S3Storage) -> None:
    Lake(s3).write(ENDPOINT, RECORD_BALANCE, DAY, balance(*range(100_000)))
    assert not s3.session.client("s3").list_multipart_uploads(Bucket=BUCKET).get("Uploads")


DUCK_TYPES = {
    "binary": "BLOB", "boolean": "BOOLEAN", "date": "DATE", "float64": "DOUBLE",
    "int32": "INTEGER", "int64": "BIGINT", "string": "VARCHAR", "strings": "VARCHAR[]",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
}  # fmt: skip


@pytest.mark.parametrize("table", catalogued_tables(), ids=lambda one: one.name)
def test_other_readers_see_the_partitions_as_athena_would(
    s3: S3Storage, aws: StandIn, tmp_path: Path, table: Table
) -> None:
    """Pyarrow over S3 and DuckDB over the same files: types, NULLs, partitions."""
    lake, days = Lake(s3), [FIRST_DAY, FIRST_DAY + timedelta(days=1)]
    for seed, day in enumerate(days):
        lake.write(ENDPOINT, table, day, contract_rows(table, 11 + seed, seed))
    ours = lake.read_days(ENDPOINT, table, days)
    assert all(ours[one.name].null_count for one in table.columns if one.nullable)
    remote = fs.S3FileSystem(
        access_key="testing", secret_key="testing", region=REGION,  # noqa: S106 (not a secret)
        endpoint_override=aws.url.removeprefix("http://"), scheme="http",
    )  # fmt: skip
    folder = f"{BUCKET}/some/lake/{ENDPOINT}/{table.name}"
    by = ds.partitioning(pa.schema([("dt", pa.date32())]), flavor="hive")
    read = ds.dataset(folder, filesystem=remote, partitioning=by).to_table()
    assert read.drop_columns(["dt"]).schema.equals(table.arrow_schema())
    for path in s3.files(ENDPOINT):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(s3.read(path))
    files = f"{tmp_path}/{ENDPOINT}/{table.name}/*/*.parquet"
    with duckdb.connect() as engine:
        engine.execute("SET TimeZone = 'UTC'")
        found = engine.sql(f"SELECT * FROM read_parquet('{files}', hive_partitioning = true)")  # noqa: S608
        types = dict(zip(found.columns, map(str, found.types), strict=True))
        rows = found.to_arrow_table()
    assert types == {**{one.name: DUCK_TYPES[one.type] for one in table.columns}, "dt": "DATE"}
    for name in ("dt", *(one.name for one in table.columns)):
        assert rows[name].to_pylist() == read[name].to_pylist() == ours[name].to_pylist()


def test_a_lake_in_a_bucket_that_is_not_there_says_so(s3: S3Storage) -> None:
    lake = Lake(S3Storage("s3://no-such-bucket/lake", s3.session))
    with pytest.raises(AwsPermanentError, match="NoSuchBucket"):
        lake.days(ENDPOINT, RECORD_BALANCE)
