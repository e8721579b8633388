"""The rows of insights: all findings of a day, most important first.

What belongs here: the kinds of findings, their order, which of them are known. What does not:
which findings deserve a sentence, and its wording (`changes`, `variants`, `health`, `money`), and
how many are shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ml_insights.contracts import ALL_RECORDS, CURVE
from ml_insights.decisions.insights.changes import change_insights
from ml_insights.decisions.insights.health import health_insights
from ml_insights.decisions.insights.money import money_insights
from ml_insights.decisions.insights.states import known_since
from ml_insights.decisions.insights.variants import variant_insights
from ml_insights.decisions.insights.words import Insight, named
from ml_insights.decisions.rows import arrow_rows
from ml_insights.decisions.tables import INSIGHTS
from ml_insights.metrics.comparison import WORSE

if TYPE_CHECKING:
    from datetime import date

    import pyarrow as pa

    from ml_insights.decisions.insights.changes import Coverage
    from ml_insights.decisions.insights.earlier import Earlier

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
    "prevalence": "positives are more or less frequent than in the week before",
}
"""What an insight may be about, most urgent first."""


def insights_table(
    comparison: pa.Table,
    health: pa.Table,
    choices: pa.Table | None,
    *,
    coverage: Coverage,
    relevant: float,
    earlier: Earlier,
) -> pa.Table:
    """Rows of insights for one day.

    Args:
        comparison: the day's variant_comparison.
        health: the day's model_health.
        choices: the day's threshold_choice; None without money values in the settings.
        coverage: label coverage by variant, class and slice.
        relevant: the smallest difference that matters.
        earlier: what the days before say.

    Returns:
        All findings: what is new, then states that are known, each by importance.
    """
    compared = named(comparison.to_pylist())
    found = [
        *change_insights(compared, coverage, relevant, earlier),
        *variant_insights(compared, relevant),
        *health_insights(named(health.to_pylist()), relevant),
        *money_insights(named(choices.to_pylist() if choices else [])),
    ]
    since = [(insight, known_since(insight, earlier)) for insight in found]
    since.sort(key=lambda one: (one[1] is not None, _order(one[0])))
    return arrow_rows(
        INSIGHTS, (_row(rank, insight, day) for rank, (insight, day) in enumerate(since, start=1))
    )


def _row(rank: int, insight: Insight, since: date | None) -> dict[str, Any]:
    known = f" Known since {since.day} {since:%b}." if since else ""
    return {
        "rank": rank,
        "kind": insight.kind,
        "tone": insight.tone,
        "sentence": insight.sentence + known,
        "metric": insight.metric,
        "baseline_variant": insight.against,
        "known_since": since,
        **{name: insight.about[name] for name in CURVE},
        **dict(zip(("value", "value_low", "value_high"), insight.number, strict=True)),
    }


def _order(insight: Insight) -> tuple[bool, int, bool, float, str]:
    """Bad news first, then by kind, all records before slices, then by weight."""
    return (
        insight.tone != WORSE,
        list(KINDS).index(insight.kind),
        insight.about["slice"] != ALL_RECORDS,
        -insight.weight,
        insight.sentence,
    )
