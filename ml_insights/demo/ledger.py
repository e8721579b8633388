"""The account of what the demo wrote: what every published count must be.

What belongs here: counts by day, variant and reason, taken while writing. What does not: the
product's own account, table `record_balance`, which is compared with this one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from ml_insights.demo.scenario import LABEL_WINDOW_DAYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ml_insights.demo.faults import Fault
    from ml_insights.demo.labels import Label, LabelFault
    from ml_insights.demo.traffic import Event


@dataclass(frozen=True)
class CaptureCounts:
    """Data capture of one variant on one day.

    Attributes:
        lines: lines in the files.
        rejected_lines: lines rejected as a whole, by reason.
        predictions: in the accepted records, rejected and repeated ones included.
        rejected_predictions: by reason.
        duplicates: predictions of records captured a second time.
        positives, negatives: predictions with a label.
        unlabelled: the other predictions that were neither rejected nor repeated.
    """

    lines: int
    rejected_lines: Mapping[str, int]
    predictions: int
    rejected_predictions: Mapping[str, int]
    duplicates: int
    positives: int
    negatives: int
    unlabelled: int

    @property
    def records(self) -> int:
        """Accepted lines."""
        return self.lines - sum(self.rejected_lines.values())

    @property
    def scores(self) -> int:
        """Distinct accepted predictions: positives + negatives + unlabelled."""
        return self.predictions - sum(self.rejected_predictions.values()) - self.duplicates


@dataclass(frozen=True)
class LabelCounts:
    """Ground truth collected on one day, or on several days together.

    Attributes:
        lines: lines in the files.
        rejected_lines: by reason.
        labels: in the accepted records, arrays counted by their elements.
        joined: labels that a prediction takes, by the day of the prediction.
        superseded: labels of a record that a later one for the same event replaces.
        wrong_length: labels in arrays shorter than the record's predictions; none is taken.
        unknown_event: labels for events that were never captured.
    """

    lines: int
    rejected_lines: Mapping[str, int]
    labels: int
    joined: Mapping[date, int]
    superseded: int
    wrong_length: int
    unknown_event: int

    def __add__(self, other: LabelCounts) -> LabelCounts:
        return LabelCounts(
            self.lines + other.lines,
            Counter(self.rejected_lines) + Counter(other.rejected_lines),
            self.labels + other.labels,
            Counter(self.joined) + Counter(other.joined),
            self.superseded + other.superseded,
            self.wrong_length + other.wrong_length,
            self.unknown_event + other.unknown_event,
        )


NO_LABELS = LabelCounts(0, {}, 0, {}, 0, 0, 0)


@dataclass(frozen=True)
class DemoLedger:
    """What the files of a demo hold.

    Attributes:
        capture: by day of the capture folder and variant.
        collected: by day of the ground truth folder.
    """

    capture: Mapping[tuple[date, str], CaptureCounts]
    collected: Mapping[date, LabelCounts]

    def label_window(self, day: date) -> LabelCounts:
        """Ground truth in the label window of a day: its folder to `LABEL_WINDOW_DAYS` later.

        A label of a later day can be superseded by one collected after the window.
        """
        window = (day + timedelta(days=n) for n in range(LABEL_WINDOW_DAYS + 1))
        return sum((self.collected.get(date_, NO_LABELS) for date_ in window), NO_LABELS)


def count_capture(
    events: Sequence[Event],
    repeated: Sequence[Event],
    faults: Sequence[Fault],
    labels: Sequence[Label],
) -> CaptureCounts:
    """Count a variant's day from what was drawn for it."""
    truths = [value for label in labels if label.fate == "joined" for value in label.values]
    sound = sum(len(event.scores) for event in events)
    duplicates = sum(len(event.scores) for event in repeated)
    beside_rejected = sum(fault.predictions - 1 for fault in faults if fault.predictions)
    return CaptureCounts(
        lines=len(events) + len(repeated) + len(faults),
        rejected_lines=Counter(fault.reason for fault in faults if not fault.predictions),
        predictions=sound + duplicates + sum(fault.predictions for fault in faults),
        rejected_predictions=Counter(fault.reason for fault in faults if fault.predictions),
        duplicates=duplicates,
        positives=sum(truths),
        negatives=len(truths) - sum(truths),
        unlabelled=sound + beside_rejected - len(truths),
    )


def count_collected(
    labels: Iterable[Label], faults: Iterable[LabelFault]
) -> dict[date, LabelCounts]:
    """Count ground truth by the day on which it was collected, ascending."""
    labels_of: defaultdict[date, list[Label]] = defaultdict(list)
    reasons_of: defaultdict[date, list[str]] = defaultdict(list)
    for label in labels:
        labels_of[label.collected.date()].append(label)
    for (collected, _), reason in faults:
        reasons_of[collected.date()].append(reason)
    days = sorted(labels_of.keys() | reasons_of.keys())
    return {day: _label_counts(labels_of[day], reasons_of[day]) for day in days}


def _label_counts(labels: Sequence[Label], reasons: Sequence[str]) -> LabelCounts:
    of_fate: Counter[str] = Counter()
    joined: Counter[date] = Counter()
    for label in labels:
        of_fate[label.fate] += len(label.values)
        if label.fate == "joined":
            joined[label.day] += len(label.values)
    return LabelCounts(
        lines=len(labels) + len(reasons),
        rejected_lines=Counter(reasons),
        labels=of_fate.total(),
        joined=joined,
        superseded=of_fate["superseded"],
        wrong_length=of_fate["wrong_length"],
        unknown_event=of_fate["unknown_event"],
    )
