"""Labels that are no random sample: published estimate, truth by simulation, honest silence."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given

from ml_insights.metrics.confusion import BinCounts
from ml_insights.metrics.intervals import wilson_interval
from ml_insights.metrics.label_selection import (
    Strata,
    label_strata,
    labels_depend_on_score,
    stratified_recall,
)
from ml_insights_tests.metrics.cases import GRID, bins_of, records

HALF = GRID.index_of(0.5)


def strata_of(records: list[int], labelled: list[int], positives: list[int]) -> Strata:
    """Three strata of which the upper two lie above the threshold."""
    above = np.array([False, True, True])
    return Strata(np.arange(3), np.array(records), np.array(labelled), np.array(positives), above)


def test_published_stratified_recall() -> None:
    found = stratified_recall(strata_of([9000, 900, 100], [1000, 100, 100], [1, 5, 60]))
    assert found.value == pytest.approx(0.921053, abs=5e-7)
    assert found.low < found.value < found.high


def test_recall_is_not_identifiable_where_a_stratum_has_no_label() -> None:
    found = stratified_recall(strata_of([9000, 900, 100], [0, 100, 100], [0, 5, 60]))
    assert not found.identifiable
    assert math.isnan(found.value)


@given(records(GRID))
def test_strata_hold_every_record_once_and_never_cross_the_threshold(
    drawn: list[tuple[float, int]],
) -> None:
    bins = bins_of(GRID, drawn)
    strata = label_strata(bins, HALF, 3)
    assert strata.records.sum() == len(drawn)
    assert strata.records[strata.above].sum() == sum(score >= 0.5 for score, _ in drawn)
    assert np.all(np.diff(strata.threshold_index) > 0)
    assert np.all(strata.labelled <= strata.records)


def simulated(random: np.random.Generator, size: int) -> tuple[BinCounts, float, float]:
    """Labels mostly for high scores: counts, true recall, recall among the labelled."""
    score = random.beta(0.6, 3, size)
    positive = random.random(size) < score
    seen = random.random(size) < np.where(score >= 0.4, 0.9, 0.1)
    bins = BinCounts.from_scores(GRID, score, np.where(seen, positive, -1))
    above = score >= 0.5
    naive = (positive & seen & above).sum() / (positive & seen).sum()
    return bins, float((positive & above).sum() / positive.sum()), float(naive)


def test_the_stratified_estimate_finds_the_true_recall_where_the_plain_one_is_wrong() -> None:
    bins, true, naive = simulated(np.random.default_rng(1), 60_000)
    found = stratified_recall(label_strata(bins, HALF))
    assert found.low < true < found.high
    assert abs(found.value - true) < 0.03
    assert naive - true > 0.1


def test_with_every_label_the_interval_is_about_that_of_the_plain_recall() -> None:
    bins = BinCounts.from_scores(GRID, [0.9] * 80 + [0.1] * 20, [1] * 100)
    found = stratified_recall(label_strata(bins, HALF))
    low, high = wilson_interval(np.array(80), np.array(100))
    assert found.low == pytest.approx(float(low), abs=0.01)
    assert found.high == pytest.approx(float(high), abs=0.01)


def test_scores_on_one_side_of_the_threshold_leave_no_interval() -> None:
    found = stratified_recall(label_strata(BinCounts.from_scores(GRID, [0.9], [1]), HALF))
    assert found.value == 1.0
    assert math.isnan(found.low)
    assert math.isnan(found.high)


@pytest.mark.simulation
@pytest.mark.parametrize("size", [3000, 8000])
def test_the_interval_holds_the_expected_recall_on_nineteen_of_twenty_days(size: int) -> None:
    random = np.random.default_rng(11)
    _, expected, _ = simulated(random, 2_000_000)
    held = 0
    for _ in range(300):
        bins, _, _ = simulated(random, size)
        found = stratified_recall(label_strata(bins, HALF))
        held += found.low <= expected <= found.high
    assert 275 <= held <= 295


@pytest.mark.simulation
def test_the_interval_holds_the_true_recall_on_nineteen_of_twenty_days() -> None:
    random = np.random.default_rng(9)
    held = 0
    for _ in range(200):
        bins, true, _ = simulated(random, 8_000)
        found = stratified_recall(label_strata(bins, HALF))
        held += found.low <= true <= found.high
    assert held >= 180


def test_labels_that_depend_on_the_score_are_noticed_and_random_ones_are_not() -> None:
    random = np.random.default_rng(3)
    score = random.random(5000)
    for share, dependent in ((0.5, False), (0.4 + 0.2 * score, True)):
        labels = np.where(random.random(5000) < share, 0, -1)
        bins = BinCounts.from_scores(GRID, score, labels)
        assert (labels_depend_on_score(label_strata(bins, HALF)) < 0.01) is dependent


@pytest.mark.parametrize("labels", [[0, 1], [-1, -1]])
def test_all_or_no_labels_depend_on_nothing(labels: list[int]) -> None:
    strata = label_strata(BinCounts.from_scores(GRID, [0.2, 0.8], labels), HALF)
    assert math.isnan(labels_depend_on_score(strata))


def test_without_records_recall_is_undefined() -> None:
    assert math.isnan(stratified_recall(label_strata(BinCounts.from_scores(GRID, [], []), 0)).value)
