"""Money that depends on amounts: sums over records by brute force, intervals by simulation."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_insights.errors import ContractError
from ml_insights.metrics.binning import bin_scores
from ml_insights.metrics.business_value import (
    Outcomes,
    OutcomeValues,
    break_even_precision,
    value_at,
    value_interval,
)
from ml_insights.metrics.confusion import BinCounts
from ml_insights.metrics.seeds import generator
from ml_insights.metrics.stakes import Stake, Stakes, Worth, effective_records
from ml_insights.metrics.threshold_choice import choose, gains
from ml_insights_tests.metrics.cases import GRID

VALUES = OutcomeValues(Outcomes(-5.0, -5.0, -2.0, 0.25), Outcomes(0.01, 0.0, -0.01, 0.002))
"""An action costs 5; a positive that is found saves its amount, in cents."""

RECORDS = st.lists(
    st.tuples(
        st.floats(0.0, 1.0),
        st.sampled_from((-1, 0, 1)),
        st.one_of(st.none(), st.integers(0, 10**9)),
    ),
    max_size=60,
)


def stakes_of(
    score: npt.ArrayLike, label: npt.ArrayLike, amount: list[int | None]
) -> tuple[BinCounts, Stakes]:
    """Counts and stakes of records that fit in memory; None is no amount."""
    bins = BinCounts.from_scores(GRID, score, label)
    place = [GRID.index_of(one) for one in np.asarray(score, float).tolist()]
    labels = np.asarray(label).tolist()
    known = sorted(
        {p for p, a, y in zip(place, amount, labels, strict=True) if a is not None and y >= 0}
    )

    def stake(wanted: int) -> Stake:
        own = [
            [a for p, y, a in zip(place, labels, amount, strict=True) if (p, y) == (one, wanted)]
            for one in known
        ]
        kept = [[a for a in bin_ if a is not None] for bin_ in own]
        return Stake(
            np.array([len(bin_) for bin_ in kept], np.int64),
            np.array([sum(bin_) for bin_ in kept], np.int64),
            np.array([float(sum(a * a for a in bin_)) for bin_ in kept], np.float64),
        )

    index = np.array(known, np.int64)
    return bins, Stakes.with_amounts(bins, index, stake(1), stake(0))


def worth_of(label: int, acted: bool, amount: int) -> float:
    outcome = {(1, True): 0, (0, True): 1, (1, False): 2, (0, False): 3}[label, acted]
    return VALUES.constant[outcome] + VALUES.per_amount[outcome] * amount


@given(RECORDS)
def test_value_and_variance_are_those_of_the_records_with_an_amount(
    drawn: list[tuple[float, int, int | None]],
) -> None:
    score, label = (np.array([one[n] for one in drawn]) for n in range(2))
    bins, stakes = stakes_of(score, label.astype(int), [amount for _, _, amount in drawn])
    values = value_at(stakes, bins.threshold_index, VALUES)
    low, high = value_interval(stakes, bins.threshold_index, VALUES, z=1.0)
    for place, index in enumerate(bins.threshold_index.tolist()):
        edge = GRID.threshold(index)
        each = [worth_of(y, s >= edge, a) for s, y, a in drawn if y >= 0 and a is not None]
        expected = sum(each) if each else np.nan
        assert values[place] == pytest.approx(expected, rel=1e-9, abs=1e-6, nan_ok=True)
        spread = np.sqrt(len(each)) * np.std(each) if each else 0.0
        if spread > 1e-3 * max(map(abs, each), default=0.0):
            half = (high[place] - low[place]) / 2
            assert half == pytest.approx(spread, rel=1e-3)


@given(RECORDS)
def test_gains_are_values_above_acting_on_nothing(
    drawn: list[tuple[float, int, int | None]],
) -> None:
    score, label = (np.array([one[n] for one in drawn]) for n in range(2))
    bins, stakes = stakes_of(score, label.astype(int), [amount for _, _, amount in drawn])
    nothing = sum(worth_of(y, False, a) for _, y, a in drawn if y >= 0 and a is not None)
    values = value_at(stakes, bins.threshold_index, VALUES)
    expected = np.nan_to_num(values - nothing)
    assert gains(stakes, VALUES)[:-1] == pytest.approx(expected, rel=1e-9, abs=1e-5)


def payments(random: np.random.Generator, size: int) -> Stakes:
    """A day of calibrated scores and log-normal amounts, in cents."""
    score = random.beta(1, 9, size)
    label = (random.random(size) < score).astype(np.int64)
    amount = np.rint(np.exp(random.normal(8.0, 1.0, size))).astype(np.int64)
    bins = BinCounts.from_scores(GRID, score, label)
    place = np.searchsorted(bins.threshold_index, bin_scores(GRID, score))

    def stake(own: npt.NDArray[np.bool_]) -> Stake:
        length, at = bins.threshold_index.size, place[own]
        number = np.bincount(at, minlength=length)
        total = np.bincount(at, amount[own].astype(float), length).astype(np.int64)
        squares = np.bincount(at, amount[own].astype(float) ** 2, length).astype(np.float64)
        return Stake(number, total, squares)

    return Stakes.with_amounts(bins, bins.threshold_index, stake(label == 1), stake(label == 0))


@pytest.mark.simulation
def test_the_interval_holds_the_expected_value_on_nineteen_of_twenty_days() -> None:
    random = np.random.default_rng(20)
    at = np.array([GRID.index_of(0.25)])
    expected = value_at(payments(random, 1_000_000), at, VALUES)[0] / 500
    held = 0
    for _ in range(400):
        low, high = value_interval(payments(random, 2000), at, VALUES)
        held += low[0] <= expected <= high[0]
    assert 0.925 <= held / 400 <= 0.975


def test_one_huge_amount_leaves_few_effective_records() -> None:
    number = np.array([200])

    def effective(amounts: list[int]) -> float:
        stake = Stake(
            number, np.array([sum(amounts)]), np.array([sum(a * a for a in amounts)], float)
        )
        return float(effective_records([(stake, Worth(0.0, 1.0))], [(stake, Worth(0.0))])[0])

    assert effective([100] * 200) == pytest.approx(200)
    assert effective([100] * 199 + [1_000_000]) < 2


def test_replicates_spread_as_days_do() -> None:
    random = np.random.default_rng(21)
    worth = Worth(-5.0, 0.01)
    days = [payments(random, 2000).positives for _ in range(300)]
    between = np.var([day.worth(worth).sum() for day in days])
    within = np.mean([day.squared_worth(worth).sum() for day in days])
    assert between == pytest.approx(within, rel=0.25)
    again = days[0].drawn(worth, random, 2000).sum(axis=1)
    assert again.mean() == pytest.approx(days[0].worth(worth).sum(), rel=0.02)
    assert again.std() == pytest.approx(np.sqrt(days[0].squared_worth(worth).sum()), rel=0.06)


def test_large_amounts_pull_the_best_threshold_down_and_small_ones_up() -> None:
    random = np.random.default_rng(22)
    stakes = payments(random, 4000)
    chosen = [
        choose(stakes, OutcomeValues(VALUES.constant, Outcomes(factor, 0.0, 0.0, 0.0)), generator())
        for factor in (0.002, 0.05)
    ]
    assert chosen[1].position < chosen[0].position
    assert all(choice.low <= choice.position <= choice.high for choice in chosen)


def test_break_even_is_that_of_the_mean_gains() -> None:
    _, stakes = stakes_of([0.9, 0.8, 0.7], [1, 1, 0], [1000, 3000, 500])
    values = OutcomeValues(Outcomes(-5.0, -5.0, 0.0, 0.0), Outcomes(0.01, 0.0, 0.0, 0.0))
    assert break_even_precision(stakes, values) == pytest.approx(5 / (5 + 15))


@pytest.mark.parametrize("amount", [None, 100])
def test_where_no_alarm_can_pay_there_is_no_break_even(amount: int | None) -> None:
    _, stakes = stakes_of([0.9, 0.8], [1, 0], [amount, amount])
    values = OutcomeValues(Outcomes(-5.0, -5.0, 0.0, 0.0), Outcomes(0.01, 0.0, 0.0, 0.0))
    assert np.isnan(break_even_precision(stakes, values))


@pytest.mark.parametrize(
    ("constant", "per_amount"),
    [
        ((0, 0, 0, 0), (0, 0, 0, 0)),
        ((100, -5, 0, 0), (-1, 0, 0, 0)),
        ((0, -5, 0, 0), (0, 1, 0, 0)),
        ((0, 5, 0, 0), (1, -1, 0, 0)),
        ((0, 0, 0, 0), (1, 0, 0, 0)),
        ((0, -5, 0, 0), (float("nan"), 0, 0, 0)),
    ],
)
def test_factors_that_make_no_sense_are_refused(
    constant: tuple[float, ...], per_amount: tuple[float, ...]
) -> None:
    with pytest.raises(ContractError, match="money values"):
        OutcomeValues(Outcomes(*constant), Outcomes(*per_amount))


def test_amounts_of_records_that_are_not_counted_are_refused() -> None:
    bins, _ = stakes_of([0.9], [1], [100])
    one = Stake(np.array([1]), np.array([100]), np.array([1e4]))
    none = Stake(np.array([0]), np.array([0]), np.array([0.0]))
    with pytest.raises(ContractError, match="hold no record"):
        Stakes.with_amounts(bins, bins.threshold_index - 1, one, none)
    with pytest.raises(ContractError, match="more records"):
        Stakes.with_amounts(bins, bins.threshold_index, none, one)


def test_amounts_of_bins_that_would_wrap_around_together_are_refused() -> None:
    """Each bin fits into 64 bits; their sum, which every threshold below needs, does not."""
    bins = BinCounts.from_scores(GRID, [0.2, 0.4, 0.8], [1, 1, 0])
    none = Stake(np.zeros(3, np.int64), np.zeros(3, np.int64), np.zeros(3))

    def huge(amount: int) -> Stake:
        return none._replace(records=np.array([1, 1, 0]), amount=np.array([amount, amount, 0]))

    Stakes.with_amounts(bins, bins.threshold_index, huge(2 * 10**18), none)
    with pytest.raises(ContractError, match="add up to more than 64 bits hold"):
        Stakes.with_amounts(bins, bins.threshold_index, huge(5 * 10**18), none)


def test_published_effective_number_of_weights() -> None:
    """Kish's number of the weights 1, 1, 2, 4."""
    weights = Stake(np.array([4]), np.array([8]), np.array([22.0]))
    enough = Stake(np.array([9]), np.array([0]), np.array([0.0]))
    found = effective_records([(weights, Worth(0.0, 1.0))], [(enough, Worth(0.0))])
    assert found[0] == pytest.approx(2.909091, abs=5e-7)
