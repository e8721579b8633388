"""Days of which little can be said, through all assets: no crash, no invented number, a reason."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

import dagster as dg
import pytest

from ml_insights.columns import Table
from ml_insights.contracts import MODEL_QUALITY
from ml_insights.decisions.tables import DECISION_TABLES
from ml_insights.metrics.reasons import REASONS
from ml_insights.metrics.undefined import UNDEFINED_REASONS
from ml_insights_tests.dashboard.browser import found_by, needs_chromium
from ml_insights_tests.installation import Installation, install
from ml_insights_tests.prepared_day import (
    ENDPOINT,
    MONEY,
    SETTINGS,
    PreparedDay,
    PreparedRunner,
)

DAY = date(2026, 10, 1)
CHOICE, VALUE = "threshold_choice", "business_value"
LOW, HIGH = 9000, 15000
"""Thresholds on either side of the operating one."""
USUAL = [(LOW, 5, 65, 0), (HIGH, 25, 5, 0)]


class Little(NamedTuple):
    """A variant of which little can be said.

    Attributes:
        bins: see `PreparedDay.of`.
        reasons: that threshold_choice gives, among others.
        undefined: columns of it that are NULL.
    """

    bins: list[tuple[int, int, int, int]]
    reasons: set[str]
    undefined: tuple[str, ...] = ()


NO_MONEY = ("operating_value", "best_value", "regret")
VARIANTS = {
    "usual": Little(USUAL, {"no_days_before"}, ("value_of_chosen_before",)),
    "no-positives": Little([(LOW, 0, 70, 0), (HIGH, 0, 30, 0)], {"no_positives"}),
    "no-negatives": Little(
        [(LOW, 20, 0, 0), (HIGH, 80, 0, 0)],
        {"operating_above_capacity", "capacity_below_highest_score"},
        ("regret", "best_threshold"),
    ),
    "one-positive": Little(
        [(HIGH, 1, 0, 0)], {"no_spread", "capacity_above_volume"}, ("operating_value_low",)
    ),
    "one-negative": Little([(LOW, 0, 1, 0)], {"no_positives", "no_spread"}),
    "one-unlabelled": Little([(LOW, 0, 0, 1)], {"no_labels"}, NO_MONEY),
    "no-labels": Little([(LOW, 0, 0, 70), (HIGH, 0, 0, 30)], {"no_labels"}, NO_MONEY),
}


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with dg.DagsterInstance.ephemeral() as instance:
        day = PreparedDay.of({name: little.bins for name, little in VARIANTS.items()})
        spark = dg.ResourceDefinition.hardcoded_resource(PreparedRunner(day))
        folder = tmp_path_factory.mktemp("little")
        installation = install(folder, SETTINGS + MONEY, instance, spark=spark)
        assert installation.run(ENDPOINT, DAY).success
        yield installation


def rows(installation: Installation, table: Table) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = installation.lake.read(ENDPOINT, table, DAY).to_pylist()
    return found


def test_every_table_is_written_and_holds_no_number_that_is_none(
    installation: Installation,
) -> None:
    for table in (MODEL_QUALITY, *DECISION_TABLES.values()):
        for row in rows(installation, table):
            numbers = [value for value in row.values() if isinstance(value, float)]
            assert all(map(isfinite, numbers)), (table.name, row)


def test_every_reason_is_of_the_vocabulary(installation: Installation) -> None:
    known = REASONS.keys() | UNDEFINED_REASONS.keys()
    for table in (MODEL_QUALITY, *DECISION_TABLES.values()):
        for row in rows(installation, table):
            assert set((row.get("undefined_reason") or "no_labels").split(",")) <= known


def test_money_that_is_not_known_is_null_with_its_reason(installation: Installation) -> None:
    choices = {row["variant"]: row for row in rows(installation, DECISION_TABLES[CHOICE])}
    assert choices.keys() == VARIANTS.keys()
    for variant, little in VARIANTS.items():
        row = choices[variant]
        assert little.reasons <= set(row["undefined_reason"].split(",")), variant
        assert [row[name] for name in little.undefined] == [None] * len(little.undefined), variant
    for row in rows(installation, DECISION_TABLES[VALUE]):
        assert row["value_low"] is not None or row["undefined_reason"], row
        assert (row["value"] is None) == (VARIANTS[row["variant"]].undefined == NO_MONEY)


SHOWN = """
const text = (part) => part.textContent;
const cells = (table, name) => [...rowOf($(table), name).querySelectorAll("td")].map(text);
return {
  variants: [...$("tiles").querySelectorAll("h2")].map((name) => text(name).slice(1)),
  news: [...$("insights").querySelectorAll("li span")].map(text),
  tiles: [...$("tiles").querySelectorAll("article")]
    .map((tile) => [...tile.querySelectorAll("dl > div")].map(text)),
  money: [...$("money").querySelectorAll("article")].map(text),
  calibration: cells("health", "Scores are off by"),
  shift: cells("health", "Shift of scores (population stability index)"),
  recall: cells("health", "Recall, weighted by all records"),
  compared: [...$("day-before").querySelectorAll("table")].map(text),
};
"""


@pytest.fixture(scope="module")
def shown(
    installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, Any]]:
    """What the page shows of each variant, and below "page" what it says of the day."""
    page = Path(installation.lake.root) / ENDPOINT / "dashboard_page" / "index.html"
    folder = tmp_path_factory.mktemp("browser")
    seen = found_by(page.read_text(encoding="utf-8"), SHOWN, folder)
    parts = {name: seen.pop(name) for name in ("tiles", "money", "calibration", "shift", "recall")}
    by_variant = {
        variant: dict(zip(parts, values, strict=True))
        for variant, *values in zip(seen["variants"], *parts.values(), strict=True)
    }
    return {**by_variant, "page": seen}


@needs_chromium
def test_the_page_says_that_no_change_can_be_seen(shown: dict[str, dict[str, Any]]) -> None:
    assert shown.keys() - {"page"} == VARIANTS.keys()
    assert any(
        "whether anything changed cannot be told (no day before to compare with)" in line
        for line in shown["page"]["news"]
    )
    assert all(
        "not defined: no day before to compare with" in table for table in shown["page"]["compared"]
    )
    for variant in VARIANTS:
        assert shown[variant]["shift"] == "not defined: no day before to compare with"


@needs_chromium
def test_what_has_no_label_is_shown_as_not_defined_with_that_reason(
    shown: dict[str, dict[str, Any]],
) -> None:
    for variant in ("no-labels", "one-unlabelled"):
        of = shown[variant]
        assert of["calibration"] == of["recall"] == "not defined: no labels yet"
        assert of["money"].endswith("Not defined: no labels yet.")
        assert all(tile.endswith("not defined: no usable label") for tile in of["tiles"])


@needs_chromium
def test_what_has_no_positive_is_shown_without_recall_and_with_that_reason(
    shown: dict[str, dict[str, Any]],
) -> None:
    for variant in ("no-positives", "one-negative"):
        of = shown[variant]
        assert of["recall"] == "not defined: no positives among the labelled records"
        assert "no positives among the labelled records" in of["money"]
        assert "Recallnot defined: no record is labelled positive" in of["tiles"]


@needs_chromium
def test_what_is_to_be_minded_about_a_threshold_is_shown_in_words(
    shown: dict[str, dict[str, Any]],
) -> None:
    assert (
        "today's threshold asks for more actions than capacity allows"
        in (shown["no-negatives"]["money"])
    )
    assert REASONS["capacity_below_highest_score"] in shown["no-negatives"]["money"]
    assert REASONS["capacity_above_volume"] in shown["one-positive"]["money"]
    assert REASONS["scores_on_one_side"] in shown["one-positive"]["recall"]
