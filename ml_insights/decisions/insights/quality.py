"""Findings about quality: changes against the week before, variants, the split of the traffic.

What belongs here: sentences from variant_comparison. What does not: any number that is not in it.
Its verdicts already take into account how many comparisons a day has.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import NormalDist

from ml_insights.contracts import ALL_RECORDS
from ml_insights.decisions.comparisons import SAME_EVENTS, TRAILING_7_DAYS, VARIANTS
from ml_insights.decisions.insights.words import NOTICE, Insight, Row, size, who
from ml_insights.metrics.comparison import BETTER, CANNOT_TELL_YET, NOT_COMPARABLE, WORSE
from ml_insights.metrics.intervals import Z_95
from ml_insights.metrics.reasons import REASONS

Coverage = Mapping[tuple[str, str, str], float | None]

METRIC_WORDS = {
    "recall": "recall",
    "precision": "precision",
    "average_precision": "average precision",
}
"""Metrics that make sentences: F1 and ROC AUC follow these, and would say the same twice."""

SHARES = ("precision", "recall")
_LABELS_BELIEVABLE = 1_000_000_000


def quality_insights(rows: Sequence[Row], coverage: Coverage, relevant: float) -> Iterator[Insight]:
    """Findings of the day's variant_comparison, with names.

    Args:
        rows: of all comparisons.
        coverage: label coverage by variant, class and slice.
        relevant: the smallest difference that matters.
    """
    yield from _splits(rows)
    yield from _changes(rows, coverage, relevant)
    yield from _unknown(rows)
    yield from _variants(rows, relevant)


def _splits(rows: Sequence[Row]) -> Iterator[Insight]:
    for row in rows:
        if row["verdict"] == NOT_COMPARABLE and row["metric"] == "recall":
            yield Insight(
                "traffic_split",
                WORSE,
                1.0,
                f"{who(row)} and {row['baseline_variant']} did not get the configured shares of "
                f"the traffic (chance of such a split: {row['sample_ratio_p_value']:.1g}). Records "
                "are missing or astray; their difference says nothing until that is found.",
                row,
            )


def _changes(rows: Sequence[Row], coverage: Coverage, relevant: float) -> Iterator[Insight]:
    week = [r for r in rows if r["comparison"] == TRAILING_7_DAYS and r["metric"] in METRIC_WORDS]
    clear = [r for r in week if _is_clear(r, relevant)]
    whole = {_curve_metric(r): r for r in clear if r["slice"] == ALL_RECORDS}
    for row in whole.values():
        parts = [r for r in week if _curve_metric(r) == _curve_metric(row) and r is not row]
        sentence = f"{_sentence(row)}{_where(row, parts)}{_labels(row, coverage)}."
        yield Insight("change", row["verdict"], size(row), sentence, row, row["metric"])
    for row in clear:
        if row["slice"] != ALL_RECORDS and _curve_metric(row) not in whole:
            sentence = f"{_sentence(row)}{_labels(row, coverage)}."
            yield Insight("slice_change", row["verdict"], size(row), sentence, row, row["metric"])


def _unknown(rows: Sequence[Row]) -> Iterator[Insight]:
    """Variants of which no metric can be set against the days before: silence would mislead."""
    week = [r for r in rows if r["comparison"] == TRAILING_7_DAYS and r["slice"] == ALL_RECORDS]
    judged = {who(row) for row in week if row["p_value"] is not None}
    why: dict[str, list[Row]] = {}
    for row in week:
        if row["metric"] == "recall" and who(row) not in judged:
            why.setdefault(row["undefined_reason"], []).append(row)
    for reasons, of in why.items():
        words = "; ".join(REASONS[reason] for reason in reasons.split(","))
        names = ", ".join(dict.fromkeys(map(who, of)))
        sentence = f"{names}: whether anything changed cannot be told ({words})."
        yield Insight("unknown", NOTICE, float(len(of)), sentence, of[0])


def _variants(rows: Sequence[Row], relevant: float) -> Iterator[Insight]:
    for row in _between_variants(rows):
        days = row["baseline_days"]
        over = f" over {days} days" if days > 1 else ""
        subject = f"{who(row)} against {row['baseline_variant']}{over}"
        if _is_clear(row, relevant):
            way = "higher" if row["difference"] > 0 else "lower"
            sentence = f"{subject}: {_metric(row)} is {_amount(row)} {way} {_interval(row)}."
            yield Insight("variants", row["verdict"], size(row), sentence, row, row["metric"])
        elif row["verdict"] == CANNOT_TELL_YET and row["metric"] == "average_precision":
            sentence = (
                f"{subject}: which one has the higher average precision cannot be told yet "
                f"(difference {row['difference']:+.3f} {_interval(row)}){_needed(row)}."
            )
            yield Insight("variants", NOTICE, 0.0, sentence, row, row["metric"])


def _needed(row: Row) -> str:
    if row["labels_needed"] is None:
        return ""
    needed = min(row["labels_needed"], _LABELS_BELIEVABLE)
    # Two digits, rounded up, are enough for a number of labels nobody has yet.
    unit = 10 ** max(0, len(str(needed)) - 2)
    return (
        f"; about {math.ceil(needed / unit) * unit:,} labelled records would tell, with the other "
        f"comparisons taken into account; there are {row['labels']:,}"
    )


def _between_variants(rows: Sequence[Row]) -> Iterable[Row]:
    """Pairs of variants by metric: what the day tells, or else what most days tell.

    Of a pair that scored the same events these speak, where they can be judged.
    """
    pairs: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        if (
            row["comparison"].startswith((SAME_EVENTS, VARIANTS))
            and row["slice"] == ALL_RECORDS
            and row["metric"] in METRIC_WORDS
            and row["p_value"] is not None
        ):
            pairs.setdefault((row["baseline_variant"], *_curve_metric(row)), []).append(row)
    return [_spoken(of) for of in pairs.values()]


def _spoken(rows: Sequence[Row]) -> Row:
    """Of a pair's rows the one of the fewest days that tells anything, else of the most days."""
    by_days = sorted(rows, key=lambda row: row["baseline_days"])
    telling = [row for row in by_days if row["verdict"] != CANNOT_TELL_YET]
    return telling[0] if telling else by_days[-1]


def _is_clear(row: Row, relevant: float) -> bool:
    """More than chance, and large enough to matter."""
    return row["verdict"] in (BETTER, WORSE) and abs(row["difference"]) >= relevant


def _curve_metric(row: Row) -> tuple[str, str, str]:
    return row["variant"], row["class_label"], row["metric"]


def _metric(row: Row) -> str:
    return METRIC_WORDS[row["metric"]]


def _amount(row: Row) -> str:
    return f"{100 * size(row):.1f} points" if row["metric"] in SHARES else f"{size(row):.3f}"


def _interval(row: Row) -> str:
    """Ends of the size of the change, the smaller first."""
    ends = (row["difference_low"], row["difference_high"])
    if row["verdict"] in (BETTER, WORSE):
        low, high = sorted(abs(end) for end in ends)
    else:
        low, high = ends
    if row["metric"] in SHARES:
        return f"[{100 * low:.1f}, {100 * high:.1f}]"
    return f"[{low:.3f}, {high:.3f}]"


def _sentence(row: Row) -> str:
    where = "" if row["slice"] == ALL_RECORDS else f" in slice {row['slice']}"
    verb = "rose" if row["difference"] > 0 else "fell"
    days = "day" if row["baseline_days"] == 1 else f"{row['baseline_days']} days"
    return (
        f"{row['who']}: {_metric(row)}{where} {verb} {_amount(row)} {_interval(row)} "
        f"against the {days} before"
    )


def _where(row: Row, parts: Sequence[Row]) -> str:
    """The slice in which the change is larger than in all records, if any is beyond chance.

    Of slices that share records, the one with the strongest evidence is named, not the most
    extreme one. All slices that were looked at count (Bonferroni).
    """
    changed = [part for part in parts if part["verdict"] == row["verdict"]]
    if not changed:
        return ""
    beyond_chance = NormalDist().inv_cdf(1.0 - 0.025 / len(parts)) / Z_95
    most = max(changed, key=lambda part: _excess(part, row))
    if _excess(most, row) <= beyond_chance:
        return ""
    return f"; concentrated in slice {most['slice']} ({_amount(most)})"


def _excess(part: Row, whole: Row) -> float:
    """How much more a slice changed than all records, in half widths of the interval of that.

    The half widths of both are added in quadrature (MOVER), as if they shared no record: their
    difference varies less.
    """
    nearer = min(abs(part["difference_low"]), abs(part["difference_high"]))
    farther = max(abs(whole["difference_low"]), abs(whole["difference_high"]))
    half = math.hypot(size(part) - nearer, farther - size(whole))
    return (size(part) - size(whole)) / half if half > 0 else 0.0


def _labels(row: Row, coverage: Coverage) -> str:
    if not row["provisional"]:
        return ""
    share = coverage.get((row["variant"], row["class_label"], row["slice"]))
    return f"; label coverage is {100 * (share or 0.0):.0f} %, provisional"
