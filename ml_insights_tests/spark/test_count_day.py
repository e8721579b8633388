"""The counting step as a whole: a published day and its labels in, bins and a report out."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from ml_insights.capture_files import (
    capture_record,
    csv_labels,
    csv_response,
    label_record,
    write_capture_files,
    write_label_files,
)
from ml_insights.errors import ContractError, MissingInputError
from ml_insights.metrics.thresholds import ThresholdGrid
from ml_insights.spark.arguments import CSV, AmountFeature, ValueForm
from ml_insights.spark.confusion_counts import BIN_COUNTS, count_day
from ml_insights.spark.raw_predictions import compact_day
from ml_insights_tests.spark.captured import ONE_SCORE
from ml_insights_tests.spark.compacted import compacting_job, quiet
from ml_insights_tests.spark.labelled import LATER, NOON, counting_job, prediction, publish

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark


def test_sagemakers_own_merged_record_gives_334_pairs(
    spark: SparkSession, tmp_path: Path, real_data: Path
) -> None:
    merged = json.loads((real_data / "capture/endpoint_merged_json.json").read_text())
    truth = {"eventId": merged["eventMetadata"]["inferenceId"]}
    write_capture_files(
        tmp_path / "capture/shop/main",
        [(NOON, json.dumps({**merged, "groundTruthData": None}).encode())] * 2,
    )
    write_label_files(
        tmp_path / "ground_truth",
        [
            (NOON, json.dumps({**merged, "eventMetadata": truth}).encode()),
            (LATER, label_record("unknown", csv_labels([1])).encode()),
            (LATER, b"{broken"),
        ],
    )
    job = counting_job(tmp_path)
    amount = AmountFeature(ValueForm(CSV, index=0), decimals=3)
    capture = replace(ONE_SCORE, positive_label=job.positive_label, amount=amount)
    compact_day(spark, compacting_job(tmp_path, capture=capture), quiet)
    reports: list[str] = []
    report = count_day(spark, replace(job, slices=("age", "region")), reports.append)
    bins = pq.read_table(tmp_path / "counted/bins")
    everything = bins.filter(pc.equal(bins["slice"], "all"))
    totals = {name: pc.sum(everything[name]).as_py() for name in BIN_COUNTS}
    assert totals | {"bin_offsets": None} == {
        "bin_positives": 242,
        "bin_negatives": 92,
        "bin_unlabelled": 0,
        "bin_duplicates": 334,
        "bin_offsets": None,
    }
    assert set(bins["slice"].to_pylist()) == {"all", "age=(missing)", "region=(missing)"}
    assert report["label_lines"] == {"label_lines_read": 3, "label_records": 2, "malformed_json": 1}
    assert report["labels"]["labels_read"] == 335
    assert (report["labels"]["used"], report["labels"]["not_of_the_day"]) == (334, 1)
    assert report["labels_collected"] == {"collected": 335, "known": 334}
    assert report["amounts"] == "text/csv column 0, 3 decimals"
    assert report["ground_truth"]["files"] == 2
    assert pq.read_table(tmp_path / "counted/quarantine").num_rows == 1
    assert report["labelled"] == {"main": 334}
    read_as = {name: report["meaning"][name] for name in ("score of text/csv", "negative_label")}
    assert read_as == {"score of text/csv": "every column", "negative_label": "0"}
    assert reports == [
        "labels read: 3 lines in the label window",
        "labels matched: 334 used",
        "bins counted",
    ]


def test_a_day_without_any_label_is_counted_unlabelled(spark: SparkSession, tmp_path: Path) -> None:
    job = counting_job(tmp_path)
    publish(job.predictions, [prediction("a", 0.25), prediction("b", 0.25)])
    report = count_day(spark, job, quiet)
    (row,) = pq.read_table(tmp_path / "counted/bins").to_pylist()
    assert (row["threshold_index"], row["bin_unlabelled"]) == (ThresholdGrid().index_of(0.25), 2)
    assert (report["label_lines"], report["labels_as_of"]) == ({"label_lines_read": 0}, None)
    assert report["manifest_digest"] == "of the captures"


def test_labels_that_are_all_unusable_are_a_day_without_labels(
    spark: SparkSession, tmp_path: Path
) -> None:
    job = counting_job(tmp_path)
    publish(job.predictions, [prediction("a", 0.25)])
    write_label_files(tmp_path / "ground_truth", [(NOON, b"{broken"), (LATER, b"")])
    report = count_day(spark, job, quiet)
    assert report["label_lines"] == {
        "label_lines_read": 2,
        "label_records": 0,
        "malformed_json": 1,
        "empty_line": 1,
    }
    assert set(report["labels"].values()) == {0}
    assert report["labels_as_of"] is None


def test_labels_not_of_the_day_alone_are_counted_and_date_the_window(
    spark: SparkSession, tmp_path: Path
) -> None:
    job = counting_job(tmp_path)
    publish(job.predictions, [prediction("a", 0.25)])
    tomorrow = NOON + timedelta(days=1)
    lines = [(tomorrow, label_record(name, csv_labels([1, 0])).encode()) for name in ("b", "c")]
    write_label_files(tmp_path / "ground_truth", [*lines, lines[0]])
    report = count_day(spark, job, quiet)
    assert report["labels"]["labels_read"] == report["labels"]["not_of_the_day"] == 6
    assert report["labels_collected"] == {"collected": 0, "known": 0}
    assert report["labels_as_of"] is not None


def test_predictions_that_are_not_there_are_refused(spark: SparkSession, tmp_path: Path) -> None:
    job = counting_job(tmp_path)
    with pytest.raises(MissingInputError, match=r"is not published. Materialize raw_predictions"):
        count_day(spark, job, quiet)
    publish(job.predictions, [], variants={"main": {"lines_read": 1}})
    with pytest.raises(MissingInputError, match=r"no usable prediction: .* says why lines"):
        count_day(spark, job, quiet)


@pytest.mark.parametrize("plain", [False, True], ids=["native", "plain"])
def test_a_day_of_empty_files_is_refused_as_such_whichever_way_it_was_read(
    spark: SparkSession, tmp_path: Path, *, plain: bool
) -> None:
    hour = tmp_path / "capture/shop/main/2026/10/01/12"
    hour.mkdir(parents=True)
    (hour / "empty.jsonl").write_bytes(b"")
    manifest = compact_day(spark, compacting_job(tmp_path, plain=plain), quiet)
    (unit,) = manifest["units"]
    assert (unit["files"], unit["rows"], unit["newest"]) == (1, 0, None)
    with pytest.raises(MissingInputError, match=r"no prediction: the captured files .* all empty"):
        count_day(spark, counting_job(tmp_path), quiet)


def test_an_unfinished_day_is_refused(spark: SparkSession, tmp_path: Path) -> None:
    job = counting_job(tmp_path)
    publish(job.predictions, [prediction("a", 0.5)], complete=False)
    with pytest.raises(MissingInputError, match=r"not published: only 1 of its units .* continues"):
        count_day(spark, job, quiet)


def test_too_many_slices_are_refused_with_the_feature_to_blame(
    spark: SparkSession, tmp_path: Path
) -> None:
    job = counting_job(tmp_path, slices=("region", "customer"), max_slices=20)
    values = [[number, ["EU", f"customer {number}"]] for number in range(20)]
    publish(job.predictions, [prediction("a", 0.5)], slices=values)
    with pytest.raises(ContractError, match="22 slices, more than max_slices = 20; 'customer'"):
        count_day(spark, job, quiet)


def test_too_many_slices_of_a_cross_are_blamed_on_the_cross(
    spark: SparkSession, tmp_path: Path
) -> None:
    crosses = (("region", "sex"), ("region", "age"))
    job = counting_job(tmp_path, slices=("region", "sex", "age"), crosses=crosses, max_slices=20)
    combinations = itertools.product(("EU", "US"), ("F", "M"), map(str, range(7)))
    values = [[number, [*own]] for number, own in enumerate(combinations)]
    publish(job.predictions, [prediction("a", 0.5)], slices=values)
    blamed = "'region' x 'age' alone makes 14. Leave the cross out, give its features `edges`"
    with pytest.raises(ContractError, match=blamed):
        count_day(spark, job, quiet)


NAMED = ("age", "region")


@pytest.mark.parametrize(
    ("slices", "crosses"),
    [
        (("region", "age"), ()),
        (("age", "region", "sex"), (("region", "sex"),)),
        (("age",), ()),
        ((), ()),
    ],
    ids=["reordered", "added", "removed", "all removed"],
)
def test_slices_of_other_settings_than_the_predictions_were_read_with_are_refused(
    spark: SparkSession,
    tmp_path: Path,
    slices: tuple[str, ...],
    crosses: tuple[tuple[str, ...], ...],
) -> None:
    line = capture_record(event_id="a", time=NOON, request=None, response=csv_response([0.5]))
    write_capture_files(tmp_path / "capture/shop/main", [(NOON, line.encode())])
    job = counting_job(tmp_path, slices=NAMED)
    compacting = compacting_job(tmp_path, capture=replace(ONE_SCORE, positive_label="1"))
    compact_day(spark, compacting, quiet)
    assert count_day(spark, job, quiet)["labelled"] == {"main": 0}
    changed = replace(job, slices=slices, crosses=crosses)
    with pytest.raises(
        ContractError, match=r"settings changed since raw_predictions of 2026-10-01"
    ):
        count_day(spark, changed, quiet)


def test_of_a_manifest_without_names_the_number_of_slices_is_compared(
    spark: SparkSession, tmp_path: Path
) -> None:
    job = counting_job(tmp_path, slices=NAMED)
    publish(job.predictions, [prediction("a", 0.5)], slices=[[0, ["<30", "EU"]]])
    count_day(spark, job, quiet)
    with pytest.raises(ContractError, match=r"the slices of the settings changed"):
        count_day(spark, replace(job, slices=(*NAMED, "sex")), quiet)


def test_slice_values_with_the_same_hash_are_refused(spark: SparkSession, tmp_path: Path) -> None:
    job = counting_job(tmp_path, slices=("region",))
    publish(job.predictions, [prediction("a", 0.5)], slices=[[1, ["EU"]], [1, ["US"]]])
    with pytest.raises(ContractError, match=r"'EU'.*'US'.*same hash 1"):
        count_day(spark, job, quiet)
