"""Numbers and reasons in the words of a business reader.

What belongs here: how a ratio, a count or a missing value is said, and the sentences about one
curve. What does not: values beside the day before (`tiles`), where the words stand (the page), and
any number that is not already in the tables.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime
from itertools import groupby
from typing import Any

Row = Mapping[str, Any]
SPACE = "\N{NARROW NO-BREAK SPACE}"
DASH = "\N{WORD JOINER}\N{EN DASH}\N{WORD JOINER}"
MINUS = "\N{MINUS SIGN}"

NO_POSITIVES = "no record is labelled positive"
UNDEFINED = {
    "precision": "no labelled record reaches the threshold",
    "recall": NO_POSITIVES,
    "f1": NO_POSITIVES,
    "average_precision": NO_POSITIVES,
}
"""Why a ratio is 0/0, if there are labelled records at all."""

ACCOUNTS = {
    "capture_lines": "captured lines",
    "predictions": "predictions in the captured records",
    "scores": "scores, by what their labels say",
    "labelled_scores": "scores that a label names",
    "label_lines": "label lines that may belong to the day",
    "labels": "labels in these lines",
    "labels_collected": "labels that arrived on this day, whatever day they belong to",
}
"""What each account of the record balance counts; the tables' own terms are in `contracts`."""

BALANCE_ITEMS = {
    "records_accepted": "accepted records",
    "predictions_in_records": "predictions in these records",
    "predictions_scored": "predictions with a usable score",
    "raw_predictions": "scores kept",
    "duplicates": "repeated records, counted once",
    "positives": "labelled positive",
    "negatives": "labelled negative",
    "unlabelled": "without a label",
    "named_by_labels": "scores that a usable label names",
    "used": "used",
    "superseded": "replaced by a later label of the same event",
    "conflicting": "labels of one event that contradict each other",
    "not_of_the_day": "for no usable prediction of the day: of another day, or rejected",
    "ambiguous": "for an inferenceId that several predictions share",
    "wrong_length": "another number of labels than predictions",
    "missing": "empty labels",
    "illegal": "neither the positive nor the negative label",
    "of_known_predictions": "for usable predictions of the day or days before",
    "orphan_labels": "for no such prediction: rejected, not captured, or older",
    "not_found_in_published_days": "not found; not all days before are published",
}
"""Items of the record balance that are not rejections; others are shown by their name."""

SHARES = ("precision", "recall")
"""Ratios that are shares of records, said in percent; F1 and areas are plain numbers."""


def percent(value: float) -> str:
    """A share in percent, with more decimals the nearer it is to 0 or 100.

    >>> [percent(share).replace(SPACE, " ") for share in (0.7134, 0.00054, 1.0)]
    ['71.3 %', '0.054 %', '100 %']
    """
    return f"{in_percent(value, percent_decimals(value))}{SPACE}%"


def percent_decimals(value: float) -> int:
    """Decimals of a percentage that leave two digits of its distance to 0 or 100."""
    distance = 100 * min(value, 1 - value)
    if distance <= 0:
        return 0
    return max(1, min(9, 1 - math.floor(math.log10(distance))))


def in_percent(value: float, decimals: int) -> str:
    """A share times 100, without the sign."""
    return f"{100 * value:.{decimals}f}"


def plain(value: float) -> str:
    """A value that is no share of anything (F1, an area): three decimals, two digits near 0.

    >>> plain(0.88509), plain(0.00042)
    ('0.885', '0.00042')
    """
    return f"{value:.3f}" if value == 0 or value >= 0.01 else f"{value:.2g}"


def count(value: int) -> str:
    """A number of records with thousands separators."""
    return f"{value:,}".replace("-", MINUS)


def day_name(day: date) -> str:
    """A day without its year, such as `9 Nov`."""
    return f"{day.day} {day:%b}"


def value_text(ratio: str, value: float) -> str:
    """A ratio in its usual unit."""
    return percent(value) if ratio in SHARES else plain(value)


def interval_text(ratio: str, value: float, low: float | None, high: float | None) -> str:
    """The 95 % interval of a ratio, as precise as the value."""
    if low is None or high is None:
        return f"no 95{SPACE}% interval: too little variation to estimate it"
    if ratio not in SHARES:
        return f"95{SPACE}% interval {plain(low)}{DASH}{plain(high)}"
    # At 0 or 100 % it is the other end that needs decimals.
    other = low if value == 1 else high if value == 0 else value
    decimals = max(percent_decimals(value), percent_decimals(other))
    ends = DASH.join(in_percent(end, decimals) for end in (low, high))
    return f"95{SPACE}% interval {ends}{SPACE}%"


def why_undefined(row: Row, ratio: str) -> str:
    """Why a ratio of a `model_quality` row is NULL, in words.

    Args:
        row: A row of `model_quality`.
        ratio: A key of `UNDEFINED`.
    """
    if row["predictions"] == 0:
        return "there is no prediction"
    if row["positives"] + row["negatives"] == 0:
        return "no usable label"
    return UNDEFINED[ratio]


def headline(row: Row, *, full: bool) -> str:
    """What a variant's curve says at the operating threshold, as one sentence.

    Args:
        row: A row of `model_quality`.
        full: With the threshold, the terms and the intervals; else only the two shares.
    """
    name = row["variant"]
    start = f"At the operating threshold {row['operating_threshold']:g}, " if full else ""
    if row["operating_recall"] is None and row["operating_precision"] is None:
        reason = why_undefined(row, "recall")
        text = f"{start}neither precision nor recall of {name} is defined: {reason}."
        return text[0].upper() + text[1:]
    if row["operating_recall"] is None:
        found = f"recall of {name} is not defined ({why_undefined(row, 'recall')})"
    else:
        share, detail = _said(row, "recall", full)
        found = f"{name} finds {share} of the positives{detail}"
    if row["operating_precision"] is None:
        right = f"its precision is not defined ({why_undefined(row, 'precision')})"
    else:
        share, detail = _said(row, "precision", full)
        right = f"{share} of its alarms are right{detail}"
    return f"{start}{found}; {right}."


def labels(row: Row, arriving: date | None) -> str:
    """How complete the labels of a row are, and as of when.

    Args:
        row: A row of `model_quality`.
        arriving: The last day on which labels of the row's day may arrive; None if it has passed.
    """
    if row["label_coverage"] is None:
        return "no predictions"
    as_of: datetime | None = row["labels_as_of"]
    known = f", as of {day_name(as_of)} {as_of:%H:%M} UTC" if as_of else ""
    return f"{_coverage(row)}{known}{_more(row, arriving)}"


def few_labels(row: Row, arriving: date | None) -> str:
    """The warning beside the values of a row with few labels; "" for others."""
    warned = row["provisional"] and row["label_coverage"] is not None
    return f"{_coverage(row)}{_more(row, arriving)}" if warned else ""


def _coverage(row: Row) -> str:
    only = "only " if row["provisional"] else ""
    return f"{only}{percent(row['label_coverage'])} of the predictions have a label"


def _more(row: Row, arriving: date | None) -> str:
    """Nothing once the window is closed: no label that comes later is used."""
    if not row["provisional"] or arriving is None:
        return ""
    return f"; more may arrive until {day_name(arriving)}"


def volumes(row: Row) -> str:
    """How many records stand behind a row, and how rare positives are."""
    rare = "" if row["prevalence"] is None else f" ({percent(row['prevalence'])} of the labelled)"
    return f"{_counted(row, 'predictions')}, {_counted(row, 'positives')}{rare}"


def _counted(row: Row, name: str) -> str:
    """A number of records and what they are: one is said in the singular."""
    return f"{count(row[name])} {name.removesuffix('s') if row[name] == 1 else name}"


def threshold_note(row: Row) -> str:
    """Where the operating values are counted, if that makes a difference to the configured one."""
    between = row["operating_bin_records"]
    if between == 0:
        return ""
    used = row["operating_grid_threshold"]
    return f"counted at grid threshold {used!r}; at most {count(between)} records lie between"


def threshold_changes(thresholds: Mapping[date, float]) -> str:
    """Which days have which operating threshold, if the days do not share one; else "".

    Args:
        thresholds: The operating threshold of each published day.
    """
    runs = [list(run) for _, run in groupby(sorted(thresholds.items()), key=lambda item: item[1])]
    if len(runs) < 2:
        return ""
    spans = (
        f"{run[0][1]:g} "
        + (
            f"from {day_name(run[0][0])} to {day_name(run[-1][0])}"
            if len(run) > 1
            else f"on {day_name(run[0][0])}"
        )
        for run in runs
    )
    return (
        f"The operating threshold was changed: {', '.join(spans)}. Precision, recall and F1 of "
        "days with different thresholds do not compare; average precision does."
    )


def _said(row: Row, ratio: str, full: bool) -> tuple[str, str]:
    """A share and, in brackets, its name and interval."""
    value, low, high = (row[f"operating_{ratio}{end}"] for end in ("", "_low", "_high"))
    detail = f" ({ratio}, {interval_text(ratio, value, low, high)})" if full else ""
    return percent(value), detail
