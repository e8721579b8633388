"""Findings about variants against each other, and the split of the traffic.

What belongs here: sentences from variant_comparison. What does not: any number that is not in it.
Its verdicts already take into account how many comparisons a day has.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from ml_insights.contracts import ALL_RECORDS
from ml_insights.decisions.comparisons import SAME_EVENTS, VARIANTS
from ml_insights.decisions.insights.words import (
    METRIC_WORDS,
    NOTICE,
    Insight,
    Number,
    Row,
    amount,
    curve_metric,
    interval,
    is_clear,
    size,
    who,
)
from ml_insights.metrics.comparison import CANNOT_TELL_YET, NOT_COMPARABLE, WORSE

SPOKEN = ("recall", "precision", "average_precision")
"""Metrics that make sentences: F1 and ROC AUC follow these, and would say the same twice.

Variants share the traffic of a day, and so but for chance its prevalence: precision compares.
"""
_LABELS_BELIEVABLE = 1_000_000_000
_SMALLEST_CHANCE = 0.0001


def variant_insights(rows: Sequence[Row], relevant: float) -> Iterator[Insight]:
    """Findings of the day's variant_comparison, with names.

    Args:
        rows: of all comparisons.
        relevant: the smallest difference that matters.
    """
    yield from _splits(rows)
    yield from _variants(rows, relevant)


def _splits(rows: Sequence[Row]) -> Iterator[Insight]:
    """Once a pair of variants, over the fewest days: its slices and classes share its traffic."""
    pairs: dict[tuple[str, str], Row] = {}
    for row in sorted(rows, key=lambda row: row["baseline_days"]):
        if row["verdict"] == NOT_COMPARABLE and row["slice"] == ALL_RECORDS:
            pairs.setdefault((row["variant"], row["baseline_variant"]), row)
    for (variant, baseline), row in pairs.items():
        sentence = (
            f"{variant} and {baseline} did not get the configured shares of the traffic"
            f"{_over(row)} (chance of such a split: {_chance(row['sample_ratio_p_value'])}). "
            "Records are missing or astray; their difference says nothing until that is found."
        )
        yield Insight("traffic_split", WORSE, 1.0, sentence, row)


def _chance(p_value: float) -> str:
    return f"{p_value:.1g}" if p_value >= _SMALLEST_CHANCE else f"below {_SMALLEST_CHANCE}"


def _over(row: Row) -> str:
    return f" over {row['baseline_days']} days" if row["baseline_days"] > 1 else ""


def _variants(rows: Sequence[Row], relevant: float) -> Iterator[Insight]:
    for row in _between_variants(rows):
        subject = f"{who(row)} against {row['baseline_variant']}{_over(row)}"
        if is_clear(row, relevant):
            way = "higher" if row["difference"] > 0 else "lower"
            metric = METRIC_WORDS[row["metric"]]
            sentence = f"{subject}: {metric} is {amount(row)} {way} {interval(row)}."
            yield _insight(row["verdict"], size(row), sentence, row)
        elif row["verdict"] == CANNOT_TELL_YET and row["metric"] == "average_precision":
            sentence = (
                f"{subject}: which one has the higher average precision cannot be told yet "
                f"(difference {row['difference']:+.3f} {interval(row)}){_needed(row)}."
            )
            yield _insight(NOTICE, 0.0, sentence, row)


def _insight(tone: str, weight: float, sentence: str, row: Row) -> Insight:
    number = Number.of(row, "difference", row["difference"])
    against = row["baseline_variant"]
    return Insight("variants", tone, weight, sentence, row, row["metric"], number, against)


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
            and row["metric"] in SPOKEN
            and row["p_value"] is not None
        ):
            pairs.setdefault((row["baseline_variant"], *curve_metric(row)), []).append(row)
    return [_spoken(of) for of in pairs.values()]


def _spoken(rows: Sequence[Row]) -> Row:
    """Of a pair's rows the one of the fewest days that tells anything, else of the most days."""
    by_days = sorted(rows, key=lambda row: row["baseline_days"])
    telling = [row for row in by_days if row["verdict"] != CANNOT_TELL_YET]
    return telling[0] if telling else by_days[-1]
