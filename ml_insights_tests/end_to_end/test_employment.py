"""Days of two variants, made of 208,892 real predictions, add up to the exact figures.

Three days always, and 30 where there is time. Labels come up to two days late, so that a day's are
read from folders of three. The days are independent of each other: what a sum needs is computed for
all, and everything for one of them.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import dagster as dg
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from ml_insights.contracts import MODEL_QUALITY
from ml_insights.daily_runs import run_day
from ml_insights.dashboard.wording import percent
from ml_insights.metrics.areas import average_precision, roc_auc
from ml_insights.metrics.confusion import BinCounts
from ml_insights.result_tables import Curve
from ml_insights_tests.capture_data import EMPLOYMENT_FEATURES, WrittenRecords, write_employment
from ml_insights_tests.dashboard.browser import found_by, needs_chromium
from ml_insights_tests.end_to_end.counted import (
    assert_counts_equal_comparing_every_record,
    published_curves,
    total,
)
from ml_insights_tests.installation import Installation, install

ENDPOINT = "employment"
SETTINGS = f"""\
lake: ./lake
bootstrap_replicates: 200
endpoints:
  {ENDPOINT}:
    data_capture: ./capture
    ground_truth: ./ground_truth
    start_date: 2026-10-01
    score: {{content_type: text/csv, index: 0}}
    positive_label: "1"
    negative_label: "0"
    operating_threshold: 0.5
    label_delay_days: 2
    label_window_days: 2
    slices:
      - {{name: sex, content_type: text/csv, index: {EMPLOYMENT_FEATURES.index("SEX")}}}
      - {{name: year, content_type: text/csv, index: {EMPLOYMENT_FEATURES.index("year")}}}
      - {{cross: [sex, year]}}
"""
COUNTED = ("raw_predictions", "confusion_counts", "record_balance")


class Counted(NamedTuple):
    """The computed history.

    Attributes:
        written: the records.
        installation: where their counts are published.
        curves: all of them.
    """

    written: WrittenRecords
    installation: Installation
    curves: dict[tuple[date, Curve], BinCounts]

    def all_of(self, slice_: str) -> BinCounts:
        """A slice, over all days and variants."""
        return total(bins for (_, curve), bins in self.curves.items() if curve.slice == slice_)

    def records(self, day: date, variant: str) -> NDArray[np.bool_]:
        on_day = self.written.day == self.written.days.index(day)
        of_variant = self.written.variant == self.written.variants.index(variant)
        return np.asarray(on_day & of_variant)

    def slices(self) -> dict[str, NDArray[np.bool_]]:
        """Which records are in each slice."""
        sexes, years = self.feature("SEX"), self.feature("year")
        slices = {"all": np.ones(sexes.size, dtype=bool)}
        slices |= {f"sex={sex}": sexes == sex for sex in np.unique(sexes)}
        slices |= {f"year={year}": years == year for year in np.unique(years)}
        return slices | {
            f"sex={sex} & year={year}": (sexes == sex) & (years == year)
            for sex in np.unique(sexes)
            for year in np.unique(years)
        }

    def feature(self, name: str) -> NDArray[np.str_]:
        return np.array(self.written.features[name])


@pytest.fixture(scope="module", params=[3, pytest.param(30, marks=pytest.mark.long)])
def employment(
    request: pytest.FixtureRequest,
    real_data: Path,
    tmp_path_factory: pytest.TempPathFactory,
    spark: object,
    instance: dg.DagsterInstance,
) -> Counted:
    assert spark
    folder = tmp_path_factory.mktemp(ENDPOINT)
    written = write_employment(real_data, folder, days=request.param)
    installation = install(folder, SETTINGS, instance)
    first, *others = written.days
    run_day(installation.definitions, instance, ENDPOINT, first)
    for day in others:
        result = installation.run(ENDPOINT, day, assets=COUNTED)
        assert result.success, [event.message for event in result.all_events if event.is_failure]
    return Counted(written, installation, published_curves(installation, ENDPOINT, written.days))


def test_the_files_are_of_all_hours_and_their_labels_come_up_to_two_days_late(
    employment: Counted,
) -> None:
    captures = employment.written.data_capture.glob("*/*/*/*/*/*/*.jsonl")
    written = len(employment.written.days)
    assert len({path.parent for path in captures}) == written * 2 * 24
    labels = employment.written.ground_truth.rglob("*.jsonl")
    days = {date(*map(int, path.parts[-5:-2])) for path in labels}
    first = employment.written.days[0]
    assert days == {first + timedelta(days=n) for n in range(written + 2)}


def test_totals_reproduce_the_exact_areas_within_the_limits(employment: Counted) -> None:
    score, label = employment.written.score, employment.written.label
    bins = employment.all_of("all")
    for measured, exact, published in (
        (average_precision(bins), average_precision_score(label, score), 0.88509),
        (roc_auc(bins), roc_auc_score(label, score), 0.90428),
    ):
        assert round(exact, 5) == published
        assert measured.limit_low <= exact <= measured.limit_high
        assert measured.limit_high - measured.limit_low < 1e-3
        assert measured.value == pytest.approx(published, abs=1e-4)


def test_counts_at_every_threshold_equal_comparing_every_record(employment: Counted) -> None:
    assert_counts_equal_comparing_every_record(
        employment.all_of("all"), employment.written.score, employment.written.label
    )


def test_every_record_has_its_label_and_is_counted_once(employment: Counted) -> None:
    bins = employment.all_of("all")
    assert bins.records.sum() == 208_892
    assert bins.unlabelled.sum() == 0


def test_counts_of_each_day_and_variant_equal_comparing_its_records(employment: Counted) -> None:
    written = employment.written
    for day in written.days:
        for variant in written.variants:
            own = employment.records(day, variant)
            assert_counts_equal_comparing_every_record(
                employment.curves[day, Curve(variant, "1", "all")],
                written.score[own],
                written.label[own],
            )


def test_slices_of_sex_and_year_equal_comparing_their_records(employment: Counted) -> None:
    written, slices = employment.written, employment.slices()
    assert {curve.slice for _, curve in employment.curves} == slices.keys()
    for name, inside in slices.items():
        assert_counts_equal_comparing_every_record(
            employment.all_of(name), written.score[inside], written.label[inside]
        )


def test_score_sums_are_those_of_the_records(employment: Counted) -> None:
    assert employment.all_of("all").score_sum.sum() == pytest.approx(
        employment.written.score.sum(), rel=1e-9
    )


def test_a_day_has_the_quality_of_its_own_records(employment: Counted) -> None:
    written, day = employment.written, employment.written.days[0]
    quality = employment.installation.lake.read(ENDPOINT, MODEL_QUALITY, day).to_pylist()
    for row in (row for row in quality if row["slice"] == "all"):
        own = employment.records(day, row["variant"])
        exact = average_precision_score(written.label[own], written.score[own])
        assert row["average_precision_limit_low"] <= exact <= row["average_precision_limit_high"]
        assert row["predictions"] == np.count_nonzero(own)
        assert row["label_coverage"] == 1.0
        assert not row["provisional"]


SLICE_BY_SLICE = """
const text = (part) => part.textContent;
const found = { offered: [...$("slice").options].map((option) => option.value), shown: {} };
const row = (name) => [...$("slices").querySelectorAll("tbody tr")]
  .find((line) => text(line.querySelector("th")) === name);
for (const slice of found.offered) {
  await act($("slice"), (control) => { control.value = slice; });
  found.shown[slice] = {
    date: text($("date")),
    tiles: [...$("tiles").querySelectorAll("article")].map((tile) => ({
      variant: text(tile.querySelector("h2")).slice(1),
      values: [...tile.querySelectorAll("dd.value")].map(text).slice(0, 2),
    })),
    table: [...row(slice === "all" ? "All records" : slice).querySelectorAll("td")]
      .map((cell) => cell.firstChild.textContent),
  };
}
const button = [...$("slices").querySelectorAll("button")].find((one) => text(one) === "sex=2");
await press(button);
found.pressed = $("slice").value;
return found;
"""


@needs_chromium
def test_every_slice_of_sex_and_year_is_selectable_on_the_page_and_shows_its_own_numbers(
    employment: Counted, tmp_path: Path
) -> None:
    written, day = employment.written, employment.written.days[0]
    page = Path(employment.installation.lake.root) / ENDPOINT / "dashboard_page" / "index.html"
    found = found_by(page.read_text(encoding="utf-8"), SLICE_BY_SLICE, tmp_path)
    slices = employment.slices()
    assert set(found["offered"]) == slices.keys()
    assert found["pressed"] == "sex=2"
    for name, inside in slices.items():
        shown = found["shown"][name]
        assert shown["date"].endswith("" if name == "all" else f", slice {name}")
        table = iter(shown["table"])
        for tile in shown["tiles"]:
            own = employment.records(day, tile["variant"]) & inside
            positive, alarm = written.label[own] == 1, written.score[own] >= 0.5
            hits = np.count_nonzero(positive & alarm)
            expected = [percent(hits / alarm.sum()), percent(hits / positive.sum())]
            assert tile["values"] == expected, (name, tile["variant"])
            assert [next(table) for _ in range(3)] == [f"{positive.sum():,}", *expected]
        assert len(shown["tiles"]) == len(written.variants)
