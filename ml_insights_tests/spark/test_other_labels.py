"""What labels say that the settings do not name is counted, whichever way lines are read."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from ml_insights.capture_files import csv_labels, json_labels, label_record, write_label_files
from ml_insights.spark import native_reader
from ml_insights.spark.confusion_counts import count_day
from ml_insights.spark.other_labels import MOST, OtherLabels
from ml_insights_tests.spark.compacted import quiet
from ml_insights_tests.spark.labelled import LATER, NOON, counting_job, prediction, publish

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

WRITTEN: dict[str | float, str] = {
    **{text: text for text in ("stayed", "Stayed", "Churned", "unknown", "Zürich", "true")},
    **dict.fromkeys((" stayed ", "stayed\t"), "stayed"),
    **dict.fromkeys((0, 0.0, "0", "-0", "0.0", "0e9"), "0"),
    **dict.fromkeys((1.5, "1.50", "15e-1", "+1.5"), "1.5"),
    **dict.fromkeys(("2e15", "2" + "0" * 15), "2.0E15"),
    "7" * 120 + "x": "7" * 100,
    "-999999999999999": "-999999999999999",
    "1e999": "Infinity",
    "0x1": "0x1",
}
"""What a label may say, and the text that it is counted as."""

WAYS = pytest.mark.parametrize(
    ("ways", "understood"),
    [({}, True), ({"max_files": 1}, True), ({"plain": True}, True), ({}, False)],
    ids=["native", "native in pieces", "plain", "read plainly, native"],
)


@WAYS
@pytest.mark.spark
def test_the_first_texts_are_counted_exactly_and_the_rest_together(
    spark: SparkSession,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ways: dict[str, Any],
    *,
    understood: bool,
) -> None:
    monkeypatch.setattr("ml_insights.spark.label_rows.understands", lambda _: understood)
    monkeypatch.setattr(native_reader, "TASK_BYTES", 20_000)
    monkeypatch.setattr(native_reader, "OPEN_BYTES", 1)
    random, told, lines = Random(20261129), Counter[str](), []
    for number in range(1_000):
        named = [random.choice(["churned", None]) for _ in range(random.choice((0, 0, 1)))]
        other = random.choices([*WRITTEN], k=random.choice((1, 1, 2)))
        labels = random.sample([*named, *other], len(named) + len(other))
        told.update(WRITTEN[label] for label in other)
        as_data = csv_labels if random.random() < 0.5 else json_labels
        line = label_record(f"event {number}", as_data(labels)).encode()
        lines.append((random.choice((NOON, LATER)), line))
    write_label_files(tmp_path / "ground_truth", [*lines, (NOON, b"{broken")])
    job = counting_job(tmp_path, positive_label="churned", negative_label="", **ways)
    publish(job.predictions, [prediction("a", 0.5, class_label="churned")])
    first = sorted(told)[:MOST]
    assert len(first) < len(told)
    kept = {text: told[text] for text in first}
    found = count_day(spark, job, quiet)["other_labels"]
    assert found == {"texts": kept, "more": told.total() - sum(kept.values())}


@pytest.mark.spark
def test_labels_that_the_settings_name_are_no_others(spark: SparkSession, tmp_path: Path) -> None:
    texts = ["1", "0", "1.0", "0e0", "", "nan", "null"]
    lines = [(NOON, label_record("a", csv_labels([*texts, "3"])).encode())]
    write_label_files(tmp_path / "ground_truth", lines)
    job = counting_job(tmp_path)
    publish(job.predictions, [prediction("a", 0.5)])
    found = count_day(spark, job, quiet)["other_labels"]
    assert found == {"texts": {"3": 1}, "more": 0}


def test_texts_that_fall_out_are_counted_with_the_rest_in_any_order() -> None:
    random = Random(20261129)
    said = [random.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(500)]
    parts = [OtherLabels({text: 1}) for text in said]
    halves = (sum(parts[:99], OtherLabels()), sum(parts[99:], OtherLabels()))
    forwards, backwards = sum(parts, OtherLabels()), sum(parts[::-1], OtherLabels())
    assert forwards == backwards == halves[0] + halves[1]
    assert forwards.texts == {text: said.count(text) for text in "abcdefghij"}
    assert sum(forwards.texts.values()) + forwards.more == 500
