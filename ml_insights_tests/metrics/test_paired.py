"""Paired comparison: McNemar, DeLong by hand, a paired bootstrap, less doubt."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_insights.errors import ContractError
from ml_insights.metrics.areas import average_precision, roc_auc
from ml_insights.metrics.binning import bin_scores
from ml_insights.metrics.comparison import differences
from ml_insights.metrics.confusion import BinCounts
from ml_insights.metrics.estimates import METRICS
from ml_insights.metrics.intervals import Z_95
from ml_insights.metrics.paired import JointCounts, paired_differences
from ml_insights.metrics.student import student_of_normal
from ml_insights_tests.metrics.cases import GRID, scores

HALF = GRID.index_of(0.5)
events = st.lists(st.tuples(scores(GRID), scores(GRID), st.sampled_from([0, 1])), max_size=25)


def joint_of(one: np.ndarray, other: np.ndarray, label: np.ndarray) -> JointCounts:
    """Joint counts of records that fit in memory."""
    pairs = np.stack((bin_scores(GRID, one), bin_scores(GRID, other)))
    occupied, place = np.unique(pairs, axis=1, return_inverse=True)
    positives, negatives = (
        np.bincount(place.ravel()[label == kind], minlength=occupied.shape[1]) for kind in (1, 0)
    )
    return JointCounts(GRID, occupied[0], occupied[1], positives, negatives)


def two_models(seed: int, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    label = (random.random(size) < 0.2).astype(np.int64)
    shared = random.normal(1.5 * label, 1.0)
    one, other = (shared + random.normal(0, noise, size) - 1 for noise in (0.8, 0.4))
    return 1 / (1 + np.exp(-one)), 1 / (1 + np.exp(-other)), label


@given(events)
def test_the_margins_are_the_counts_of_each_variant(drawn: list[tuple[float, float, int]]) -> None:
    one, other = (np.array([event[k] for event in drawn], dtype=float) for k in (0, 1))
    label = np.array([event[2] for event in drawn], dtype=np.int64)
    joint = joint_of(one, other, label)
    for margin, values in ((joint.first(), one), (joint.second(), other)):
        alone = BinCounts.from_scores(GRID, values, label)
        for name in ("threshold_index", "positives", "negatives"):
            assert getattr(margin, name).tolist() == getattr(alone, name).tolist()


def test_paired_delong_from_joint_counts_is_delong_from_records() -> None:
    one, other, label = two_models(1, 300)
    placements = []
    for score in (bin_scores(GRID, one), bin_scores(GRID, other)):
        above = score[label == 1][:, None] > score[label == 0]
        same = score[label == 1][:, None] == score[label == 0]
        wins = above + same / 2
        placements.append((wins.mean(axis=1), wins.mean(axis=0)))
    of_positives, of_negatives = (b - a for a, b in zip(*placements, strict=True))
    variance = sum(gap.var(ddof=1) / gap.size for gap in (of_positives, of_negatives))
    weights = np.concatenate(
        [(gap - gap.mean()) / gap.size for gap in (of_positives, of_negatives)]
    )
    freedom = float(2.0 * np.square(np.sum(weights**2)) / np.sum(weights**4))
    found = paired_differences(joint_of(one, other, label), HALF)["roc_auc"].difference
    assert found.value == pytest.approx(of_positives.mean())
    half = math.sqrt(variance) * student_of_normal(Z_95, freedom)
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=1e-6)
    assert 1.96 * math.sqrt(variance) < half < 1.06 * 1.96 * math.sqrt(variance)


@pytest.mark.simulation
def test_the_spread_of_all_metrics_is_that_of_a_paired_bootstrap() -> None:
    one, other, label = two_models(2, 1500)
    joint = joint_of(one, other, label)
    found = paired_differences(joint, HALF)
    random = np.random.default_rng(3)
    drawn = []
    for _ in range(400):
        again = JointCounts(
            GRID,
            joint.first_index,
            joint.second_index,
            random.poisson(joint.positives),
            random.poisson(joint.negatives),
        )
        values = paired_differences(again, HALF)
        drawn.append([values[metric].difference.value for metric in METRICS])
    for metric, spread in zip(METRICS, np.std(drawn, axis=0), strict=True):
        error = (found[metric].difference.high - found[metric].difference.low) / 2 / 1.959964
        assert error == pytest.approx(spread, rel=0.12)


def test_pairing_leaves_less_doubt_than_disjoint_traffic() -> None:
    one, other, label = two_models(4, 3000)
    joint = joint_of(one, other, label)
    paired, apart = (
        paired_differences(joint, HALF),
        differences(joint.first(), joint.second(), HALF),
    )
    for metric in METRICS:
        assert paired[metric].difference.value == pytest.approx(apart[metric].difference.value)
        narrow, wide = paired[metric].difference, apart[metric].difference
        assert narrow.high - narrow.low < wide.high - wide.low


@given(events)
def test_values_are_those_of_the_two_curves(drawn: list[tuple[float, float, int]]) -> None:
    one, other = (np.array([event[k] for event in drawn], dtype=float) for k in (0, 1))
    joint = joint_of(one, other, np.array([event[2] for event in drawn], dtype=np.int64))
    found = paired_differences(joint, HALF)
    for metric, area in (("average_precision", average_precision), ("roc_auc", roc_auc)):
        expected = area(joint.second()).value - area(joint.first()).value
        assert found[metric].difference.value == pytest.approx(expected, nan_ok=True, abs=1e-12)


def test_a_variant_does_not_differ_from_itself_and_nothing_is_claimed() -> None:
    one, _, label = two_models(5, 200)
    for _, _, compared, *_ in paired_differences(joint_of(one, one, label), HALF).values():
        assert compared.value == 0.0
        assert math.isnan(compared.p_value)


@pytest.mark.parametrize(("only_first", "only_second"), [(15, 5), (150, 110), (60, 90)])
def test_the_p_value_of_recall_is_near_mcnemars(only_first: int, only_second: int) -> None:
    """McNemar: ``(b - c)^2 / (b + c)`` is chi-square with one degree of freedom."""
    chi_square = (only_first - only_second) ** 2 / (only_first + only_second)
    mcnemar = math.erfc(math.sqrt(chi_square / 2.0))
    if (only_first, only_second) == (15, 5):
        assert (chi_square, round(mcnemar, 6)) == (5.0, 0.025347)
    alone = [[0.9, 0.1]] * only_first + [[0.1, 0.9]] * only_second
    scores = np.array([*alone, *[[0.9, 0.9]] * 5000, *[[0.2, 0.2]] * 5000])
    joint = joint_of(scores[:, 0], scores[:, 1], np.ones(len(scores)))
    found = paired_differences(joint, HALF)["recall"].difference
    assert found.value == pytest.approx((only_second - only_first) / len(scores))
    assert found.p_value == pytest.approx(mcnemar, rel=0.3)


@pytest.mark.parametrize("only_second", [5, 6, 8])
def test_a_handful_of_positives_is_no_proof_however_one_sided(only_second: int) -> None:
    """All that tell the two apart speak for the second; a coin would do so once in 2^n."""
    one = np.array([0.4] * only_second + [0.9, 0.9, 0.2, 0.2])
    other = np.array([0.6] * only_second + [0.9, 0.9, 0.2, 0.2])
    label = np.array([1] * (only_second + 2) + [0, 0])
    found = paired_differences(joint_of(one, other, label), HALF)["recall"].difference
    exact = 2.0 * 0.5**only_second
    assert exact / 20 < found.p_value < 3.0 * exact, "the normal distribution says exact / 1000"
    assert found.low < found.value < found.high


def test_arrays_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ContractError, match="one shape"):
        JointCounts(GRID, *(np.zeros(n, dtype=np.int64) for n in (2, 2, 2, 3)))
