"""What the operator in Java shuffles, also of events that come again and again, and spills."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from pyspark.sql import functions as F

from ml_insights.capture_files import csv_labels, label_record, write_label_files
from ml_insights.spark import repeated_events
from ml_insights.spark.java_classes import native
from ml_insights.spark.label_rows import label_folders, label_rows
from ml_insights.spark.native_counts import _label_rows, _plan, _prediction_rows, _spec
from ml_insights.spark.repeated_events import spread
from ml_insights_tests.spark.labelled import (
    LATER,
    NOON,
    counting_job,
    prediction,
    predictions_frame,
)
from ml_insights_tests.spark.random_day import TWINS, event_name, random_day, told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import DataFrame, SparkSession

    from ml_insights.spark.arguments import ConfusionCountsArguments

pytestmark = pytest.mark.spark


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


@pytest.fixture
def everything_is_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeated_events, "FEWEST_ROWS", 0)
    monkeypatch.setattr(repeated_events, "SHARE", 1.0)
    monkeypatch.setattr(repeated_events, "OFTEN", 2)


@pytest.mark.usefixtures("everything_is_often")
@pytest.mark.parametrize(
    ("classes", "seed"),
    [pytest.param((), 0, marks=pytest.mark.long), (("cat", "dog"), 1)],
    ids=["binary", "classes with amounts"],
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
