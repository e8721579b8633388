"""variant_comparison: who is compared with whom, verdicts of the family, honest silence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from ml_insights.day_counts import CurveCounts
from ml_insights.decisions.comparison_tables import VARIANT_COMPARISON
from ml_insights.decisions.comparisons import (
    PREVIOUS_DAY,
    TRAILING_7_DAYS,
    VARIANTS,
    Rules,
    Traffic,
    variant_comparison_table,
)
from ml_insights.metrics.comparison import differences
from ml_insights.metrics.confusion import BinCounts
from ml_insights.metrics.estimates import METRICS
from ml_insights.metrics.false_discovery import benjamini_hochberg
from ml_insights.result_tables import Curve
from ml_insights_tests.decisions.published import CHALLENGER, CHAMPION, GRID, HALF, drawn, nothing

RULES = Rules(HALF, relevant=0.02, min_label_coverage=0.9, min_positives=20, traffic_split={})
NO_DAYS: dict[str, tuple[CurveCounts, int]] = {PREVIOUS_DAY: ({}, 0), TRAILING_7_DAYS: ({}, 0)}


def rows_of(table: pa.Table, comparison: str, metric: str = "recall") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = table.to_pylist()
    return [r for r in found if (r["comparison"], r["metric"]) == (comparison, metric)]


def test_every_pair_of_variants_is_compared_with_the_incumbent_first() -> None:
    today = {Curve(v, "1", "all"): drawn(n, 500) for n, v in enumerate(("b", "champion", "a"))}
    found = rows_of(variant_comparison_table(Traffic(today), NO_DAYS, RULES), VARIANTS)
    pairs = {(row["baseline_variant"], row["variant"]) for row in found}
    assert pairs == {("champion", "a"), ("champion", "b"), ("a", "b")}


def test_rows_are_the_differences_and_p_values_are_adjusted_within_the_family() -> None:
    slices = ("all", "x=1", "x=2")
    today = {
        Curve(v, "1", s): drawn(10 * n + k, separation=2 + k)
        for n, s in enumerate(slices)
        for k, v in enumerate(("champion", "challenger"))
    }
    table = variant_comparison_table(Traffic(today), {}, RULES)
    rows = table.to_pylist()
    assert len(rows) == len(slices) * (len(METRICS) + 1)
    for row in rows:
        one, other = (today[Curve(v, "1", row["slice"])] for v in ("champion", "challenger"))
        first, second, compared, *_ = differences(one, other, HALF)[row["metric"]]
        assert (row["baseline_value"], row["value"]) == (first, second)
        assert row["difference"] == compared.value
        assert row["p_value"] == compared.p_value
    adjusted = benjamini_hochberg(np.array([row["p_value"] for row in rows]))
    assert [row["adjusted_p_value"] for row in rows] == pytest.approx(adjusted.tolist())
    assert {row["verdict"] for row in rows if row["metric"] == "average_precision"} == {"better"}


def test_variants_alike_are_no_news_and_labels_needed_are_named() -> None:
    today = {CHAMPION: drawn(1), CHALLENGER: drawn(2)}
    (row,) = rows_of(variant_comparison_table(Traffic(today), NO_DAYS, RULES), VARIANTS)
    assert row["verdict"] == "cannot_tell_yet"
    assert row["labels"] == 8000
    assert row["labels_needed"] > row["labels"]


def test_a_day_without_a_predecessor_has_rows_that_say_so() -> None:
    table = variant_comparison_table(Traffic({CHAMPION: drawn(1)}), NO_DAYS, RULES)
    assert {row["comparison"] for row in table.to_pylist()} == set(NO_DAYS)
    for row in table.to_pylist():
        assert row["undefined_reason"] == "no_days_before"
        assert row["baseline_days"] == 0
        assert row["difference"] is None
        assert row["verdict"] is None
        assert row["value"] is not None


@pytest.mark.parametrize(
    ("bins", "reason"),
    [(nothing(), "no_days_before"), (drawn(3, labelled=0.0), "no_labels")],
)
def test_a_variant_without_labels_or_records_is_not_judged(bins: Any, reason: str) -> None:
    table = variant_comparison_table(Traffic({CHAMPION: bins, CHALLENGER: drawn(4)}), {}, RULES)
    for row in table.to_pylist():
        assert row["verdict"] is None
        assert row["undefined_reason"] == reason


def test_what_cannot_be_told_yet_always_needs_more_labels_than_there_are() -> None:
    for seed in range(0, 40, 2):
        today = {CHAMPION: drawn(seed, 1500), CHALLENGER: drawn(seed + 1, 1500, separation=2.2)}
        for row in variant_comparison_table(Traffic(today), {}, RULES).to_pylist():
            if row["verdict"] == "cannot_tell_yet":
                assert row["labels_needed"] > row["labels"], row
            else:
                assert row["labels_needed"] is None


def test_against_days_before_a_worse_day_is_worse_and_the_days_are_counted() -> None:
    before = {TRAILING_7_DAYS: ({CHAMPION: drawn(5, 28_000)}, 6)}
    table = variant_comparison_table(Traffic({CHAMPION: drawn(6, separation=1.0)}), before, RULES)
    (row,) = rows_of(table, TRAILING_7_DAYS)
    assert row["verdict"] == "worse"
    assert row["baseline_days"] == 6
    assert row["difference_high"] < 0


def test_a_split_that_is_off_forbids_the_verdict_in_slices_too() -> None:
    rules = replace(RULES, traffic_split={"champion": 9, "challenger": 1})
    today = {CHAMPION: drawn(7, 9000), CHALLENGER: drawn(8, 1300, separation=4.0)}
    today |= {curve._replace(slice="region=EU"): bins for curve, bins in today.items()}
    for records, judged in (
        ({"champion": 9000, "challenger": 1000}, True),
        ({"champion": 9000, "challenger": 1300}, False),
        ({"champion": 9000}, False),
    ):
        table = variant_comparison_table(Traffic(today, records=records), {}, rules)
        for row in table.to_pylist():
            assert (row["sample_ratio_p_value"] >= 1e-3) == judged
            assert (row["verdict"] == "not_comparable") != judged


def test_a_split_that_names_others_or_counts_nothing_is_not_tested() -> None:
    today = {CHAMPION: drawn(7, 9000), CHALLENGER: drawn(8, 1300)}
    astray = {"champion": 9000, "challenger": 1300}
    for records, shares in ((astray, {"champion": 9, "other": 1}), (astray, {}), ({}, astray)):
        rules = replace(RULES, traffic_split=shares)
        for row in variant_comparison_table(Traffic(today, None, records), {}, rules).to_pylist():
            assert row["sample_ratio_p_value"] is None
            assert row["verdict"] != "not_comparable"


def test_over_several_days_a_difference_is_told_that_one_day_cannot_tell() -> None:
    days = [{CHAMPION: drawn(n, 1500), CHALLENGER: drawn(50 + n, 1500, separation=2.2)}
            for n in range(7)]  # fmt: skip
    week = {curve: sum((day[curve] for day in days[1:]), days[0][curve]) for curve in days[0]}
    table = variant_comparison_table(Traffic(days[0]), {}, RULES, {7: Traffic(week, days=7)})
    (day,), (all_days,) = (
        rows_of(table, name, "average_precision") for name in (VARIANTS, "variants_7_days")
    )
    assert (day["verdict"], day["baseline_days"]) == ("cannot_tell_yet", 1)
    assert (all_days["verdict"], all_days["baseline_days"]) == ("better", 7)
    assert all_days["labels"] == 7 * day["labels"]
    assert day["labels"] < day["labels_needed"]
    assert all_days["labels_needed"] is None


def test_with_few_positives_only_what_is_tested_exactly_is_judged() -> None:
    few = BinCounts.from_scores(GRID, [0.9] * 8 + [0.1] * 200, [1] * 8 + [0] * 200)
    turned = BinCounts.from_scores(GRID, [0.1] * 8 + [0.2] * 200, [1] * 8 + [0] * 200)
    rows = variant_comparison_table(Traffic({CHAMPION: few, CHALLENGER: turned}), {}, RULES)
    by_metric = {row["metric"]: row for row in rows.to_pylist()}
    assert by_metric["recall"]["verdict"] == "worse"
    for metric in set(by_metric) - {"precision", "recall", "f1"}:
        row = by_metric[metric]
        if row["undefined_reason"] == "few_positives":
            assert (row["verdict"], row["adjusted_p_value"]) == ("cannot_tell_yet", None)
            assert row["difference"] is not None
        else:
            assert (row["verdict"], row["p_value"]) == (None, None)


def test_one_record_is_no_news() -> None:
    one = BinCounts.from_scores(GRID, [0.9], [1])
    many = BinCounts.from_scores(GRID, [0.1] * 30, [1] * 30)
    rows = variant_comparison_table(Traffic({CHAMPION: many, CHALLENGER: one}), {}, RULES)
    (recall,) = [row for row in rows.to_pylist() if row["metric"] == "recall"]
    assert recall["difference"] == 1.0
    assert recall["p_value"] == pytest.approx(2 / 31), "twice Fisher's one-sided"
    assert recall["verdict"] == "cannot_tell_yet"


def test_too_few_labels_make_a_row_provisional() -> None:
    today = {CHAMPION: drawn(1, labelled=0.8), CHALLENGER: drawn(2)}
    table = variant_comparison_table(Traffic(today), {}, RULES)
    assert all(row["provisional"] for row in table.to_pylist())


def test_the_order_of_curves_does_not_matter() -> None:
    today = {CHAMPION: drawn(1), CHALLENGER: drawn(2)}
    turned = dict(reversed(today.items()))
    before = {PREVIOUS_DAY: ({CHAMPION: drawn(3)}, 1)}
    one, other = (variant_comparison_table(Traffic(t), before, RULES) for t in (today, turned))
    assert one.equals(other)
    assert one.schema.equals(VARIANT_COMPARISON.arrow_schema())
