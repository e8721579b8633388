"""Why a number people decide from is NULL, or what to mind about it: codes, and words for the page.

What belongs here: the closed vocabulary of the column `undefined_reason` of the decision tables.
What does not: when a reason holds; the module that computes the value knows that. Reasons of
`model_quality` are in `undefined`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

REASONS = {
    "no_days_before": "no day before to compare with",
    "no_labels": "no labels yet",
    "no_labels_before": "no labels on the days before",
    "no_positives": "no positives among the labelled records",
    "no_negatives": "no negatives among the labelled records",
    "no_shared_labels": "no labelled event that both variants scored yet",
    "few_positives": "fewer positives than `min_positives`: a difference may be chance",
    "no_spread": "too few records, or too much alike, to judge",
    "scores_on_one_side": "all scores lie on one side of the threshold",
    "no_amounts": "no labelled record has an amount, or the day was read before amounts were asked "
    "for",
    "labels_without_amount": "labelled records without an amount are left out",
    "few_records_behind_value": "too few records carry the value: its interval may be too narrow",
    "few_records_behind_regret": "too few records lie between the thresholds: the interval of what "
    "today's threshold costs may be too narrow",
    "few_records_behind_kept": "too few records lie between the kept threshold and today's: the "
    "interval of what keeping it brought may be too narrow",
    "operating_is_best": "today's threshold is the best one",
    "kept_is_operating": "the threshold kept since then treats every record as today's does",
    "operating_above_capacity": "today's threshold asks for more actions than capacity allows",
    "capacity_above_volume": "capacity exceeds the traffic: it limits nothing",
    "capacity_below_highest_score": "even the highest scores exceed the capacity",
}
"""Every reason and what it means for the reader."""


def joined_reasons(holds: Mapping[str, bool]) -> str | None:
    """Join the reasons that hold with commas, in the order of `REASONS`; None when none holds.

    Raises:
        KeyError: a reason is not in the vocabulary.

    >>> joined_reasons({"no_positives": True, "no_labels": False, "no_days_before": True})
    'no_days_before,no_positives'
    """
    if unknown := holds.keys() - REASONS.keys():
        raise KeyError(*unknown)
    return ",".join(reason for reason in REASONS if holds.get(reason)) or None
