"""Poisson bootstrap on bins: the law of resampled records, kept by grouping."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from ml_insights.contracts import FIXED_LEVELS
from ml_insights.metrics.areas import achievable_pr_area, average_precision
from ml_insights.metrics.bootstrap import poisson_bootstrap, standard_error
from ml_insights.metrics.confusion import BinCounts
from ml_insights.metrics.precision_recall import best_f1, precision_at_recall, recall_at_precision
from ml_insights.metrics.seeds import generator
from ml_insights_tests.metrics.cases import EXAMPLE_C, GRID, Records, from_groups, groups

CURVES = ("rare", "even", "wide", "separated")


def curve(kind: str) -> BinCounts:
    """Seeded curves with more than GROUPS bins that hold positives."""
    random = np.random.default_rng(8)
    size, rate, shift, spread = {
        "rare": (400_000, 0.002, 3.0, 1.5),
        "even": (20_000, 0.5, 1.4, 1.0),
        "wide": (40_000, 0.3, 4.0, 6.0),
        "separated": (200_000, 0.02, 10.0, 2.0),
    }[kind]
    label = random.random(size) < rate
    score = 1.0 / (1.0 + np.exp(-random.normal(np.where(label, shift / 2, -shift / 2), spread)))
    return BinCounts.from_scores(GRID, score, label.astype(np.int64))


def values(bins: BinCounts) -> dict[str, float]:
    """Every metric of the replicates, of the data themselves, by the functions that publish it."""
    counts = bins.confusion()
    return {
        "average_precision": average_precision(bins).value,
        "achievable_pr_area": achievable_pr_area(bins),
        "best_f1": best_f1(bins).value,
        **{f"recall_at_precision_{p}": recall_at_precision(counts, p).value for p in FIXED_LEVELS},
        **{f"precision_at_recall_{p}": precision_at_recall(counts, p).value for p in FIXED_LEVELS},
    }


@pytest.mark.simulation
def test_the_spread_on_bins_is_that_of_resampled_records() -> None:
    random = np.random.default_rng(1)
    label = (random.random(500) < 0.2).astype(np.int64)
    score = 1.0 / (1.0 + np.exp(-random.normal(1.5 * label, 1.0)))
    bins = BinCounts.from_scores(GRID, score, label)
    on_records = []
    for _ in range(1000):
        times = random.poisson(1.0, 500)
        again = BinCounts.from_scores(GRID, np.repeat(score, times), np.repeat(label, times))
        area = average_precision_score(label, score, sample_weight=times)
        on_records.append({**values(again), "average_precision": area})
    on_bins = poisson_bootstrap(bins, generator("test"), 4000)
    for name, drawn in on_bins.items():
        theirs = np.nan_to_num([one[name] for one in on_records])
        assert standard_error(drawn) == pytest.approx(np.std(theirs), rel=0.08), name
        assert drawn.mean() == pytest.approx(np.mean(theirs), abs=0.15 * np.std(theirs)), name


@pytest.mark.simulation
@pytest.mark.parametrize("kind", CURVES)
def test_grouping_keeps_the_spread_within_five_percent(kind: str) -> None:
    bins = curve(kind)
    grouped = poisson_bootstrap(bins, generator("a"), 4000)
    whole = poisson_bootstrap(bins, generator("b"), 800, groups=bins.threshold_index.size)
    for name in ("average_precision", "achievable_pr_area", "best_f1"):
        few, all_bins = standard_error(grouped[name]), standard_error(whole[name])
        # Two standard errors of 800 replicates are 5 %.
        assert few == pytest.approx(all_bins, rel=0.05 + 0.05), name


@pytest.mark.parametrize("kind", CURVES)
def test_replicates_are_centred_as_the_data_are(kind: str) -> None:
    bins = curve(kind)
    replicates = poisson_bootstrap(bins, generator("c"), 2000)
    for name in ("average_precision", "achievable_pr_area"):
        drawn = replicates[name]
        assert abs(drawn.mean() - values(bins)[name]) < 0.15 * standard_error(drawn)


def test_the_same_seed_gives_the_same_replicates_whatever_is_drawn_at_once() -> None:
    bins = from_groups(EXAMPLE_C)
    one, other = (poisson_bootstrap(bins, generator("same"), 50) for _ in range(2))
    assert one.keys() == values(bins).keys()
    for name, drawn in one.items():
        assert np.array_equal(drawn, other[name], equal_nan=True)


@given(groups(max_count=2), st.integers(1, 3))
def test_replicates_without_a_positive_are_undefined_and_others_are_areas(
    drawn: list[tuple[int, int]], limit: int
) -> None:
    replicates = poisson_bootstrap(from_groups(drawn), generator("few"), 40, groups=limit)
    for of_metric in replicates.values():
        assert of_metric.shape == (40,)
        defined = of_metric[~np.isnan(of_metric)]
        if limit >= len(drawn):
            assert np.all((defined >= 0.0) & (defined <= 1.0 + 1e-12))
    assert bool(replicates) == any(positives for positives, _ in drawn)


def test_spread_needs_two_replicates() -> None:
    assert math.isnan(standard_error(np.array([0.5, np.nan])))


def test_a_curve_of_real_data_has_the_spread_of_its_positives(employment: Records) -> None:
    bins = BinCounts.from_scores(GRID, *employment)
    area, positives = average_precision(bins).value, int(bins.positives.sum())
    error = standard_error(poisson_bootstrap(bins, generator("real"), 500)["average_precision"])
    assert 0.2 < error / math.sqrt(area * (1 - area) / positives) < 2.0
