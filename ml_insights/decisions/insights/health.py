"""Findings about scores and labels: calibration, drift, recall that is not known.

What belongs here: sentences from model_health. What does not: any number that is not in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ml_insights.contracts import ALL_RECORDS
from ml_insights.decisions.insights.words import (
    NOTICE,
    Insight,
    Number,
    Row,
    beyond_chance,
    who,
    worst_of_each,
)
from ml_insights.metrics.comparison import WORSE

CUSTOMARY_DRIFT = 0.1
"""Below it a population stability index is customarily not worth acting on."""

_SELECTION_ALARM = 1e-3


def health_insights(rows: Sequence[Row], relevant: float) -> Iterator[Insight]:
    """Findings of the day's model_health, with names.

    A slice is named only where all records of its variant are not, and stands for the others.

    Args:
        rows: of all curves.
        relevant: the smallest difference that matters.
    """
    for row in rows:
        if row["slice"] == ALL_RECORDS:
            yield from _recall_unknown(row)
    yield from _calibration(rows, relevant)
    yield from _drift(rows)


def _calibration(rows: Sequence[Row], relevant: float) -> Iterator[Insight]:
    off = [
        row
        for row in beyond_chance(rows, lambda row: row["calibration_p_value"])
        if row["calibration_error"] > row["calibration_error_by_chance"] + relevant
    ]
    for row, more in worst_of_each(off, _excess):
        error, chance, gap = (
            100 * row[f"calibration_{name}"] for name in ("error", "error_by_chance", "gap")
        )
        sentence = (
            f"{who(row)}: scores are off by {error:.1f} points on average, "
            f"too {'high' if gap > 0 else 'low'} by {abs(gap):.1f} overall (chance alone would "
            f"make {chance:.1f}){more}. Read them as an order, not as probabilities."
        )
        number = _by_chance(row["calibration_error"], row["calibration_error_by_chance"])
        yield Insight("calibration", NOTICE, row["calibration_error"], sentence, row, number=number)


def _excess(row: Row) -> float:
    return float(row["calibration_error"] - row["calibration_error_by_chance"])


def _drift(rows: Sequence[Row]) -> Iterator[Insight]:
    shifted = [
        row
        for row in beyond_chance(rows, lambda row: row["kolmogorov_smirnov_p_value"])
        if row["population_stability_index"]
        > max(row["population_stability_index_by_chance"], CUSTOMARY_DRIFT)
    ]
    for row, more in worst_of_each(shifted, lambda row: float(row["population_stability_index"])):
        sentence = (
            f"{who(row)}: scores are distributed otherwise than in the "
            f"{row['reference_days']} days before (population stability index "
            f"{row['population_stability_index']:.2f}, "
            f"customary limit {CUSTOMARY_DRIFT}; largest gap "
            f"{100 * row['kolmogorov_smirnov']:.1f} points){more}."
        )
        number = _by_chance(
            row["population_stability_index"], row["population_stability_index_by_chance"]
        )
        yield Insight(
            "drift", NOTICE, row["population_stability_index"], sentence, row, number=number
        )


def _by_chance(value: float, chance: float) -> Number:
    """Distances have no interval: what chance alone makes stands for half of it."""
    return Number(value, value - chance, value + chance)


def _recall_unknown(row: Row) -> Iterator[Insight]:
    """Only where labels depend on the score: a few empty groups happen by chance."""
    p_value = row["label_selection_p_value"]
    if p_value is None or p_value >= _SELECTION_ALARM:
        return
    if not row["recall_identifiable"]:
        sentence = (
            f"{who(row)}: some scores have no label at all, so the share of positives found is "
            "not known; the shown recall is that of the labelled records. Label a random sample "
            "of low scores."
        )
        yield Insight("recall_unknown", WORSE, 1.0, sentence, row, "recall")
    elif row["stratified_recall"] is not None:
        low, high = (100 * row[f"stratified_recall_{end}"] for end in ("low", "high"))
        sentence = (
            f"{who(row)}: labels are not a random sample of the scores. Weighted by all records, "
            f"recall is {100 * row['stratified_recall']:.1f} % [{low:.1f}, {high:.1f}]."
        )
        number = Number.of(row, "stratified_recall", row["stratified_recall"])
        yield Insight("recall_unknown", NOTICE, 0.5, sentence, row, "recall", number)
