"""Files through Hadoop's interface: what is there, and replaced only as a whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from ml_insights.errors import DamagedFileError, StorageError
from ml_insights.spark.files import Files, FolderSize

pytestmark = pytest.mark.spark


@pytest.fixture
def files(spark: SparkSession, tmp_path: Path) -> Files:
    return Files(spark, str(tmp_path))


def test_size_adds_up_files_of_all_levels(files: Files, tmp_path: Path) -> None:
    for name, content in {"a": "12345", "b/c": "123", "b/d/e": ""}.items():
        path = tmp_path / "folder" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    assert files.size(f"{tmp_path}/folder") == FolderSize(3, 8)
    assert files.size(f"{tmp_path}/folder/b") == FolderSize(2, 3)


def test_what_is_not_there_is_empty(files: Files, tmp_path: Path) -> None:
    nowhere = f"{tmp_path}/nowhere"
    assert files.size(nowhere) == FolderSize(0, 0)
    assert files.folders(nowhere) == []
    assert files.read_json(f"{nowhere}.json") is None
    files.delete(nowhere)


def test_folders_are_those_directly_below_in_order(files: Files, tmp_path: Path) -> None:
    for name in ("b/deeper", "a", "Ünï cøde"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "file").touch()
    assert files.folders(str(tmp_path)) == ["a", "b", "Ünï cøde"]


def test_delete_takes_a_folder_with_all_below(files: Files, tmp_path: Path) -> None:
    (tmp_path / "gone/below").mkdir(parents=True)
    (tmp_path / "stays").touch()
    files.delete(f"{tmp_path}/gone")
    assert [path.name for path in tmp_path.iterdir()] == ["stays"]


def test_a_document_reads_back_as_written(files: Files, tmp_path: Path) -> None:
    document = {"text": "ä€\u2028𝄞", "numbers": [2**62, -1, 0.1], "none": None, "in": {"it": True}}
    files.write_json(f"{tmp_path}/new/document.json", document)
    assert files.read_json(f"{tmp_path}/new/document.json") == document


def test_a_large_document_is_read_whole(files: Files, tmp_path: Path) -> None:
    document = {"many": [f"{n:040}" for n in range(10_000)]}
    files.write_json(f"{tmp_path}/document.json", document)
    assert files.read_json(f"{tmp_path}/document.json") == document


def test_writing_again_replaces_and_leaves_nothing_else(files: Files, tmp_path: Path) -> None:
    target = f"{tmp_path}/document.json"
    files.write_json(target, {"version": 1, "long": "x" * 1000})
    files.write_json(target, {"version": 2})
    assert json.loads(Path(target).read_text()) == {"version": 2}
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".crc"] == ["document.json"]


def test_a_refused_write_says_what_to_do_and_keeps_the_former_document(
    files: Files, tmp_path: Path
) -> None:
    target = f"{tmp_path}/document.json"
    files.write_json(target, {"version": 1})
    (tmp_path / "document.json.writing").mkdir()
    (tmp_path / "document.json.writing/in the way").touch()
    with pytest.raises(StorageError, match=r"document\.json could not be written.*again") as error:
        files.write_json(target, {"version": 2})
    assert error.value.retryable
    assert files.read_json(target) == {"version": 1}


@pytest.mark.parametrize("content", [b"", b'{"units": [', b'{"day": "\xff"}'])
def test_a_damaged_document_is_named_with_what_to_do(
    files: Files, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "_manifest.json").write_bytes(content)
    with pytest.raises(DamagedFileError, match=r"Delete it, then run the partition") as caught:
        files.read_json(f"{tmp_path}/_manifest.json")
    assert str(caught.value).startswith(f"{tmp_path}/_manifest.json is damaged")
    assert not caught.value.retryable
