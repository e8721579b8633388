"""The row of `model_quality` for one curve: the numbers people track.

What does not belong here: formulas (they are in the modules this one calls), and what counts
cannot know: which curve it is, how complete its labels should be, which run made it.
"""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ml_insights.contracts import FIXED_LEVELS
from ml_insights.metrics.areas import Area, achievable_pr_area, average_precision, roc_auc
from ml_insights.metrics.arrays import FloatArray, ratio
from ml_insights.metrics.best_points import best_points
from ml_insights.metrics.binning import threshold_index_at_or_below
from ml_insights.metrics.bootstrap import poisson_bootstrap, standard_error
from ml_insights.metrics.differences import Estimate, LogitNormal
from ml_insights.metrics.estimates import ENOUGH_POSITIVES, binomial_error
from ml_insights.metrics.intervals import (
    Z_95,
    f1_interval,
    precision_interval,
    recall_interval,
)
from ml_insights.metrics.label_selection import recall_identifiable
from ml_insights.metrics.precision_recall import f1, precision, recall
from ml_insights.metrics.roc_interval import roc_auc_estimate
from ml_insights.metrics.seeds import generator
from ml_insights.metrics.undefined import RECALL_NOT_IDENTIFIABLE, joined_reasons

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ml_insights.metrics.confusion import BinCounts

Row: TypeAlias = dict[str, Any]
"""Column name -> value; NaN for what is undefined."""


REPLICATES = 1000
"""Resampled curves, unless told; the width of intervals then varies by 2 %."""


def curve_quality(
    bins: BinCounts,
    *,
    operating_threshold: float,
    identity: tuple[str, ...] = (),
    replicates: int = REPLICATES,
) -> dict[str, float | int | str | None]:
    """Columns of `contracts.MODEL_QUALITY` that counts can know, in its order.

    Left to the caller: variant, class_label, slice, provisional, labels_as_of, grid, run_id,
    code_version and manifest_digest; and how the curve is drawn (`metrics.display`).

    Args:
        bins: counts of one curve; may be empty.
        operating_threshold: the threshold of the settings, in [0, 1]. Its values are counted at
            the grid threshold at or just below it.
        identity: endpoint, day and curve, from which the seed of the bootstrap derives.
        replicates: resampled curves behind the intervals of areas and of numbers at thresholds that
            the records choose.

    Returns:
        Column name -> value; None for what is undefined, and then `undefined_reason` says why. It
        also says that recall is not identifiable, if scores have no label.

    Raises:
        ContractError: the operating threshold is not in [0, 1].

    >>> from ml_insights.metrics.confusion import BinCounts
    >>> from ml_insights.metrics.thresholds import ThresholdGrid
    >>> bins = BinCounts.from_scores(ThresholdGrid(), [0.9, 0.9, 0.1, 0.2], [1, 0, 0, -1])
    >>> quality = curve_quality(bins, operating_threshold=0.5)
    >>> quality["label_coverage"], quality["average_precision"], quality["operating_recall"]
    (0.75, 0.5, 1.0)
    >>> quality["recall_at_precision_95"], quality["undefined_reason"]
    (None, 'precision_not_reached,single_positive,recall_not_identifiable')
    """
    drawn = poisson_bootstrap(bins, generator("model_quality", *identity), replicates)
    row = {
        **_volumes(bins),
        **_areas(bins, drawn, replicates),
        **best_points(bins, drawn),
        **_operating(bins, operating_threshold),
    }
    defined = {
        name: None if isinstance(value, float) and isnan(value) else value
        for name, value in row.items()
    }
    index = threshold_index_at_or_below(bins.grid, operating_threshold)
    unseen = not recall_identifiable(bins, index)
    return {**defined, "undefined_reason": _undefined_reason(row, unseen=unseen)}


def _volumes(bins: BinCounts) -> Row:
    records, positives, negatives, unlabelled = (
        values.sum() for values in (bins.records, bins.positives, bins.negatives, bins.unlabelled)
    )
    labelled = positives + negatives
    return {
        "predictions": int(records),
        "positives": int(positives),
        "negatives": int(negatives),
        "unlabelled": int(unlabelled),
        "label_coverage": float(ratio(labelled, records)),
        "prevalence": float(ratio(positives, labelled)),
    }


def _areas(bins: BinCounts, drawn: Mapping[str, FloatArray], replicates: int) -> Row:
    """Areas with guaranteed limits, and intervals with their method."""
    precision_area, roc_area = average_precision(bins), roc_auc(bins)
    achievable = achievable_pr_area(bins)
    positives = int(bins.positives.sum())
    method = "bootstrap" if drawn and positives >= ENOUGH_POSITIVES else "binomial"
    of_average, of_achievable = (
        standard_error(drawn[name]) if method == "bootstrap" else binomial_error(value, positives)
        for name, value in (
            ("average_precision", precision_area.value),
            ("achievable_pr_area", achievable),
        )
    )
    precision_limits = _interval(LogitNormal(precision_area.value, of_average))
    low, high = _interval(LogitNormal(achievable, of_achievable))
    ranking = roc_auc_estimate(bins)
    roc_interval = _interval(ranking)
    return {
        **_area_columns("average_precision", precision_area, precision_limits),
        **_area_columns("roc_auc", roc_area, roc_interval),
        "average_precision_method": None if isnan(precision_limits[0]) else method,
        "roc_auc_method": None if isnan(roc_interval[0]) else ranking.method,
        "bootstrap_replicates": replicates if drawn else 0,
        "achievable_pr_area": achievable,
        "achievable_pr_area_low": low,
        "achievable_pr_area_high": high,
    }


def _interval(estimate: Estimate) -> tuple[float, float]:
    low, high = estimate.interval(np.array([Z_95]))
    return float(low[0]), float(high[0])


def _area_columns(name: str, area: Area, interval: tuple[float, float]) -> Row:
    return {
        name: area.value,
        f"{name}_limit_low": area.limit_low,
        f"{name}_limit_high": area.limit_high,
        f"{name}_low": interval[0],
        f"{name}_high": interval[1],
    }


def _operating(bins: BinCounts, operating_threshold: float) -> Row:
    index = threshold_index_at_or_below(bins.grid, operating_threshold)
    on_grid = bins.grid.threshold(index)
    in_bin = int(bins.records[bins.threshold_index == index].sum())
    counts = bins.confusion_at(np.array([index]))
    return {
        "operating_threshold": operating_threshold,
        "operating_grid_threshold": on_grid,
        "operating_bin_records": 0 if on_grid == operating_threshold else in_bin,
        "operating_true_positives": int(counts.true_positives[0]),
        "operating_false_positives": int(counts.false_positives[0]),
        "operating_false_negatives": int(counts.false_negatives[0]),
        "operating_true_negatives": int(counts.true_negatives[0]),
        **_with_limits("precision", precision(counts), precision_interval(counts), "wilson"),
        **_with_limits("recall", recall(counts), recall_interval(counts), "wilson"),
        **_with_limits("f1", f1(counts), f1_interval(counts), "jaccard"),
    }


def _with_limits(
    name: str, value: FloatArray, interval: tuple[FloatArray, FloatArray], method: str
) -> Row:
    low, high = (float(end[0]) for end in interval)
    return {
        f"operating_{name}": float(value[0]),
        f"operating_{name}_low": low,
        f"operating_{name}_high": high,
        f"operating_{name}_method": None if isnan(low) else method,
    }


def _undefined_reason(row: Row, *, unseen: bool) -> str | None:
    positives, negatives = row["positives"], row["negatives"]
    return joined_reasons(
        {
            "no_records": row["predictions"] == 0,
            "no_positives": positives == 0,
            "no_negatives": negatives == 0,
            "nothing_labelled_above": isnan(row["operating_precision"]),
            "precision_not_reached": positives > 0
            and any(isnan(row[f"recall_at_precision_{level}"]) for level in FIXED_LEVELS),
            "single_positive": positives == 1,
            "single_negative": negatives == 1,
            "zero_variance": (positives > 0 and isnan(row["average_precision_low"]))
            or (positives > 1 and negatives > 1 and isnan(row["roc_auc_low"])),
            RECALL_NOT_IDENTIFIABLE: unseen,
        }
    )
