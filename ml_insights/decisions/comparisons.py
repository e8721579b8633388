"""variant_comparison: each variant against the others, against the day before, against the week.

What belongs here: which curves are compared, the families of tests, the rows. What does not: the
mathematics of a comparison (`metrics.comparison`, `metrics.paired`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import combinations
from math import isnan
from typing import TYPE_CHECKING, Any

import numpy as np

from ml_insights.contracts import ALL_RECORDS
from ml_insights.decisions.pairs import Pair
from ml_insights.decisions.rows import arrow_rows
from ml_insights.decisions.tables import VARIANT_COMPARISON
from ml_insights.metrics.comparison import (
    CANNOT_TELL_YET,
    NOT_COMPARABLE,
    differences,
    labels_needed,
    verdict,
)
from ml_insights.metrics.confusion import BinCounts
from ml_insights.metrics.estimates import estimates
from ml_insights.metrics.false_discovery import benjamini_hochberg
from ml_insights.metrics.paired import JointCounts, paired_differences
from ml_insights.metrics.reasons import joined_reasons
from ml_insights.metrics.sample_ratio import SampleRatio, sample_ratio
from ml_insights.variants import in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pyarrow as pa

    from ml_insights.day_counts import CurveCounts
    from ml_insights.metrics.differences import Compared, Estimate
    from ml_insights.metrics.thresholds import ThresholdGrid
    from ml_insights.result_tables import Curve

    Joint = Mapping[Pair, JointCounts]
    """Counts of events that two variants scored."""

VARIANTS, SAME_EVENTS = "variants", "same_events"
PREVIOUS_DAY, TRAILING_7_DAYS = "previous_day", "trailing_7_days"
NO_SHARED_LABELS = "no_shared_labels"


@dataclass(frozen=True)
class Rules:
    """What the settings say about comparisons.

    Attributes:
        threshold_index: grid threshold at or just below the operating threshold.
        relevant: the smallest difference that matters.
        min_label_coverage: below it a curve is provisional.
        traffic_split: configured share of each variant; empty if none is configured.
    """

    threshold_index: int
    relevant: float
    min_label_coverage: float
    traffic_split: Mapping[str, float]


def variant_comparison_table(
    today: CurveCounts,
    before: Mapping[str, tuple[CurveCounts, int]],
    rules: Rules,
    joint: Joint | None = None,
) -> pa.Table:
    """Rows of variant_comparison for one day.

    Args:
        today: the day's curves.
        before: `PREVIOUS_DAY` and `TRAILING_7_DAYS` -> counts of those days, and how many they
            are; 0 without any.
        rules: of the settings.
        joint: counts of events that two variants scored; None where variants share no events.

    Returns:
        Rows sorted by comparison, curve and metric. Where nothing can be compared there are rows
        too, whose values are NULL: of a curve without the same curve before (`no_days_before`), and
        of a pair that shares events in general but no labelled one on the day in this slice
        (`no_shared_labels`).
    """
    # A curve is compared with several.
    estimate = cache(estimates)
    rows = [*_between_variants(today, rules, estimate)]
    if joint is not None:
        rows += _same_events(today, joint, rules)
    for comparison, (counts, days) in before.items():
        for curve, bins in today.items():
            baseline = counts.get(curve, _nothing(bins))
            found = differences(baseline, bins, rules.threshold_index, estimate)
            key = _key(comparison, curve, curve.variant)
            rows += _rows(key, found, (baseline, bins), rules, days=days)
    _judge(rows, rules)
    rows.sort(key=lambda row: tuple(row[name] for name in VARIANT_COMPARISON.key))
    return arrow_rows(VARIANT_COMPARISON, rows)


def _between_variants(
    today: CurveCounts, rules: Rules, estimate: Callable[..., Mapping[str, Estimate]]
) -> Iterator[dict[str, Any]]:
    for first, second in _pairs(today):
        pair = (today[first], today[second])
        split = _split(pair, (first.variant, second.variant), first.slice, rules)
        found = differences(*pair, rules.threshold_index, estimate)
        key = _key(VARIANTS, second, first.variant)
        yield from _rows(key, found, pair, rules, days=1, split=split)


def _same_events(today: CurveCounts, joint: Joint, rules: Rules) -> Iterator[dict[str, Any]]:
    """Pairs from events both scored: the prevalence is the same, so nothing is standardised."""
    for first, second in _pairs(today):
        counts = _joint_of(joint, first, second) or _no_events(today[first].grid)
        pair = (counts.first(), counts.second())
        found = paired_differences(counts, rules.threshold_index)
        reason = None if pair[0].threshold_index.size else NO_SHARED_LABELS
        key = _key(SAME_EVENTS, second, first.variant)
        # Margins of joint counts hold labelled records only.
        provisional = _provisional((today[first], today[second]), rules)
        for row in _rows(key, found, pair, rules, days=1, reason=reason):
            yield {**row, "provisional": provisional}


def _pairs(today: CurveCounts) -> Iterator[tuple[Curve, Curve]]:
    """Curves of two variants, the incumbent's first, by class and slice."""
    for class_label, slice_name in sorted({curve[1:] for curve in today}):
        curves = {c.variant: c for c in today if c[1:] == (class_label, slice_name)}
        for first, second in combinations(in_order(curves), 2):
            yield curves[first], curves[second]


def _joint_of(joint: Joint, first: Curve, second: Curve) -> JointCounts | None:
    """Counts of a pair, whichever of the two they name first."""
    pair = Pair(first.class_label, first.slice, first.variant, second.variant)
    turned = joint.get(pair._replace(first_variant=second.variant, second_variant=first.variant))
    return turned.turned() if turned else joint.get(pair)


def _split(
    pair: tuple[BinCounts, BinCounts], names: tuple[str, str], slice_name: str, rules: Rules
) -> SampleRatio | None:
    """Test of the configured split; of all records only, since slices need not be split so."""
    shares = [rules.traffic_split.get(name, 0.0) for name in names]
    if slice_name != ALL_RECORDS or not all(shares):
        return None
    first, second = (int(bins.records.sum()) for bins in pair)
    return sample_ratio(first, second, shares[0] / sum(shares))


def _key(comparison: str, curve: Curve, baseline: str) -> dict[str, Any]:
    return {"comparison": comparison, **curve._asdict(), "baseline_variant": baseline}


def _rows(
    key: Mapping[str, Any],
    found: Mapping[str, Compared],
    pair: tuple[BinCounts, BinCounts],
    rules: Rules,
    *,
    days: int,
    split: SampleRatio | None = None,
    reason: str | None = None,
) -> list[dict[str, Any]]:
    labels = sum(int((bins.positives + bins.negatives).sum()) for bins in pair)
    return [
        {
            **key,
            "metric": metric,
            "baseline_value": first,
            "value": second,
            "difference": compared.value,
            "difference_low": compared.low,
            "difference_high": compared.high,
            "p_value": compared.p_value,
            "labels": labels,
            "baseline_days": days,
            "sample_ratio_p_value": split.p_value if split else None,
            "provisional": _provisional(pair, rules),
            "undefined_reason": reason or _reason(compared.p_value, pair),
            # Read by `_judge`, which needs the whole family.
            "compared": compared,
            "split": split,
        }
        for metric, (first, second, compared) in found.items()
    ]


def _provisional(pair: tuple[BinCounts, BinCounts], rules: Rules) -> bool:
    return any(bins.label_coverage < rules.min_label_coverage for bins in pair)


def _judge(rows: list[dict[str, Any]], rules: Rules) -> None:
    """Add adjusted p-values and verdicts: a family is all tests of one comparison on the day."""
    for comparison in {row["comparison"] for row in rows}:
        family = [row for row in rows if row["comparison"] == comparison]
        adjusted = benjamini_hochberg(np.array([row["p_value"] for row in family]))
        for row, p_value in zip(family, adjusted.tolist(), strict=True):
            compared, split = row.pop("compared"), row.pop("split")
            row["adjusted_p_value"] = p_value
            tests = p_value / row["p_value"] if row["p_value"] > 0.0 else 1.0
            row["labels_needed"] = labels_needed(compared, rules.relevant, row["labels"], tests)
            row["verdict"] = verdict(compared, p_value, rules.relevant)
            if split is not None and split.mismatch and row["verdict"]:
                row["verdict"] = NOT_COMPARABLE
            if row["undefined_reason"] == NO_SHARED_LABELS:
                row["verdict"] = CANNOT_TELL_YET


def _reason(p_value: float, pair: tuple[BinCounts, BinCounts]) -> str | None:
    if not isnan(p_value):
        return None
    if not pair[0].threshold_index.size:
        return "no_days_before"
    labelled = all((bins.positives + bins.negatives).any() for bins in pair)
    lacking = {
        "no_labels": not labelled,
        "no_positives": labelled and not all(bins.positives.any() for bins in pair),
        "no_negatives": labelled and not all(bins.negatives.any() for bins in pair),
    }
    return joined_reasons(lacking) or "no_spread"


def _nothing(bins: BinCounts) -> BinCounts:
    """Counts of no record on the same grid."""
    none = np.zeros(0, dtype=np.int64)
    return BinCounts(bins.grid, none, none, none, none, none.astype(np.float64))


def _no_events(grid: ThresholdGrid) -> JointCounts:
    none = np.zeros(0, dtype=np.int64)
    return JointCounts(grid, none, none, none, none)
