"""The native reader gives the rows of the plain way, or gives the line back; none is lost."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from pyspark.sql import functions as F

from ml_insights.capture_files import (
    Payload,
    csv_labels,
    csv_request,
    csv_response,
    json_response,
    label_record,
)
from ml_insights.contracts import ACCEPTED
from ml_insights.spark import data_capture, native_reader
from ml_insights.spark.arguments import CaptureFormat, ValueForm
from ml_insights.spark.label_rows import label_folders, label_rows
from ml_insights.spark.listing import Listing
from ml_insights.spark.native_reader import (
    ACCEPTED_COLUMNS,
    AMOUNT_COLUMNS,
    UNREAD,
    read_capture,
    understands,
)
from ml_insights.spark.other_labels import count_others
from ml_insights_tests.spark.captured import JSON, ONE_SCORE, line
from ml_insights_tests.spark.labelled import counting_job
from ml_insights_tests.spark.mutations import damaged
from ml_insights_tests.spark.reading import texts_frame
from ml_insights_tests.spark.test_damaged_lines import FORMATS, line_of_scores

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession

pytestmark = pytest.mark.spark

COLUMNS = (
    *("event_id", "prediction_index", "predictions_in_record", "class_label", "score"),
    *("slice_id", "slice_values", "captured_at", "kind", "reason", "line"),
)
AMOUNT = "amount"
WRITTEN_DDL = (
    f"{ACCEPTED_COLUMNS}, {AMOUNT_COLUMNS}, variant string, kind string, source_object string, "
    "line string"
)


def plain_rows(lines: DataFrame, capture: CaptureFormat) -> Counter[Any]:
    """Rows of the plain way for a column `text`."""
    frame = lines.select(
        F.col("text").alias("value"),
        F.lit("main").alias("variant"),
        F.lit("object").alias("source_object"),
        F.lit(None).cast("timestamp").alias("modified"),
    )
    return collected(data_capture.predictions(data_capture.records(frame, capture), capture))


def collected(rows: DataFrame) -> Counter[Any]:
    """Rows as text, since NaN is not equal to itself; what rejected rows hold has no meaning."""
    accepted = F.col("kind") == ACCEPTED
    if AMOUNT not in rows.columns:
        rows = rows.withColumn(AMOUNT, F.lit(None).cast("bigint"))
    values = [
        F.when(accepted | F.lit(name in ("kind", "reason", "line")), F.col(name)).alias(name)
        for name in (*COLUMNS, AMOUNT)
    ]
    shown = rows.select(*values).withColumn("captured_at", F.col("captured_at").cast("string"))
    return Counter(str(row) for row in shown.collect())


def both_ways(
    spark: SparkSession, folder: Path, lines: Sequence[bytes], capture: CaptureFormat
) -> tuple[Counter[Any], Counter[Any], list[bytes]]:
    """Rows of the native reader with the plain way behind it; of the plain way; lines left."""
    hour = folder / "hour"
    hour.mkdir()
    (hour / "lines.jsonl").write_bytes(b"".join(text + b"\n" for text in lines))
    read = read_capture(spark, capture, {"main": Listing(spark).files(str(hour))})
    read.write(str(folder / "rows"))
    rows = spark.read.schema(WRITTEN_DDL).parquet(str(folder / "rows"))
    unread = rows.where(F.col("kind") == UNREAD).select(F.col("line").alias("text"))
    native = collected(rows.where(F.col("kind") == ACCEPTED))
    left = [bytes(row[0]) for row in unread.select(F.col("text").cast("binary")).collect()]
    counts = read.counts()["main"]
    assert (counts.lines, counts.lines - counts.records) == (len(lines), len(left))
    plain = plain_rows(texts_frame(spark, folder, lines), capture)
    return native + plain_rows(unread, capture), plain, left


def test_the_lines_of_a_task_count_once_however_often_it_runs(
    spark: SparkSession, tmp_path: Path
) -> None:
    hour = tmp_path / "hour"
    hour.mkdir()
    for number in range(3):
        (hour / f"{number}.jsonl").write_text(f"{line(csv_response([0.5, 0.25]))}\n" * 2 + "{\n")
    read = read_capture(spark, ONE_SCORE, {"main": Listing(spark).files(str(hour))})
    for _ in range(2):
        read.write(str(tmp_path / "rows"))
    assert read.counts() == {"main": native_reader.Counts(lines=9, records=6, entries=12)}


@pytest.mark.parametrize("classes", [False, True], ids=["one score", "classes"])
def test_damaged_lines_become_the_same_rows_both_ways(
    spark: SparkSession, tmp_path: Path, classes: bool
) -> None:
    random = Random(20261124)
    capture, write = FORMATS[classes]
    good = [write(random).encode() for _ in range(300)]
    lines = [*good, *(damaged(random, random.choice(good), good) for _ in range(4_000))]
    native, plain, left = both_ways(spark, tmp_path, lines, capture)
    assert (native - plain, plain - native) == (Counter(), Counter())
    assert not set(left) & set(good), "every undamaged line takes the fast way"
    assert len(left) < len(lines) * 0.9


def test_a_byte_changed_anywhere_among_lines_alike_gives_the_same_rows(
    spark: SparkSession, tmp_path: Path
) -> None:
    random = Random(20261129)
    position, lines = 0, list[bytes]()
    while position < len(alike(random)):
        lines += [alike(random) for _ in range(10)]
        other = random.choice((random.randrange(256), *b'"\\{}[],: 0'))
        changed = bytearray(alike(random))
        changed[position] = other
        lines.append(bytes(changed).replace(b"\n", b""))
        position += 1
    native, plain, left = both_ways(spark, tmp_path, lines, ONE_SCORE)
    assert (native - plain, plain - native) == (Counter(), Counter())
    assert position / 4 < len(left) <= position, "no line beside a changed one is given back"


def alike(random: Random) -> bytes:
    """A line of always the same form and length."""
    event = str(UUID(int=random.getrandbits(128), version=4))
    request = csv_request([[random.randrange(10, 99), "EU"]])
    return line(csv_response([random.randrange(100, 999) / 1000]), request, event_id=event).encode()


def test_lines_alike_but_for_their_form_are_each_read_in_their_own(
    spark: SparkSession, tmp_path: Path
) -> None:
    random, lines = Random(5), list[bytes]()
    for number in range(200):
        response = random.choice((csv_response, json_response))([number / 200])
        request = csv_request([[number, "EU"]])
        if random.random() < 0.5:
            response = response.in_base64()
        if random.random() < 0.5:
            request = request.in_base64()
        lines += [line(response, request).encode()] * random.randrange(1, 12)
    native, plain, left = both_ways(spark, tmp_path, lines, ONE_SCORE)
    assert native == plain
    assert left == []


def test_every_recorded_line_of_sagemaker_takes_the_fast_way(
    spark: SparkSession, tmp_path: Path, real_data: Path
) -> None:
    files = sorted((real_data / "capture").glob("*.jsonl"))
    lines = [line for file in files for line in file.read_bytes().splitlines() if line]
    native, plain, left = both_ways(spark, tmp_path, lines, ONE_SCORE)
    assert native == plain
    assert (len(lines), left) == (7, [])


def test_unusual_but_good_lines_become_the_same_rows(spark: SparkSession, tmp_path: Path) -> None:
    usual = json.loads(line(csv_response([0.25]), csv_request([[35, "EU"]])))
    data, metadata = usual["captureData"], usual["eventMetadata"]
    inner = json.dumps(usual)
    lines = [
        json.dumps(usual, indent=1).replace("\n", "\r\t "),
        json.dumps(dict(reversed(usual.items()))),
        json.dumps({**usual, "more": [1, {"captureData": None}, [], "\\u00e9\\\\", -0.5e-3, True]}),
        json.dumps({**usual, "größe": "Zürich \u2028"}, ensure_ascii=False),
        json.dumps({**usual, "note": "Zürich \u2028"}, ensure_ascii=False),
        json.dumps({**usual, "note": inner}),
        json.dumps({**usual, "eventMetadata": {**metadata, "customAttributes": ["a", inner]}}),
        json.dumps({"eventMetadata": metadata, "captureData": {**data, "x": "\\"}}),
        *(
            line(csv_response([score]), csv_request([[35, region]]), event_id=event)
            for score, region, event in (
                (0.5, "Zürich", "ä"),
                (0.1 + 0.2, '"a', "0123456789abcdef"),
                (1e-5, "", "EED5A268-2703-4392-901F-70FFAB9A7FD3"),
                (5e-324, " b\r", "x" * 36),
            )
        ),
        *(
            line(Payload(JSON, text, "JSON"))
            for text in (
                ' {"predictions" : [ {"score": 1} , {"score":"0.5"}]} ',
                '{"predictions":[{"score":0.5,"score":0.6}]}',
                '{"predictions":[{"score":0.25}],"predictions":[]}',
                '{"predictions":[{"score":-0}]} {}',
                '{"a":"{\\"predictions\\":[{\\"score\\":0.1}]}","predictions":[{"score":0.7}]}',
            )
        ),
        line(csv_response([0.5]), csv_request([["x" * 3_000_000, "EU"]])),
        *(
            line(csv_response([0.5])).replace("2026-10-01T12:00:07Z", time)
            for time in ("2024-02-29T23:59:59.123456Z", "2023-02-29T23:59:59Z", "2026-10-01", "")
        ),
    ]
    native, plain, left = both_ways(spark, tmp_path, [text.encode() for text in lines], ONE_SCORE)
    assert (native - plain, plain - native) == (Counter(), Counter())
    assert len(left) < len(lines) / 2


def test_lines_are_found_wherever_a_file_is_split(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Random(7)
    lines = [line_of_scores(random).encode() for _ in range(200)]
    lines[20:20], lines[60:60] = [b"", b"\r", b"{"], [b"x" * 700_000]
    hour = tmp_path / "hour"
    (hour / "deeper").mkdir(parents=True)
    whole = b"\n".join(lines)
    (hour / "plain.jsonl").write_bytes(b"\xef\xbb\xbf" + whole)
    packed = gzip.compress(whole[:50_000]) + gzip.compress(whole[50_000:])
    (hour / "packed.jsonl.gz").write_bytes(packed)
    (hour / "deeper" / "ended.jsonl").write_bytes(whole + b"\n")
    for hidden in ("_started", ".plain.jsonl.crc", "empty.jsonl"):
        (hour / hidden).write_bytes(b"" if hidden.startswith("empty") else whole)
    monkeypatch.setattr(native_reader, "TASK_BYTES", 7_001)
    monkeypatch.setattr(native_reader, "OPEN_BYTES", 1)
    read = read_capture(spark, ONE_SCORE, {"main": Listing(spark).files(str(hour))})
    read.write(str(tmp_path / "rows"))
    written = spark.read.schema(WRITTEN_DDL).parquet(str(tmp_path / "rows"))
    rows = written.select("kind", "prediction_index", "source_object", "line").collect()
    counts = read.counts()["main"]
    assert (counts.lines, counts.records) == (3 * len(lines), 3 * 200)
    left = Counter(row["line"] for row in rows if row["kind"] == UNREAD)
    assert left == Counter({"": 3, "\r": 3, "{": 3, "x" * 700_000: 3})
    plain = spark.read.text(str(hour), lineSep="\n", recursiveFileLookup=True)
    names = {row[0] for row in plain.select("_metadata.file_path").distinct().collect()}
    assert {row["source_object"] for row in rows if row["kind"] == UNREAD} == names
    assert plain.count() == counts.lines


def test_a_task_reads_many_small_files_or_a_part_of_a_large_one(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, files, size in (("small", 60, 100), ("large", 1, 50_000)):
        (tmp_path / folder).mkdir()
        for number in range(files):
            (tmp_path / folder / f"{number}.jsonl").write_bytes(b"x" * size)
    monkeypatch.setattr(native_reader, "TASK_BYTES", 10_000)
    monkeypatch.setattr(native_reader, "OPEN_BYTES", 100)

    def tasks(folder: str) -> int:
        files = Listing(spark).files(str(tmp_path / folder))
        table = read_capture(spark, ONE_SCORE, {"main": files}).table
        return int(table._jdf.queryExecution().toRdd().getNumPartitions())

    assert tasks("small") == 2
    assert tasks("large") == 5


def test_a_path_within_lines_of_json_lines_is_left_to_the_plain_way() -> None:
    assert understands(ONE_SCORE.scores)
    assert not understands([ValueForm("application/jsonlines", path="a[*]")])


LABELS = ("1", "0", "1.0", "0e0", " 1", "", "NaN", "none", "2", "yes", "10", "-0", "ä")


def label_line(random: Random) -> bytes:
    """A record of one to three labels, in any form."""
    labels = [random.choice(LABELS) for _ in range(random.choice((1, 1, 2, 3)))]
    numbers = [random.choice((0, 1, 1.0, 0.5, -0.0)) for _ in labels]
    whole = Payload(JSON, json.dumps({"instances": [{"label": n} for n in numbers]}), "JSON")
    payload = random.choice((csv_labels(labels), csv_labels(labels), whole))
    return label_record(
        str(UUID(int=random.getrandbits(128), version=4)),
        payload.in_base64() if random.random() < 0.2 and payload is not whole else payload,
    ).encode()


@pytest.mark.parametrize(
    "negative",
    ["0", pytest.param("", marks=pytest.mark.long)],
    ids=["two labels", "any other is negative"],
)
def test_damaged_labels_become_the_same_rows_both_ways(
    spark: SparkSession, tmp_path: Path, negative: str
) -> None:
    random = Random(20261125)
    good = [label_line(random) for _ in range(300)]
    lines = [*good, *(damaged(random, random.choice(good), good) for _ in range(4_000))]
    hour = tmp_path / "ground_truth/2026/10/02/03"
    hour.mkdir(parents=True)
    (hour / "labels.jsonl").write_bytes(b"".join(text + b"\n" for text in lines))
    job = counting_job(tmp_path, negative_label=negative)
    folders, found, others = label_folders(spark, job), [], []
    for plain in (False, True):
        rows = label_rows(spark, replace(job, plain=plain), folders)
        assert rows is not None
        found.append(Counter(str(row) for row in rows.table.drop("uncounted", "others").collect()))
        others.append(rows.counts().others + count_others(rows.table))
    assert found[0].total() == len(lines)
    assert (found[0] - found[1], found[1] - found[0]) == (Counter(), Counter())
    assert others[0] == others[1]
    assert others[0].more
