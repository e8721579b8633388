"""The record balance: where every line, prediction and label of a day went, adding up to zero.

What belongs here: turning the counts of the two Spark steps into signed accounts. What came in is
positive, where it went is negative. The two sides of an account are counted in different places
(lines and labels while they are read, rows in the files that were written, labels after they met
predictions, records in the published bins), so a loss anywhere leaves a remainder. What does not
belong here: judging it (`checks`).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from ml_insights.contracts import ALL_RECORDS, RECORD_BALANCE, REJECTED_LINE, REJECTED_PREDICTION
from ml_insights.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ml_insights.capture_counts import CaptureCounts

Row = tuple[str, str | None, str, int]


def record_balance_table(
    captured: CaptureCounts, counts: pa.Table, report: Mapping[str, Any], classes: int
) -> pa.Table:
    """Rows of record_balance.

    Args:
        captured: counts of the captured day.
        counts: the day's published confusion_counts.
        report: what the counting step reported: `label_lines`, `labels`, `labelled` (by variant),
            `labels_collected`, `earlier_days_missing`, `duplicates` (by variant).
        classes: scores a prediction has; 1 without classes.
    """
    rows = [
        *_capture_rows(captured, classes),
        *_score_rows(captured, counts, report),
        *_label_rows(report),
    ]
    columns = zip(
        *sorted(rows, key=lambda row: (row[0], row[1] or "", -row[3], row[2])), strict=True
    )
    return pa.table([list(column) for column in columns], schema=RECORD_BALANCE.arrow_schema())


def remainders(balance: pa.Table) -> dict[tuple[str, str | None], int]:
    """What is left of each account and variant; empty when every account adds up to zero."""
    totals: Counter[tuple[str, str | None]] = Counter()
    for row in balance.to_pylist():
        totals[row["account"], row["variant"]] += row["records"]
    return {account: left for account, left in totals.items() if left}


def _went(account: str, variant: str | None, items: Iterable[tuple[str, int]]) -> list[Row]:
    return [(account, variant, item, -count) for item, count in items if count]


def _capture_rows(captured: CaptureCounts, classes: int) -> list[Row]:
    rows: list[Row] = []
    for variant, numbers in captured.variants.items():
        reasons = captured.reasons[variant]
        scored, rest = divmod(numbers["raw_predictions"], classes)
        if rest:
            raise ContractError(
                f"variant {variant} has {numbers['raw_predictions']} rows in raw_predictions, "
                f"which is not a multiple of its {classes} classes: a prediction lost a class"
            )
        rows += [
            ("capture_lines", variant, "lines_read", numbers["lines_read"]),
            *_went("capture_lines", variant, [("records_accepted", numbers["records_accepted"])]),
            *_went("capture_lines", variant, reasons[REJECTED_LINE].items()),
            ("predictions", variant, "predictions_in_records", numbers["predictions_in_records"]),
            *_went("predictions", variant, [("predictions_scored", scored)]),
            *_went("predictions", variant, reasons[REJECTED_PREDICTION].items()),
        ]
    return rows


def _score_rows(captured: CaptureCounts, counts: pa.Table, report: Mapping[str, Any]) -> list[Row]:
    total = counts.filter(pc.equal(counts["slice"], ALL_RECORDS))
    bins = ("bin_positives", "bin_negatives", "bin_unlabelled")
    sums = total.group_by("variant").aggregate([(name, "sum") for name in bins]).to_pylist()
    by_variant = {row["variant"]: row for row in sums}
    rows: list[Row] = []
    for variant, numbers in captured.variants.items():
        found = by_variant.get(variant, {})
        counted = [(name.removeprefix("bin_"), found.get(f"{name}_sum", 0)) for name in bins]
        duplicates = report["duplicates"].get(variant, 0)
        rows.append(("scores", variant, "raw_predictions", numbers["raw_predictions"]))
        rows += _went("scores", variant, [("duplicates", duplicates), *counted])
        rows.append(("labelled_scores", variant, "named_by_labels", report["labelled"][variant]))
        rows += _went("labelled_scores", variant, counted[:2])
    return rows


def _label_rows(report: Mapping[str, Any]) -> list[Row]:
    lines, labels = dict(report["label_lines"]), dict(report["labels"])
    collected, known = (report["labels_collected"][name] for name in ("collected", "known"))
    # Only when all days before were searched is a label that was not found an orphan. None is
    # made up where more were found than collected: that leaves the account open.
    rest = "not_found_in_published_days" if report["earlier_days_missing"] else "orphan_labels"
    not_found = max(collected - known, 0)
    return [
        ("label_lines", None, "label_lines_read", lines.pop("label_lines_read")),
        *_went("label_lines", None, lines.items()),
        ("labels", None, "labels_read", labels.pop("labels_read")),
        *_went("labels", None, labels.items()),
        ("labels_collected", None, "labels_collected", collected),
        *_went(
            "labels_collected",
            None,
            [("of_known_predictions", known), (rest, not_found)],
        ),
    ]
