"""model_health and calibration_curve: what they say, and what they do not claim to know."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from ml_insights.day_counts import CurveCounts
from ml_insights.decisions.health import calibration_curve_table, model_health_table
from ml_insights.metrics.confusion import BinCounts
from ml_insights_tests.decisions.published import CHAMPION, GRID, HALF, drawn, nothing

DAY = date(2026, 10, 8)


def health(bins: BinCounts, before: CurveCounts | None = None, past: Any = ()) -> dict[str, Any]:
    (row,) = model_health_table(
        {CHAMPION: bins},
        before or {},
        HALF,
        identity=("fraud", DAY),
        reference_days=7,
        past={CHAMPION: past},
    ).to_pylist()
    return dict(row)


def test_groups_hold_every_record_and_label_once_and_split_at_the_threshold() -> None:
    bins = drawn(1, labelled=0.6)
    rows = calibration_curve_table({CHAMPION: bins}, HALF).to_pylist()
    assert [row["group"] for row in rows] == list(range(1, len(rows) + 1))
    assert sum(row["records"] for row in rows) == bins.records.sum()
    assert sum(row["labelled"] for row in rows) == (bins.positives + bins.negatives).sum()
    assert [row["threshold"] >= 0.5 for row in rows] == [
        row["above_operating_threshold"] for row in rows
    ]
    assert all(row["labelled_share"] == row["labelled"] / row["records"] for row in rows)
    said = [row["mean_score"] for row in rows]
    assert said == sorted(said)


def test_a_usual_day_is_within_chance_and_its_estimate_is_near_the_truth() -> None:
    bins = drawn(2, 20_000)
    row = health(bins, {CHAMPION: drawn(3, 100_000)})
    counts = bins.confusion_at(np.array([HALF]))
    recall = counts.true_positives[0] / bins.positives.sum()
    assert row["population_stability_index"] < 0.01
    assert row["kolmogorov_smirnov_p_value"] > 0.001
    assert row["estimated_recall"] == pytest.approx(recall, abs=0.02)
    assert row["stratified_recall_low"] < recall < row["stratified_recall_high"]
    assert row["recall_identifiable"]
    assert row["undefined_reason"] is None


def test_a_shift_of_scores_is_seen_without_any_label() -> None:
    row = health(drawn(4, separation=4.0, labelled=0.0), {CHAMPION: drawn(5)})
    assert row["population_stability_index"] > 0.1
    assert row["estimated_recall"] is not None
    assert row["calibration_error"] is None
    assert row["undefined_reason"] == "no_labels"


def test_without_days_before_nothing_is_compared() -> None:
    row = health(drawn(6))
    assert row["undefined_reason"] == "no_days_before"
    assert row["reference_days"] == 0
    assert row["population_stability_index"] is None
    assert row["estimated_precision"] is None
    assert row["calibration_error"] is not None


def test_past_errors_are_means_of_what_is_known_on_both_sides() -> None:
    day = {f"estimated_{name}": 0.5 for name in ("precision", "recall", "f1")}
    past = [
        {**day, "precision": 0.6, "recall": 0.5, "f1": None},
        {**day, "precision": 0.3, "recall": 0.4, "f1": None},
    ]
    row = health(drawn(7), past=past)
    assert row["estimated_precision_past_error"] == pytest.approx(0.15)
    assert row["estimated_recall_past_error"] == pytest.approx(0.05)
    assert row["estimated_f1_past_error"] is None
    assert row["past_days"] == 2


def test_an_estimate_has_a_band_from_its_past_errors_once_there_are_three() -> None:
    day = {f"estimated_{name}": 0.5 for name in ("precision", "recall", "f1")}
    past = [
        {**day, "precision": 0.5 + error, "recall": None, "f1": 0.5}
        for error in (0.02, -0.01, 0.02)
    ]
    row = health(drawn(7), {CHAMPION: drawn(8, 30_000)}, past)
    half = 3.182446 * (0.0009 / 3) ** 0.5
    assert row["estimated_precision_high"] - row["estimated_precision"] == pytest.approx(
        half, rel=0.01
    )
    assert row["estimated_precision"] - row["estimated_precision_low"] == pytest.approx(
        half, rel=0.01
    )
    assert row["estimated_recall_low"] is row["estimated_recall_past_error"] is None
    assert row["estimated_f1_low"] == row["estimated_f1"] == row["estimated_f1_high"], "never off"
    two = health(drawn(7), {CHAMPION: drawn(8, 30_000)}, past[:2])
    assert two["estimated_precision_low"] is None
    assert two["estimated_precision_past_error"] == pytest.approx(0.015)
    assert health(drawn(7), past=past)["estimated_precision_low"] is None, "no estimate"


def test_unlabelled_low_scores_leave_recall_unknown() -> None:
    random = np.random.default_rng(8)
    score = random.random(5000)
    label = np.where(score > 0.4, random.random(5000) < score, -1)
    row = health(BinCounts.from_scores(GRID, score, label))
    assert row["recall_identifiable"] is False
    assert row["stratified_recall"] is None
    assert row["label_selection_p_value"] < 1e-6


def test_recall_of_scores_on_one_side_has_no_interval_and_says_so() -> None:
    row = health(BinCounts.from_scores(GRID, [0.7], [1]), {CHAMPION: drawn(1)})
    assert row["stratified_recall"] == 1.0
    assert row["stratified_recall_low"] is row["stratified_recall_high"] is None
    assert row["undefined_reason"] == "scores_on_one_side"


@pytest.mark.parametrize("bins", [nothing(), BinCounts.from_scores(GRID, [0.7], [1])])
def test_next_to_no_records_are_no_crash(bins: BinCounts) -> None:
    health(bins, {CHAMPION: bins})
    calibration_curve_table({CHAMPION: bins}, HALF)
