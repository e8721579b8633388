"""A partition of the lake is complete or absent, whatever happens while it is written."""

from __future__ import annotations

import hashlib
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from ml_insights.contracts import MODEL_QUALITY, RECORD_BALANCE
from ml_insights.errors import ContractError, DamagedFileError, MissingInputError, StorageError
from ml_insights.lake import Lake

ENDPOINT = "churn-1"
DAY, NEXT_DAY = date(2026, 10, 1), date(2026, 10, 2)
SCHEMA = RECORD_BALANCE.arrow_schema()


def balance(*records: int) -> pa.Table:
    """Rows of a small table with text, integers and NULL."""
    size = len(records)
    columns = [["labels"] * size, [None] * size, [f"item {n}" for n in range(size)], [*records]]
    return pa.table([pa.array(column) for column in columns], names=SCHEMA.names)


def incompressible(rows: int) -> pa.Table:
    digests = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(rows)]
    return balance(*range(rows)).set_column(2, "item", pa.array(digests))


def files(lake: Lake) -> list[str]:
    root = Path(lake.root)
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Writing beyond this size fails, as it does on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def test_a_partition_is_read_as_it_was_written(lake: Lake) -> None:
    published = lake.write(ENDPOINT, RECORD_BALANCE, DAY, balance(3, -3))
    assert lake.read(ENDPOINT, RECORD_BALANCE, DAY).equals(balance(3, -3).cast(SCHEMA))
    assert published.uri == f"{lake.partition(ENDPOINT, 'record_balance', DAY)}/" + (
        "record_balance.parquet"
    )
    assert (published.rows, published.bytes) == (2, Path(published.uri).stat().st_size)
    assert files(lake) == ["churn-1/record_balance/dt=2026-10-01/record_balance.parquet"]


def test_a_partition_is_replaced_as_a_whole(lake: Lake) -> None:
    lake.write(ENDPOINT, RECORD_BALANCE, DAY, balance(3, -3))
    lake.write(ENDPOINT, RECORD_BALANCE, DAY, balance(5))
    assert lake.read(ENDPOINT, RECORD_BALANCE, DAY)["records"].to_pylist() == [5]


def quality(run: str, precision: float) -> pa.Table:
    """A row of model_quality, which names the run that published it."""
    schema = MODEL_QUALITY.arrow_schema()
    filled = {pa.string(): "a", pa.bool_(): False, pa.int64(): 1, pa.int32(): 1}
    row = {field.name: None if field.nullable else filled.get(field.type, 0.5) for field in schema}
    row |= {"run_id": run, "operating_precision": precision}
    return pa.Table.from_pylist([row], schema=schema)


def test_the_same_again_writes_nothing_whatever_run_computed_it(lake: Lake) -> None:
    first = lake.write(ENDPOINT, MODEL_QUALITY, DAY, quality("run-1", 0.5), {"a": 1})
    text = lake.write_text(ENDPOINT, "note.json", "{}")
    written = [Path(uri).stat().st_ino for uri in (first.uri, text)]
    again = lake.write(ENDPOINT, MODEL_QUALITY, DAY, quality("run-2", 0.5), {"a": 1})
    lake.write_text(ENDPOINT, "note.json", "{}")
    assert again == first
    assert [Path(uri).stat().st_ino for uri in (first.uri, text)] == written
    assert lake.read(ENDPOINT, MODEL_QUALITY, DAY)["run_id"].to_pylist() == ["run-1"]


@pytest.mark.parametrize(
    ("rows", "notes"),
    [
        (quality("run-2", 0.6), {"a": 1}),
        (quality("run-2", 0.5), {"a": 2}),
        (pa.concat_tables([quality("run-2", 0.5)] * 2), {"a": 1}),
    ],
)
def test_another_number_note_or_row_is_written_with_the_run_that_found_it(
    lake: Lake, rows: pa.Table, notes: dict[str, int]
) -> None:
    lake.write(ENDPOINT, MODEL_QUALITY, DAY, quality("run-1", 0.5), {"a": 1})
    lake.write(ENDPOINT, MODEL_QUALITY, DAY, rows, notes)
    assert lake.read(ENDPOINT, MODEL_QUALITY, DAY).equals(rows)
    assert lake.notes(ENDPOINT, MODEL_QUALITY, DAY) == notes


@pytest.mark.parametrize("damage", [b"", b"PAR1 no more"])
def test_a_damaged_file_is_replaced(lake: Lake, damage: bytes) -> None:
    published = lake.write(ENDPOINT, MODEL_QUALITY, DAY, quality("run-1", 0.5))
    Path(published.uri).write_bytes(damage)
    lake.write(ENDPOINT, MODEL_QUALITY, DAY, quality("run-1", 0.5))
    assert lake.read(ENDPOINT, MODEL_QUALITY, DAY).equals(quality("run-1", 0.5))


def test_the_same_rows_give_the_same_bytes(lake: Lake) -> None:
    notes = {"b": 1, "a": {"y": 2, "x": 3}}
    first = Path(lake.write(ENDPOINT, RECORD_BALANCE, DAY, balance(3, -3), notes).uri).read_bytes()
    same = dict(reversed(notes.items()))
    again = Path(lake.write(ENDPOINT, RECORD_BALANCE, DAY, balance(3, -3), same).uri).read_bytes()
    assert first == again


def test_columns_may_come_in_any_order_and_in_narrower_types(lake: Lake) -> None:
    rows = balance(3, -3)
    narrow = rows.set_column(3, "records", rows["records"].cast(pa.int8()))
    lake.write(ENDPOINT, RECORD_BALANCE, DAY, narrow.select(reversed(SCHEMA.names)))
    assert lake.read(ENDPOINT, RECORD_BALANCE, DAY).schema.equals(SCHEMA)


@pytest.mark.parametrize("name", ["a b", "50%", "a%20b", "x#y?z", "é+ü"])
def test_the_lake_may_be_in_a_folder_with_any_name(tmp_path: Path, name: str) -> None:
    lake = Lake(str(tmp_path / name))
    lake.write(ENDPOINT, RECORD_BALANCE, DAY, balance(1))
    assert (tmp_path / name / ENDPOINT / "record_balance" / "dt=2026-10-01").is_dir()
    assert lake.days(ENDPOINT, RECORD_BALANCE) == [DAY]


def test_notes_come_back_as_they_were_given(lake: Lake) -> None:
    notes = {"grid": "two-sided-20-9", "report": {"reasons": {"é": 1}, "none": None}}
    lake.write(ENDPOINT, RECORD_BALANCE, DAY, balance(1), notes)
    lake.write(ENDPOINT, RECORD_BALANCE, NEXT_DAY, balance(1))
    assert lake.notes(ENDPOINT, RECORD_BALANCE, DAY) == notes
    assert lake.notes(ENDPOINT, RECORD_BALANCE, NEXT_DAY) == {}


def test_days_are_those_with_a_published_file_in_order(lake: Lake) -> None:
    assert lake.days(ENDPOINT, RECORD_BALANCE) == []
    for day in (NEXT_DAY, DAY):
        lake.write(ENDPOINT, RECORD_BALANCE, day, balance(1))
    # A folder without its file is what a failed first write leaves.
    Path(lake.partition(ENDPOINT, RECORD_BALANCE.name, date(2026, 10, 3))).mkdir()
    assert lake.days(ENDPOINT, RECORD_BALANCE) == [DAY, NEXT_DAY]
    assert lake.days("churn", RECORD_BALANCE) == []


def test_several_days_are_read_with_their_day_and_selected_rows(lake: Lake) -> None:
    lake.write(ENDPOINT, RECORD_BALANCE, DAY, balance(3, -3))
    lake.write(ENDPOINT, RECORD_BALANCE, NEXT_DAY, balance(-4, 4))
    rows = lake.read_days(ENDPOINT, RECORD_BALANCE, [DAY, NEXT_DAY], where=pc.field("records") > 0)
    assert rows.select(["dt", "records"]).to_pylist() == [
        {"dt": DAY, "records": 3},
        {"dt": NEXT_DAY, "records": 4},
    ]
    assert lake.read_days(ENDPOINT, RECORD_BALANCE, []).schema.names == ["dt", *SCHEMA.names]


def test_a_missing_partition_says_what_to_materialize(lake: Lake) -> None:
    for read in (lake.read, lake.notes):
        with pytest.raises(MissingInputError) as caught:
            read(ENDPOINT, RECORD_BALANCE, DAY)
        message = str(caught.value)
        assert "record_balance of churn-1 is not published for 2026-10-01" in message
        assert f"{lake.root}/churn-1/record_balance/dt=2026-10-01/record_balance.parquet" in message
        assert "Materialize that partition first" in message


def test_a_missing_document_says_that_the_partition_is_not_published(lake: Lake) -> None:
    uri = f"{lake.partition(ENDPOINT, 'raw_predictions', DAY)}/_manifest.json"
    with pytest.raises(MissingInputError, match="is not there: the upstream partition"):
        lake.read_json(uri)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (balance(1).drop_columns(["item"]), r"record_balance .* differ in columns \['item'\]"),
        (balance(1).append_column("more", pa.array([1])), r"differ in columns \['more'\]"),
        (
            balance(1).set_column(0, "account", pa.array([None], pa.string())),
            r"record_balance\.account must not be NULL",
        ),
        (
            balance(1).set_column(3, "records", pa.array(["many"])),
            "do not have the types of record_balance",
        ),
        (
            balance(1).set_column(3, "records", pa.array([0.5])),
            "do not have the types of record_balance",
        ),
        (
            balance(1).set_column(3, "records", pa.array([{"a": 1}])),
            "do not have the types of record_balance",
        ),
    ],
    ids=["missing column", "extra column", "NULL", "text", "fraction", "struct"],
)
def test_rows_that_break_the_contract_are_not_published(
    lake: Lake, rows: pa.Table, message: str
) -> None:
    lake.write(ENDPOINT, RECORD_BALANCE, DAY, balance(7))
    with pytest.raises(ContractError, match=message):
        lake.write(ENDPOINT, RECORD_BALANCE, DAY, rows)
    assert lake.read(ENDPOINT, RECORD_BALANCE, DAY)["records"].to_pylist() == [7]


def test_a_full_disk_leaves_the_former_partition_and_nothing_else(lake: Lake) -> None:
    published = lake.write(ENDPOINT, RECORD_BALANCE, DAY, balance(7))
    before = Path(published.uri).read_bytes()
    with largest_file(4096), pytest.raises(StorageError) as caught:
        lake.write(ENDPOINT, RECORD_BALANCE, DAY, incompressible(10_000))
    assert caught.value.retryable
    assert f"{published.uri} could not be written" in str(caught.value)
    assert "Check free space" in str(caught.value)
    assert Path(published.uri).read_bytes() == before
    assert files(lake) == [str(Path(published.uri).relative_to(lake.root))]
    assert lake.write(ENDPOINT, RECORD_BALANCE, DAY, incompressible(10_000)).rows == 10_000


def test_a_full_disk_leaves_a_first_partition_absent(lake: Lake) -> None:
    with largest_file(4096), pytest.raises(StorageError):
        lake.write(ENDPOINT, RECORD_BALANCE, DAY, incompressible(10_000))
    assert files(lake) == []
    assert lake.days(ENDPOINT, RECORD_BALANCE) == []


def test_a_full_disk_leaves_the_former_document(lake: Lake) -> None:
    uri = lake.write_text(ENDPOINT, "dashboard_page/index.html", "<p>first</p>")
    with largest_file(4096), pytest.raises(StorageError, match=r"index\.html could not be written"):
        lake.write_text(ENDPOINT, "dashboard_page/index.html", "x" * 100_000)
    assert Path(uri).read_text() == "<p>first</p>"
    assert files(lake) == ["churn-1/dashboard_page/index.html"]


def test_a_folder_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "lake").write_text("a file where the lake should be")
    with pytest.raises(StorageError, match="could not be written"):
        Lake(str(tmp_path / "lake")).write(ENDPOINT, RECORD_BALANCE, DAY, balance(1))


DIE_BEFORE_PUBLISHING = """
import os, signal, sys
from pathlib import Path
from ml_insights.contracts import MODEL_QUALITY, RECORD_BALANCE
from ml_insights.lake import Lake
from ml_insights_tests.test_lake import DAY, ENDPOINT, balance

def die(source, target):
    assert source.stat().st_size > 0
    os.kill(os.getpid(), signal.SIGKILL)

Path.replace = die
Lake(sys.argv[1]).write(ENDPOINT, RECORD_BALANCE, DAY, balance(1, 2, 3))
"""


def test_a_kill_before_publishing_leaves_the_former_partition(lake: Lake) -> None:
    published = lake.write(ENDPOINT, RECORD_BALANCE, DAY, balance(7))
    before = Path(published.uri).read_bytes()
    program = [sys.executable, "-c", DIE_BEFORE_PUBLISHING, lake.root]
    repository = Path(__file__).parent.parent
    died = subprocess.run(program, capture_output=True, cwd=repository, check=False)
    assert died.returncode == -signal.SIGKILL, died.stderr
    assert Path(published.uri).read_bytes() == before
    assert lake.days(ENDPOINT, RECORD_BALANCE) == [DAY]
    lake.write(ENDPOINT, RECORD_BALANCE, DAY, balance(8))
    assert pq.read_table(published.uri)["records"].to_pylist() == [8]


def test_what_attempts_staged_is_read_as_one_table_and_discarded(lake: Lake) -> None:
    first, second = (lake.staging(ENDPOINT, "confusion_counts", DAY, run) for run in ("a", "b"))
    assert lake.read_staged(f"{first}/bins") is None
    lake.discard_staged(ENDPOINT, "confusion_counts", DAY)
    for number, folder in enumerate((first, first, second)):
        path = Path(folder) / "bins" / f"part-{number}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({"n": [number]}), path)
    staged = lake.read_staged(f"{first}/bins")
    assert staged is not None
    assert staged.schema.names == ["n"]
    assert sorted(staged["n"].to_pylist()) == [0, 1]
    lake.discard_staged(ENDPOINT, "confusion_counts", DAY)
    assert files(lake) == []


@pytest.mark.parametrize("damage", [b"", b"PAR1", b"no Parquet at all, and longer than a footer"])
def test_a_damaged_partition_is_named_with_what_to_do(lake: Lake, damage: bytes) -> None:
    path = Path(lake.write(ENDPOINT, RECORD_BALANCE, DAY, balance(1)).uri)
    path.write_bytes(damage)
    for read in (
        lambda: lake.read(ENDPOINT, RECORD_BALANCE, DAY),
        lambda: lake.read_days(ENDPOINT, RECORD_BALANCE, [DAY]),
        lambda: lake.notes(ENDPOINT, RECORD_BALANCE, DAY),
        lambda: lake.row_count(ENDPOINT, RECORD_BALANCE, DAY),
        lambda: lake.read_staged(str(path.parent)),
    ):
        with pytest.raises(DamagedFileError, match="Materialize its partition again") as caught:
            read()
        assert str(caught.value).startswith(f"{path} cannot be read as Parquet")
        assert not caught.value.retryable


def test_a_partition_that_lost_bytes_inside_is_named(lake: Lake) -> None:
    path = Path(lake.write(ENDPOINT, RECORD_BALANCE, DAY, balance(*range(1000))).uri)
    content = path.read_bytes()
    path.write_bytes(content[:40] + bytes(len(content) // 2) + content[40 + len(content) // 2 :])
    with pytest.raises(DamagedFileError, match=str(path)):
        lake.read(ENDPOINT, RECORD_BALANCE, DAY)


def test_a_truncated_document_is_named_with_what_to_do(lake: Lake) -> None:
    uri = lake.write_text(ENDPOINT, "raw_predictions/dt=2026-10-01/_manifest.json", '{"units": [')
    with pytest.raises(DamagedFileError, match=r"Delete it, then materialize") as caught:
        lake.read_json(uri)
    assert str(caught.value).startswith(f"{uri} is damaged, it is no JSON document: Expecting")
