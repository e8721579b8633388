"""Why a value is NULL, or what to mind: the closed vocabulary of the column `undefined_reason`.

What does not belong here: deciding whether a reason holds; the module that computes the value
knows that.
"""

from __future__ import annotations

from collections.abc import Mapping

RECALL_NOT_IDENTIFIABLE = "recall_not_identifiable"
"""The one reason beside values that are defined."""

UNDEFINED_REASONS = {
    "no_records": "the curve has no record at all, so it has no label coverage",
    "no_positives": "no record is labelled positive: no recall, F1, area or PR curve",
    "no_negatives": "no record is labelled negative: no false positive rate, no ROC curve",
    "nothing_labelled_above": "no labelled record has score >= threshold: precision is 0/0",
    "precision_not_reached": "no grid threshold reaches one of the fixed precisions",
    "single_positive": "the interval of ROC AUC needs two positives",
    "single_negative": "the interval of ROC AUC needs two negatives",
    "zero_variance": "the classes are separated perfectly or share one bin: an interval that is "
    "estimated from the data would have no width, or every width",
    RECALL_NOT_IDENTIFIABLE: "some scores have no label: positives there are not seen, so that "
    "recall, and what rests on it, is that of the labelled records alone",
}
"""Every reason and what it means for the reader."""


def joined_reasons(holds: Mapping[str, bool]) -> str | None:
    """Join the reasons that hold with commas, in the order of `UNDEFINED_REASONS`.

    Args:
        holds: reason -> whether it holds; reasons left out do not hold.

    Returns:
        The reasons, or None when none holds.

    Raises:
        ValueError: a reason is not in the vocabulary.

    >>> joined_reasons({"no_negatives": True, "no_positives": True, "no_records": False})
    'no_positives,no_negatives'
    """
    unknown = holds.keys() - UNDEFINED_REASONS.keys()
    if unknown:
        msg = f"unknown undefined reasons {sorted(unknown)}; known: {sorted(UNDEFINED_REASONS)}"
        raise ValueError(msg)
    return ",".join(reason for reason in UNDEFINED_REASONS if holds.get(reason)) or None
