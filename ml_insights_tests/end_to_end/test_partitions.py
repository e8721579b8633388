"""However Spark splits the work, every published table is the same to the byte."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from ml_insights.capture_files import (
    capture_record,
    csv_labels,
    csv_request,
    csv_response,
    label_record,
    write_capture_files,
    write_label_files,
)
from ml_insights.contracts import MODEL_QUALITY, RAW_PREDICTIONS, TABLES
from ml_insights.daily_runs import run_day
from ml_insights.decisions.tables import DECISION_TABLES
from ml_insights_tests.installation import Installation, install

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.usefixtures("nothing_drawn")

ENDPOINT = "shop"
FIRST = date(2026, 10, 1)
DAYS = (FIRST, FIRST + timedelta(days=1))
RECORDS = 150
"""A day and variant."""
SETTINGS = f"""\
lake: ./lake-{{partitions}}
bootstrap_replicates: 200
endpoints:
  {ENDPOINT}:
    data_capture: ./capture
    ground_truth: ./labels
    start_date: {FIRST}
    score: {{{{content_type: text/csv, index: 0}}}}
    positive_label: "1"
    operating_threshold: 0.5
    slices:
      - {{{{name: region, content_type: text/csv, index: 0}}}}
    business:
      currency: EUR
      true_positive: 10
      false_positive: -1
      false_negative: 0
      true_negative: 0
      capacity: 50
"""
OF_THE_RUN = ("run_id", "manifest_digest")
"""Columns that name the run, not what it found."""


def write_days(folder: Path) -> None:
    """Two variants with two regions; some labels are missing, some records come twice."""
    random = Random(5)
    labels = []
    for variant in ("champion", "challenger"):
        lines = []
        for number in range(RECORDS * len(DAYS)):
            start = datetime.combine(DAYS[number // RECORDS], datetime.min.time(), UTC)
            moment = start + timedelta(days=(number % RECORDS) / RECORDS)
            event_id, score = f"{variant}-{number}", random.random()
            line = capture_record(
                event_id=event_id,
                time=moment,
                request=csv_request([[random.choice(("EU", "US"))]]),
                response=csv_response([score]),
            ).encode()
            lines += [(moment, line)] * random.choice((1, 1, 1, 2))
            if random.random() < 0.9:
                truth = csv_labels([int(random.random() < score)])
                labels.append((moment, label_record(event_id, truth).encode()))
        write_capture_files(folder / "capture" / ENDPOINT / variant, lines)
    write_label_files(folder / "labels", labels)


@contextmanager
def split_into(spark: SparkSession, partitions: int) -> Iterator[None]:
    """That many partitions, which Spark does not put together again."""
    wanted = {
        "spark.sql.shuffle.partitions": str(partitions),
        "spark.sql.adaptive.coalescePartitions.enabled": "false",
    }
    before = {name: str(spark.conf.get(name)) for name in wanted}
    for name, value in wanted.items():
        spark.conf.set(name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            spark.conf.set(name, value)


def published(installation: Installation) -> dict[tuple[str, date], object]:
    """Bytes of every table and day; of those that name their run, the rows without its name."""
    found: dict[tuple[str, date], object] = {}
    tables = {**TABLES, **DECISION_TABLES}
    for table in (table for name, table in tables.items() if name != RAW_PREDICTIONS.name):
        for day in installation.lake.days(ENDPOINT, table):
            rows = installation.lake.read(ENDPOINT, table, day)
            named = [name for name in OF_THE_RUN if name in rows.column_names]
            found[table.name, day] = (
                rows.drop_columns(named).to_pylist()
                if named
                else installation.partition_bytes(ENDPOINT, table.name, day)
            )
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("partitions")
    write_days(folder)
    return folder


def computed(
    folder: Path, spark: SparkSession, instance: dg.DagsterInstance, partitions: int
) -> dict[tuple[str, date], object]:
    """Everything that two days publish with so many partitions."""
    installation = install(folder, SETTINGS.format(partitions=partitions), instance)
    with split_into(spark, partitions):
        for day in DAYS:
            run_day(installation.definitions, instance, ENDPOINT, day)
    return published(installation)


def test_every_table_is_the_same_for_1_7_and_200_partitions(
    folder: Path, spark: SparkSession, instance: dg.DagsterInstance
) -> None:
    one = computed(folder, spark, instance, 1)
    names = {name for name, _ in one}
    assert {table.name for table in DECISION_TABLES.values()} <= names
    assert {MODEL_QUALITY.name, "confusion_counts", "precision_recall", "record_balance"} <= names
    for partitions in (7, 200):
        other = computed(folder, spark, instance, partitions)
        assert other.keys() == one.keys()
        assert [at for at, content in one.items() if other[at] != content] == []
