"""Each check passes when its invariant holds and fails, with the numbers, when it does not."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

import dagster as dg
import pyarrow as pa
import pytest

from ml_insights import checks
from ml_insights.assets import confusion_counts as confusion_counts_asset
from ml_insights.assets import endpoint_assets
from ml_insights.daily_runs import run_day
from ml_insights.errors import MissingInputError
from ml_insights.lake import Lake
from ml_insights.result_tables import confusion_counts_table
from ml_insights.scope import EndpointScope
from ml_insights_tests.installation import Installation, judged_days
from ml_insights_tests.judged_day import ALL, DAY, NEXT_DAY, results, run, verdict
from ml_insights_tests.prepared_day import (
    ENDPOINT,
    PreparedDay,
    write_manifest,
)

pytestmark = pytest.mark.usefixtures("nothing_drawn")


NAMES = (
    "every_hour_has_captures",
    "rejected_share_is_within_limit",
    "no_variant_is_rejected_above_the_limit",
    "labels_lie_where_they_are_read",
    "labels_are_of_known_classes",
    "counts_do_not_increase_with_threshold",
    "every_account_adds_up_to_zero",
    "traffic_is_split_as_configured",
    "labels_name_one_prediction",
    "days_before_count_the_same",
    "positives_are_enough",
    "label_coverage_is_reached",
    "no_share_fell_beyond_doubt",
)


def test_a_day_in_which_everything_is_accounted_for_passes_every_check(
    installation: Installation,
) -> None:
    assert run(installation) == ""
    found = results(installation)
    assert sorted(found) == sorted(NAMES)
    assert all(passed for passed, _ in found.values()), found
    assert installation.published(ENDPOINT, DAY) == ALL


def test_hours_without_captures_are_named_and_do_not_stop_the_day(
    installation: Installation, day: PreparedDay
) -> None:
    for hour in ("07", "13"):
        del day.manifest["units"][0]["hours"][hour]
    assert run(installation) == ""
    passed, finding = results(installation)["every_hour_has_captures"]
    assert not passed
    assert "no capture in the hours 07, 13 (UTC)" in finding
    assert installation.published(ENDPOINT, DAY) == ALL
    observed = verdict(installation, "every_hour_has_captures")[2]
    assert observed == {"hours present": 22, "hours missing": "07, 13"}


def test_too_many_rejected_lines_stop_the_day_with_the_reasons(
    installation: Installation, day: PreparedDay
) -> None:
    day.counted.update(records_accepted=98, rejected_line={"not_utf8": 2, "empty_line": 1})
    message = run(installation)
    assert "rejected_share_is_within_limit" in message
    assert "2.970% rejected, limit 1.000% (not_utf8: 2, empty_line: 1)" in message
    assert installation.published(ENDPOINT, DAY) == {"quarantine"}


def test_a_rejected_share_at_the_limit_passes(installation: Installation, day: PreparedDay) -> None:
    day.counted.update(lines_read=100, records_accepted=99)
    write_manifest(installation.lake.partition(ENDPOINT, "raw_predictions", DAY), day.manifest)
    passed, finding, observed = verdict(installation, "rejected_share_is_within_limit")
    assert passed
    assert finding == "1.000% rejected, limit 1.000% (not_utf8: 1)"
    assert observed == {"rejected share": 0.01, "not_utf8": 1}


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        (range(9, 24), None),
        ([*range(5), *range(7, 24)], "all 24 hours have captures; none of champion in 05, 06"),
    ],
)
def test_a_variant_may_start_in_the_middle_of_a_day_but_not_pause(
    installation: Installation, day: PreparedDay, hours: Iterable[int], told: str | None
) -> None:
    run(installation)
    day.counted["hours"] = [f"{hour:02}" for hour in hours]
    write_manifest(installation.lake.partition(ENDPOINT, "raw_predictions", DAY), day.manifest)
    passed, finding, _ = verdict(installation, "every_hour_has_captures")
    assert passed == (told is None)
    assert finding == (told or "all 24 hours have captures")


def test_a_variant_of_which_nothing_is_usable_is_named_and_does_not_stop_the_day(
    installation: Installation, day: PreparedDay
) -> None:
    run(installation)
    canary = {
        "lines_read": 1, "records_accepted": 0, "predictions_in_records": 0, "raw_predictions": 0,
        "rejected_line": {"no_output": 1}, "rejected_prediction": {}, "without_amount": {},
    }  # fmt: skip
    day.counted.update(lines_read=1000, records_accepted=1000, rejected_line={})
    day.manifest["units"][0]["variants"]["canary"] = canary
    write_manifest(installation.lake.partition(ENDPOINT, "raw_predictions", DAY), day.manifest)
    assert verdict(installation, "rejected_share_is_within_limit")[0]
    alone, finding, _ = verdict(installation, "no_variant_is_rejected_above_the_limit")
    assert not alone
    assert finding.startswith("above 1.000%: canary 100.000%; samples are in ")
    for check, told in (
        ("positives_are_enough", "canary has 0"),
        ("label_coverage_is_reached", "canary 0.0%"),
    ):
        passed, finding, _ = verdict(installation, check)
        assert not passed
        assert told in finding


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ("true_positives", [30, 31]),
        ("false_positives", [70, 71]),
        ("false_negatives", [0, 1]),
        ("true_negatives", [0, 71]),
    ],
)
def test_counts_that_increase_with_the_threshold_stop_the_day(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, column: str, cells: list[int]
) -> None:
    def tampered(*arguments: Any) -> pa.Table:
        rows = confusion_counts_table(*arguments)
        position = rows.schema.get_field_index(column)
        return rows.set_column(position, column, pa.array(cells, pa.int64()))

    monkeypatch.setattr(confusion_counts_asset, "confusion_counts_table", tampered)
    message = run(installation)
    assert "counts_do_not_increase_with_threshold" in message
    assert "1 of 2 thresholds break the order" in message
    assert installation.published(ENDPOINT, DAY) == {"confusion_counts", "quarantine"}


def test_counts_of_neighbouring_curves_are_not_compared(
    installation: Installation, day: PreparedDay
) -> None:
    few = [{**row, "slice": "region=EU"} for row in day.bins]
    few[0]["bin_negatives"], few[1]["bin_positives"] = 500, 300
    day.bins += few
    run(installation)
    assert results(installation)["counts_do_not_increase_with_threshold"] == (True, "holds")


@pytest.mark.parametrize(
    ("positives", "finding"), [(29, "scores champion: +1"), (31, "scores champion: -1")]
)
def test_a_balance_that_does_not_close_keeps_the_curve_from_being_published(
    installation: Installation, day: PreparedDay, positives: int, finding: str
) -> None:
    day.bins[1]["bin_positives"] = positives
    message = run(installation)
    assert "every_account_adds_up_to_zero" in message
    assert finding in message
    assert installation.published(ENDPOINT, DAY) == {
        "confusion_counts",
        "quarantine",
        "record_balance",
    }


def test_few_positives_are_named_and_do_not_stop_the_day(
    installation: Installation, day: PreparedDay
) -> None:
    day.bins[0]["bin_negatives"], day.bins[1]["bin_positives"] = 81, 19
    assert run(installation) == ""
    passed, finding = results(installation)["positives_are_enough"]
    assert not passed
    assert finding == "fewer than 20 positives: champion has 19"
    assert verdict(installation, "positives_are_enough")[2] == {"champion: positives": 19}


def test_a_day_before_that_means_something_else_is_named_and_does_not_stop_the_day(
    installation: Installation, day: PreparedDay
) -> None:
    day.report["meaning"] = {"label": "text/csv column 0"}
    assert run(installation) == ""
    assert results(installation)["days_before_count_the_same"][0]
    day.report["meaning"] = {"label": "text/csv column 1"}
    run_day(installation.definitions, installation.instance, ENDPOINT, NEXT_DAY)
    passed, finding = results(installation)["days_before_count_the_same"]
    assert not passed
    assert f"such as {DAY} (label: text/csv column 0, not text/csv column 1)" in finding
    assert installation.published(ENDPOINT, NEXT_DAY) == ALL


@pytest.mark.parametrize(
    ("kind", "passes", "finding"),
    [
        ("misplaced", False, "7 misplaced, not read: champion/2026/10/01/7/, ..."),
        ("hidden", True, "7 hidden, not read: champion/2026/10/01/7/, ..."),
    ],
)
def test_captures_that_are_not_read_are_named(
    installation: Installation, day: PreparedDay, kind: str, passes: bool, finding: str
) -> None:
    found = {"count": 7, "examples": ["champion/2026/10/01/7/"]}
    day.manifest["skipped"] = {kind: found}
    assert run(installation) == ""
    passed, told = results(installation)["every_hour_has_captures"]
    assert passed == passes
    root = installation.scope(ENDPOINT).capture_root
    assert told == f"all 24 hours have captures; {finding} below {root}"


def test_checks_judge_the_slice_of_all_records_only(
    installation: Installation, day: PreparedDay
) -> None:
    tiny = {**day.bins[0], "slice": "region=EU", "bin_negatives": 0, "bin_unlabelled": 1}
    day.bins.append(tiny)
    assert run(installation) == ""
    found = results(installation)
    assert found["positives_are_enough"][0]
    assert found["label_coverage_is_reached"][0]


@pytest.mark.parametrize("check", NAMES)
def test_a_check_of_a_day_that_is_not_published_says_so(
    installation: Installation, check: str
) -> None:
    with pytest.raises(MissingInputError, match=r"is not (published|there)"):
        verdict(installation, check)


def test_a_check_records_the_day_it_judged(installation: Installation, day: PreparedDay) -> None:
    assert run(installation) == ""
    del day.manifest["units"][0]["hours"]["07"]
    run_day(installation.definitions, installation.instance, ENDPOINT, NEXT_DAY)
    keys = installation.definitions.resolve_asset_graph().asset_check_keys
    (key,) = (key for key in keys if key.name == "every_hour_has_captures")
    assert judged_days(installation.instance, key) == {str(DAY): True, str(NEXT_DAY): False}


def test_a_check_that_is_run_alone_judges_the_newest_day(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The UI runs a single check without a partition."""
    judged = []

    def judge(_scope: EndpointScope, _lake: Lake, day: date) -> checks.Verdict:
        judged.append(day)
        return True, "", {}

    judge.__name__ = "every_hour_has_captures"
    monkeypatch.setattr(checks, judge.__name__, judge)
    alone = dg.define_asset_job("alone", selection=dg.AssetSelection.all_asset_checks())
    definitions = dg.Definitions(
        assets=endpoint_assets(installation.scope(ENDPOINT)),
        asset_checks=checks.endpoint_checks(installation.scope(ENDPOINT))[:1],
        jobs=[alone],
        resources=installation.definitions.resources,
    )
    with dg.partition_loading_context(datetime(2026, 10, 20, tzinfo=UTC)):
        job = definitions.resolve_job_def("alone")
        assert job.execute_in_process(instance=installation.instance).success
    assert judged == [date(2026, 10, 18)]
