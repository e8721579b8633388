"""The demo as a user runs it: its accounts are the ledger's, its numbers near the truth."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner, Result

from ml_insights.balance import remainders
from ml_insights.cli import main
from ml_insights.contracts import MODEL_QUALITY, QUARANTINE, RECORD_BALANCE
from ml_insights.daily_runs import dagster_instance
from ml_insights.definitions import build_definitions
from ml_insights.demo import DemoLedger, Scenario, history
from ml_insights.demo.scenario import ENDPOINT, OPERATING_THRESHOLD, VARIANTS
from ml_insights.lake import Lake
from ml_insights.settings import load_settings
from ml_insights_tests.installation import judged_days

DAYS, PREDICTIONS = 3, 2_000


class Shown(NamedTuple):
    """What the command left and printed."""

    folder: Path
    result: Result
    ledger: DemoLedger
    scenario: Scenario

    @property
    def lake(self) -> Lake:
        return Lake(load_settings(self.folder / "ml_insights.yaml", environ={}).lake)

    def balance(self, day: date, account: str, variant: str | None) -> dict[str, int]:
        """Items of an account; what went out is positive too."""
        rows = self.lake.read(ENDPOINT, RECORD_BALANCE, day).to_pylist()
        return {
            row["item"]: abs(row["records"])
            for row in rows
            if (row["account"], row["variant"]) == (account, variant)
        }

    def quality(self, day: date) -> dict[tuple[str, str], dict[str, Any]]:
        rows = self.lake.read(ENDPOINT, MODEL_QUALITY, day).to_pylist()
        return {(row["variant"], row["slice"]): row for row in rows}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, spark: object) -> Shown:
    assert spark
    folder = tmp_path_factory.mktemp("demo")
    written: list[history.Demo] = []
    real = history.write_demo

    def remembered(*arguments: Any, **options: Any) -> history.Demo:
        written.append(real(*arguments, **options))
        return written[-1]

    options = ["--folder", str(folder), "--days", str(DAYS), "--predictions", str(PREDICTIONS)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ml_insights.demo.write_demo", remembered)
        result = CliRunner().invoke(main, ["demo", *options])
    assert result.exit_code == 0, result.output
    return Shown(folder, result, written[0].ledger, written[0].scenario)


def test_the_command_prints_measured_beside_true_values_and_where_to_look(demo: Shown) -> None:
    output = demo.result.stdout
    for day in demo.scenario.all_days():
        assert output.count(f"\n  {day} ") == len(VARIANTS)
    truth = demo.scenario.truth(VARIANTS[0], demo.scenario.first_day)
    assert f"{truth.average_precision():.3f}" in output
    page = demo.folder / "lake" / ENDPOINT / "dashboard_page" / "index.html"
    assert f"Dashboard page: {page.as_uri()}" in output
    assert page.read_text().lstrip().lower().startswith("<!doctype html>")
    settings = demo.folder / "ml_insights.yaml"
    assert f"ml-insights ui --settings {settings}, then http://127.0.0.1:3000" in output


def test_the_first_day_is_clean_and_the_others_hold_broken_lines(demo: Shown) -> None:
    for day in demo.scenario.all_days():
        lines = demo.balance(day, "capture_lines", VARIANTS[0])
        clean = lines.keys() == {"lines_read", "records_accepted"}
        assert clean == (day == demo.scenario.first_day)


def test_capture_accounts_are_those_of_the_ledger(demo: Shown) -> None:
    for (day, variant), counts in demo.ledger.capture.items():
        lines = demo.balance(day, "capture_lines", variant)
        assert lines.pop("lines_read") == counts.lines
        assert lines.pop("records_accepted") == counts.records
        assert lines == counts.rejected_lines
        predictions = demo.balance(day, "predictions", variant)
        assert predictions.pop("predictions_in_records") == counts.predictions
        assert predictions.pop("predictions_scored") == counts.scores + counts.duplicates
        assert predictions == counts.rejected_predictions
        assert demo.balance(day, "scores", variant) == {
            "raw_predictions": counts.scores + counts.duplicates,
            "duplicates": counts.duplicates,
            "positives": counts.positives,
            "negatives": counts.negatives,
            "unlabelled": counts.unlabelled,
        }


def test_label_accounts_are_those_of_the_ledger(demo: Shown) -> None:
    for day in demo.scenario.all_days():
        window = demo.ledger.label_window(day)
        lines = Counter(demo.balance(day, "label_lines", None))
        assert lines.pop("label_lines_read") == window.lines
        assert lines.pop("label_records") == window.lines - sum(window.rejected_lines.values())
        assert lines == window.rejected_lines
        labels = Counter(demo.balance(day, "labels", None))
        assert labels["labels_read"] == window.labels
        assert labels["used"] == window.joined[day]
        collected = Counter(demo.balance(day, "labels_collected", None))
        # All these days have days before in their label window that are not published.
        assert collected["not_found_in_published_days"] == demo.ledger.collected[day].unknown_event


def test_every_account_closes(demo: Shown) -> None:
    for day in demo.scenario.all_days():
        assert remainders(demo.lake.read(ENDPOINT, RECORD_BALANCE, day)) == {}


def test_quarantine_has_a_sample_of_every_reason_of_the_day(demo: Shown) -> None:
    for day in demo.scenario.all_days():
        captured = {
            reason
            for variant in VARIANTS
            for reasons in (
                demo.ledger.capture[day, variant].rejected_lines,
                demo.ledger.capture[day, variant].rejected_predictions,
            )
            for reason in reasons
        }
        found: dict[str, set[str]] = {"data_capture": set(), "ground_truth": set()}
        for row in demo.lake.read(ENDPOINT, QUARANTINE, day).to_pylist():
            found[row["source"]].add(row["reason"])
        assert found["data_capture"] == captured
        assert found["ground_truth"] == set(demo.ledger.label_window(day).rejected_lines)


def test_measured_values_are_near_the_truth(demo: Shown) -> None:
    """Within three standard deviations of a share of so many records, which areas vary less than.

    The variance of ROC AUC is at most A (1 - A) / positives (Birnbaum and Klose 1957).
    """
    for day in demo.scenario.all_days():
        for variant in VARIANTS:
            row, truth = demo.quality(day)[variant, "all"], demo.scenario.truth(variant, day)
            found = row["operating_true_positives"] + row["operating_false_positives"]
            for name, exact, records in (
                ("average_precision", truth.average_precision(), row["positives"]),
                ("roc_auc", truth.roc_auc(), row["positives"]),
                ("operating_recall", truth.recall(OPERATING_THRESHOLD), row["positives"]),
                ("operating_precision", truth.precision(OPERATING_THRESHOLD), found),
            ):
                deviation = (exact * (1 - exact) / records) ** 0.5
                assert row[name] == pytest.approx(exact, abs=3 * deviation), (day, variant, name)


def test_the_weak_region_and_the_degraded_variant_are_seen(demo: Shown) -> None:
    bad_day = demo.quality(demo.scenario.degraded_day)
    champion, challenger = ((bad_day[variant, "all"]) for variant in VARIANTS)
    assert challenger["average_precision_high"] < champion["average_precision_low"]
    assert {slice_ for _, slice_ in bad_day} >= {"all", "region=EU", "device=web"}
    assert "region=EU & device=app" in {slice_ for _, slice_ in bad_day}


def test_the_missing_hour_is_a_warning_in_the_history_that_the_ui_shows(demo: Shown) -> None:
    settings = load_settings(demo.folder / "ml_insights.yaml", environ={})
    graph = build_definitions(settings).resolve_asset_graph()
    key = next(key for key in graph.asset_check_keys if key.name == "every_hour_has_captures")
    with dagster_instance(demo.folder / "dagster_home") as instance:
        assert len(instance.get_runs()) == 2 * DAYS + 1  # counted, published; and the page
        passed = judged_days(instance, key)
    assert passed == {
        str(day): day != demo.scenario.day_with_missing_hour for day in demo.scenario.all_days()
    }


def test_the_last_day_is_provisional_because_labels_are_still_to_come(demo: Shown) -> None:
    last = demo.quality(demo.scenario.last_day)[VARIANTS[0], "all"]
    first = demo.quality(demo.scenario.first_day)[VARIANTS[0], "all"]
    assert last["provisional"]
    assert not first["provisional"]
    assert last["label_coverage"] < first["label_coverage"]
