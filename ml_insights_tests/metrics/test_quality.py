"""The row of model_quality: the contract's columns, NULLs with reasons, and what it is made of."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from ml_insights.contracts import MODEL_QUALITY
from ml_insights.errors import ContractError
from ml_insights.metrics.confusion import BinCounts
from ml_insights.metrics.label_selection import label_strata, stratified_recall
from ml_insights.metrics.quality import curve_quality
from ml_insights.metrics.undefined import RECALL_NOT_IDENTIFIABLE, UNDEFINED_REASONS
from ml_insights_tests.decisions import published
from ml_insights_tests.metrics.cases import (
    EXAMPLE_C,
    GRID,
    Records,
    bins_of,
    from_groups,
    groups,
    records,
)

CALLERS = (
    "variant",
    "class_label",
    "slice",
    "provisional",
    "labels_as_of",
    "grid",
    "run_id",
    "code_version",
    "manifest_digest",
    "display_points",
    "display_deviation",
)
COLUMNS = [column for column in MODEL_QUALITY.columns if column.name not in CALLERS]
TYPES = {"int64": int, "int32": int, "float64": float, "string": str}


@given(records(GRID), st.floats(0.0, 1.0))
def test_the_row_keeps_the_contract_of_the_table(
    drawn: list[tuple[float, int]], threshold: float
) -> None:
    row = curve_quality(bins_of(GRID, drawn), operating_threshold=threshold)
    assert list(row) == [column.name for column in COLUMNS]
    for column in COLUMNS:
        value = row[column.name]
        assert column.nullable if value is None else type(value) is TYPES[column.type]


@given(st.one_of(groups().map(from_groups), records(GRID).map(lambda drawn: bins_of(GRID, drawn))))
def test_the_row_has_a_reason_exactly_if_a_value_is_null(bins: BinCounts) -> None:
    row = curve_quality(bins, operating_threshold=0.5)
    reasons = set(filter(None, str(row.pop("undefined_reason") or "").split(",")))
    assert bool(reasons - {RECALL_NOT_IDENTIFIABLE}) == (None in row.values())
    assert reasons <= UNDEFINED_REASONS.keys()


@given(records(GRID))
def test_recall_is_marked_exactly_if_neighbouring_scores_have_no_label(
    drawn: list[tuple[float, int]],
) -> None:
    """With so few records each stratum is a bin, or neighbours of it."""
    bins, half = bins_of(GRID, drawn), GRID.index_of(0.5)
    reasons = str(curve_quality(bins, operating_threshold=0.5)["undefined_reason"]).split(",")
    known = stratified_recall(label_strata(bins, half)).identifiable
    assert (RECALL_NOT_IDENTIFIABLE in reasons) == (not known and bins.positives.sum() > 0)


def test_recall_among_high_scores_alone_is_marked_though_its_value_stands() -> None:
    whole = published.drawn(1)
    high = published.high_scores_labelled(whole)
    one, other = (curve_quality(bins, operating_threshold=0.5) for bins in (whole, high))
    assert one["undefined_reason"] is None
    assert other["undefined_reason"] == RECALL_NOT_IDENTIFIABLE
    assert float(str(other["operating_recall"])) > float(str(one["operating_recall_high"]))


def test_worked_values() -> None:
    row = curve_quality(from_groups(EXAMPLE_C), operating_threshold=0.5)
    expected = {
        "predictions": 20,
        "prevalence": 0.5,
        "label_coverage": 1.0,
        "average_precision": 0.7,
        "average_precision_limit_low": 0.6379762,
        "average_precision_limit_high": 0.875,
        "roc_auc": 0.75,
        "roc_auc_limit_low": 0.65,
        "roc_auc_limit_high": 0.85,
        "roc_auc_low": 0.4971546,
        "roc_auc_high": 0.9010196,
        "roc_auc_method": "wilson",
        "achievable_pr_area": 0.7247665,
        "best_f1": 0.72,
        "best_f1_limit_high": 0.818182,
        "best_f1_threshold": GRID.threshold(GRID.size - 3),
        "recall_at_precision_50": 1.0,
        "recall_at_precision_80": 0.4,
        "precision_at_recall_50": 0.7,
        "precision_at_recall_90": 0.6,
        "precision_at_recall_95": 0.5,
    }
    assert {name: row[name] for name in expected} == pytest.approx(expected, abs=5e-7)
    assert row["recall_at_precision_90"] is None
    assert row["undefined_reason"] == "precision_not_reached"


def test_operating_values_are_those_of_comparing_every_record(churn: Records) -> None:
    """Churn's own predictions are probability > 0.8; no score equals 0.8."""
    scores, labels = churn
    row = curve_quality(BinCounts.from_scores(GRID, scores, labels), operating_threshold=0.8)
    grid_threshold = row["operating_grid_threshold"]
    assert isinstance(grid_threshold, float)
    assert grid_threshold == 0.7998046875
    above = scores >= grid_threshold
    found, predicted = int(labels[above].sum()), int(above.sum())
    assert row["operating_true_positives"] == found
    assert row["operating_false_positives"] == predicted - found
    assert row["operating_false_negatives"] == 28 - found
    assert row["operating_true_negatives"] == 201 - 28 - (predicted - found)
    assert row["operating_precision"] == found / predicted
    assert row["operating_recall"] == found / 28
    moved = predicted - int((scores >= 0.8).sum())
    assert moved <= int(str(row["operating_bin_records"]))


def test_operating_limits_are_the_published_ones() -> None:
    bins = from_groups([(81, 182), (19, 718)])
    row = curve_quality(bins, operating_threshold=GRID.threshold(GRID.size - 1))
    published = {
        "operating_precision_low": 0.2553,
        "operating_precision_high": 0.3662,
        "operating_f1": 0.446281,
        "operating_f1_low": 0.383919,
        "operating_f1_high": 0.510381,
    }
    assert {name: row[name] for name in published} == pytest.approx(published, abs=5e-5)


def test_records_of_the_operating_bin_are_counted_unless_the_threshold_is_on_the_grid() -> None:
    edge = GRID.threshold(9_000)
    bins = bins_of(GRID, [(edge, 1), (edge, 0), (edge, -1), (0.9, 0)])
    beside = curve_quality(bins, operating_threshold=math.nextafter(edge, 1.0))
    on_grid = curve_quality(bins, operating_threshold=edge)
    elsewhere = curve_quality(bins, operating_threshold=0.3)
    assert (beside["operating_grid_threshold"], beside["operating_bin_records"]) == (edge, 3)
    assert (on_grid["operating_grid_threshold"], on_grid["operating_bin_records"]) == (edge, 0)
    assert elsewhere["operating_bin_records"] == 0


@given(groups())
def test_repeating_every_record_changes_no_ratio_on_the_grid(
    drawn: list[tuple[int, int]],
) -> None:
    bins = from_groups(drawn)
    once, twice = (curve_quality(b, operating_threshold=0.5) for b in (bins, bins + bins))
    ratios = [
        name
        for name in once
        if (
            name.startswith(("recall_at", "precision_at", "best_f1"))
            and (name == "best_f1_limit_high" or not name.endswith(("_low", "_high", "_method")))
        )
        or name in ("prevalence", "label_coverage", "average_precision", "roc_auc")
        or name in ("operating_precision", "operating_recall", "operating_f1")
    ]
    assert len(ratios) == 18
    for name in ratios:
        assert twice[name] == pytest.approx(once[name])


@pytest.mark.parametrize(
    ("drawn", "reason"),
    [
        ([], "no_records,no_positives,no_negatives,nothing_labelled_above"),
        ([(0.9, -1)], "no_positives,no_negatives,nothing_labelled_above"),
        ([(0.9, 0)], "no_positives,single_negative"),
        ([(0.9, 1)], "no_negatives,single_positive,zero_variance"),
        ([(0.9, 1), (0.1, 0)], "single_positive,single_negative,zero_variance"),
        ([(0.9, 1), (0.8, 1), (0.2, 0), (0.1, 0)], "zero_variance"),
        ([(0.9, 1), (0.9, 1), (0.9, 0), (0.9, 0)], "precision_not_reached,zero_variance"),
        ([(0.2, 1), (0.1, 1), (0.2, 0), (0.1, 0)],
         "nothing_labelled_above,precision_not_reached"),
        ([(0.9, 1), (0.8, 0), (0.7, 1)], "single_negative"),
        ([(0.9, 1), (0.8, 0), (0.7, 1), (0.1, 0)], None),
    ],
)  # fmt: skip
def test_every_degenerate_curve_names_its_reasons(
    drawn: list[tuple[float, int]], reason: str | None
) -> None:
    row = curve_quality(bins_of(GRID, drawn), operating_threshold=0.5)
    assert row["undefined_reason"] == reason


def test_late_labels_raise_the_coverage() -> None:
    before = curve_quality(bins_of(GRID, [(0.9, 1), (0.1, -1)]), operating_threshold=0.5)
    after = curve_quality(bins_of(GRID, [(0.9, 1), (0.1, 0)]), operating_threshold=0.5)
    assert (before["label_coverage"], before["unlabelled"]) == (0.5, 1)
    assert (after["label_coverage"], after["unlabelled"]) == (1.0, 0)


def test_an_operating_threshold_outside_0_and_1_is_refused() -> None:
    with pytest.raises(ContractError, match="a threshold must lie in"):
        curve_quality(from_groups(EXAMPLE_C), operating_threshold=-0.1)


def test_the_merged_days_of_real_data_give_the_whole_and_hold_the_exact_value(
    employment: Records,
) -> None:
    scores, labels = employment
    days = [BinCounts.from_scores(GRID, scores[day::30], labels[day::30]) for day in range(30)]
    row = curve_quality(sum(days[1:], days[0]), operating_threshold=0.5)
    assert row == curve_quality(
        BinCounts.from_scores(GRID, scores, labels), operating_threshold=0.5
    )
    low, high = (float(str(row[f"average_precision_limit_{end}"])) for end in ("low", "high"))
    assert low <= average_precision_score(labels, scores) <= high
    assert row["predictions"] == 208_892
