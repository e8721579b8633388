"""insights: what is worth reading on a day, in words, most important first.

What belongs here: which findings deserve a sentence, their order, their wording. What does not: any
number that is not in the tables it reads.

Every sentence stands on an interval or a test that the tables already hold, adjusted for how many
there are; noise makes no sentence. At most `MOST` a day, so that they are read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import pyarrow as pa

from ml_insights.contracts import ALL_RECORDS
from ml_insights.decisions.comparisons import SAME_EVENTS, TRAILING_7_DAYS, VARIANTS
from ml_insights.decisions.rows import arrow_rows
from ml_insights.decisions.tables import INSIGHTS
from ml_insights.metrics.comparison import BETTER, CANNOT_TELL_YET, NOT_COMPARABLE, WORSE
from ml_insights.metrics.intervals import Z_95
from ml_insights.metrics.reasons import REASONS

Row = Mapping[str, Any]

KINDS = {
    "traffic_split": "the traffic was not split as configured",
    "change": "a variant changed against its own week before",
    "slice_change": "a slice changed although all records together did not",
    "unknown": "nothing can be said about change",
    "variants": "a variant is better or worse than another, or it cannot be told yet",
    "recall_unknown": "labels do not reach low scores, so recall is not known",
    "threshold": "another threshold would be worth more",
    "calibration": "scores do not mean what they say",
    "drift": "scores are distributed otherwise than in the week before",
}
"""What an insight may be about, most urgent first."""

NOTICE = "notice"
MOST = 8
CUSTOMARY_DRIFT = 0.1
"""Below it a population stability index is customarily not worth acting on."""

METRIC_WORDS = {
    "recall": "recall",
    "precision": "precision",
    "average_precision": "average precision",
}
"""Metrics that make sentences: F1 and ROC AUC follow these, and would say the same twice."""

SHARES = ("precision", "recall")
_LABELS_BELIEVABLE = 1_000_000_000
_SELECTION_ALARM = 1e-3


@dataclass(frozen=True)
class Insight:
    """A sentence and what it is about.

    Attributes:
        kind: a key of `KINDS`.
        tone: better, worse or notice.
        weight: larger is more important among insights of one kind.
        sentence: with its interval.
        about: variant, class_label, slice.
        metric: or None.
    """

    kind: str
    tone: str
    weight: float
    sentence: str
    about: Row
    metric: str | None = None

    @property
    def order(self) -> tuple[bool, int, float, str]:
        """Bad news first, then by kind, then by weight."""
        return (self.tone != WORSE, list(KINDS).index(self.kind), -self.weight, self.sentence)


def insights_table(
    comparison: pa.Table,
    health: pa.Table,
    choices: pa.Table | None,
    *,
    coverage: Mapping[tuple[str, str, str], float | None],
    relevant: float,
) -> pa.Table:
    """Rows of insights for one day.

    Args:
        comparison: the day's variant_comparison.
        health: the day's model_health.
        choices: the day's threshold_choice; None without money values in the settings.
        coverage: label coverage by variant, class and slice.
        relevant: the smallest difference that matters.
    """
    rows = comparison.to_pylist()
    found = [
        *_splits(rows),
        *_changes(rows, coverage, relevant),
        *_unknown(rows),
        *_variants(rows, relevant),
        *_health(health.to_pylist(), relevant),
        *_thresholds(choices.to_pylist() if choices else []),
    ]
    return arrow_rows(
        INSIGHTS,
        (
            {
                "rank": rank,
                "kind": insight.kind,
                "tone": insight.tone,
                "sentence": insight.sentence,
                "metric": insight.metric,
                **{name: insight.about[name] for name in ("variant", "class_label", "slice")},
            }
            for rank, insight in enumerate(sorted(found, key=lambda i: i.order)[:MOST], start=1)
        ),
    )


def _splits(rows: Sequence[Row]) -> Iterator[Insight]:
    for row in rows:
        if row["verdict"] == NOT_COMPARABLE and row["metric"] == "recall":
            yield Insight(
                "traffic_split",
                WORSE,
                1.0,
                f"{_who(row)} and {row['baseline_variant']} did not get the configured shares of "
                f"the traffic (chance of such a split: {row['sample_ratio_p_value']:.1g}). Records "
                "are missing or astray; their difference says nothing until that is found.",
                row,
            )


def _changes(
    rows: Sequence[Row], coverage: Mapping[tuple[str, str, str], float | None], relevant: float
) -> Iterator[Insight]:
    week = [r for r in rows if r["comparison"] == TRAILING_7_DAYS and r["metric"] in METRIC_WORDS]
    clear = [r for r in week if _is_clear(r, relevant)]
    whole = {_curve_metric(r): r for r in clear if r["slice"] == ALL_RECORDS}
    for row in whole.values():
        parts = [r for r in week if _curve_metric(r) == _curve_metric(row) and r is not row]
        sentence = f"{_sentence(row)}{_where(row, parts)}{_labels(row, coverage)}."
        yield Insight("change", row["verdict"], _size(row), sentence, row, row["metric"])
    for row in clear:
        if row["slice"] != ALL_RECORDS and _curve_metric(row) not in whole:
            sentence = f"{_sentence(row)}{_labels(row, coverage)}."
            yield Insight("slice_change", row["verdict"], _size(row), sentence, row, row["metric"])


def _unknown(rows: Sequence[Row]) -> Iterator[Insight]:
    """Variants of which no metric can be set against the days before: silence would mislead."""
    week = [r for r in rows if r["comparison"] == TRAILING_7_DAYS and r["slice"] == ALL_RECORDS]
    judged = {_who(row) for row in week if row["p_value"] is not None}
    why: dict[str, list[Row]] = {}
    for row in week:
        if row["metric"] == "recall" and _who(row) not in judged:
            why.setdefault(row["undefined_reason"], []).append(row)
    for reasons, of in why.items():
        words = "; ".join(REASONS[reason] for reason in reasons.split(","))
        names = ", ".join(dict.fromkeys(map(_who, of)))
        sentence = f"{names}: whether anything changed cannot be told ({words})."
        yield Insight("unknown", NOTICE, float(len(of)), sentence, of[0])


def _variants(rows: Sequence[Row], relevant: float) -> Iterator[Insight]:
    for row in rows:
        if (
            row["comparison"] not in (VARIANTS, SAME_EVENTS)
            or row["slice"] != ALL_RECORDS
            or row["metric"] not in METRIC_WORDS
        ):
            continue
        subject = f"{_who(row)} against {row['baseline_variant']}"
        if _is_clear(row, relevant):
            way = "higher" if row["difference"] > 0 else "lower"
            sentence = f"{subject}: {_metric(row)} is {_amount(row)} {way} {_interval(row)}."
            yield Insight("variants", row["verdict"], _size(row), sentence, row, row["metric"])
        elif row["verdict"] == CANNOT_TELL_YET and row["metric"] == "average_precision":
            # Two digits are enough for a number of labels nobody has yet.
            needed = int(float(f"{min(row['labels_needed'], _LABELS_BELIEVABLE):.2g}"))
            sentence = (
                f"{subject}: which one has the higher average precision cannot be told yet "
                f"(difference {_signed(row)} {_interval(row)}); about {needed:,} labelled records "
                f"would tell, there are {row['labels']:,}."
            )
            yield Insight("variants", NOTICE, 0.0, sentence, row, row["metric"])


def _health(rows: Sequence[Row], relevant: float) -> Iterator[Insight]:
    for row in rows:
        if row["slice"] != ALL_RECORDS:
            continue
        yield from _recall_unknown(row)
        error, chance = row["calibration_error"], row["calibration_error_by_chance"]
        if error is not None and error > chance + relevant:
            way = "too high" if row["calibration_gap"] > 0 else "too low"
            sentence = (
                f"{_who(row)}: scores are off by {100 * error:.1f} points on average, {way} by "
                f"{100 * abs(row['calibration_gap']):.1f} overall (chance alone would make "
                f"{100 * chance:.1f}). Read them as an order, not as probabilities."
            )
            yield Insight("calibration", NOTICE, error, sentence, row)
        index, by_chance = row["stability_index"], row["stability_index_by_chance"]
        if index is not None and index > max(by_chance, CUSTOMARY_DRIFT):
            sentence = (
                f"{_who(row)}: scores are distributed otherwise than in the "
                f"{row['reference_days']} days before (stability index {index:.2f}, customary limit"
                f" {CUSTOMARY_DRIFT}; largest gap {100 * row['largest_score_gap']:.1f} points)."
            )
            yield Insight("drift", NOTICE, index, sentence, row)


def _recall_unknown(row: Row) -> Iterator[Insight]:
    """Only where labels depend on the score: a few empty groups happen by chance."""
    p_value = row["label_selection_p_value"]
    if p_value is None or p_value >= _SELECTION_ALARM:
        return
    if not row["recall_identifiable"]:
        sentence = (
            f"{_who(row)}: some scores have no label at all, so the share of positives found is "
            "not known; the shown recall is that of the labelled records. Label a random sample "
            "of low scores."
        )
        yield Insight("recall_unknown", WORSE, 1.0, sentence, row, "recall")
    elif row["stratified_recall"] is not None:
        low, high = (100 * row[f"stratified_recall_{end}"] for end in ("low", "high"))
        sentence = (
            f"{_who(row)}: labels are not a random sample of the scores. Weighted by all records, "
            f"recall is {100 * row['stratified_recall']:.1f} % [{low:.1f}, {high:.1f}]."
        )
        yield Insight("recall_unknown", NOTICE, 0.5, sentence, row, "recall")


def _thresholds(rows: Sequence[Row]) -> Iterator[Insight]:
    for row in rows:
        if row["slice"] != ALL_RECORDS or not row["regret_low"] or row["regret_low"] <= 0:
            continue
        best = row["best_threshold"]
        move = f"a threshold of {_score(best)}" if best is not None else "acting on nothing"
        low, high = (f"{row[f'regret_{end}']:,.0f}" for end in ("low", "high"))
        sentence = (
            f"{_who(row)}: {move} would have been worth {row['regret']:,.0f} {row['currency']} "
            f"more on this day's labelled records [{low}, {high}]"
            f"{'; provisional: few labels' if row['provisional'] else ''}"
            f"{_few_records(row)}."
        )
        yield Insight("threshold", NOTICE, row["regret"], sentence, row)


def _score(score: float) -> str:
    """Three digits, and near 1 two of the distance to it: 0.9996 is not 1."""
    if not 0.99 < score < 1.0:
        return f"{score:.3g}"
    return f"{score:.{min(9, 1 - math.floor(math.log10(1.0 - score)))}f}"


def _few_records(row: Row) -> str:
    if "few_records_behind_regret" not in (row["undefined_reason"] or ""):
        return ""
    return "; few records decide, so the interval may be too narrow"


def _is_clear(row: Row, relevant: float) -> bool:
    """More than chance, and large enough to matter."""
    return row["verdict"] in (BETTER, WORSE) and abs(row["difference"]) >= relevant


def _curve_metric(row: Row) -> tuple[str, str, str]:
    return row["variant"], row["class_label"], row["metric"]


def _size(row: Row) -> float:
    return abs(float(row["difference"]))


def _who(row: Row) -> str:
    return str(row["variant"])


def _metric(row: Row) -> str:
    return METRIC_WORDS[row["metric"]]


def _amount(row: Row) -> str:
    size = _size(row)
    return f"{100 * size:.1f} points" if row["metric"] in SHARES else f"{size:.3f}"


def _signed(row: Row) -> str:
    return f"{row['difference']:+.3f}"


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
        f"{_who(row)}: {_metric(row)}{where} {verb} {_amount(row)} {_interval(row)} "
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
    half = math.hypot(_size(part) - nearer, farther - _size(whole))
    return (_size(part) - _size(whole)) / half if half > 0 else 0.0


def _labels(row: Row, coverage: Mapping[tuple[str, str, str], float | None]) -> str:
    if not row["provisional"]:
        return ""
    share = coverage.get((row["variant"], row["class_label"], row["slice"]))
    return f"; label coverage is {100 * (share or 0.0):.0f} %, provisional"
