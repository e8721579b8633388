"""Every label of the window is used or has a reason why not, and the numbers add up."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from pyspark.sql import functions as F

from ml_insights.spark.label_account import known_labels, label_account, match_labels
from ml_insights.spark.session import prepare
from ml_insights_tests.spark.labelled import (
    NOON,
    counting_job,
    label,
    labels_frame,
    prediction,
    predictions_frame,
    publish,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

VARIANTS = ["main", "shadow"]
TOMORROW = {"collected_on": "2026-10-02"}


def fates(
    spark: SparkSession,
    folder: Path,
    predictions: list[dict[str, Any]],
    labels: list[dict[str, Any]],
    **given: Any,
) -> dict[str, Any]:
    rows = predictions_frame(spark, folder, predictions)
    matched = match_labels(rows, labels_frame(spark, folder, labels), VARIANTS)
    return label_account(spark, counting_job(folder, **given), matched, VARIANTS)


def test_each_label_has_one_fate(spark: SparkSession, tmp_path: Path) -> None:
    def record_of(event_id: str, number: int) -> list[dict[str, Any]]:
        return [
            prediction(event_id, 0.5, prediction_index=index, predictions_in_record=number)
            for index in range(number)
        ]

    found = fates(
        spark,
        tmp_path,
        [*record_of("one", 1), *record_of("three", 3), *record_of("torn", 2), *record_of("two", 2)],
        [
            label("one", [1], entries=4),
            label("three", [0, None, -1], **TOMORROW),
            label("torn", None, entries=5, counting=4),
            label("two", [1, 0, 1]),
            label("unknown", [1, 0], entries=3),
        ],
    )
    assert found["labels"] == {
        "superseded": 3 + 1,
        "conflicting": 4,
        "not_of_the_day": 3,
        "ambiguous": 0,
        "wrong_length": 3,
        "missing": 1,
        "illegal": 1,
        "used": 2,
    }
    assert found["labels_collected"] == {"collected": 1 + 4 + 3 + 2, "known": 1 + 4 + 3}


def test_a_label_that_several_variants_or_copies_share_counts_once(
    spark: SparkSession, tmp_path: Path
) -> None:
    predictions = [
        prediction("shared", 0.1),
        prediction("shared", 0.2, variant="shadow"),
        prediction("shared", 0.1),
    ]
    found = fates(spark, tmp_path, predictions, [label("shared", [1])])
    assert (sum(found["labels"].values()), found["labels"]["used"]) == (1, 1)
    assert found["labelled"] == {"main": 1, "shadow": 1}
    assert found["labels_collected"] == {"collected": 1, "known": 1}


def test_a_label_for_an_id_that_different_predictions_share_is_not_used(
    spark: SparkSession, tmp_path: Path
) -> None:
    predictions = [
        prediction("0", 0.1),
        prediction("0", 0.9, variant="shadow"),
        prediction("0", 0.1, captured_at=NOON + timedelta(seconds=1)),
        prediction("1", 0.1),
        prediction("1", 0.2),
        prediction("2", 0.1),
    ]
    found = fates(spark, tmp_path, predictions, [label(name, [1]) for name in "012"])
    assert (found["labels"]["ambiguous"], found["labels"]["used"]) == (2, 1)
    assert found["labelled"] == {"main": 1, "shadow": 0}


def test_collected_labels_may_belong_to_predictions_of_the_days_before(
    spark: SparkSession, tmp_path: Path
) -> None:
    yesterday, before, unfinished, nowhere = (
        str(tmp_path / f"lake/dt=2026-09-{day}") for day in (30, 29, 28, 27)
    )
    publish(yesterday, [prediction("late", 0.5), prediction("late", 0.5), prediction("both", 0.1)])
    publish(before, [prediction("both", 0.1, variant="shadow")])
    publish(unfinished, [prediction("orphan", 0.5)], complete=False)
    found = fates(
        spark,
        tmp_path,
        [prediction("own", 0.5)],
        [
            label("own", [1]),
            label("late", [1, 0]),
            label("both", [0]),
            label("orphan", [0, 1, 1]),
            label("late too", [1], **TOMORROW),
        ],
        earlier_predictions=(yesterday, before, unfinished, nowhere),
    )
    assert found["labels_collected"] == {"collected": 7, "known": 4}
    assert found["earlier_days_missing"] == 2
    assert found["labels"]["not_of_the_day"] == 7


def test_an_id_that_the_days_before_have_very_often_is_met_by_several_tasks(
    spark: SparkSession,
) -> None:
    session = prepare(spark.newSession())
    for name in ("autoBroadcastJoinThreshold", "adaptive.autoBroadcastJoinThreshold"):
        session.conf.set(f"spark.sql.{name}", "-1")
    for name in ("skewJoin.skewedPartitionThresholdInBytes", "advisoryPartitionSizeInBytes"):
        session.conf.set(f"spark.sql.adaptive.{name}", "100b")
    number, hot = F.col("id").cast("string").cast("binary"), F.lit(b"hot")
    ids = session.range(0, 40_000, 1, 8).select(
        F.when(F.col("id") < 39_000, hot).otherwise(number).alias("event_id")
    )
    asked = session.range(38_999, 39_002).select(
        F.when(F.col("id") < 39_000, hot).otherwise(number).alias("event_id"),
        F.col("id").alias("counting"),
    )
    known = known_labels(ids, asked)
    assert {row["counting"] for row in known.collect()} == {38_999, 39_000, 39_001}
    plan: str = known._jdf.queryExecution().executedPlan().toString()
    assert "skew=true" in plan


def test_without_labels_everything_is_zero(spark: SparkSession, tmp_path: Path) -> None:
    found = fates(spark, tmp_path, [prediction("one", 0.5)], [])
    assert set(found["labels"].values()) == {0}
    assert found["labels_collected"] == {"collected": 0, "known": 0}


def test_fates_add_up_to_the_labels_read(spark: SparkSession, tmp_path: Path) -> None:
    random = Random(20261001)
    predictions = [
        prediction(
            f"event {random.randrange(60)}",
            0.5,
            prediction_index=random.randrange(3),
            predictions_in_record=random.randrange(1, 4),
            variant=random.choice(("main", "shadow")),
        )
        for _ in range(150)
    ]
    labels = []
    for number in range(0, 90, 2):
        codes = [random.choice((0, 1, -1, None)) for _ in range(random.randrange(1, 4))]
        torn = random.random() < 0.2
        counting = random.randrange(2, 6) if torn else len(codes)
        labels.append(
            label(
                f"event {number}",
                None if torn else codes,
                counting=counting,
                entries=counting + random.randrange(3),
                collected_on=random.choice(("2026-10-01", "2026-10-02")),
            )
        )
    found = fates(spark, tmp_path, predictions, labels)
    items = found["labels"]
    assert sum(items.values()) == sum(row["entries"] for row in labels)
    assert min(items.values()) > 0
