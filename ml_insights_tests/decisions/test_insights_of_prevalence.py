"""Insights where the share of positives moved: no word about a worse model without one."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from ml_insights.metrics.confusion import BinCounts
from ml_insights_tests.decisions.insights_of import insights, of_kind
from ml_insights_tests.decisions.published import CHAMPION, GRID, drawn


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
