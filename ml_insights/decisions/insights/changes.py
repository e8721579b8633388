"""Findings about change: each variant against its own days before.

What belongs here: sentences from the day's variant_comparison, and what the days before say about
them. What does not: any number that is not in these rows. The verdicts already take into account
how many comparisons a day has.

Days differ in their share of positives. Precision moves with it without any change of the model,
and so does average precision: days are compared by precision at equal prevalence and by ROC AUC,
and by average precision only where the two shares cannot be told apart.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from statistics import NormalDist

import numpy as np

from ml_insights.contracts import ALL_RECORDS
from ml_insights.decisions.comparisons import PREVIOUS_DAY, TRAILING_7_DAYS
from ml_insights.decisions.insights.earlier import Earlier, curve_of
from ml_insights.decisions.insights.ways_back import departures, returned_since
from ml_insights.decisions.insights.words import (
    METRIC_WORDS,
    NOTICE,
    Insight,
    Number,
    Row,
    amount,
    beyond_chance,
    curve_metric,
    days_before,
    interval,
    is_clear,
    percent,
    size,
    who,
    worst_of_each,
)
from ml_insights.metrics.comparison import STANDARDISED
from ml_insights.metrics.differences import p_value
from ml_insights.metrics.intervals import Z_95
from ml_insights.metrics.reasons import REASONS

Coverage = Mapping[tuple[str, str, str], float | None]

AVERAGE_PRECISION, ROC_AUC = "average_precision", "roc_auc"
SPOKEN = (STANDARDISED, "recall", ROC_AUC)
"""Metrics that make sentences whatever the shares of positives; F1 follows the first two."""

_TOLD_APART = 0.05


def change_insights(
    rows: Sequence[Row], coverage: Coverage, relevant: float, earlier: Earlier
) -> Iterator[Insight]:
    """Findings of the day's variant_comparison, with names.

    Args:
        rows: of all comparisons.
        coverage: label coverage by variant, class and slice.
        relevant: the smallest difference that matters.
        earlier: what the days before say.
    """
    week = [row for row in rows if row["comparison"] == TRAILING_7_DAYS]
    since_yesterday = {
        (*curve_of(row), row["metric"], row["verdict"])
        for row in rows
        if row["comparison"] == PREVIOUS_DAY and is_clear(row, relevant)
    }
    left = departures(earlier, relevant)
    spoken = [row for row in week if _speaks(row, earlier)]
    clear = _once([row for row in spoken if is_clear(row, relevant)])
    whole = {curve_metric(row): row for row in clear if row["slice"] == ALL_RECORDS}
    for row in clear:
        of_all = row["slice"] == ALL_RECORDS
        if not of_all and curve_metric(row) in whole:
            continue
        comparable = row["metric"] != STANDARDISED or _same_prevalence(row, earlier)
        since = returned_since(row, earlier.day, left, relevant) if comparable else None
        if since and (*curve_of(row), row["metric"], row["verdict"]) not in since_yesterday:
            # What it is compared with still holds the bad days: there is no change to tell.
            continue
        parts = [r for r in spoken if curve_metric(r) == curve_metric(row) and r is not row]
        back = f", back to what it was before {since.day} {since:%b}" if since else ""
        where = _where(row, parts) if of_all else ""
        sentence = f"{_sentence(row)}{back}{where}{_labels(row, coverage)}."
        tone = NOTICE if since and row["difference"] < 0 else row["verdict"]
        kind = "change" if of_all else "slice_change"
        yield Insight(kind, tone, size(row), sentence, row, row["metric"])
    yield from _prevalence(week, earlier, relevant)
    yield from _unknown(week)


def _speaks(row: Row, earlier: Earlier) -> bool:
    return row["metric"] in SPOKEN or (
        row["metric"] == AVERAGE_PRECISION and _same_prevalence(row, earlier)
    )


def _same_prevalence(row: Row, earlier: Earlier) -> bool:
    """Whether the shares of positives of the curve and of its days before cannot be told apart."""
    shares = earlier.prevalence.get(curve_of(row))
    return shares is not None and p_value(*shares) >= _TOLD_APART


def _once(clear: Sequence[Row]) -> list[Row]:
    """Without average precision where ROC AUC of the curve says the same of the ranking."""
    ranked = {(*curve_of(row), row["verdict"]) for row in clear if row["metric"] == ROC_AUC}
    return [
        row
        for row in clear
        if row["metric"] != AVERAGE_PRECISION or (*curve_of(row), row["verdict"]) not in ranked
    ]


def _prevalence(week: Sequence[Row], earlier: Earlier, relevant: float) -> Iterator[Insight]:
    """Shares of positives that changed, where that moves precision by more than what matters."""
    level = {curve_of(row): row for row in week if row["metric"] == STANDARDISED}
    plain = [row for row in week if row["metric"] == "precision"]

    def changed(row: Row) -> float | None:
        shares = earlier.prevalence.get(curve_of(row))
        return p_value(*shares) if shares else None

    def effect(row: Row) -> float:
        moved = [part["difference"] for part in (row, level[curve_of(row)])]
        return 0.0 if None in moved else abs(moved[0] - moved[1])

    moved = [row for row in beyond_chance(plain, changed) if effect(row) >= relevant]
    for row, more in worst_of_each(moved, effect):
        was, now = earlier.prevalence[curve_of(row)]
        verb = "rises" if row["difference"] > 0 else "falls"
        with_it = " with it" if (row["difference"] > 0) == (now.value > was.value) else ""
        sentence = (
            f"{who(row)}: positives are {percent(now.value)} of labelled records, "
            f"{percent(was.value)} in {days_before(row)}; precision {verb}{with_it} "
            f"{_from_to(row)}, at equal prevalence {_from_to(level[curve_of(row)])}{more}."
        )
        low, high = now.interval(np.array(Z_95))
        number = Number(now.value, float(low), float(high))
        yield Insight("prevalence", NOTICE, effect(row), sentence, row, "precision", number)


def _from_to(row: Row) -> str:
    return f"from {percent(row['baseline_value'])} to {percent(row['value'])}"


def _unknown(week: Sequence[Row]) -> Iterator[Insight]:
    """Variants of which no metric can be set against the days before: silence would mislead."""
    whole = [row for row in week if row["slice"] == ALL_RECORDS]
    judged = {who(row) for row in whole if row["metric"] in SPOKEN and row["p_value"] is not None}
    why: dict[str, list[Row]] = {}
    for row in whole:
        if row["metric"] == "recall" and who(row) not in judged:
            why.setdefault(row["undefined_reason"], []).append(row)
    for reasons, of in why.items():
        words = "; ".join(REASONS[reason] for reason in reasons.split(","))
        names = ", ".join(dict.fromkeys(map(who, of)))
        sentence = f"{names}: whether anything changed cannot be told ({words})."
        yield Insight("unknown", NOTICE, float(len(of)), sentence, of[0])


def _sentence(row: Row) -> str:
    where = "" if row["slice"] == ALL_RECORDS else f" in slice {row['slice']}"
    verb = "rose" if row["difference"] > 0 else "fell"
    return (
        f"{row['who']}: {METRIC_WORDS[row['metric']]}{where} {verb} {amount(row)} {interval(row)} "
        f"against {days_before(row)}"
    )


def _where(row: Row, parts: Sequence[Row]) -> str:
    """The slice in which the change is larger than in all records, if any is beyond chance.

    Of slices that share records, the one with the strongest evidence is named, not the most
    extreme one. All slices that were looked at count (Bonferroni).
    """
    changed = [part for part in parts if part["verdict"] == row["verdict"]]
    if not changed:
        return ""
    limit = NormalDist().inv_cdf(1.0 - 0.025 / len(parts)) / Z_95
    most = max(changed, key=lambda part: _excess(part, row))
    if _excess(most, row) <= limit:
        return ""
    return f"; concentrated in slice {most['slice']} ({amount(most)})"


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
