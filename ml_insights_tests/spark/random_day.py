"""A random day to count, with every case that labels and predictions have.

What belongs here: the day, its labels, and what counting it tells. What does not: what is expected.
"""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq

from ml_insights.capture_files import csv_labels, label_record, write_label_files
from ml_insights.metrics.thresholds import ThresholdGrid
from ml_insights.spark.confusion_counts import count_day
from ml_insights_tests.spark.compacted import quiet
from ml_insights_tests.spark.labelled import (
    LATER,
    NOON,
    counting_job,
    prediction,
    publish,
)

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from ml_insights.spark.arguments import ConfusionCountsArguments

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
