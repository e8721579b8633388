"""variant_comparison: each variant against the others, against the day before, against the week.

What belongs here: which curves are compared, the families of tests, the rows. What does not: the
mathematics of a comparison (`metrics.comparison`, `metrics.paired`), whether traffic was split as
configured (`traffic`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from itertools import combinations
from math import isnan
from typing import TYPE_CHECKING, Any

import numpy as np

from ml_insights.contracts import ALL_RECORDS
from ml_insights.decisions.comparison_tables import VARIANT_COMPARISON
from ml_insights.decisions.pairs import Pair
from ml_insights.decisions.rows import arrow_rows, method_of
from ml_insights.decisions.traffic import split_of_pair
from ml_insights.metrics.comparison import (
    CANNOT_TELL_YET,
    NOT_COMPARABLE,
    differences,
    labels_needed,
    verdict,
)
from ml_insights.metrics.confusion import BinCounts
from ml_insights.metrics.estimates import TESTED_EXACTLY, estimates
from ml_insights.metrics.false_discovery import benjamini_hochberg
from ml_insights.metrics.paired import JointCounts, paired_differences
from ml_insights.metrics.reasons import joined_reasons
from ml_insights.variants import in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping

    import pyarrow as pa

    from ml_insights.day_counts import CurveCounts
    from ml_insights.metrics.differences import Compared, Estimate
    from ml_insights.metrics.sample_ratio import SampleRatio
    from ml_insights.metrics.thresholds import ThresholdGrid
    from ml_insights.result_tables import Curve

    Joint = Mapping[Pair, JointCounts]
    """Counts of events that two variants scored."""

VARIANTS, SAME_EVENTS = "variants", "same_events"
PREVIOUS_DAY, TRAILING_7_DAYS = "previous_day", "trailing_7_days"
NO_SHARED_LABELS, FEW_POSITIVES = "no_shared_labels", "few_positives"


def over_days(comparison: str, days: int) -> str:
    """Name of a comparison of variants over the last days.

    >>> over_days(VARIANTS, 1), over_days(VARIANTS, 7)
    ('variants', 'variants_7_days')
    """
    return comparison if days == 1 else f"{comparison}_{days}_days"


@dataclass(frozen=True)
class Traffic:
    """What the variants answered on some days, the day itself the last.

    Attributes:
        counts: of each curve.
        joint: counts of events that two variants scored; None where variants share no events.
        records: accepted capture records by variant, which is what traffic is split by; empty
            where they are not known.
        days: so many published days.
    """

    counts: CurveCounts
    joint: Joint | None = None
    records: Mapping[str, int] = field(default_factory=dict)
    days: int = 1


@dataclass(frozen=True)
class Rules:
    """What the settings say about comparisons.

    Attributes:
        threshold_index: grid threshold at or just below the operating threshold.
        relevant: the smallest difference that matters.
        min_label_coverage: below it a curve is provisional.
        min_positives: with fewer on either side only what is tested exactly is judged.
        traffic_split: configured share of each variant; empty if none is configured.
    """

    threshold_index: int
    relevant: float
    min_label_coverage: float
    min_positives: int
    traffic_split: Mapping[str, float]


def variant_comparison_table(
    today: Traffic,
    before: Mapping[str, tuple[CurveCounts, int]],
    rules: Rules,
    windows: Mapping[int, Traffic] | None = None,
) -> pa.Table:
    """Rows of variant_comparison for one day.

    Args:
        today: the day's curves.
        before: `PREVIOUS_DAY` and `TRAILING_7_DAYS` -> counts of those days, and how many they
            are; 0 without any.
        rules: of the settings.
        windows: number of days up to the day -> all of them together. Variants are compared over
            each, for a difference that one day cannot tell.

    Returns:
        Rows sorted by comparison, curve and metric. A pair that shares labelled events is compared
        on these alone, for its records are not apart. Where nothing can be compared there are rows
        too, whose values are NULL: of a curve without the same curve before (`no_days_before`), and
        of a pair that shares events in general but no labelled one in this slice
        (`no_shared_labels`).
    """
    # A curve is compared with several.
    estimate = cache(estimates)
    rows: list[dict[str, Any]] = []
    for days, traffic in ({1: today} | dict(windows or {})).items():
        rows += _between_variants(days, traffic, rules, estimate)
        rows += _same_events(days, traffic, rules)
    for comparison, (counts, days) in before.items():
        for curve, bins in today.counts.items():
            baseline = counts.get(curve, _nothing(bins))
            found = differences(baseline, bins, rules.threshold_index, estimate)
            key = _key(comparison, curve, curve.variant)
            rows += _rows(key, found, (baseline, bins), rules, days=days)
    _judge(rows, rules)
    rows.sort(key=lambda row: tuple(row[name] for name in VARIANT_COMPARISON.key))
    return arrow_rows(VARIANT_COMPARISON, rows)


def _between_variants(
    days: int, traffic: Traffic, rules: Rules, estimate: Callable[..., Mapping[str, Estimate]]
) -> Iterator[dict[str, Any]]:
    for first, second in _pairs(traffic.counts):
        if _shares_events(traffic.joint, first, second):
            continue
        pair = (traffic.counts[first], traffic.counts[second])
        split = split_of_pair(traffic.records, (first.variant, second.variant), rules.traffic_split)
        found = differences(*pair, rules.threshold_index, estimate)
        key = _key(over_days(VARIANTS, days), second, first.variant)
        yield from _rows(key, found, pair, rules, days=traffic.days, split=split)


def _same_events(days: int, traffic: Traffic, rules: Rules) -> Iterator[dict[str, Any]]:
    """Pairs from events both scored: the prevalence is the same, so nothing is standardised."""
    if traffic.joint is None:
        return
    for first, second in _pairs(traffic.counts):
        both = (traffic.counts[first], traffic.counts[second])
        counts = _joint_of(traffic.joint, first, second) or _no_events(both[0].grid)
        pair = (counts.first(), counts.second())
        found = paired_differences(counts, rules.threshold_index)
        reason = None if pair[0].threshold_index.size else NO_SHARED_LABELS
        key = _key(over_days(SAME_EVENTS, days), second, first.variant)
        # Margins of joint counts hold labelled records only.
        provisional = _provisional(both, rules)
        for row in _rows(key, found, pair, rules, days=traffic.days, reason=reason, exact=()):
            yield {**row, "provisional": provisional}


def _shares_events(joint: Joint | None, first: Curve, second: Curve) -> bool:
    """Whether two variants scored the same labelled events, in any slice."""
    whole = (curve._replace(slice=ALL_RECORDS) for curve in (first, second))
    return joint is not None and _joint_of(joint, *whole) is not None


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
    exact: Container[str] = TESTED_EXACTLY,
) -> list[dict[str, Any]]:
    labels = sum(int((bins.positives + bins.negatives).sum()) for bins in pair)
    few = min(int(bins.positives.sum()) for bins in pair) < rules.min_positives
    return [
        {
            **key,
            "metric": metric,
            "baseline_value": first,
            "value": second,
            "difference": compared.value,
            "difference_low": compared.low,
            "difference_high": compared.high,
            "difference_method": method_of(compared.low, method),
            "p_value": compared.p_value,
            "p_value_method": method_of(compared.p_value, tested),
            "labels": labels,
            "baseline_days": days,
            "sample_ratio_p_value": split.p_value if split else None,
            "provisional": _provisional(pair, rules),
            "undefined_reason": reason
            or _undefined(compared.p_value, pair)
            or (FEW_POSITIVES if few and metric not in exact else None),
            # Read by `_judge`, which needs the whole family.
            "compared": compared,
            "split": split,
        }
        for metric, (first, second, compared, method, tested) in found.items()
    ]


def _provisional(pair: tuple[BinCounts, BinCounts], rules: Rules) -> bool:
    return any(bins.label_coverage < rules.min_label_coverage for bins in pair)


def _judge(rows: list[dict[str, Any]], rules: Rules) -> None:
    """Add adjusted p-values and verdicts: a family is all tests of one comparison on the day.

    What has too few positives to be judged is no test of the family.
    """
    for comparison in {row["comparison"] for row in rows}:
        family = [row for row in rows if row["comparison"] == comparison]
        p_values = np.array([row["p_value"] for row in family])
        few = np.array([row["undefined_reason"] == FEW_POSITIVES for row in family])
        adjusted = benjamini_hochberg(np.where(few, np.nan, p_values))
        for row, p_value in zip(family, adjusted.tolist(), strict=True):
            compared, split = row.pop("compared"), row.pop("split")
            row["adjusted_p_value"] = p_value
            row["verdict"] = verdict(compared, p_value, rules.relevant)
            if row["undefined_reason"] in (NO_SHARED_LABELS, FEW_POSITIVES):
                row["verdict"] = CANNOT_TELL_YET
            alone = row["p_value"] if isnan(p_value) else p_value
            row["labels_needed"] = (
                labels_needed(compared, alone, rules.relevant, row["labels"])
                if row["verdict"] == CANNOT_TELL_YET
                else None
            )
            if split is not None and split.mismatch and row["verdict"]:
                row["verdict"] = NOT_COMPARABLE


def _undefined(p_value: float, pair: tuple[BinCounts, BinCounts]) -> str | None:
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
