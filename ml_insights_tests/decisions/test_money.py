"""business_value and threshold_choice: money by brute force, seeds, and settings at the limits."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from ml_insights.decisions.amounts import amount_counts_table, curve_stakes
from ml_insights.decisions.choices import KeptChoice, threshold_choice_table
from ml_insights.decisions.money import MoneyRules, business_value_table
from ml_insights.errors import ContractError
from ml_insights.metrics.business_value import Outcomes, OutcomeValues, value_at
from ml_insights.metrics.confusion import BinCounts
from ml_insights.metrics.kept_threshold import KeptDay
from ml_insights.metrics.stakes import Stakes
from ml_insights.result_tables import Curve
from ml_insights_tests.decisions.published import CHAMPION, GRID, HALF, drawn, nothing

RULES = MoneyRules(
    values=OutcomeValues(Outcomes(140.0, -9.0, -120.0, 0.0)),
    currency="EUR",
    capacity=None,
    threshold_index=HALF,
    min_label_coverage=0.9,
    replicates=200,
)
DAY, FORMER = date(2026, 10, 2), date(2026, 9, 29)


def choice(bins: BinCounts, rules: MoneyRules = RULES, before: float | None = 0.5) -> Any:
    table = threshold_choice_table(
        {CHAMPION: bins}, rules, identity=("fraud", DAY), chosen_before={CHAMPION: before}
    )
    (row,) = table.to_pylist()
    return row


def test_money_of_every_drawn_threshold_is_that_of_its_counts() -> None:
    bins = drawn(1, labelled=0.7)
    points = {CHAMPION: bins.threshold_index[::10].astype(np.int64)}
    table = business_value_table({CHAMPION: bins}, points, replace(RULES, capacity=900))
    rows = table.to_pylist()
    assert {*points[CHAMPION].tolist(), HALF} == {row["threshold_index"] for row in rows}
    assert 0.5 in {row["threshold"] for row in rows}
    for row in rows:
        index = np.array([row["threshold_index"]])
        assert row["value"] == pytest.approx(value_at(Stakes.of(bins), index, RULES.values)[0])
        acted = int(bins.records[bins.threshold_index >= row["threshold_index"]].sum())
        assert row["actions"] == acted
        assert row["within_capacity"] == (acted <= 900)
        assert row["value_low"] < row["value"] < row["value_high"]


def test_the_best_threshold_is_worth_most_and_todays_costs_the_difference() -> None:
    bins = drawn(2)
    row, values = choice(bins), value_at(Stakes.of(bins), bins.threshold_index, RULES.values)
    assert row["best_value"] == pytest.approx(values.max())
    assert row["best_threshold"] == GRID.threshold(int(bins.threshold_index[values.argmax()]))
    assert row["best_threshold_low"] <= row["best_threshold"] <= row["best_threshold_high"]
    lost = row["best_value"] - row["operating_value"] - row["optimism"]
    assert row["regret"] == pytest.approx(lost)
    assert row["regret_low"] < row["regret"] < row["regret_high"]
    assert row["break_even_precision"] == pytest.approx(9 / 269)
    assert row["undefined_reason"] is None


def test_a_rerun_gives_the_same_row_and_another_day_another_seed() -> None:
    assert choice(drawn(3)) == choice(drawn(3))
    other = threshold_choice_table(
        {CHAMPION: drawn(3)}, RULES, identity=("fraud", date(2026, 10, 3)), chosen_before={}
    ).to_pylist()[0]
    assert other["optimism"] != choice(drawn(3))["optimism"]
    assert other["best_threshold"] == choice(drawn(3))["best_threshold"]


def test_capacity_keeps_the_best_threshold_above_its_own() -> None:
    bins = drawn(4)
    row = choice(bins, replace(RULES, capacity=300))
    acted = int(bins.records[bins.threshold_index >= GRID.index_of(row["best_threshold"])].sum())
    assert acted <= 300
    assert row["best_threshold"] >= row["capacity_threshold"]


@pytest.mark.parametrize(
    ("capacity", "reason"),
    [
        (10**6, "capacity_above_volume"),
        (0, "operating_above_capacity,capacity_below_highest_score"),
    ],
)
def test_a_capacity_beyond_the_traffic_is_said(capacity: int, reason: str) -> None:
    row = choice(drawn(5), replace(RULES, capacity=capacity))
    assert row["undefined_reason"] == reason
    assert (row["best_threshold"] is None) == (capacity == 0)


def test_capacity_limits_a_variant_and_not_each_of_its_slices() -> None:
    bins, east = drawn(4), CHAMPION._replace(slice="region=EU")
    today, rules = {CHAMPION: bins, east: bins}, replace(RULES, capacity=300)
    whole, part = threshold_choice_table(
        today, rules, identity=("fraud", DAY), chosen_before={CHAMPION: 0.5, east: 0.5}
    ).to_pylist()
    assert (whole["capacity"], part["capacity"], part["capacity_threshold"]) == (300, None, None)
    assert part["best_threshold"] == choice(bins)["best_threshold"] < whole["best_threshold"]
    drawn_rows = business_value_table(today, {}, rules).to_pylist()
    assert [row["within_capacity"] for row in drawn_rows] == [False, True]


def test_a_threshold_that_cannot_be_kept_has_no_regret() -> None:
    bins = drawn(5)
    acted = int(bins.records[bins.threshold_index >= HALF].sum())
    kept, asked_too_much = (choice(bins, replace(RULES, capacity=acted - n)) for n in (0, 1))
    assert kept["regret"] is not None
    assert asked_too_much["operating_value"] == kept["operating_value"]
    assert asked_too_much["regret"] is asked_too_much["regret_low"] is None
    assert asked_too_much["undefined_reason"] == "operating_above_capacity"


def test_todays_threshold_is_no_news_if_it_is_the_best() -> None:
    bins = BinCounts.from_scores(GRID, [0.9] * 100 + [0.1] * 100, [1] * 100 + [0] * 100)
    row = choice(bins)
    assert row["best_threshold"] == GRID.threshold(GRID.index_of(0.9)), "no record between"
    assert (row["regret"], row["regret_low"], row["optimism"]) == (0.0, None, 0.0)
    assert row["undefined_reason"] == "operating_is_best"


def test_the_threshold_chosen_before_is_judged_on_this_day() -> None:
    bins = drawn(6)
    row = choice(bins, before=0.25)
    index = np.array([GRID.index_of(0.25)])
    assert row["chosen_before"] == 0.25
    assert row["value_of_chosen_before"] == value_at(Stakes.of(bins), index, RULES.values)[0]


def test_acting_on_nothing_may_have_been_the_choice_and_is_judged_too() -> None:
    bins = drawn(6)
    row = choice(bins, before=None)
    assert row["chosen_before"] is None
    assert row["value_of_chosen_before"] == -120.0 * bins.positives.sum()


def test_a_day_without_a_choice_before_says_so() -> None:
    (row,) = threshold_choice_table(
        {CHAMPION: drawn(6)}, RULES, identity=("fraud", DAY), chosen_before={}
    ).to_pylist()
    assert row["value_of_chosen_before"] is None
    assert row["undefined_reason"] == "no_days_before"


def judged(bins: BinCounts) -> KeptDay:
    """A day of which all labelled records count in money."""
    return KeptDay(bins, Stakes.of(bins))


def kept_row(choice: KeptChoice, bins: BinCounts, rules: MoneyRules = RULES) -> dict[str, Any]:
    (row,) = threshold_choice_table(
        {CHAMPION: bins}, rules, identity=("fraud", DAY), chosen_before={CHAMPION: 0.5},
        kept={CHAMPION: choice},
    ).to_pylist()  # fmt: skip
    return dict(row)


def test_a_former_choice_is_judged_on_all_days_since_against_todays_threshold() -> None:
    days = [drawn(seed) for seed in (11, 12, 13)]
    chosen = KeptChoice(FORMER, 0.25, [judged(bins) for bins in days[:2]])
    row = kept_row(chosen, days[2])
    index = np.array([GRID.index_of(0.25), HALF])
    worth = np.sum([value_at(Stakes.of(bins), index, RULES.values) for bins in days], axis=0)
    assert (row["kept_since"], row["kept_threshold"], row["kept_days"]) == (FORMER, 0.25, 3)
    assert row["value_of_kept"] == pytest.approx(worth[0])
    assert row["gain_of_kept"] == pytest.approx(worth[0] - worth[1])
    between = [b.threshold_index for b in days]
    assert all(((at >= index[0]) & (at < index[1])).any() for at in between)
    # Only records between the two thresholds differ: each positive brings 260, each negative -9.
    squares = sum(
        260.0**2 * b.positives[inside].sum() + 9.0**2 * b.negatives[inside].sum()
        for b, at in zip(days, between, strict=True)
        for inside in [(at >= index[0]) & (at < index[1])]
    )
    half = 1.959963984540054 * squares**0.5
    assert row["gain_of_kept_high"] - row["gain_of_kept"] == pytest.approx(half)
    assert row["gain_of_kept"] - row["gain_of_kept_low"] == pytest.approx(half)


def test_days_without_labels_do_not_count_and_without_any_nothing_is_said() -> None:
    unlabelled = drawn(7, 50, labelled=0.0)
    none = KeptChoice(FORMER, 0.25, [judged(unlabelled)])
    assert kept_row(none, drawn(11))["kept_days"] == 1
    row = kept_row(none, unlabelled)
    assert row["kept_days"] == 0
    assert row["kept_since"] is row["gain_of_kept"] is row["value_of_kept"] is None


def test_a_kept_threshold_that_treats_all_records_as_todays_has_no_interval() -> None:
    row = kept_row(KeptChoice(FORMER, 0.5, []), drawn(11))
    assert (row["gain_of_kept"], row["gain_of_kept_low"]) == (0.0, None)
    assert row["undefined_reason"] == "kept_is_operating"


def test_a_former_choice_is_judged_within_the_capacity_of_each_day() -> None:
    days = [drawn(11), drawn(12, prevalence=0.4), drawn(13, 500)]
    rules = replace(RULES, capacity=1500)
    row = kept_row(KeptChoice(FORMER, 0.25, [judged(bins) for bins in days[:2]]), days[2], rules)
    kept, worth = GRID.index_of(0.25), np.zeros(2)
    cut = 0
    for bins in days:
        records = bins.records[::-1].cumsum()[::-1]
        lowest = int(bins.threshold_index[records <= 1500].min())
        cut += lowest > kept
        index = np.maximum([kept, HALF], lowest)
        worth += value_at(Stakes.of(bins), index, RULES.values)
    assert cut == 2, "the third day has too few records to reach capacity"
    assert row["value_of_kept"] == pytest.approx(worth[0])
    assert row["gain_of_kept"] == pytest.approx(worth[0] - worth[1])
    assert row["value_of_kept_limit_low"] <= row["value_of_kept"] <= row["value_of_kept_limit_high"]


def test_a_former_choice_and_todays_that_capacity_cuts_alike_are_the_same() -> None:
    row = kept_row(KeptChoice(FORMER, 0.3, []), drawn(11), replace(RULES, capacity=9))
    assert (row["gain_of_kept"], row["gain_of_kept_low"]) == (0.0, None)
    assert row["undefined_reason"] == "kept_is_operating,operating_above_capacity"
    assert row["value_of_kept"] == row["value_of_chosen_before"]


def test_the_threshold_chosen_before_is_judged_within_capacity() -> None:
    bins = drawn(6)
    row = choice(bins, replace(RULES, capacity=700), before=0.25)
    index = np.array([GRID.index_of(row["capacity_threshold"])])
    assert row["capacity_threshold"] > row["chosen_before"] == 0.25
    assert row["value_of_chosen_before"] == value_at(Stakes.of(bins), index, RULES.values)[0]


def test_to_act_on_nothing_may_have_been_kept() -> None:
    bins = drawn(11)
    row = kept_row(KeptChoice(FORMER, None, []), bins)
    assert row["kept_threshold"] is None
    assert row["value_of_kept"] == -120.0 * bins.positives.sum()


@pytest.mark.simulation
def test_the_interval_of_a_kept_choice_holds_its_true_gain_on_95_of_100_days() -> None:
    """The days took no part in choosing, so the gain is neither optimistic nor too sure."""
    whole = Stakes.of(drawn(99, 1_000_000))
    index = np.array([GRID.index_of(0.3), HALF])
    at, instead = value_at(whole, index, RULES.values) * (4000 / 1_000_000)
    held = 0
    for seed in range(100, 300):
        row = kept_row(KeptChoice(FORMER, 0.3, []), drawn(seed), replace(RULES, replicates=10))
        held += row["gain_of_kept_low"] <= at - instead <= row["gain_of_kept_high"]
    assert 182 <= held <= 198


def test_classes_have_the_whole_capacity_each() -> None:
    cat, dog = (CHAMPION._replace(class_label=name) for name in ("cat", "dog"))
    today, rules = {cat: drawn(4), dog: drawn(5)}, replace(RULES, capacity=300)
    for row, bins in zip(
        threshold_choice_table(today, rules, identity=("pets", DAY), chosen_before={}).to_pylist(),
        today.values(),
        strict=True,
    ):
        assert row["capacity"] == 300
        acted = bins.records[bins.threshold_index >= GRID.index_of(row["capacity_threshold"])].sum()
        assert 250 < acted <= 300


@pytest.mark.parametrize(
    ("bins", "reasons"),
    [
        (nothing(), ("no_labels", "no_labels")),
        (drawn(7, 50, labelled=0.0), ("no_labels", "no_labels")),
        (BinCounts.from_scores(GRID, [0.9], [-1]), ("no_labels", "no_labels")),
        (
            drawn(8, 50, prevalence=0.0),
            (
                "no_positives,few_records_behind_value,few_records_behind_regret",
                "no_positives,few_records_behind_value",
            ),
        ),
        (
            drawn(8, 50, prevalence=1.0),
            ("few_records_behind_value,few_records_behind_regret", "few_records_behind_value"),
        ),
        (
            BinCounts.from_scores(GRID, [0.4], [1]),
            ("no_spread,few_records_behind_regret", "no_spread"),
        ),
        (BinCounts.from_scores(GRID, [0.9], [1]), ("no_spread,operating_is_best", "no_spread")),
        (
            BinCounts.from_scores(GRID, [0.4], [0]),
            ("no_positives,no_spread,operating_is_best", "no_positives,no_spread"),
        ),
    ],
)
def test_next_to_nothing_is_no_number_and_no_crash(
    bins: BinCounts, reasons: tuple[str, str]
) -> None:
    row = choice(bins)
    (drawn_row,) = business_value_table({CHAMPION: bins}, {}, RULES).to_pylist()
    assert (row["undefined_reason"], drawn_row["undefined_reason"]) == reasons
    assert drawn_row["threshold"] == 0.5
    without = not row["labelled"]
    assert [row["operating_value"] is None, drawn_row["value"] is None] == [without, without]
    for name in ("best_threshold", "best_value", "regret", "break_even_threshold"):
        assert row[name] is None or not without, name
    if "no_spread" in reasons[1]:
        assert row["operating_value_low"] is drawn_row["value_low"] is None


def test_an_interval_that_rests_on_few_positives_is_marked() -> None:
    random = np.random.default_rng(9)
    for positives, marked in ((12, True), (40, False)):
        label = np.repeat([1, 0], [positives, 4000])
        bins = BinCounts.from_scores(GRID, random.random(label.size), label)
        row = choice(bins)
        assert ("few_records_behind_value" in row["undefined_reason"]) is marked
        assert row["effective_records"] <= positives
        (drawn_row,) = business_value_table({CHAMPION: bins}, {}, RULES).to_pylist()
        assert drawn_row["effective_records"] == row["effective_records"]


def amounts_of(rows: list[dict[str, Any]]) -> pa.Table:
    """Bins as the Spark step counts them, amounts as decimals."""
    schema = pa.schema(
        [(name, pa.string()) for name in Curve._fields]
        + [("threshold_index", pa.int32())]
        + [(f"{label}_with_amount", pa.int64()) for label in ("positives", "negatives")]
        + [
            (f"{what}_of_{label}", pa.decimal128(38, 0))
            for what in ("amount", "squares")
            for label in ("positives", "negatives")
        ]
    )
    full = [{**dict.fromkeys(schema.names, 0), **CHAMPION._asdict(), **row} for row in rows]
    return pa.Table.from_pylist(full, schema)


def test_amounts_enter_money_bin_by_bin_and_curves_without_them_have_none() -> None:
    bins = BinCounts.from_scores(GRID, [0.9, 0.2, 0.2], [1, 0, 1])
    other = CHAMPION._replace(slice="region=EU")
    counted = amounts_of(
        [
            {"threshold_index": GRID.index_of(0.2)},
            {
                "threshold_index": GRID.index_of(0.9),
                "positives_with_amount": 1,
                "amount_of_positives": 2**62,
                "squares_of_positives": 2**124,
            },
        ]
    )
    rows = amount_counts_table(counted)
    assert rows.num_rows == 1, "a bin without an amount has no row"
    stakes = curve_stakes(rows, {CHAMPION: bins, other: bins})
    values = OutcomeValues(Outcomes(-5.0, -5.0, 0.0, 0.0), Outcomes(0.5, 0.0, 0.0, 0.0))
    rules = replace(RULES, values=values)
    today = {CHAMPION: bins, other: bins}
    drawn_rows = business_value_table(today, {}, rules, stakes).to_pylist()
    assert [row["value"] for row in drawn_rows] == [2.0**61 - 5, None]
    first, second = threshold_choice_table(
        today, rules, identity=("fraud", DAY), chosen_before={other: 0.5}, stakes=stakes
    ).to_pylist()
    reason = "no_days_before,no_spread,labels_without_amount,operating_is_best"
    assert (first["labelled"], first["undefined_reason"]) == (1, reason)
    assert (second["labelled"], second["undefined_reason"]) == (0, "no_amounts")
    assert [row["undefined_reason"] for row in drawn_rows] == [
        "no_spread,labels_without_amount",
        "no_amounts",
    ]
    assert second["operating_value"] is second["break_even_precision"] is None
    assert second["value_of_chosen_before"] is None


def test_amounts_that_64_bits_do_not_hold_are_refused() -> None:
    row = {"threshold_index": 1, "positives_with_amount": 2, "amount_of_positives": 2**63}
    with pytest.raises(ContractError, match="decimals"):
        amount_counts_table(amounts_of([row]))
