"""What a day's counts are counts of, in words by which two days are compared.

What belongs here: the settings that give a count another meaning when they change: where scores,
labels, slice features and amounts stand, and which labels are which. What does not: what decides
how counts are judged (tolerances, delays, money), the grid and which days are added up
(`day_counts`).

This module travels to the Spark cluster: standard library only, Python 3.9.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ml_insights.spark.arguments import CSV

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ml_insights.spark.arguments import (
        AmountFeature,
        CaptureFormat,
        ConfusionCountsArguments,
        ValueForm,
    )

Meaning = dict[str, str]
"""A setting, perhaps with what it is about, and what it says."""


def meaning_of_scores(capture: CaptureFormat) -> Meaning:
    """What the scores and slices of a captured day are, read in this format."""
    scores = {f"score of {form.content_type}": _place(form) for form in capture.scores}
    first = capture.scores[0]
    slices = {
        f"slice {feature.name}": f"{feature.form.content_type} {_place(feature.form)}"
        for feature in capture.slices
    }
    return {
        **scores,
        "score without a content type": f"as {first.content_type}, {_place(first)}",
        "classes": ", ".join(capture.classes or (capture.positive_label,)),
        **slices,
    }


def meaning_of_labels(job: ConfusionCountsArguments) -> Meaning:
    """What makes a record positive or negative."""
    return {
        "label": ", else ".join(f"{form.content_type} {_place(form)}" for form in job.labels),
        "positive_label": job.positive_label,
        "negative_label": job.negative_label or "every label that is not positive",
    }


def meaning_of_amounts(amount: AmountFeature) -> str:
    """What amounts are; apart from `Meaning`, since counts do not depend on them.

    >>> from ml_insights.spark.arguments import AmountFeature, ValueForm
    >>> meaning_of_amounts(AmountFeature(ValueForm(CSV, 3), decimals=2))
    'text/csv column 3, 2 decimals'
    """
    return f"{amount.form.content_type} {_place(amount.form)}, {amount.decimals} decimals"


def _place(form: ValueForm) -> str:
    if form.content_type == CSV:
        return "every column" if form.index is None else f"column {form.index}"
    return form.path or "the whole document"


def differences(known: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    """What both say, and not the same, in words; what only one says makes no difference.

    >>> differences({"label": "a", "slice x": "b"}, {"label": "c", "slice y": "b"})
    ['label: c, not a']
    """
    return [
        f"{name}: {said}, not {known[name]}"
        for name, said in other.items()
        if known.get(name, said) != said
    ]
