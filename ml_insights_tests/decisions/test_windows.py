"""Windows: days add up to the counts of all their records, whatever the order."""

from __future__ import annotations

import functools
import operator
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from ml_insights.contracts import CONFUSION_COUNTS, RECORD_BALANCE
from ml_insights.decisions.rollups import window_quality_table
from ml_insights.decisions.tables import WINDOW_QUALITY
from ml_insights.decisions.windows import days_before, required_days, window_counts
from ml_insights.errors import ContractError, MissingInputError
from ml_insights.lake import Lake
from ml_insights.metrics.thresholds import ThresholdGrid
from ml_insights_tests.decisions.published import (
    CHAMPION,
    ENDPOINT,
    FIRST_DAY,
    GRID,
    drawn,
    many_days,
    publish,
)
from ml_insights_tests.metrics.cases import columns


def test_a_window_holds_the_records_of_its_days(tmp_path: Path) -> None:
    lake, history = many_days(tmp_path, 5)
    days = list(history)[1:4]
    found = window_counts(lake, ENDPOINT, GRID, days)
    assert found.keys() == history[FIRST_DAY].keys()
    for curve, bins in found.items():
        whole = functools.reduce(operator.add, (history[day][curve] for day in days))
        for name in ("threshold_index", "positives", "negatives", "unlabelled"):
            assert columns(bins)[name] == columns(whole)[name]


def test_the_same_days_in_any_order_give_the_same_bits(tmp_path: Path) -> None:
    lake, history = many_days(tmp_path, 4)
    days = list(history)
    one, other = (window_counts(lake, ENDPOINT, GRID, order) for order in (days, days[::-1]))
    for curve, bins in one.items():
        assert columns(bins) == columns(other[curve])


def test_slices_and_variants_are_chosen(tmp_path: Path) -> None:
    lake, history = many_days(tmp_path, 2)
    found = window_counts(
        lake, ENDPOINT, GRID, list(history), slices=["region=EU"], variants=["champion"]
    )
    assert [(curve.variant, curve.slice) for curve in found] == [("champion", "region=EU")]
    assert window_counts(lake, ENDPOINT, GRID, list(history), slices=["region=XX"]) == {}
    assert window_counts(lake, ENDPOINT, GRID, []) == {}


def test_days_before_are_the_published_ones(tmp_path: Path) -> None:
    lake, history = many_days(tmp_path, 5)
    gap = FIRST_DAY + timedelta(days=2)
    (Path(lake.partition(ENDPOINT, "confusion_counts", gap)) / "confusion_counts.parquet").unlink()
    found = days_before(lake, ENDPOINT, FIRST_DAY + timedelta(days=4), 3)
    assert found == [FIRST_DAY + timedelta(days=n) for n in (1, 3)]
    assert days_before(lake, ENDPOINT, FIRST_DAY, 7) == []
    assert len(history) == 5


def test_days_whose_records_are_not_accounted_for_are_not_used(tmp_path: Path) -> None:
    lake, history = many_days(tmp_path, 4)
    first, stale, lossy, last = history
    closed = lake.read(ENDPOINT, RECORD_BALANCE, first)
    older = {"report": {"manifest_digest": "older", "labels_as_of": None}}
    lake.write(ENDPOINT, RECORD_BALANCE, stale, closed, older)
    rest = {"account": "scores", "variant": "champion", "item": "raw_predictions", "records": 3}
    lost = pa.Table.from_pylist([rest], schema=RECORD_BALANCE.arrow_schema())
    lake.write(ENDPOINT, RECORD_BALANCE, lossy, lost, lake.notes(ENDPOINT, CONFUSION_COUNTS, lossy))
    assert days_before(lake, ENDPOINT, last, 7) == [first]
    assert required_days(lake, ENDPOINT, first, last) == [first, last]
    with pytest.raises(MissingInputError, match="record balance that closes"):
        required_days(lake, ENDPOINT, stale, lossy)


@pytest.mark.parametrize("name", ["dt=aside", "dt=2026-99-99", "dt=2026-06-02.bak"])
def test_a_partition_put_aside_under_another_name_is_no_day(tmp_path: Path, name: str) -> None:
    lake, (first, second, last) = many_days(tmp_path, 3)
    aside = Path(lake.partition(ENDPOINT, CONFUSION_COUNTS.name, second))
    aside.rename(aside.with_name(name))
    assert lake.days(ENDPOINT, CONFUSION_COUNTS) == [first, last]


def test_days_of_another_grid_do_not_add_up(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    publish(lake, {FIRST_DAY: {CHAMPION: drawn(1)}}, ThresholdGrid(octaves=8))
    with pytest.raises(ContractError, match="do not add up"):
        window_counts(lake, ENDPOINT, GRID, [FIRST_DAY])


def test_days_that_mean_something_else_are_in_no_window_of_the_day(tmp_path: Path) -> None:
    lake, history = many_days(tmp_path, 6)
    days = list(history)
    meanings = (
        {"score of text/csv": "column 0", "negative_label": "0"},
        {"score of text/csv": "column 1", "score of application/json": "p"},
        None,
        {"score of text/csv": "column 0", "label": "x"},
        {"score of application/json": "p"},
        {"score of text/csv": "column 0", "negative_label": "0"},
    )
    for day, meaning in zip(days, meanings, strict=True):
        publish(lake, {day: history[day]}, meaning=meaning)
    kept = [days[n] for n in (0, 2, 3, 4)]
    assert days_before(lake, ENDPOINT, days[5], 7) == kept
    assert days_before(lake, ENDPOINT, days[1], 7) == [], "an old day has windows of its own"
    assert required_days(lake, ENDPOINT, days[2], days[5]) == days[2:]
    with pytest.raises(
        ContractError,
        match=rf"1 of 6 days .* {days[1]} \(score of text/csv: column 1, not column 0\)\. Choose",
    ):
        required_days(lake, ENDPOINT, days[0], days[5])


def test_a_window_without_a_published_day_names_those_there_are(tmp_path: Path) -> None:
    lake, _ = many_days(tmp_path, 2)
    late = FIRST_DAY + timedelta(days=30)
    with pytest.raises(MissingInputError, match="published are: 2026-10-01 to 2026-10-02"):
        required_days(lake, ENDPOINT, late, late)


def test_a_rollup_is_the_quality_of_the_sum_with_narrower_intervals(tmp_path: Path) -> None:
    lake, history = many_days(tmp_path, 7)
    widths = []
    for days in (1, 7):
        table = window_quality_table(
            lake,
            WINDOW_QUALITY[7],
            ENDPOINT,
            GRID,
            list(history)[-days:],
            operating_threshold=0.5,
            min_label_coverage=0.9,
            replicates=200,
            provenance={"run_id": "1", "code_version": "2"},
        )
        (row,) = (r for r in table.to_pylist() if (r["variant"], r["slice"]) == CHAMPION[::2])
        assert row["days"] == days
        assert row["predictions"] == days * 600
        assert row["first_day"] == list(history)[-days]
        assert row["average_precision_method"] == "bootstrap"
        widths.append(row["average_precision_high"] - row["average_precision_low"])
    assert widths[1] < 0.65 * widths[0]
    assert lake.days(ENDPOINT, CONFUSION_COUNTS) == list(history)
