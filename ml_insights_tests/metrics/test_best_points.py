"""Numbers at chosen thresholds: intervals count the choice, and are not too sure near 0 and 1."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from scipy.special import ndtr

from ml_insights.contracts import FIXED_LEVELS
from ml_insights.metrics.best_points import best_points
from ml_insights.metrics.bootstrap import poisson_bootstrap
from ml_insights.metrics.confusion import BinCounts
from ml_insights.metrics.intervals import wilson_interval
from ml_insights.metrics.seeds import generator
from ml_insights_tests.metrics.cases import GRID, from_groups, groups

NUMBERS = (
    "best_f1",
    *(
        f"{name}_{level}"
        for level in FIXED_LEVELS
        for name in ("recall_at_precision", "precision_at_recall")
    ),
)


def points(bins: BinCounts, replicates: int = 200) -> dict[str, float]:
    return best_points(bins, poisson_bootstrap(bins, generator("points"), replicates))


@given(groups())
def test_an_interval_is_there_exactly_with_its_number_and_holds_it(
    drawn: list[tuple[int, int]],
) -> None:
    row = points(from_groups(drawn), 40)
    for name in NUMBERS:
        value, low, high = (row[f"{name}{end}"] for end in ("", "_low", "_high"))
        assert math.isnan(value) == math.isnan(low) == math.isnan(high)
        assert math.isnan(value) or 0.0 <= low <= value <= high <= 1.0


@given(groups())
def test_the_method_is_named_where_there_is_an_interval(drawn: list[tuple[int, int]]) -> None:
    bins = from_groups(drawn)
    for row, there in ((points(bins, 40), True), (best_points(bins, {}), False)):
        for family in ("best_f1", "recall_at_precision", "precision_at_recall"):
            some = any(not math.isnan(row[n]) for n in NUMBERS if n.startswith(family))
            assert row[f"{family}_method"] == ("bootstrap" if some and there else None)
            if not there:
                assert all(math.isnan(row[f"{n}_low"]) for n in NUMBERS)


def test_what_no_record_showed_is_still_possible() -> None:
    """Of 40 positives none lies low: each replicate has recall 1, yet 38 of 40 is no surprise."""
    bins = BinCounts.from_scores(GRID, [0.9] * 40 + [0.1] * 400, [1] * 40 + [0] * 400)
    row = points(bins)
    low, high = wilson_interval(np.array([40]), np.array([40]))
    for name in NUMBERS:
        if name not in ("best_f1", "recall_at_precision_95"):
            assert (row[f"{name}_low"], row[f"{name}_high"]) == (low[0], high[0])
    # Not even 40 right alarms of 40 show a precision of 95 % beyond doubt.
    assert low[0] < 0.95
    assert row["recall_at_precision_95_low"] == 0.0
    assert row["best_f1_low"] < 1.0


def test_a_few_lucky_hits_are_no_proof_of_a_precision() -> None:
    random = np.random.default_rng(2)
    score, label = random.random(400), random.random(400) < 0.3
    label[np.argsort(score)[-3:]] = True
    bins = BinCounts.from_scores(GRID, score, label.astype(np.int64))
    row = points(bins)
    assert row["recall_at_precision_95"] > 0.0
    assert row["recall_at_precision_95_low"] == 0.0


def test_enough_hits_are_a_proof_though_not_of_every_percent() -> None:
    """80 of 84 alarms are right: 95.2 %, of which 88 % are beyond doubt."""
    scores = np.concatenate((np.linspace(0.9, 0.6, 84), np.linspace(0.5, 0.1, 400)))
    labels = np.ones(484)
    labels[[20, 40, 60, 70, *range(84, 484)]] = 0
    row = points(BinCounts.from_scores(GRID, scores, labels.astype(np.int64)))
    assert row["recall_at_precision_95"] == 1.0
    assert 0.0 < row["recall_at_precision_95_low"] < 0.9


def sample(random: np.random.Generator, positives: int, negatives: int) -> BinCounts:
    """Normal scores 1.6 standard deviations apart."""
    score = np.concatenate((random.normal(0.8, 1, positives), random.normal(-0.8, 1, negatives)))
    label = np.repeat([1, 0], [positives, negatives])
    return BinCounts.from_scores(GRID, 1 / (1 + np.exp(-score)), label)


def population(prevalence: float) -> dict[str, float]:
    """The numbers of infinitely many such records."""
    at = np.linspace(-5, 5, 20_001)
    recall, false = ndtr(0.8 - at), ndtr(-0.8 - at)
    precision = prevalence * recall / (prevalence * recall + (1 - prevalence) * false)
    return {
        "best_f1": float((2 * precision * recall / (precision + recall)).max()),
        "recall_at_precision_50": float(recall[precision >= 0.5].max()),
        "recall_at_precision_80": float(recall[precision >= 0.8].max()),
        "precision_at_recall_50": float(precision[recall >= 0.5].max()),
        "precision_at_recall_80": float(precision[recall >= 0.8].max()),
        "precision_at_recall_95": float(precision[recall >= 0.95].max()),
    }


@pytest.mark.simulation
def test_intervals_hold_the_value_of_the_population_on_about_95_of_100_days() -> None:
    """Wilson's alone, which takes the threshold as given, hold it on far fewer."""
    random, true = np.random.default_rng(4), population(0.1)
    held, taken_as_given = dict.fromkeys(true, 0), 0
    days = 150
    for _ in range(days):
        bins = sample(random, random.poisson(200), random.poisson(1800))
        row = points(bins)
        for name, value in true.items():
            held[name] += row[f"{name}_low"] <= value <= row[f"{name}_high"]
        found = round(row["recall_at_precision_80"] * bins.positives.sum())
        low, high = wilson_interval(np.array([found]), np.array([bins.positives.sum()]))
        taken_as_given += bool(low[0] <= true["recall_at_precision_80"] <= high[0])
    for name, number in held.items():
        assert 0.88 * days < number, name
    assert taken_as_given < 0.8 * days


@pytest.mark.parametrize("replicates", [0, 40])
def test_without_positives_nothing_is_said(replicates: int) -> None:
    row = points(BinCounts.from_scores(GRID, [0.4, 0.6], [0, 0]), replicates)
    assert {str(value) for value in row.values()} == {"nan", "None"}
