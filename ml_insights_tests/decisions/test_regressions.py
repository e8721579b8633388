"""What the gates look at: falls beyond doubt, in any slice, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import fisher_exact

from ml_insights.decisions.regressions import found_regressions
from ml_insights.metrics.comparison import differences
from ml_insights.metrics.confusion import BinCounts
from ml_insights_tests.decisions.published import CHAMPION, GRID, HALF, drawn, nothing


@pytest.mark.parametrize("seed", range(0, 40, 2))
def test_a_usual_day_has_none(seed: int) -> None:
    fallen, tests = found_regressions(
        {CHAMPION: drawn(seed)}, {CHAMPION: drawn(seed + 1, 28_000)}, HALF, 0.01
    )
    assert fallen == []
    assert tests == 2


def test_a_bad_slice_is_found_among_many_and_the_largest_fall_comes_first() -> None:
    curves = [CHAMPION._replace(slice=f"x={n}") for n in range(50)]
    today = {curve: drawn(n, 1000) for n, curve in enumerate(curves)}
    today[curves[7]] = drawn(7, 3000, separation=0.5)
    before = {curve: drawn(100 + n, 7000) for n, curve in enumerate(curves)}
    fallen, tests = found_regressions(today, before, HALF, 0.01)
    assert tests == 100
    assert {found.curve for found in fallen} == {curves[7]}
    falls = [found.difference.value for found in fallen]
    assert falls == sorted(falls)
    assert all(found.difference.high < 0 for found in fallen)


def test_a_fall_too_small_to_matter_is_none_however_certain() -> None:
    today, before = {CHAMPION: drawn(1, 4000, separation=0.5)}, {CHAMPION: drawn(2, 28_000)}
    assert found_regressions(today, before, HALF, 0.01)[0]
    assert found_regressions(today, before, HALF, 0.9)[0] == []


def test_curves_without_days_before_or_labels_are_not_tested() -> None:
    assert found_regressions({CHAMPION: drawn(1)}, {}, HALF, 0.01) == ([], 0)
    unlabelled = {CHAMPION: drawn(2, labelled=0.0)}
    assert found_regressions(unlabelled, {CHAMPION: drawn(1)}, HALF, 0.01) == ([], 0)
    assert found_regressions({CHAMPION: nothing()}, {CHAMPION: drawn(1)}, HALF, 0.01) == ([], 0)


def with_prevalence(bins: BinCounts, kept: float) -> BinCounts:
    """The same model on a day with another share of positives."""
    random = np.random.default_rng(1)
    positives = random.binomial(bins.positives, kept)
    held = positives + bins.negatives + bins.unlabelled > 0
    return BinCounts(
        bins.grid, bins.threshold_index[held], positives[held], bins.negatives[held],
        bins.unlabelled[held], bins.score_sum[held],
    )  # fmt: skip


def test_another_share_of_positives_is_no_regression_though_precision_falls() -> None:
    before, today = drawn(1, 70_000), with_prevalence(drawn(2, 20_000), 0.5)
    precision = differences(before, today, HALF)["precision"].difference
    assert precision.high < -0.05
    assert found_regressions({CHAMPION: today}, {CHAMPION: before}, HALF, 0.01)[0] == []


def test_more_false_alarms_are_a_fall_of_precision_at_equal_prevalence() -> None:
    before, today = drawn(1, 70_000), drawn(2, 10_000)
    noise = BinCounts.from_scores(GRID, [0.9] * 900, [0] * 900)
    (found,), tests = found_regressions({CHAMPION: today + noise}, {CHAMPION: before}, HALF, 0.01)
    assert (found.metric, tests) == ("standardised_precision", 2)
    assert found.difference.high < 0
    quiet = [int(b.negatives.sum()) - int(b.confusion_at(np.array([HALF])).false_positives[0])
             for b in (before, today + noise)]  # fmt: skip
    tables = [
        (q, int(b.negatives.sum()) - q) for q, b in zip(quiet, (before, today + noise), strict=True)
    ]
    assert found.p_value == pytest.approx(
        fisher_exact(tables[::-1], alternative="less").pvalue, rel=1e-6
    )


def test_a_day_looked_at_twice_needs_half_the_p_value() -> None:
    before = drawn(1, 28_000)
    p_values: dict[int, list[float]] = {}
    for separation in np.linspace(2.0, 1.0, 30):
        day = {CHAMPION: drawn(2, 4000, separation=float(separation))}
        for looks in (1, 2):
            for found in found_regressions(day, {CHAMPION: before}, HALF, 0.001, looks=looks)[0]:
                p_values.setdefault(looks, []).append(found.p_value)
    assert max(p_values[2]) <= 0.05 / 62
    assert max(p_values[2]) <= max(p_values[1]) <= 0.05 / 31
