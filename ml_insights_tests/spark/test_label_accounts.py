"""A label that gets lost on its way to the counts opens an account, whichever way it was read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from pyspark.sql import functions as F

from ml_insights.balance import record_balance_table, remainders
from ml_insights.capture_counts import CaptureCounts
from ml_insights.capture_files import csv_labels, label_record, write_label_files
from ml_insights.spark import confusion_counts
from ml_insights.spark.confusion_counts import count_day
from ml_insights.spark.label_rows import label_folders, label_rows
from ml_insights_tests.spark.compacted import quiet
from ml_insights_tests.spark.labelled import LATER, NOON, counting_job, prediction, publish

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

BINS = [
    *((name, pa.string()) for name in ("variant", "slice")),
    *((name, pa.int64()) for name in ("bin_positives", "bin_negatives", "bin_unlabelled")),
]


@pytest.mark.parametrize(
    ("ways", "understood", "left"),
    [
        pytest.param({}, True, 3, marks=pytest.mark.long),
        ({"max_files": 1}, True, 3),
        pytest.param({"plain": True}, True, 0, marks=pytest.mark.long),
        ({"plain": True, "max_files": 1}, True, 0),
        ({}, False, 0),
    ],
    ids=["native", "native in pieces", "plain", "plain in pieces", "read plainly, native"],
)
def test_a_label_line_that_is_lost_before_it_is_counted_opens_the_accounts(
    spark: SparkSession,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ways: dict[str, Any],
    left: int,
    *,
    understood: bool,
) -> None:
    monkeypatch.setattr("ml_insights.spark.label_rows.understands", lambda _: understood)
    job = counting_job(tmp_path, **ways)
    publish(job.predictions, [prediction(name, 0.5) for name in ("a", "b", "c")])
    escaped = label_record("c", csv_labels([1])).replace('"c"', '"\\u0063"')
    texts = [label_record("a", csv_labels([1])), label_record("b", csv_labels([0, 1])), escaped]
    lines = [(when, text.encode()) for when in (NOON, LATER) for text in texts]
    write_label_files(tmp_path / "ground_truth", [*lines, (NOON, b"{broken")])
    rows = label_rows(spark, job, label_folders(spark, job))
    assert rows is not None
    assert rows.table.where("uncounted").count() == left, "the reader leaves what has an escape"
    assert open_accounts(count_day(spark, job, quiet)) == {}

    def losing(*given: Any) -> Any:
        rows = label_rows(*given)
        assert rows is not None
        return replace(rows, table=rows.table.where(~lost))

    monkeypatch.setattr(confusion_counts, "label_rows", losing)
    lost = F.coalesce(F.col("event_id") == F.lit("b").cast("binary"), F.lit(False))
    found = count_day(spark, job, quiet)
    assert found["label_lines"]["label_lines_read"] == 7
    assert open_accounts(found) == {("label_lines", None): 2, ("labels", None): 4}
    lost = F.col("reason").isNotNull()
    assert open_accounts(count_day(spark, job, quiet)) == {("label_lines", None): 1}


def open_accounts(report: dict[str, Any]) -> dict[tuple[str, str | None], int]:
    """What is left of the accounts of labels."""
    nothing = CaptureCounts(0, 0, (), "", {}, {})
    bins = pa.table({name: pa.array([], kind) for name, kind in BINS})
    return remainders(record_balance_table(nothing, bins, {**report, "duplicates": {}}, 1))
