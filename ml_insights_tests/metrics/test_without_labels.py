"""Performance expected without labels: published value, and the truth of calibrated scores."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ml_insights.metrics.confusion import BinCounts
from ml_insights.metrics.without_labels import (
    error_band,
    expected_performance,
    positives_by_past_rates,
)
from ml_insights_tests.metrics.cases import GRID

HALF = GRID.index_of(0.5)


def test_published_expected_counts() -> None:
    bins = BinCounts.from_scores(GRID, [0.9, 0.7, 0.4, 0.2, 0.1], [-1] * 5)
    expected = expected_performance(bins, bins.score_sum, HALF)
    assert expected[:3] == pytest.approx((1.6, 0.4, 0.7))
    assert expected[3:] == pytest.approx((0.8, 1.6 / 2.3, 3.2 / 4.3))


def test_calibrated_scores_foretell_what_labels_show() -> None:
    random = np.random.default_rng(6)
    score = random.beta(0.5, 2, 100_000)
    bins = BinCounts.from_scores(GRID, score, (random.random(100_000) < score).astype(np.int64))
    counts = bins.confusion_at(np.array([HALF]))
    expected = expected_performance(bins, bins.score_sum, HALF)
    assert expected.true_positives == pytest.approx(counts.true_positives[0], rel=0.02)
    assert expected.false_negatives == pytest.approx(counts.false_negatives[0], rel=0.02)


def test_past_rates_correct_scores_that_are_too_high_and_follow_a_shift_of_traffic() -> None:
    random = np.random.default_rng(7)
    before, today = random.beta(1, 4, 200_000), random.beta(2, 4, 100_000)
    reference = BinCounts.from_scores(
        GRID, before, (random.random(before.size) < before / 2).astype(np.int64)
    )
    labels = (random.random(today.size) < today / 2).astype(np.int64)
    hidden = BinCounts.from_scores(GRID, today, np.full(today.size, -1))
    expected = expected_performance(hidden, positives_by_past_rates(hidden, reference), HALF)
    true_recall = labels[today >= 0.5].sum() / labels.sum()
    assert expected.precision == pytest.approx(labels[today >= 0.5].mean(), rel=0.03)
    assert expected.recall == pytest.approx(true_recall, rel=0.03)


def test_without_records_or_past_labels_nothing_is_expected() -> None:
    none = BinCounts.from_scores(GRID, [], [])
    some = BinCounts.from_scores(GRID, [0.4, 0.8], [-1, -1])
    assert math.isnan(expected_performance(none, none.score_sum, HALF).precision)
    assert np.isnan(positives_by_past_rates(some, none)).all()
    assert math.isnan(expected_performance(some, positives_by_past_rates(some, some), HALF).recall)


def test_the_band_holds_the_value_of_labels_on_95_of_100_days_however_few_errors_are_known() -> (
    None
):
    random = np.random.default_rng(8)
    for days in (3, 7, 28):
        held = 0
        for _ in range(2000):
            errors = random.normal(0.0, 0.02, days + 1)
            low, high = error_band(0.6, errors[:-1])
            held += low <= 0.6 - errors[-1] <= high
        assert 0.935 < held / 2000 < 0.965, days


def test_a_band_keeps_to_shares_and_needs_three_errors() -> None:
    assert error_band(0.99, np.array([0.1, -0.1, 0.1]))[1] == 1.0
    assert error_band(0.01, np.array([0.1, -0.1, 0.1]))[0] == 0.0
    assert np.isnan(error_band(0.5, np.array([0.1, -0.1]))).all()
    assert np.isnan(error_band(math.nan, np.full(9, 0.1))).all()
