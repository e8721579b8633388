"""Beside every interval of the decision tables stands how it was computed, and by how many draws.

`model_quality` has tests of its own (`metrics.test_quality`).
"""

from __future__ import annotations

from typing import Any

import pytest

from ml_insights.columns import Table
from ml_insights.decisions.choices import KeptChoice, threshold_choice_table
from ml_insights.decisions.comparisons import (
    PREVIOUS_DAY,
    Rules,
    Traffic,
    variant_comparison_table,
)
from ml_insights.decisions.health import calibration_curve_table, model_health_table
from ml_insights.decisions.money import MoneyRules, business_value_table
from ml_insights.decisions.money_tables import BUSINESS_VALUE, THRESHOLD_CHOICE
from ml_insights.decisions.tables import CALIBRATION_CURVE, MODEL_HEALTH
from ml_insights.metrics.business_value import Outcomes, OutcomeValues
from ml_insights.metrics.calibration import REPLICATES
from ml_insights.metrics.comparison import differences
from ml_insights.metrics.confusion import BinCounts
from ml_insights.metrics.kept_threshold import KeptDay
from ml_insights.metrics.stakes import Stakes
from ml_insights_tests.decisions.published import (
    CHALLENGER,
    CHAMPION,
    ENDPOINT,
    FIRST_DAY,
    HALF,
    drawn,
    nothing,
)

RULES = MoneyRules(
    OutcomeValues(Outcomes(140.0, -9.0, -120.0, 0.0)), "EUR", None, HALF, 0.9, replicates=300
)
PAST = [f"{kind}{ratio}" for kind in ("", "estimated_") for ratio in ("precision", "recall", "f1")]
SHARED = {
    "estimated_precision": "estimated_method",
    "estimated_recall": "estimated_method",
    "estimated_f1": "estimated_method",
}
"""Intervals whose method stands in a column of several."""


def rows_of(bins: BinCounts) -> dict[Table, list[dict[str, Any]]]:
    """Rows of the four tables for one curve."""
    today, before = {CHAMPION: bins}, drawn(2)
    identity = (ENDPOINT, FIRST_DAY)
    kept = KeptChoice(FIRST_DAY, 0.2, [KeptDay(before, Stakes.of(before))])
    past = [dict.fromkeys(PAST, 0.5 + day / 100) for day in range(4)]
    tables = {
        BUSINESS_VALUE: business_value_table(today, {}, RULES),
        THRESHOLD_CHOICE: threshold_choice_table(
            today, RULES, identity=identity, chosen_before={}, kept={CHAMPION: kept}
        ),
        CALIBRATION_CURVE: calibration_curve_table(today, HALF),
        MODEL_HEALTH: model_health_table(
            today, {CHAMPION: before}, HALF, identity=identity, reference_days=7,
            past={CHAMPION: past},
        ),
    }  # fmt: skip
    return {table: found.to_pylist() for table, found in tables.items()}


@pytest.mark.parametrize("bins", [drawn(1), drawn(1, 40), drawn(1, labelled=0.0), nothing()])
def test_an_interval_has_a_method_exactly_if_it_is_there(bins: BinCounts) -> None:
    seen = 0
    for table, rows in rows_of(bins).items():
        names = [column.name for column in table.columns]
        for interval in (name.removesuffix("_low") for name in names if name.endswith("_low")):
            if interval.endswith("_limit"):
                continue
            method = SHARED.get(interval, f"{interval}_method")
            assert method in names, (table.name, interval)
            ends = [f"{one}_low" for one, other in SHARED.items() if other == method]
            # The range of the best threshold may reach to acting on nothing, which is NULL.
            ends += ["best_value" if interval == "best_threshold" else f"{interval}_low"]
            for row in rows:
                there = any(row[end] is not None for end in ends)
                assert (row[method] is not None) == there, (table.name, interval)
                seen += 1
    assert seen


def test_draws_are_counted_where_there_are_some() -> None:
    found, none = rows_of(drawn(1)), rows_of(drawn(1, labelled=0.0))
    assert found[THRESHOLD_CHOICE][0]["bootstrap_replicates"] == RULES.replicates
    assert found[THRESHOLD_CHOICE][0]["best_threshold_method"] == "bootstrap"
    assert none[THRESHOLD_CHOICE][0]["bootstrap_replicates"] == 0
    assert found[MODEL_HEALTH][0]["calibration_replicates"] == REPLICATES
    assert found[MODEL_HEALTH][0]["calibration_method"] == "simulated"
    assert none[MODEL_HEALTH][0]["calibration_replicates"] == 0
    assert none[MODEL_HEALTH][0]["calibration_method"] is None


def test_the_method_of_a_comparison_is_that_of_its_estimates() -> None:
    few, many = drawn(1, 300), drawn(2)
    found = differences(few, many, HALF)
    assert {metric: (one.method, one.p_value_method) for metric, one in found.items()} == {
        "average_precision": ("newcombe of binomial and influence", "interval"),
        "roc_auc": ("newcombe of wilson and delong", "interval"),
        "precision": ("newcombe of wilson", "fisher"),
        "recall": ("newcombe of wilson", "fisher"),
        "f1": ("newcombe of jaccard", "fisher"),
        "standardised_precision": ("newcombe of delta", "interval"),
    }


def test_a_row_of_a_comparison_names_its_methods_exactly_if_it_has_them() -> None:
    rules = Rules(HALF, 0.02, 0.9, 20, {})
    today = Traffic({CHAMPION: drawn(1), CHALLENGER: drawn(2, labelled=0.0)})
    before = {PREVIOUS_DAY: ({CHAMPION: drawn(3)}, 1)}
    rows = variant_comparison_table(today, before, rules).to_pylist()
    for row in rows:
        assert (row["difference_method"] is None) == (row["difference_low"] is None)
        assert (row["p_value_method"] is None) == (row["p_value"] is None)
    assert {row["p_value_method"] for row in rows} == {"fisher", "interval", None}
