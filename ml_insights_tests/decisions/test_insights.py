"""Insights: noise makes no sentence, news makes the right one, the worst comes first."""

from __future__ import annotations

import functools
import operator
import re
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from ml_insights.day_counts import CurveCounts
from ml_insights.decisions.choices import threshold_choice_table
from ml_insights.decisions.comparisons import (
    TRAILING_7_DAYS,
    Rules,
    Traffic,
    variant_comparison_table,
)
from ml_insights.decisions.health import model_health_table
from ml_insights.decisions.insights.earlier import CurveName, Earlier
from ml_insights.decisions.insights.states import STATES
from ml_insights.decisions.insights.table import KINDS, insights_table
from ml_insights.decisions.money import MoneyRules
from ml_insights.decisions.pairs import joint_counts_of, joint_counts_table
from ml_insights.metrics.business_value import Outcomes, OutcomeValues
from ml_insights.metrics.confusion import BinCounts
from ml_insights.metrics.differences import Share
from ml_insights.result_tables import Curve
from ml_insights_tests.decisions.published import CHALLENGER, CHAMPION, GRID, HALF, drawn, nothing
from ml_insights_tests.decisions.test_pairs import PAIR, spark_rows

DAY = date(2026, 10, 8)


def prevalence(
    today: CurveCounts, before: CurveCounts | None
) -> dict[CurveName, tuple[Share, Share]]:
    """Positives of labelled records, before and on the day."""

    def share(bins: BinCounts) -> Share:
        positives = int(bins.positives.sum())
        return Share(positives, positives + int(bins.negatives.sum()))

    both = today.keys() & (before or {}).keys()
    return {(*curve,): (share((before or {})[curve]), share(today[curve])) for curve in both}


def insights(
    today: CurveCounts,
    before: CurveCounts | None = None,
    *,
    former: list[dict[str, Any]] | None = None,
    split: dict[str, float] | None = None,
    records: dict[str, int] | None = None,
    money: bool = False,
) -> list[dict[str, Any]]:
    rules = Rules(HALF, 0.01, 0.9, 20, split or {})
    comparison = variant_comparison_table(
        Traffic(today, records=records or {}), {TRAILING_7_DAYS: (before or {}, 7)}, rules
    )
    health = model_health_table(
        today, before or {}, HALF, identity=("fraud", DAY), reference_days=7, past={}
    )
    values = OutcomeValues(Outcomes(140.0, -9.0, -120.0, 0.0))
    rules_of_money = MoneyRules(values, "EUR", None, HALF, 0.9, 200)
    choices = threshold_choice_table(
        today, rules_of_money, identity=("fraud", DAY), chosen_before={}
    )
    table = insights_table(
        comparison,
        health,
        choices if money else None,
        coverage={(*curve,): bins.label_coverage for curve, bins in today.items()},
        relevant=0.01,
        earlier=Earlier(DAY, former or [], prevalence=prevalence(today, before)),
    )
    found: list[dict[str, Any]] = table.to_pylist()
    return found


def of_kind(rows: list[dict[str, Any]], kind: str) -> list[str]:
    return [row["sentence"] for row in rows if row["kind"] == kind]


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


def halved(seed: int, size: int = 3000) -> BinCounts:
    """Scores of which only half as many are right."""
    random = np.random.default_rng(seed)
    score = random.beta(1, 3, size)
    return BinCounts.from_scores(GRID, score, (random.random(size) < score / 2).astype(int))


def calibrated(seed: int, size: int = 3000) -> BinCounts:
    random = np.random.default_rng(seed)
    score = random.beta(1, 3, size)
    return BinCounts.from_scores(GRID, score, (random.random(size) < score).astype(int))


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


@pytest.mark.simulation
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


def rarer(bins: BinCounts, one_in: int, seed: int = 7) -> BinCounts:
    """The same model on traffic with fewer positives: each is kept with the same chance."""
    kept = np.random.default_rng(seed).binomial(bins.positives, 1 / one_in)
    records = kept + bins.negatives + bins.unlabelled
    left = records > 0
    labels = (kept[left], bins.negatives[left], bins.unlabelled[left])
    scores = (bins.score_sum * records / bins.records)[left]
    return BinCounts(GRID, bins.threshold_index[left], *labels, scores)


def test_rarer_positives_are_said_as_such_and_not_as_a_worse_model() -> None:
    before = {CHAMPION: drawn(1, 60_000)}
    rows = insights({CHAMPION: rarer(drawn(2, 20_000), 3)}, before)
    assert of_kind(rows, "change") == []
    (sentence,) = of_kind(rows, "prevalence")
    found = re.fullmatch(
        r"champion: positives are (.*) % of labelled records, (.*) % in the 7 days before; "
        r"precision falls with it from (.*) % to (.*) %, "
        r"at equal prevalence from (.*) % to (.*) %\.",
        sentence,
    )
    assert found, sentence
    now, was, plain_before, plain, level_before, level = map(float, found.groups())
    assert now < was / 2
    assert plain < plain_before - 5
    assert abs(level - level_before) < 3


def test_a_change_of_prevalence_that_moves_precision_by_nothing_relevant_is_not_told() -> None:
    """Every alarm is right, however rare positives are."""

    def sure(positives: int) -> BinCounts:
        return BinCounts.from_scores(
            GRID, [0.9] * positives + [0.1] * 9000, [1] * positives + [0] * 9000
        )

    rows = insights({CHAMPION: sure(300)}, {CHAMPION: sure(900)})
    assert of_kind(rows, "prevalence") == []


def worse_ranking(seed: int, one_in: int = 1) -> list[dict[str, Any]]:
    today = (
        rarer(drawn(seed, 8000, separation=1.0), one_in)
        if one_in > 1
        else drawn(seed, 8000, separation=1.0)
    )
    return insights({CHAMPION: today}, {CHAMPION: drawn(99, 60_000, separation=3.0)})


def test_of_days_with_other_prevalences_precision_is_that_at_equal_prevalence() -> None:
    for rows in (worse_ranking(1), worse_ranking(2, one_in=3)):
        spoken = [row["metric"] for row in rows if row["kind"] == "change"]
        assert sorted(spoken) == ["recall", "roc_auc", "standardised_precision"]
        assert any("precision at equal prevalence fell" in row["sentence"] for row in rows)


def only_the_top_is_worse(seed: int, size: int, wrong: float) -> BinCounts:
    """Negatives above the highest positives: ROC AUC hardly moves, average precision does."""
    random = np.random.default_rng(seed)
    label = random.random(size) < 0.1
    score = np.where(label, 0.6, np.where(random.random(size) < wrong, 0.9, 0.1))
    return BinCounts.from_scores(GRID, score, label.astype(int))


def test_average_precision_speaks_only_where_the_prevalences_cannot_be_told_apart() -> None:
    before = {CHAMPION: only_the_top_is_worse(1, 60_000, 0.001)}
    today = only_the_top_is_worse(2, 20_000, 0.009)
    said = [row["metric"] for row in insights({CHAMPION: today}, before)]
    assert "average_precision" in said
    assert "roc_auc" not in said
    said = [row["metric"] for row in insights({CHAMPION: rarer(today, 3)}, before)]
    assert "average_precision" not in said
    assert "standardised_precision" in said


def published(rows: list[dict[str, Any]], days_before: int = 1) -> list[dict[str, Any]]:
    return [{**row, "dt": DAY - timedelta(days=days_before)} for row in rows]


def test_a_state_is_told_when_it_begins_and_known_afterwards() -> None:
    first = insights({CHAMPION: halved(1)})
    assert [row["known_since"] for row in first if row["kind"] == "calibration"] == [None]
    second = insights({CHAMPION: halved(2)}, former=published(first, 2))
    (row,) = (row for row in second if row["kind"] == "calibration")
    assert row["known_since"] == DAY - timedelta(days=2)
    assert row["sentence"].endswith(" Known since 6 Oct.")
    third = insights({CHAMPION: halved(3)}, former=published(first, 2) + published(second))
    (row,) = (row for row in third if row["kind"] == "calibration")
    assert row["known_since"] == DAY - timedelta(days=2), "not since yesterday"


def quartered(seed: int) -> BinCounts:
    bins = halved(seed)
    kept = np.random.default_rng(seed).binomial(bins.positives, 0.5)
    wrong = bins.positives - kept
    return BinCounts(
        GRID, bins.threshold_index, kept, bins.negatives + wrong, bins.unlabelled, bins.score_sum
    )


def test_a_state_that_changed_by_more_than_its_interval_is_news_again() -> None:
    former = published(insights({CHAMPION: halved(1)}), 3)
    changed = insights({CHAMPION: quartered(2)}, former=former)
    (row,) = (row for row in changed if row["kind"] == "calibration")
    assert row["known_since"] is None
    later = insights({CHAMPION: quartered(3)}, former=former + published(changed))
    (row,) = (row for row in later if row["kind"] == "calibration")
    assert row["known_since"] == DAY - timedelta(days=1)


def test_a_state_that_creeps_is_news_once_it_left_the_interval_it_was_told_with() -> None:
    first = insights({CHAMPION: halved(1)})
    (told,) = (row for row in first if row["kind"] == "calibration")
    half = told["value"] - told["value_low"]
    crept = {
        **told,
        "known_since": DAY - timedelta(days=3),
        **{name: told[name] - 1.5 * half for name in ("value", "value_low", "value_high")},
    }
    told |= {name: told[name] - 3.0 * half for name in ("value", "value_low", "value_high")}
    for former, news in (
        ([{**told, "dt": DAY - timedelta(days=3)}], True),
        (published([crept]), False),
        ([{**told, "dt": DAY - timedelta(days=3)}, *published([crept])], True),
    ):
        rows = insights({CHAMPION: halved(1)}, former=former)
        (row,) = (row for row in rows if row["kind"] == "calibration")
        assert (row["known_since"] is None) is news


def test_what_is_new_stands_before_what_is_known() -> None:
    today = {CHAMPION: halved(1), CHALLENGER: halved(2, 4000)}
    alone = insights({CHAMPION: today[CHAMPION]})
    rows = insights(today, former=published(alone))
    known = [row["known_since"] is not None for row in rows]
    assert known == sorted(known)
    assert any(known)
    assert not all(known)


def test_a_verdict_about_variants_that_turned_is_news() -> None:
    good, bad = drawn(1, 9000, separation=3.0), drawn(2, 9000, separation=1.0)
    was = insights({CHAMPION: good, CHALLENGER: bad})
    same = insights({CHAMPION: good, CHALLENGER: bad}, former=published(was))
    turned = insights({CHAMPION: bad, CHALLENGER: good}, former=published(was))
    for rows, news in ((same, False), (turned, True)):
        said = [row for row in rows if row["kind"] == "variants"]
        assert said
        assert all((row["known_since"] is None) is news for row in said)


def test_states_are_kinds() -> None:
    assert KINDS.keys() > STATES
