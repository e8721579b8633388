"""The insights of a drawn day, for tests of what they say."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np

from ml_insights.day_counts import CurveCounts
from ml_insights.decisions.choices import threshold_choice_table
from ml_insights.decisions.comparisons import (
    TRAILING_7_DAYS,
    Rules,
    Traffic,
    variant_comparison_table,
)
from ml_insights.decisions.health import model_health_table
from ml_insights.decisions.insights.earlier import CurveName, Earlier
from ml_insights.decisions.insights.table import insights_table
from ml_insights.decisions.money import MoneyRules
from ml_insights.metrics.business_value import Outcomes, OutcomeValues
from ml_insights.metrics.confusion import BinCounts
from ml_insights.metrics.differences import Share
from ml_insights_tests.decisions.published import GRID, HALF

DAY = date(2026, 10, 8)


def prevalence(
    today: CurveCounts, before: CurveCounts | None
) -> dict[CurveName, tuple[Share, Share]]:
    """Positives of labelled records, before and on the day."""

    def share(bins: BinCounts) -> Share:
        positives = int(bins.positives.sum())
        return Share(positives, positives + int(bins.negatives.sum()))

    both = today.keys() & (before or {}).keys()
    return {(*curve,): (share((before or {})[curve]), share(today[curve])) for curve in both}


def insights(
    today: CurveCounts,
    before: CurveCounts | None = None,
    *,
    former: list[dict[str, Any]] | None = None,
    split: dict[str, float] | None = None,
    records: dict[str, int] | None = None,
    money: bool = False,
) -> list[dict[str, Any]]:
    rules = Rules(HALF, 0.01, 0.9, 20, split or {})
    comparison = variant_comparison_table(
        Traffic(today, records=records or {}), {TRAILING_7_DAYS: (before or {}, 7)}, rules
    )
    health = model_health_table(
        today, before or {}, HALF, identity=("fraud", DAY), reference_days=7, past={}
    )
    values = OutcomeValues(Outcomes(140.0, -9.0, -120.0, 0.0))
    rules_of_money = MoneyRules(values, "EUR", None, HALF, 0.9, 200)
    choices = threshold_choice_table(
        today, rules_of_money, identity=("fraud", DAY), chosen_before={}
    )
    table = insights_table(
        comparison,
        health,
        choices if money else None,
        coverage={(*curve,): bins.label_coverage for curve, bins in today.items()},
        relevant=0.01,
        earlier=Earlier(DAY, former or [], prevalence=prevalence(today, before)),
    )
    found: list[dict[str, Any]] = table.to_pylist()
    return found


def of_kind(rows: list[dict[str, Any]], kind: str) -> list[str]:
    return [row["sentence"] for row in rows if row["kind"] == kind]


def halved(seed: int, size: int = 3000) -> BinCounts:
    """Scores of which only half as many are right."""
    random = np.random.default_rng(seed)
    score = random.beta(1, 3, size)
    return BinCounts.from_scores(GRID, score, (random.random(size) < score / 2).astype(int))


def calibrated(seed: int, size: int = 3000) -> BinCounts:
    random = np.random.default_rng(seed)
    score = random.beta(1, 3, size)
    return BinCounts.from_scores(GRID, score, (random.random(size) < score).astype(int))
