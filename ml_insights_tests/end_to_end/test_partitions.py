"""However Spark splits the work, every published table is the same to the byte, money included."""

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
from ml_insights.contracts import ALL_RECORDS, MODEL_QUALITY, RAW_PREDICTIONS, TABLES
from ml_insights.daily_runs import run_day
from ml_insights.decisions.comparison_tables import JOINT_COUNTS, VARIANT_COMPARISON
from ml_insights.decisions.comparisons import SAME_EVENTS
from ml_insights.decisions.money_tables import AMOUNT_COUNTS, THRESHOLD_CHOICE
from ml_insights.decisions.tables import DECISION_TABLES
from ml_insights_tests.installation import Installation, install

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.usefixtures("nothing_drawn")

ENDPOINT = "shop"
VARIANTS = ("champion", "challenger")
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
    shared_events: true
    slices:
      - {{{{name: region, content_type: text/csv, index: 0}}}}
    business:
      currency: EUR
      true_positive: 10
      false_positive: -1
      false_negative: 0
      true_negative: 0
      capacity: 50
      amount:
        {{{{content_type: text/csv, index: 1, true_positive: 1, false_negative: -0.5}}}}
"""
OF_THE_RUN = ("run_id", "manifest_digest")
"""Columns that name the run, not what it found."""


def write_days(folder: Path) -> dict[tuple[str, date], float]:
    """Two variants with two regions; some labels and amounts are missing, some records come twice.

    Returns:
        What the labelled records with an amount are worth at 0.5, by variant and day.
    """
    random = Random(5)
    lines: dict[str, list[tuple[datetime, bytes]]] = {variant: [] for variant in VARIANTS}
    labels: list[tuple[datetime, bytes]] = []
    money: dict[tuple[str, date], float] = {}
    for number in range(RECORDS * len(DAYS)):
        start = datetime.combine(DAYS[number // RECORDS], datetime.min.time(), UTC)
        moment = start + timedelta(days=(number % RECORDS) / RECORDS)
        # Of one event in three both know.
        for scored_by in [VARIANTS] if number % 3 == 0 else [(variant,) for variant in VARIANTS]:
            event_id, level = f"{'+'.join(scored_by)}-{number}", random.random()
            amount = random.choice((f"{random.random() * 100:.2f}", "x", "", "-1", "7"))
            request = csv_request([[random.choice(("EU", "US")), amount]])
            positive, labelled = random.random() < level, random.random() < 0.9
            if labelled:
                truth = csv_labels([int(positive)])
                labels.append((moment, label_record(event_id, truth).encode()))
            for variant in scored_by:
                score = min(level, random.random() + 0.5)
                line = capture_record(
                    event_id=event_id, time=moment, request=request, response=csv_response([score])
                ).encode()
                lines[variant] += [(moment, line)] * random.choice((1, 1, 1, 2))
                if labelled and amount not in ("x", "", "-1"):
                    key = variant, moment.date()
                    money[key] = money.get(key, 0.0) + worth(positive, score >= 0.5, float(amount))
    for variant, own in lines.items():
        write_capture_files(folder / "capture" / ENDPOINT / variant, own)
    write_label_files(folder / "labels", labels)
    return money


def worth(positive: bool, acted: bool, amount: float) -> float:
    """Money of a record, as the settings say."""
    if positive:
        return 10 + amount if acted else -0.5 * amount
    return -1.0 if acted else 0.0


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
    beside = {table.name: table for table in (AMOUNT_COUNTS, JOINT_COUNTS)}
    tables = {**TABLES, **DECISION_TABLES, **beside}
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


def computed(
    folder: Path, spark: SparkSession, instance: dg.DagsterInstance, partitions: int
) -> Installation:
    """Two days with so many partitions."""
    installation = install(folder, SETTINGS.format(partitions=partitions), instance)
    with split_into(spark, partitions):
        for day in DAYS:
            run_day(installation.definitions, instance, ENDPOINT, day)
    return installation


def values(installation: Installation) -> dict[tuple[str, date], float]:
    """Published money at the operating threshold, of all records."""
    return {
        (row["variant"], day): row["operating_value"]
        for day in DAYS
        for row in installation.lake.read(ENDPOINT, THRESHOLD_CHOICE, day).to_pylist()
        if row["slice"] == ALL_RECORDS
    }


def slices_judged_on_shared_events(installation: Installation) -> set[str]:
    """Slices whose variants are compared on the events that both scored, on every day."""
    return set.intersection(
        *(
            {
                row["slice"]
                for row in installation.lake.read(ENDPOINT, VARIANT_COMPARISON, day).to_pylist()
                if row["comparison"] == SAME_EVENTS
                and row["verdict"]
                and row["p_value"] is not None
            }
            for day in DAYS
        )
    )


@pytest.mark.parametrize("numbers", [(7,), pytest.param((41, 200), marks=pytest.mark.long)])
def test_every_table_is_the_same_for_one_partition_and_for_many(
    tmp_path: Path, spark: SparkSession, instance: dg.DagsterInstance, numbers: tuple[int, ...]
) -> None:
    money = write_days(tmp_path)
    first = computed(tmp_path, spark, instance, 1)
    assert values(first) == pytest.approx(money)
    one = published(first)
    names = {name for name, _ in one}
    assert {table.name for table in DECISION_TABLES.values()} <= names
    assert {MODEL_QUALITY.name, "confusion_counts", "precision_recall", "record_balance"} <= names
    assert {AMOUNT_COUNTS.name, JOINT_COUNTS.name} <= names
    assert slices_judged_on_shared_events(first) == {"all", "region=EU", "region=US"}
    for partitions in numbers:
        many = published(computed(tmp_path, spark, instance, partitions))
        assert many.keys() == one.keys()
        assert [at for at, content in one.items() if many[at] != content] == []
