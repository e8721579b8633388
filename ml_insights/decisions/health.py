"""model_health and calibration_curve: calibration, drift, labels, and estimates without labels.

What belongs here: the rows of both tables. What does not: the mathematics (`metrics.calibration`,
`metrics.drift`, `metrics.label_selection`, `metrics.without_labels`).
"""

from __future__ import annotations

import math
from math import isnan
from typing import TYPE_CHECKING, Any

import numpy as np

from ml_insights.decisions.rows import arrow_rows, method_of
from ml_insights.decisions.tables import CALIBRATION_CURVE, MODEL_HEALTH
from ml_insights.metrics.arrays import FloatArray, ratio
from ml_insights.metrics.calibration import REPLICATES, calibration_error, reliability
from ml_insights.metrics.drift import score_drift
from ml_insights.metrics.intervals import wilson_interval
from ml_insights.metrics.label_selection import (
    label_strata,
    labels_depend_on_score,
    stratified_recall,
)
from ml_insights.metrics.reasons import joined_reasons
from ml_insights.metrics.seeds import generator
from ml_insights.metrics.strata import sums
from ml_insights.metrics.without_labels import (
    error_band,
    expected_performance,
    positives_by_past_rates,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import pyarrow as pa

    from ml_insights.day_counts import CurveCounts
    from ml_insights.metrics.confusion import BinCounts
    from ml_insights.result_tables import Curve

ESTIMATED = ("precision", "recall", "f1")
SHOWN_GROUPS = 8
"""Groups of scores on each side of the threshold."""


def calibration_curve_table(today: CurveCounts, threshold_index: int) -> pa.Table:
    """Rows of calibration_curve, by curve and ascending score."""
    rows = []
    for curve, bins in today.items():
        strata = label_strata(bins, threshold_index, SHOWN_GROUPS)
        starts = np.searchsorted(bins.threshold_index, strata.threshold_index)
        low, high = wilson_interval(strata.positives, strata.labelled)
        columns = {
            "threshold": [bins.grid.threshold(int(index)) for index in strata.threshold_index],
            "above_operating_threshold": strata.above.tolist(),
            "records": strata.records.tolist(),
            "labelled": strata.labelled.tolist(),
            "positives": strata.positives.tolist(),
            "labelled_share": strata.labelled_share.tolist(),
            "mean_score": (sums(bins.score_sum, starts) / strata.records).tolist(),
            "positive_rate": ratio(strata.positives, strata.labelled).tolist(),
            "positive_rate_low": low.tolist(),
            "positive_rate_high": high.tolist(),
            "positive_rate_method": [method_of(end, "wilson") for end in low.tolist()],
        }
        for group, values in enumerate(zip(*columns.values(), strict=True), start=1):
            group_row = dict(zip(columns, values, strict=True))
            rows.append({**curve._asdict(), "group": group, **group_row})
    return arrow_rows(CALIBRATION_CURVE, rows)


def model_health_table(
    today: CurveCounts,
    reference: CurveCounts,
    threshold_index: int,
    *,
    identity: tuple[str, date],
    reference_days: int,
    past: Mapping[Curve, Sequence[Mapping[str, float | None]]],
) -> pa.Table:
    """Rows of model_health.

    Args:
        today: the day's curves.
        reference: counts of the days before, by curve.
        threshold_index: grid threshold at or just below the operating threshold.
        identity: endpoint and day, from which seeds derive.
        reference_days: how many days the reference has.
        past: by curve, for days before: `estimated_<ratio>` as published then, and `<ratio>`
            as known now.
    """
    rows = []
    for curve, bins in today.items():
        before = reference.get(curve)
        labels = _labels(bins, threshold_index)
        rows.append(
            {
                **curve._asdict(),
                **_calibration(curve, bins, identity),
                **_drift(before, bins),
                **labels,
                **_estimates(before, bins, threshold_index, past.get(curve, ())),
                "reference_days": reference_days if before else 0,
                "undefined_reason": _reason(before, bins, labels),
            }
        )
    return arrow_rows(MODEL_HEALTH, rows)


def _calibration(curve: Curve, bins: BinCounts, identity: tuple[str, date]) -> dict[str, Any]:
    endpoint, day = identity
    random = generator("calibration", endpoint, day.isoformat(), *curve)
    error = calibration_error(reliability(bins), random)
    known = not isnan(error.value)
    return {
        "calibration_method": "simulated" if known else None,
        "calibration_replicates": REPLICATES if known else 0,
        "calibration_error": error.value,
        "calibration_error_by_chance": error.by_chance,
        "calibration_p_value": error.p_value,
        "calibration_gap": error.gap,
    }


def _drift(before: BinCounts | None, bins: BinCounts) -> dict[str, float]:
    if before is None:
        return {}
    drift = score_drift(before, bins)
    return {
        "population_stability_index": drift.population_stability_index,
        "population_stability_index_by_chance": drift.population_stability_index_by_chance,
        "kolmogorov_smirnov": drift.kolmogorov_smirnov,
        "kolmogorov_smirnov_p_value": drift.p_value,
    }


def _labels(bins: BinCounts, threshold_index: int) -> dict[str, Any]:
    strata = label_strata(bins, threshold_index)
    found = stratified_recall(strata)
    return {
        "label_selection_p_value": labels_depend_on_score(strata),
        "recall_identifiable": found.identifiable,
        "stratified_recall": found.value,
        "stratified_recall_low": found.low,
        "stratified_recall_high": found.high,
        "stratified_recall_method": method_of(found.low, "logit"),
    }


def _estimates(
    before: BinCounts | None,
    bins: BinCounts,
    threshold_index: int,
    past: Sequence[Mapping[str, float | None]],
) -> dict[str, Any]:
    """Estimates without labels, if there are days before, with the errors that others had."""
    row: dict[str, Any] = {"past_days": len(past)}
    if before is not None:
        rates = positives_by_past_rates(bins, before)
        expected = expected_performance(bins, rates, threshold_index)
        row |= {f"estimated_{name}": getattr(expected, name) for name in ESTIMATED}
    for name in (f"estimated_{one}" for one in ESTIMATED):
        errors = _errors(past, name)
        if errors.size:
            row[f"{name}_past_error"] = float(np.abs(errors).mean())
        if name in row:
            row[f"{name}_low"], row[f"{name}_high"] = error_band(row[name], errors)
    if any(not isnan(row.get(f"estimated_{one}_low", math.nan)) for one in ESTIMATED):
        row["estimated_method"] = "student_t"
    return row


def _errors(past: Sequence[Mapping[str, float | None]], estimate: str) -> FloatArray:
    """Estimate less what labels have shown, of the days on which both are known."""
    pairs = [(day[estimate], day[estimate.removeprefix("estimated_")]) for day in past]
    known = [said - found for said, found in pairs if said is not None and found is not None]
    return np.array(known, dtype=np.float64)


def _reason(before: BinCounts | None, bins: BinCounts, found: Mapping[str, Any]) -> str | None:
    labelled = bool((bins.positives + bins.negatives).any())
    whole, low = found["stratified_recall"], found["stratified_recall_low"]
    return joined_reasons(
        {
            "no_labels": not labelled,
            "no_positives": labelled and not bins.positives.any(),
            "no_days_before": before is None,
            "no_labels_before": before is not None
            and not (before.positives + before.negatives).any(),
            "scores_on_one_side": isnan(low) and not isnan(whole),
        }
    )
