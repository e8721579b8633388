"""The operator in Java gives what SQL gives, whatever the day and its labels look like."""

from __future__ import annotations

import ast
import json
import shutil
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow.parquet as pq
import pytest
from py4j.protocol import Py4JError
from pyspark.sql import functions as F

from ml_insights.capture_files import csv_labels, label_record, write_label_files
from ml_insights.errors import ContractError
from ml_insights.metrics.thresholds import ThresholdGrid
from ml_insights.spark import packing, repeated_events
from ml_insights.spark.confusion_counts import count_day
from ml_insights.spark.failures import spark_error
from ml_insights.spark.java_classes import native
from ml_insights.spark.label_rows import label_folders, label_rows
from ml_insights.spark.native_counts import _label_rows, _plan, _prediction_rows, _spec
from ml_insights.spark.repeated_events import spread
from ml_insights_tests.spark.compacted import quiet
from ml_insights_tests.spark.labelled import (
    LATER,
    NOON,
    counting_job,
    prediction,
    predictions_frame,
    publish,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import DataFrame, SparkSession

    from ml_insights.spark.arguments import ConfusionCountsArguments

pytestmark = pytest.mark.spark

GRID = ThresholdGrid()
VARIANTS = ("champion", "shadow", "Ω")
SLICES = [[11, ["EU"]], [-12, ["US"]], [13, ["(missing)"]]]
LONG = "long " * 20_000
TWINS = ("event 3801", "event 45680")
"""Two of one rank: their records are told apart by their ids alone."""


def event_name(number: int) -> str:
    """Ids of every kind: of no, few and more bytes than a block has, and of one rank."""
    special = {391: "", 392: "Ω", 393: LONG, 394: TWINS[0], 395: TWINS[1]}
    return special.get(number, f"event {number}")


def some_score(random: Random) -> float:
    """On an edge of the grid, beside it, tied, zero of either sign, or anywhere."""
    edge = GRID.threshold(random.randrange(GRID.size))
    beside = np.nextafter(edge, random.choice((0.0, 1.0))).item()
    return random.choice((edge, beside, 0.0, -0.0, 0.5, 1.0, random.random(), random.random() ** 9))


def some_day(random: Random, classes: tuple[str, ...]) -> list[dict[str, Any]]:
    """Events with one or several predictions, variants and classes; copies and contradictions."""
    rows = []
    for number in range(400):
        of = random.choice((1, 1, 1, 2, 3))
        for variant in random.sample(VARIANTS, random.choice((1, 1, 2, 3))):
            record = {
                "variant": variant,
                "slice_id": random.choice(SLICES)[0],
                "predictions_in_record": of,
                "captured_at": random.choice((NOON, LATER, None)),
                "amount": random.choice((None, 0, 1, 10**15, random.randrange(10**15))),
            }
            rows += [
                prediction(
                    event_name(number),
                    some_score(random),
                    class_label=name,
                    prediction_index=index,
                    **record,
                )
                for index in range(of)
                for name in classes or ("1",)
            ]
    copies = random.choices(rows, k=60)
    other = {
        "captured_at": NOON + timedelta(hours=3),
        "slice_id": 13,
        "score": 0.125,
        "predictions_in_record": 4,
        "amount": 2,
    }
    changed = [
        {**row, name: other[name]}
        for row in random.choices(rows, k=40)
        for name in random.sample([*other], 1)
    ]
    # Scores beside each other, most of them in one place of the grid.
    beside = np.nextafter([row["score"] for row in changed], 0.0)
    changed += [
        {**row, "score": score} for row, score in zip(changed, beside.tolist(), strict=True)
    ]
    every = [*rows, *copies, *changed, *random.choices(changed, k=20)]
    return random.sample(every, len(every))


def some_labels(random: Random, legal: tuple[str, ...]) -> list[tuple[Any, bytes]]:
    """Records of known and unknown events, several an event, in several objects and days."""
    lines = []
    for _ in range(700):
        event = event_name(random.randrange(500))
        values = random.choices([*legal, *legal, "", "wrong"], k=random.choice((1, 1, 1, 2, 3)))
        when = NOON + timedelta(hours=random.choice((0, 1, 2, 24, 25)))
        line = label_record(event, csv_labels(values)).encode()
        lines += [(when, line)] * random.choice((1, 1, 1, 2))
    return [*lines, (NOON, b"{broken"), (LATER, b""), (LATER, b"\xff{}")]


class Record(NamedTuple):
    """Of the shuffle: the part it goes to, and what its bytes begin with."""

    target: int
    event: bytes
    place: int
    rest: bytes


def number(block: bytes, at: int) -> tuple[int, int]:
    """The number that begins at a position, and the position behind it."""
    end = at + 1 + block[at]
    return int.from_bytes(block[at + 1 : end], "big"), end


def records_of(target: int, block: bytes) -> Iterator[Record]:
    at = 0
    while at < len(block) - 8:
        length, at = number(block, at)
        end, (size, event) = at + length, number(block, at)
        place, at = number(block, event + size)
        yield Record(target, block[event : event + size], place, block[at:end])
        at = end


def packed(
    spark: SparkSession,
    job: ConfusionCountsArguments,
    predictions: DataFrame,
    labels: DataFrame | None,
    **sizes: int,
) -> list[Record]:
    """What goes through the shuffle, read without the classes that read it."""
    spec = json.dumps({**_spec(spark, job, ["main"], 0), **sizes})
    context: Any = spark.sparkContext
    uncounted = context._jsc.sc().collectionAccumulator()
    plans = _plan(predictions), None if labels is None else _plan(labels)
    pairs = (
        native(spark, "ml_insights.EventCounting")
        .packed(*plans, spec, uncounted)
        .toJavaRDD()
        .collect()
    )
    return [
        record for pair in pairs for record in records_of(pair._1(), bytes(pair._2().getBinary(0)))
    ]


def told(spark: SparkSession, job: ConfusionCountsArguments) -> tuple[Any, ...]:
    """Report, bins, pairs and sample of rejected lines."""
    report = count_day(spark, job, quiet)
    tables = [
        Counter(str(row) for row in pq.read_table(f"{job.output}/{name}").to_pylist())
        for name in ("bins", *(["pairs"] if job.pairs_at >= 0 else []), "quarantine")
    ]
    shutil.rmtree(job.output)
    return (report, *tables)


def random_day(
    tmp_path: Path, classes: tuple[str, ...], seed: int
) -> tuple[ConfusionCountsArguments, list[dict[str, Any]]]:
    """A job whose day has every case, published with the day before; and the day's predictions."""
    random = Random(f"{classes} {seed}")
    job = counting_job(
        tmp_path,
        classes=classes,
        positive_label="" if classes else "1",
        negative_label="" if classes or seed else "0",
        slices=("region",),
        day=f"2026-10-0{random.choice((1, 2))}",
        earlier_predictions=(f"{tmp_path}/lake/before", f"{tmp_path}/lake/missing"),
        pairs_at=GRID.index_of(0.437),
        amounts=bool(seed),
    )
    day = some_day(random, classes)
    publish(job.predictions, day, slices=SLICES)
    before = [prediction(event_name(number), 0.5) for number in range(390, 480)]
    publish(job.earlier_predictions[0], [*before, *before[:5]])
    write_label_files(tmp_path / "ground_truth", some_labels(random, classes or ("1", "0")))
    return job, day


DIVIDED: dict[str, dict[str, int]] = {
    "as usual": {},
    "in many parts, a record a block": {"SMALLEST_PART": 10_000, "LARGEST_BLOCK": 1},
    "in many runs on disk": {"HELD_BYTES": 4_000, "LARGEST_BLOCK": 300, "HELD_EVENTS": 7},
}


@pytest.mark.parametrize("classes", [(), ("cat", "dog", "bird")], ids=["binary", "classes"])
@pytest.mark.parametrize("seed", range(2))
def test_both_ways_count_the_same_day_alike_however_it_is_divided(
    spark: SparkSession,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    classes: tuple[str, ...],
    seed: int,
) -> None:
    job, _ = random_day(tmp_path, classes, seed)
    plain_way = told(spark, replace(job, plain=True))
    for how, sizes in DIVIDED.items():
        with monkeypatch.context() as changed:
            for name, size in sizes.items():
                changed.setattr(packing, name, size)
            native_way = told(spark, job)
        assert native_way == plain_way, how
    labels, labelled = native_way[0]["labels"], native_way[0]["labelled"]
    # The day has every case, so that none is compared with nothing.
    empty = {name for name, number in labels.items() if not number}
    assert empty == (set() if classes or job.negative_label else {"illegal"})
    assert all(labelled[variant] for variant in VARIANTS)
    assert native_way[0]["labels_collected"]["known"] > 0
    rows: list[dict[str, Any]] = [ast.literal_eval(str(row)) for row in native_way[2]]
    paired = {row["slice"] for row in rows}
    assert paired == {"all", "region=EU", "region=US", "region=(missing)"}


@pytest.fixture
def everything_is_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeated_events, "FEWEST_ROWS", 0)
    monkeypatch.setattr(repeated_events, "SHARE", 1.0)
    monkeypatch.setattr(repeated_events, "OFTEN", 2)


@pytest.mark.usefixtures("everything_is_often")
@pytest.mark.parametrize(
    ("classes", "seed"), [((), 0), (("cat", "dog"), 1)], ids=["binary", "classes with amounts"]
)
def test_repeated_events_are_counted_as_all_others_are(
    spark: SparkSession, tmp_path: Path, classes: tuple[str, ...], seed: int
) -> None:
    job, day = random_day(tmp_path, classes, seed)
    frame = predictions_frame(spark, tmp_path, day)
    assert len(repeated_events.repeated_events(frame, len(day))) > 20
    native_way, plain_way = (told(spark, replace(job, plain=plain)) for plain in (False, True))
    assert native_way == plain_way
    assert native_way[0]["labels"]["ambiguous"] > 0


@pytest.mark.usefixtures("everything_is_often")
def test_no_task_gets_the_predictions_or_the_labels_of_a_repeated_event(
    spark: SparkSession, tmp_path: Path
) -> None:
    tasks, hot = 8, 8_000
    moments = [NOON + timedelta(seconds=number) for number in range(hot)]
    rows = [prediction("hot", 0.5, captured_at=moment) for moment in moments]
    rows += [prediction(f"own {number}", 0.5) for number in range(hot)]
    frame = predictions_frame(spark, tmp_path, [*rows, *rows[:4_000]])
    repeated = repeated_events.repeated_events(frame, len(rows))
    assert repeated == [b"hot"], "copies of a prediction, as of `own 0`, repeat no event"
    labelled = [("hot", "0"), ("few predictions", "1"), *((f"own {n}", "1") for n in range(hot))]
    lines = [label_record(event, csv_labels([label])).encode() for event, label in labelled]
    for name, when in (("a", NOON), ("b", NOON), ("a", LATER)):
        every = [line for line in lines[2:] for line in (line, *lines[:2], b"{broken")]
        write_label_files(tmp_path / "ground_truth", ((when, line) for line in every), name=name)
    job = counting_job(tmp_path, amounts=True)
    labels = label_rows(spark, job, label_folders(spark, job))
    assert labels is not None

    def in_tasks(rows: DataFrame) -> list[int]:
        held = rows.repartition(tasks, "event_id").groupBy(F.spark_partition_id()).count()
        return [int(row["count"]) for row in held.collect()]

    assert max(in_tasks(labels.table.select("event_id"))) > 6 * hot
    predictions = _prediction_rows(frame, job)
    assert max(in_tasks(predictions)) > hot
    apart = spread(predictions, repeated)
    met = packed(spark, job, apart, _label_rows(labels.table, job, repeated), targets=tasks)
    given = Counter(record.target for record in met)
    assert max(given.values()) < 1.2 * given.total() / tasks
    theirs = [record for record in met if record.event in (b"hot", b"few predictions")]
    records = [number(record.rest, 0)[0] for record in theirs if record.place >= 2**31 - 3]
    assert sum(records) == 6 * hot
    assert len(theirs) < 6 * hot / 100


def test_events_are_divided_evenly_and_no_event_is_in_two_parts(
    spark: SparkSession, tmp_path: Path
) -> None:
    events = [event_name(number) for number in range(2_000)]
    rows = [prediction(event, score) for event in events for score in (0.25, 0.5, 0.75)]
    job = counting_job(tmp_path)
    predictions = _prediction_rows(predictions_frame(spark, tmp_path, rows), job)
    met = packed(spark, job, predictions.repartition(3), None, targets=7, block_bytes=1_000)
    assert Counter(record.event for record in met) == Counter(row["event_id"] for row in rows)
    parts = {(record.event, record.target) for record in met}
    assert len(parts) == len(set(events))
    sizes = Counter(target for _, target in parts)
    assert set(sizes) == set(range(7))
    assert max(sizes.values()) < 1.3 * min(sizes.values())


def test_ids_that_share_a_rank_are_what_the_tests_say(spark: SparkSession) -> None:
    hashes = [F.xxhash64(F.lit(twin).cast("binary")) for twin in TWINS]
    ranks = spark.range(1).select(*(F.shiftright(value, 36) for value in hashes))
    assert len(set(ranks.collect()[0])) == 1


def test_nothing_stays_on_disk_when_a_task_fails_after_it_has_written_runs(
    spark: SparkSession, tmp_path: Path
) -> None:
    rows = [prediction(str(number), 0.5) for number in range(2_000)]
    job, context = counting_job(tmp_path), spark.sparkContext
    predictions = _prediction_rows(predictions_frame(spark, tmp_path, rows), job)
    sizes = {"targets": 1, "held_bytes": 9_000, "block_bytes": 1_000}
    good = {**_spec(spark, job, ["main"], 0), **sizes}
    broken = {name: value for name, value in good.items() if name != "pairs_at"}
    folder = Path(str(context.getConf().get("spark.local.dir")))
    for name, spec in (("good", good), ("broken", broken)):
        context.setJobGroup(name, "")
        java: Any = context._jsc.sc()
        operator = native(spark, "ml_insights.EventCounting")
        told = [java.collectionAccumulator() for _ in range(2)]
        counted = operator.over(_plan(predictions), None, json.dumps(spec), [], *told)
        if spec is good:
            assert counted.count() == 1
        else:
            with pytest.raises(Exception, match="NullPointer"):
                counted.count()
        assert spilled(spark, name) > 5_000
        assert not [*folder.rglob("temp_local_*")]


def spilled(spark: SparkSession, group: str) -> int:
    """Bytes on disk of sorts in the jobs of a group."""
    context: Any = spark.sparkContext
    context._jsc.sc().listenerBus().waitUntilEmpty()
    tracker, store = context.statusTracker(), context._jsc.sc().statusStore()
    jobs = map(tracker.getJobInfo, tracker.getJobIdsForGroup(group))
    stages = [stage for job in jobs for stage in job.stageIds]
    return sum(store.lastStageAttempt(stage).diskBytesSpilled() for stage in stages)


def test_few_predictions_are_not_searched_for_repeated_events(
    spark: SparkSession, tmp_path: Path
) -> None:
    rows = [prediction("hot", number / 9) for number in range(9)]
    frame = predictions_frame(spark, tmp_path, rows)
    assert repeated_events.repeated_events(frame, len(rows)) == []


def test_an_id_that_many_predictions_share_is_counted_in_little_memory(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More records and distinct bins than the operator holds, all of one event, in one task."""
    monkeypatch.setattr(packing, "HELD_BYTES", 500_000)
    job = counting_job(tmp_path)
    number = 70_000
    scores = [edge / number for edge in range(number)]
    publish(
        job.predictions,
        [
            prediction("hot", score, captured_at=NOON + timedelta(microseconds=n))
            for n, score in enumerate(scores)
        ],
    )
    write_label_files(
        tmp_path / "ground_truth", [(NOON, label_record("hot", csv_labels([1])).encode())] * 3
    )
    report = count_day(spark, job, quiet)
    bins = pq.read_table(f"{job.output}/bins").to_pylist()
    assert report["labels"]["ambiguous"] == 1
    assert {row["threshold_index"]: row["bin_unlabelled"] for row in bins} == Counter(
        map(GRID.index_of, scores)
    )


def test_amounts_beyond_64_bits_add_up_exactly(spark: SparkSession, tmp_path: Path) -> None:
    job = counting_job(tmp_path, amounts=True)
    number, amount = 20_000, 10**15 - 1
    publish(job.predictions, [prediction(str(n), 0.5, amount=amount) for n in range(number)])
    labels = [(NOON, label_record(str(n), csv_labels([1])).encode()) for n in range(number)]
    write_label_files(tmp_path / "ground_truth", labels)
    count_day(spark, job, quiet)
    (row,) = pq.read_table(f"{job.output}/bins").to_pylist()
    assert row["positives_with_amount"] == number
    assert row["amount_of_positives"] == number * amount > 2**63
    assert row["squares_of_positives"] == number * amount**2
    assert row["amount_of_negatives"] == row["squares_of_negatives"] == 0


def test_a_class_that_the_settings_do_not_name_stops_the_day(
    spark: SparkSession, tmp_path: Path
) -> None:
    job = counting_job(tmp_path)
    publish(job.predictions, [prediction("a", 0.5, class_label="other")])
    with pytest.raises(Py4JError) as caught:
        count_day(spark, job, quiet)
    error = spark_error(caught.value)
    assert isinstance(error, ContractError)
    assert not error.retryable
    assert str(error) == (
        "raw_predictions has a class_label that the settings do not name, other: materialize "
        "raw_predictions of the day again."
    )


def test_every_edge_of_the_grid_and_its_neighbours_are_placed_alike(
    spark: SparkSession, tmp_path: Path
) -> None:
    edges = [GRID.threshold(index) for index in range(GRID.size)]
    scores = {
        beside
        for edge in [*edges, 1.0]
        for beside in (edge, *(np.nextafter(edge, end).item() for end in (0.0, 1.0)))
    }
    job = counting_job(tmp_path)
    publish(job.predictions, [prediction(str(score), score) for score in scores])
    counted = []
    for plain in (False, True):
        count_day(spark, replace(job, plain=plain), quiet)
        rows = pq.read_table(f"{job.output}/bins").to_pylist()
        counted.append({row["threshold_index"]: row for row in rows})
    assert counted[0] == counted[1]
    found = {index: row["bin_unlabelled"] for index, row in counted[0].items()}
    assert found == Counter(map(GRID.index_of, scores))
