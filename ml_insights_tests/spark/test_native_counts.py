"""The operator in Java gives what SQL gives, whatever the day and its labels look like."""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from py4j.protocol import Py4JError

from ml_insights.capture_files import csv_labels, label_record, write_label_files
from ml_insights.errors import ContractError
from ml_insights.spark import packing
from ml_insights.spark.confusion_counts import count_day
from ml_insights.spark.failures import spark_error
from ml_insights_tests.spark.compacted import quiet
from ml_insights_tests.spark.labelled import (
    NOON,
    counting_job,
    prediction,
    publish,
)
from ml_insights_tests.spark.random_day import GRID, VARIANTS, random_day, told

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark


CLASSES = ("cat", "dog", "bird")
DIVIDED: dict[str, dict[str, int]] = {
    "as usual": {},
    "in many parts, a record a block": {"SMALLEST_PART": 10_000, "LARGEST_BLOCK": 1},
    "in many runs on disk": {"HELD_BYTES": 4_000, "LARGEST_BLOCK": 300, "HELD_EVENTS": 7},
}


@pytest.mark.parametrize(
    ("classes", "seed"),
    [
        ((), 0),
        (CLASSES, 1),
        pytest.param((), 1, marks=pytest.mark.long),
        pytest.param(CLASSES, 0, marks=pytest.mark.long),
    ],
    ids=["binary", "classes", "binary, another day", "classes, another day"],
)
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
