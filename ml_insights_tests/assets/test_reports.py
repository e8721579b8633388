"""What a run reports to Dagster: numbers to plot, a picture to see, inputs that were observed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

import dagster as dg
import pytest

from ml_insights import __version__
from ml_insights.contracts import MODEL_QUALITY
from ml_insights_tests.installation import Installation, install
from ml_insights_tests.prepared_day import ENDPOINT, SETTINGS, PreparedDay, PreparedRunner

DAY = date(2026, 10, 1)


class Usual(NamedTuple):
    """A day as it should be, computed once for all tests that do not change it."""

    installation: Installation
    result: dg.ExecuteInProcessResult


def reported(result: dg.ExecuteInProcessResult, asset: str) -> dict[str, Any]:
    """Metadata of an asset's materialization or observation."""
    events = [
        found
        for event in result.all_events
        if event.asset_key == dg.AssetKey([ENDPOINT, asset])
        for found in (
            event.event_type is dg.DagsterEventType.ASSET_MATERIALIZATION
            and event.step_materialization_data.materialization,
            event.event_type is dg.DagsterEventType.ASSET_OBSERVATION
            and event.asset_observation_data.asset_observation,
        )
        if found
    ]
    (event,) = events
    assert event.partition == str(DAY)
    return {name: value.value for name, value in event.metadata.items()}


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Usual]:
    spark = dg.ResourceDefinition.hardcoded_resource(PreparedRunner(PreparedDay()))
    with dg.DagsterInstance.ephemeral() as instance:
        installation = install(tmp_path_factory.mktemp("usual"), SETTINGS, instance, spark=spark)
        yield Usual(installation, installation.run(ENDPOINT, DAY))


def test_inputs_are_observed_with_files_bytes_hours_and_newest_object(usual: Usual) -> None:
    assert reported(usual.result, "data_capture") == {
        "files": 24,
        "bytes": 24_000,
        "hours present": 24,
        "newest object": "2026-10-02T00:00:01.000000Z",
    }
    assert reported(usual.result, "ground_truth") == {
        "files": 1,
        "bytes": 100,
        "hours present": 1,
        "newest object": "2026-10-02T01:00:00.000000Z",
    }


@pytest.mark.usefixtures("nothing_drawn")
def test_inputs_without_objects_are_observed_as_empty(
    installation: Installation, day: PreparedDay
) -> None:
    nothing = {"files": 0, "bytes": 0, "hours": 0, "skipped": {}}
    day.report.update(ground_truth=nothing, labels_as_of=None)
    found = reported(installation.run(ENDPOINT, DAY), "ground_truth")
    assert found == {"files": 0, "bytes": 0, "hours present": 0}


@pytest.mark.usefixtures("nothing_drawn")
def test_what_is_skipped_of_an_input_is_observed_with_it(
    installation: Installation, day: PreparedDay
) -> None:
    one, two = ({"count": number, "examples": ["a"]} for number in (1, 2))
    day.manifest["skipped"] = {"hidden": two}
    day.report["ground_truth"]["skipped"] = {"misplaced": one, "hidden": two}
    result = installation.run(ENDPOINT, DAY)
    assert reported(result, "data_capture")["skipped objects"] == 2
    assert reported(result, "ground_truth")["skipped objects"] == 3


def test_every_table_reports_where_it_is_and_its_rows(usual: Usual) -> None:
    for table in sorted(usual.installation.published(ENDPOINT, DAY)):
        found = reported(usual.result, table)
        folder = usual.installation.lake.partition(ENDPOINT, table, DAY)
        assert found["dagster/uri"] == f"{folder}/{table}.parquet"
        assert isinstance(found["dagster/partition_row_count"], int)
    assert reported(usual.result, "dashboard_page")["dagster/uri"].endswith(
        "dashboard_page/index.html"
    )


def test_headline_numbers_are_reported_by_variant_so_that_they_plot_over_days(
    usual: Usual,
) -> None:
    found = reported(usual.result, "model_quality")
    assert {name: value for name, value in found.items() if name.startswith("champion: ")} == {
        "champion: average precision": 1.0,
        "champion: precision": 1.0,
        "champion: recall": 1.0,
        "champion: F1": 1.0,
        "champion: label coverage": 1.0,
    }
    predictions = reported(usual.result, "raw_predictions")
    assert predictions["lines read"] == 101
    assert predictions["rejected share"] == 1 / 101
    assert "| the line is not valid UTF-8 | 1 |" in predictions["rejected"]


@pytest.mark.usefixtures("nothing_drawn")
def test_undefined_numbers_are_left_out_so_that_the_plot_has_a_gap(
    installation: Installation, day: PreparedDay
) -> None:
    del day.bins[1]
    day.bins[0]["bin_negatives"] = 100
    found = reported(installation.run(ENDPOINT, DAY), "model_quality")
    assert "champion: average precision" not in found
    assert found["champion: label coverage"] == 1.0


def test_the_curve_is_a_picture_small_enough_to_be_shown_inline(usual: Usual) -> None:
    curve = reported(usual.result, "precision_recall")["curve"]
    assert curve.startswith("![")
    assert len(curve) < 1000


def test_rows_of_model_quality_name_the_run_and_the_version_that_made_them(
    usual: Usual,
) -> None:
    (row,) = usual.installation.lake.read(ENDPOINT, MODEL_QUALITY, DAY).to_pylist()
    assert row["run_id"] == usual.result.run_id
    assert row["code_version"] == __version__
    assert row["manifest_digest"] == "abc"
