"""Insights: noise makes no sentence, news makes the right one, the worst comes first."""

from __future__ import annotations

import functools
import operator
import re

import pytest

from ml_insights.decisions.comparisons import (
    Rules,
    Traffic,
    variant_comparison_table,
)
from ml_insights.decisions.health import model_health_table
from ml_insights.decisions.insights.earlier import Earlier
from ml_insights.decisions.insights.table import KINDS, insights_table
from ml_insights.decisions.pairs import joint_counts_of, joint_counts_table
from ml_insights.metrics.confusion import BinCounts
from ml_insights.result_tables import Curve
from ml_insights_tests.decisions.insights_of import DAY, calibrated, halved, insights, of_kind
from ml_insights_tests.decisions.published import CHALLENGER, CHAMPION, GRID, HALF, drawn, nothing
from ml_insights_tests.decisions.test_pairs import PAIR, spark_rows


@pytest.mark.parametrize("seed", range(10, 30, 2))
def test_noise_makes_no_sentence_about_change(seed: int) -> None:
    rows = insights({CHAMPION: drawn(seed, 2000)}, {CHAMPION: drawn(seed + 1, 14_000)})
    assert {row["kind"] for row in rows} <= {"calibration"}


def test_a_fall_is_named_with_its_interval_its_slice_and_its_label_coverage() -> None:
    east, west = (CHAMPION._replace(slice=f"region={name}") for name in ("EU", "US"))
    good = {"separation": 3.0, "labelled": 0.62}
    bad = {"separation": 0.2, "labelled": 0.62}
    today = {east: drawn(1, 3000, **bad), west: drawn(2, 3000, **good)}
    before = {east: drawn(3, 20_000, separation=3.0), west: drawn(4, 20_000, separation=3.0)}
    rows = insights(
        {CHAMPION: today[east] + today[west], **today},
        {CHAMPION: before[east] + before[west], **before},
    )
    first = of_kind(rows, "change")[0]
    assert rows[0]["tone"] == "worse"
    assert "fell" in first
    assert "concentrated in slice region=EU" in first
    assert "label coverage is 62 %, provisional" in first
    assert first.count("[") == 1


@pytest.mark.simulation
def test_a_change_of_all_slices_alike_is_concentrated_in_none() -> None:
    named = 0
    for seed in range(0, 400, 20):
        slices = [CHAMPION._replace(slice=f"device={n}") for n in range(8)]
        today = {s: drawn(seed + n, 700, separation=1.0) for n, s in enumerate(slices)}
        before = {s: drawn(seed + n + 9, 4000, separation=3.0) for n, s in enumerate(slices)}
        rows = insights(
            {CHAMPION: functools.reduce(operator.add, today.values()), **today},
            {CHAMPION: functools.reduce(operator.add, before.values()), **before},
        )
        assert of_kind(rows, "change")
        named += any("concentrated" in sentence for sentence in of_kind(rows, "change"))
    assert named <= 2


def test_of_overlapping_slices_the_one_with_the_strongest_evidence_is_named() -> None:
    east, both = (CHAMPION._replace(slice=s) for s in ("region=EU", "region=EU & device=app"))
    app, web = drawn(1, 1000, separation=0.1), drawn(5, 3000, separation=0.2)
    good, before = drawn(2, 4000, separation=3.0), drawn(3, 20_000, separation=3.0)
    rows = insights(
        {CHAMPION: app + web + good, east: app + web, both: app},
        {CHAMPION: before + before, east: before, both: drawn(6, 5000, separation=3.0)},
    )
    assert "concentrated in slice region=EU (" in of_kind(rows, "change")[0]


def test_a_slice_that_alone_changed_is_named() -> None:
    east = CHAMPION._replace(slice="region=EU")
    today = {CHAMPION: drawn(1, 4000), east: drawn(2, 800, separation=0.5)}
    rows = insights(today, {CHAMPION: drawn(3, 28_000), east: drawn(4, 5000)})
    assert of_kind(rows, "change") == []
    assert "in slice region=EU fell" in of_kind(rows, "slice_change")[0]


def test_variants_that_cannot_be_told_apart_ask_for_labels() -> None:
    rows = insights({CHAMPION: drawn(1, 3000), CHALLENGER: drawn(2, 3000)})
    (sentence,) = of_kind(rows, "variants")
    assert "cannot be told yet" in sentence
    assert re.search(
        r"about [1-9][0-9],?0*\b.* labelled records would tell, .*; there are 6,000", sentence
    )


def test_a_wrong_split_comes_first() -> None:
    today = {CHAMPION: drawn(1, 4000), CHALLENGER: drawn(2, 2000, separation=4.0)}
    today |= {curve._replace(slice="region=EU"): bins for curve, bins in today.items()}
    rows = insights(
        today,
        split={"champion": 1, "challenger": 1},
        records={"champion": 4000, "challenger": 2000},
    )
    assert rows[0]["kind"] == "traffic_split"
    assert len(of_kind(rows, "traffic_split")) == 1
    assert "configured shares" in rows[0]["sentence"]
    assert "(chance of such a split: below 0.0001)" in rows[0]["sentence"]


def test_money_is_mentioned_only_if_beyond_chance() -> None:
    (sentence,) = of_kind(insights({CHAMPION: drawn(1, 4000)}, money=True), "threshold")
    assert "EUR" in sentence
    few = insights({CHAMPION: drawn(2, 20)}, money=True)
    assert of_kind(few, "threshold") == []


def test_labels_of_high_scores_only_are_a_warning() -> None:
    bins = drawn(3)
    high = bins.threshold_index >= GRID.index_of(0.4)
    labelled = BinCounts(
        GRID,
        bins.threshold_index,
        bins.positives * high,
        bins.negatives * high,
        (bins.positives + bins.negatives) * ~high,
        bins.score_sum,
    )
    (sentence,) = of_kind(insights({CHAMPION: labelled}), "recall_unknown")
    assert "not known" in sentence


def test_findings_are_ranked_and_the_worst_come_first() -> None:
    today = {
        CHAMPION._replace(slice=name): drawn(n, separation=0.5)
        for n, name in enumerate(f"x={k}" for k in range(9))
    }
    before = {curve: drawn(99, 20_000, separation=3.0) for curve in today}
    rows = insights(today, before, money=True)
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
    assert len(of_kind(rows, "slice_change")) >= 18, "the table holds them all"
    tones = [row["tone"] for row in rows]
    assert tones == sorted(tones, key=lambda tone: tone != "worse")
    assert {row["kind"] for row in rows} <= KINDS.keys()


@pytest.mark.parametrize(
    ("today", "before", "why"),
    [
        (nothing(), None, "no day before to compare with"),
        (drawn(1), None, "no day before to compare with"),
        (drawn(1, labelled=0.0), drawn(2, 20_000), "no labels yet"),
        (drawn(1, prevalence=0.0), drawn(2, 20_000), "no positives among the labelled records"),
        (drawn(1, separation=0.5), drawn(2, 20_000), None),
    ],
)
def test_a_day_of_which_no_change_could_be_seen_says_so(
    today: BinCounts, before: BinCounts | None, why: str | None
) -> None:
    rows = insights({CHAMPION: today}, {CHAMPION: before} if before else None)
    expected = f"champion: whether anything changed cannot be told ({why})."
    assert of_kind(rows, "unknown") == ([expected] if why else [])
    assert bool(of_kind(rows, "change")) is not bool(why)


def test_variants_of_which_nothing_is_known_share_a_sentence() -> None:
    rows = insights({CHAMPION: drawn(1), CHALLENGER: drawn(2)})
    (sentence,) = of_kind(rows, "unknown")
    assert sentence.startswith("challenger, champion: ")


def test_money_that_rests_on_few_records_is_said_with_that() -> None:
    bins = BinCounts.from_scores(GRID, [0.9] * 40 + [0.45] * 9 + [0.1] * 40, [1] * 49 + [0] * 40)
    (sentence,) = of_kind(insights({CHAMPION: bins}, money=True), "threshold")
    assert "a threshold of 0.45 would have been worth" in sentence
    assert sentence.endswith("; few records decide, so the interval may be too narrow.")


def slices(number: int) -> list[Curve]:
    return [CHAMPION._replace(slice=f"region={n}") for n in range(number)]


def test_a_slice_whose_scores_are_off_or_shifted_is_named_with_the_number_of_its_like() -> None:
    east, west, *others = slices(12)
    today = {CHAMPION: calibrated(1, 40_000), east: halved(2), west: halved(3, 1000)}
    before = {CHAMPION: calibrated(4, 99_000)}
    for n, curve in enumerate(others):
        today[curve], before[curve] = calibrated(20 + n), calibrated(50 + n, 9000)
    (sentence,) = of_kind(insights(today, before), "calibration")
    assert sentence.startswith("champion in slice region=0: scores are off by ")
    assert "likewise in 1 other slice. Read them" in sentence
    assert of_kind(insights(today, before), "drift") == []
    before[east] = drawn(9, 9000)
    (sentence,) = of_kind(insights(today, before), "drift")
    assert sentence.startswith("champion in slice region=0: scores are distributed otherwise")


def test_slices_are_not_named_where_all_records_are() -> None:
    today = {CHAMPION: halved(1), **{curve: halved(2) for curve in slices(3)}}
    (sentence,) = of_kind(insights(today), "calibration")
    assert sentence.startswith("champion: scores are off")
    assert "likewise" not in sentence


@pytest.mark.long
def test_among_many_small_slices_alike_chance_names_hardly_one() -> None:
    """30 days of 40 slices: all tests of a day are one family."""
    named = 0
    for day in range(30):
        today = {c: calibrated(1000 * day + n, 150) for n, c in enumerate(slices(40))}
        before = {c: calibrated(1000 * day + 500 + n, 1000) for n, c in enumerate(slices(40))}
        rows = insights(
            {**today, CHAMPION: calibrated(day)}, {**before, CHAMPION: calibrated(day + 99)}
        )
        named += sum(row["kind"] in ("calibration", "drift") for row in rows)
    assert named <= 4


def test_a_slice_with_another_best_threshold_is_named_with_its_money() -> None:
    east, west = slices(2)
    low = BinCounts.from_scores(GRID, [0.3] * 600 + [0.1] * 900, [1] * 400 + [0] * 1100)
    high = BinCounts.from_scores(GRID, [0.9] * 900 + [0.1] * 900, [1] * 900 + [0] * 900)
    rows = insights({CHAMPION: high, east: low, west: high}, money=True)
    (sentence,) = of_kind(rows, "threshold")
    assert sentence.startswith(
        "champion in slice region=0: a threshold of 0.3 would have been worth"
    )
    few = BinCounts.from_scores(GRID, [0.3] * 12 + [0.1] * 90, [1] * 9 + [0] * 93)
    assert of_kind(insights({CHAMPION: high, east: few}, money=True), "threshold") == []


def test_every_sentence_names_the_class_where_there_are_several() -> None:
    cat, dog = (CHAMPION._replace(class_label=name) for name in ("cat", "dog"))
    today = {cat: halved(1), dog: calibrated(2)}
    rows = insights(today, {cat: calibrated(3, 20_000), dog: calibrated(4, 20_000)}, money=True)
    assert rows
    for row in rows:
        assert row["sentence"].startswith(f"champion, class {row['class_label']}"), row


def test_of_variants_that_share_events_the_shared_ones_speak() -> None:
    joint = joint_counts_of(joint_counts_table(spark_rows()), GRID)
    counts = joint[PAIR]
    today = {CHALLENGER: counts.first(), CHAMPION: counts.second()}
    spoken = {}
    for name, shared in (("shared", joint), ("none shared", {}), ("apart", None)):
        rules = Rules(HALF, 0.01, 0.9, 20, {})
        comparison = variant_comparison_table(Traffic(today, shared), {}, rules)
        health = model_health_table(
            today, {}, HALF, identity=("fraud", DAY), reference_days=0, past={}
        )
        table = insights_table(
            comparison, health, None, coverage={}, relevant=0.01, earlier=Earlier(DAY)
        )
        spoken[name] = of_kind(table.to_pylist(), "variants")
    assert spoken["none shared"] == spoken["apart"] != spoken["shared"]
    assert len(spoken["shared"]) == len(set(spoken["shared"])) <= 3
