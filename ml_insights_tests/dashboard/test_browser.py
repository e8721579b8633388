"""The page's scripts in a browser: every control shows the numbers of the tables."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from ml_insights.dashboard.wording import SPACE, percent
from ml_insights.metrics.confusion import BinCounts
from ml_insights_tests.dashboard.browser import found_by, needs_chromium
from ml_insights_tests.dashboard.decided_page import DAYS, VARIANTS, DecidedPage, decided_page
from ml_insights_tests.decisions.published import CHAMPION, GRID, HALF, high_scores_labelled

pytestmark = [pytest.mark.integration, needs_chromium]
FIRST, LAST = (day.isoformat() for day in DAYS)

STEPS = """
const slider = $("threshold");
const seen = () => ({
  date: $("date").textContent.replace(/^(\\w+),/, "$1"), // browsers differ in the comma
  threshold: rowOf($("chosen"), "Exact threshold")?.querySelector("td").textContent,
  found: rowOf($("chosen"), "Positives found")?.querySelector("td").textContent,
  alarms: rowOf($("chosen"), "False alarms")?.querySelector("td").textContent,
  variants: [...$("chosen").querySelectorAll("thead th")].map((head) => head.textContent.slice(1)),
  tiles: [...$("tiles").querySelectorAll("article")].map((tile) => ({
    name: tile.querySelector("h2").textContent.slice(1),
    about: tile.querySelector(".about").textContent,
    values: [...tile.querySelectorAll("dd.value")].map((value) => value.textContent),
    warnings: [...tile.querySelectorAll("dd.warn")].map((value) => value.textContent),
  })),
  tones: [...$("tiles").querySelectorAll("article")].map((tile) =>
    [...tile.querySelectorAll("span.change:last-child")].map((change) => change.classList[1])),
  news: [...$("insights").querySelectorAll("li span")].map((line) => line.textContent),
  money: [...$("money").querySelectorAll("article")]
    .map((tile) => tile.querySelector("dd.value").textContent),
  lines: $("business_value").querySelectorAll("g.mark-line path").length,
  empty: $("business_value").classList.contains("empty"),
  ends: [$("earlier").disabled, $("later").disabled],
});
const found = { opened: seen(), slider: [] };
for (const share of [0, 0.3, 0.7, 1]) {
  const place = Math.round(share * Number(slider.max));
  await act(slider, (control) => { control.value = place; }, "input");
  found.slider.push({ ...seen(), typed: $("threshold-value").valueAsNumber });
}
await act($("threshold-value"), (control) => { control.value = "0.25"; });
found.typed = seen();
await act($("threshold-value"), (control) => { control.value = "1"; });
found.at_one = seen();
await press($("operating"));
found.reset = seen();
await act($("day"), (control) => { control.value = "%(first)s"; });
found.first_day = seen();
await press($("later"));
found.later = seen();
await act($("slice"), (control) => { control.value = "region=EU"; });
found.slice = seen();
await act($("slice"), (control) => { control.value = "all"; });
const boxes = [...$("variants").querySelectorAll("input")];
await press(boxes[0]);
found.one_variant = seen();
await press(boxes[1]);
found.no_variant = seen();
return found;
"""


@pytest.fixture(scope="module")
def page() -> DecidedPage:
    return decided_page()


@pytest.fixture(scope="module")
def seen(page: DecidedPage, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the page shows after each step of a reader."""
    steps = STEPS % {"first": FIRST}
    found: dict[str, Any] = found_by(page.html, steps, tmp_path_factory.mktemp("browser"))
    return found


def money(value: float) -> str:
    return f"{chr(0x2212) if value < 0 else ''}{abs(value):,.0f}{SPACE}EUR"


def shares(row: dict[str, Any]) -> list[str]:
    return [percent(row["operating_precision"]), percent(row["operating_recall"])]


def test_the_page_opens_on_the_newest_day_at_the_operating_threshold(
    page: DecidedPage, seen: dict[str, Any]
) -> None:
    opened = seen["opened"]
    assert opened["date"] == "Friday 9 October 2026"
    assert [tile["name"] for tile in opened["tiles"]] == list(VARIANTS)
    for tile in opened["tiles"]:
        assert tile["values"][:2] == shares(page.row("model_quality", DAYS[-1], tile["name"]))
        assert tile["warnings"] == []
    assert float(opened["threshold"]) >= 0.5
    assert opened["ends"] == [False, True]


def test_the_first_day_says_that_nothing_is_known_of_change(seen: dict[str, Any]) -> None:
    assert seen["first_day"]["news"][0] == (
        "challenger, champion: whether anything changed cannot be told (no day before to compare "
        "with)."
    )


def test_a_day_without_news_says_so_and_then_what_is_known(seen: dict[str, Any]) -> None:
    first, *known = seen["opened"]["news"]
    assert first == "Nothing changed on this day beyond what chance does."
    assert known
    assert all(line.endswith(". Known since 8 Oct.") for line in known)


def test_tiles_judge_changes_as_the_comparison_with_the_day_before_does(
    page: DecidedPage, seen: dict[str, Any]
) -> None:
    opened, metrics = seen["opened"], ("precision", "recall", "f1", "average_precision")
    known = {"better": "better", "worse": "worse"}
    for tile, tones in zip(opened["tiles"], opened["tones"], strict=True):
        verdicts = {
            row["metric"]: row["verdict"]
            for row in page.tables["variant_comparison"].to_pylist()
            if (row["dt"], row["comparison"]) == (DAYS[-1], "previous_day")
            and (row["variant"], row["slice"]) == (tile["name"], "all")
        }
        assert tones == [known.get(verdicts[metric], "unclear") for metric in metrics]


def test_the_slider_shows_exact_counts_from_the_lowest_threshold_to_the_highest(
    page: DecidedPage, seen: dict[str, Any]
) -> None:
    bins = page.counts[DAYS[-1]][CHAMPION]
    stands = [float(step["threshold"]) for step in seen["slider"]]
    assert stands == sorted(stands)
    assert len(set(stands)) == len(stands)
    for step, threshold in zip(seen["slider"], stands, strict=True):
        counts = bins.confusion_at(np.array([GRID.index_of(threshold)]))
        assert int(step["found"].replace(",", "")) == counts.true_positives[0]
        assert int(step["alarms"].replace(",", "")) == counts.false_positives[0]
        assert step["typed"] <= threshold


def test_above_the_highest_score_nothing_is_found(page: DecidedPage, seen: dict[str, Any]) -> None:
    assert (
        page.counts[DAYS[-1]][CHAMPION].confusion_at(np.array([GRID.index_of(1.0)])).true_positives
        == 0
    )
    assert (seen["at_one"]["found"], seen["at_one"]["alarms"]) == ("0", "0")


def test_a_typed_threshold_is_that_of_the_next_drawn_one_and_reset_goes_back(
    seen: dict[str, Any],
) -> None:
    assert 0.25 <= float(seen["typed"]["threshold"]) < 0.3
    assert seen["reset"]["threshold"] == seen["opened"]["threshold"]


@pytest.mark.parametrize(("step", "day"), [("first_day", DAYS[0]), ("later", DAYS[1])])
def test_the_day_is_chosen_by_list_and_by_button(
    page: DecidedPage, seen: dict[str, Any], step: str, day: date
) -> None:
    shown = seen[step]
    assert shown["date"] == f"{day:%A} {day.day} {day:%B} {day.year}"
    for tile in shown["tiles"]:
        assert tile["values"][:2] == shares(page.row("model_quality", day, tile["name"]))
    assert shown["ends"] == [day == DAYS[0], day == DAYS[-1]]


def test_a_slice_shows_its_own_numbers_and_money(page: DecidedPage, seen: dict[str, Any]) -> None:
    shown = seen["slice"]
    assert shown["date"].endswith(", slice region=EU")
    for tile, value in zip(shown["tiles"], shown["money"], strict=True):
        key = (DAYS[-1], tile["name"], "region=EU")
        assert tile["values"][:2] == shares(page.row("model_quality", *key))
        assert value == money(page.row("threshold_choice", *key)["operating_value"])


def test_the_money_curve_has_a_line_for_each_chosen_variant(seen: dict[str, Any]) -> None:
    lines = [seen[step]["lines"] for step in ("opened", "one_variant", "no_variant")]
    assert lines[0] == 2 * lines[1] > 0 == lines[2]
    assert not seen["opened"]["empty"]
    assert seen["no_variant"]["empty"]


def test_a_variant_that_is_not_chosen_is_nowhere(seen: dict[str, Any]) -> None:
    assert seen["opened"]["variants"] == list(VARIANTS)
    assert seen["one_variant"]["variants"] == [VARIANTS[1]]
    assert [tile["name"] for tile in seen["one_variant"]["tiles"]] == [VARIANTS[1]]
    assert seen["no_variant"]["tiles"] == seen["no_variant"]["variants"] == []


def test_payloads_of_several_predictions_are_said_to_widen_intervals(seen: dict[str, Any]) -> None:
    champion, challenger = (tile["about"] for tile in seen["opened"]["tiles"])
    assert champion.endswith(
        " · 4.0 predictions a payload: if they share their fate, intervals are up to about "
        "2.0 times as wide"
    )
    assert "payload" not in challenger


def all_positives_above(bins: BinCounts) -> BinCounts:
    """Records at 0.5 and above alone, each with its label."""
    high = bins.threshold_index >= HALF
    labels = (bins.positives[high], bins.negatives[high], bins.unlabelled[high])
    return BinCounts(bins.grid, bins.threshold_index[high], *labels, bins.score_sum[high])


def test_recall_of_scores_on_one_side_says_why_it_has_no_interval(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    page = decided_page(all_positives_above)
    row = page.row("model_health", DAYS[-1], "champion")
    assert (row["stratified_recall"], row["stratified_recall_low"]) == (1.0, None)
    steps = """const row = rowOf($("health"), "Recall, weighted by all records");
      return [...row.querySelectorAll("td")].map((cell) => cell.textContent);"""
    champion, challenger = found_by(page.html, steps, tmp_path_factory.mktemp("one_side"))
    assert champion == (
        f"100.0{SPACE}%no 95{SPACE}% interval: all scores lie on one side of the threshold"
    )
    assert " to " in challenger


def test_recall_is_marked_where_low_scores_have_no_labels(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    page = decided_page(high_scores_labelled)
    assert not page.row("model_health", DAYS[-1], "champion")["recall_identifiable"]
    assert page.counts[DAYS[-1]][CHAMPION].threshold_index[0] < HALF
    steps = """return [...$("tiles").querySelectorAll("article")].map((tile) =>
      [...tile.querySelectorAll("dl > div")].filter((part) => part.querySelector("dd.warn"))
        .map((part) => ["dt", "dd.warn"].map((name) => part.querySelector(name).textContent)));"""
    champion, challenger = found_by(page.html, steps, tmp_path_factory.mktemp("marked"))
    assert champion == [["Recall", "not identifiable: some scores have no label"]]
    assert challenger == []
