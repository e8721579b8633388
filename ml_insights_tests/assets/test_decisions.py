"""The tables people decide from, through Dagster: two days, the second one much worse."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import dagster as dg
import pytest

from ml_insights.assets import dashboard_page
from ml_insights.dashboard import held
from ml_insights.decisions.money_tables import THRESHOLD_CHOICE
from ml_insights.decisions.tables import DECISION_TABLES, INSIGHTS
from ml_insights.lake import Lake
from ml_insights_tests.installation import Installation, install
from ml_insights_tests.prepared_day import (
    ENDPOINT,
    MONEY,
    SETTINGS,
    PreparedDay,
    PreparedRunner,
)

FIRST, SECOND = date(2026, 10, 1), date(2026, 10, 2)
WITH_GATES = f"{MONEY}    regression_severity: error\n"


class TwoDays(NamedTuple):
    """What was computed.

    Attributes:
        installation: with money values.
        results: of both runs.
    """

    installation: Installation
    results: tuple[dg.ExecuteInProcessResult, ...]


def worse_day() -> PreparedDay:
    """Most positives fall below the threshold, some negatives rise above it."""
    day = PreparedDay()
    low, high = day.bins
    day.bins = [
        {**low, "bin_positives": 25, "bin_negatives": 60},
        {**high, "bin_positives": 5, "bin_negatives": 10},
    ]
    return day


@pytest.fixture(scope="module")
def two_days(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoDays]:
    with dg.DagsterInstance.ephemeral() as instance:
        runner = PreparedRunner(PreparedDay())
        spark = dg.ResourceDefinition.hardcoded_resource(runner)
        folder = tmp_path_factory.mktemp("decisions")
        installation = install(folder, SETTINGS + WITH_GATES, instance, spark=spark)
        first = installation.run(ENDPOINT, FIRST)
        runner.day = worse_day()
        yield TwoDays(installation, (first, installation.run(ENDPOINT, SECOND)))


def metadata(result: dg.ExecuteInProcessResult, asset: str) -> dict[str, Any]:
    (event,) = result.asset_materializations_for_node(f"{ENDPOINT.replace('-', '_')}__{asset}")
    return {name: value.value for name, value in event.metadata.items()}


def test_every_table_has_both_days(two_days: TwoDays) -> None:
    assert all(result.success for result in two_days.results)
    for table in DECISION_TABLES.values():
        assert two_days.installation.lake.days(ENDPOINT, table) == [FIRST, SECOND], table.name


def test_the_first_day_has_nothing_to_say_and_the_second_names_the_fall(two_days: TwoDays) -> None:
    rows = two_days.installation.lake.read(ENDPOINT, INSIGHTS, SECOND).to_pylist()
    changes = [row["sentence"] for row in rows if row["kind"] == "change"]
    assert any("recall fell 83.3 points" in sentence for sentence in changes)
    assert "recall fell 83.3 points" in metadata(two_days.results[1], "insights")["insights"]
    first = two_days.installation.lake.read(ENDPOINT, INSIGHTS, FIRST).to_pylist()
    assert not [row for row in first if row["kind"] == "change"]


def test_the_gate_fails_on_the_second_day_only_and_as_severe_as_configured(
    two_days: TwoDays,
) -> None:
    gates = [
        evaluation
        for result in two_days.results
        for evaluation in result.get_asset_check_evaluations()
        if evaluation.check_name == "no_share_fell_beyond_doubt"
    ]
    assert [gate.passed for gate in gates] == [True, False]
    assert gates[1].severity is dg.AssetCheckSeverity.ERROR
    assert "champion all: recall -83.3 points" in (gates[1].description or "")


def test_the_threshold_chosen_on_the_first_day_is_judged_on_the_second(two_days: TwoDays) -> None:
    lake = two_days.installation.lake
    (first,) = lake.read(ENDPOINT, THRESHOLD_CHOICE, FIRST).to_pylist()
    (second,) = lake.read(ENDPOINT, THRESHOLD_CHOICE, SECOND).to_pylist()
    assert first["chosen_before"] is None
    assert second["chosen_before"] == first["best_threshold"]
    # 5 found, 10 false alarms, 25 missed.
    assert second["value_of_chosen_before"] == 5 * 100 - 10 * 5 - 25 * 80
    plotted = metadata(two_days.results[1], "threshold_choice")
    assert plotted["champion: operating value (EUR)"] == second["operating_value"]
    # One day since: the choice is kept on this day alone.
    assert (first["kept_since"], first["kept_days"]) == (None, 0)
    assert (second["kept_since"], second["kept_days"]) == (FIRST, 1)
    assert second["kept_threshold"] == second["chosen_before"]
    assert second["value_of_kept"] == second["value_of_chosen_before"]
    assert second["gain_of_kept"] == second["value_of_kept"] - second["operating_value"]


def test_comparisons_are_shown_inline(two_days: TwoDays) -> None:
    shown = metadata(two_days.results[1], "variant_comparison")["all records"]
    assert "| champion | previous day | recall | -0.8333 [" in shown
    assert (
        "Nothing to compare" in metadata(two_days.results[0], "variant_comparison")["all records"]
    )


def test_the_page_reads_only_the_curves_it_holds(
    two_days: TwoDays, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}

    def render(**tables: Any) -> str:
        given.update(tables)
        return ""

    monkeypatch.setattr(held, "MOST_CURVES", 1)
    monkeypatch.setattr(dashboard_page, "render_page", render)
    monkeypatch.setattr(Lake, "write_text", lambda *_: "")
    scope = two_days.installation.scope(ENDPOINT)
    dashboard_page.publish_page(scope, two_days.installation.lake)
    assert set(given["curves"]["dt"].to_pylist()) == {SECOND}
    assert set(given["decisions"][THRESHOLD_CHOICE.name]["dt"].to_pylist()) == {SECOND}
    assert set(given["quality"]["dt"].to_pylist()) == {FIRST, SECOND}


def test_the_page_has_a_section_for_each(two_days: TwoDays) -> None:
    page = Path(two_days.installation.lake.root) / ENDPOINT / "dashboard_page" / "index.html"
    text = page.read_text(encoding="utf-8")
    for title in ("What stands out", "Compared", "What the threshold is worth"):
        assert f">{title}</h2>" in text
    assert "recall fell 83.3 points" in text


def test_a_rerun_gives_the_same_bytes(two_days: TwoDays) -> None:
    installation = two_days.installation
    tables = [name for name in DECISION_TABLES if not name.startswith("model_quality")]
    before = [installation.partition_bytes(ENDPOINT, name, SECOND) for name in tables]
    assert installation.run(ENDPOINT, SECOND, assets=tables).success
    assert [installation.partition_bytes(ENDPOINT, name, SECOND) for name in tables] == before
