"""What the parts of a dashboard are called and how they are read; the page and QuickSight share it.

What belongs here: titles and explanations that are true wherever the charts are shown. What does
not: how a chart is operated (the page's template, QuickSight's controls), and numbers in words
(`wording`).
"""

from __future__ import annotations

from typing import NamedTuple

from ml_insights.dashboard.wording import SPACE


class Section(NamedTuple):
    """Heading of a part of the dashboard, and the hint below it."""

    title: str
    hint: str


SECTIONS = {
    "curve": Section(
        "Precision against recall",
        "Each point of a curve is one threshold. Further up, fewer false alarms; further right, "
        "fewer missed positives.",
    ),
    "chosen": Section(
        "What if the threshold were different?",
        "Exact counts at the nearest drawn threshold at or above the chosen one; all thresholds "
        "lie on one fixed grid.",
    ),
    "threshold": Section(
        "What the threshold does",
        "A higher threshold raises fewer alarms: precision tends to rise, recall can only fall.",
    ),
    "trend": Section(
        "Day by day",
        "Precision, recall and F1 at the operating threshold, and average precision over all "
        f"thresholds, with the ends of their 95{SPACE}% intervals.",
    ),
    "volume": Section("How many records", "Predictions of each day by what is known about them."),
    "comparison": Section(
        "Which variant is better?",
        f"Differences with 95{SPACE}% intervals. Where labels do not suffice the verdict says so, "
        "with the number of labels that would.",
    ),
    "value": Section(
        "What the threshold is worth",
        "Money of the day's labelled records, by the values of outcomes in the settings.",
    ),
    "health": Section(
        "Do scores mean what they say?",
        "On the diagonal, of records scored 0.2 one in five is positive. Drift compares today's "
        "scores with those of the 7 days before.",
    ),
    "balance": Section(
        "Where every record went",
        "What came in is counted once, and so is where it went: each account adds up to zero, or "
        "records were lost.",
    ),
}

FIGURES = {
    "business_value": "Money by threshold",
    "value_days": "Money over the days",
    "reliability": "Said and found",
    "label_share": "Who was labelled",
}
"""Titles of the charts that people decide from, by the chart's name; others are called by what they
show (`chart_style`)."""
