"""The rows of insights: all findings of a day, most important first.

What belongs here: the kinds of findings, their order, how many are kept. What does not: which
findings deserve a sentence, and its wording (`quality`, `health`, `money`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ml_insights.contracts import ALL_RECORDS
from ml_insights.decisions.insights.health import health_insights
from ml_insights.decisions.insights.money import money_insights
from ml_insights.decisions.insights.quality import quality_insights
from ml_insights.decisions.insights.words import Insight, named
from ml_insights.decisions.rows import arrow_rows
from ml_insights.decisions.tables import INSIGHTS
from ml_insights.metrics.comparison import WORSE

if TYPE_CHECKING:
    import pyarrow as pa

    from ml_insights.decisions.insights.quality import Coverage

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

MOST = 8
"""At most so many a day, so that they are read."""


def insights_table(
    comparison: pa.Table,
    health: pa.Table,
    choices: pa.Table | None,
    *,
    coverage: Coverage,
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
    found = [
        *quality_insights(named(comparison.to_pylist()), coverage, relevant),
        *health_insights(named(health.to_pylist()), relevant),
        *money_insights(named(choices.to_pylist() if choices else [])),
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
            for rank, insight in enumerate(sorted(found, key=_order)[:MOST], start=1)
        ),
    )


def _order(insight: Insight) -> tuple[bool, int, bool, float, str]:
    """Bad news first, then by kind, all records before slices, then by weight."""
    return (
        insight.tone != WORSE,
        list(KINDS).index(insight.kind),
        insight.about["slice"] != ALL_RECORDS,
        -insight.weight,
        insight.sentence,
    )
