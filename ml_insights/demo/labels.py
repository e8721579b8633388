"""The demo's ground truth: late, incomplete, sometimes corrected, of the wrong length or unknown.

What belongs here: which label records exist for a variant's day, when they are collected, and what
must become of each. What does not: predictions (`traffic`).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple

from ml_insights.capture_files import TimedLine, csv_labels, json_labels, label_record
from ml_insights.demo.faults import BROKEN_TEXT
from ml_insights.demo.traffic import Event, random_uuids

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np

_LONGEST_DELAY = timedelta(days=3)
_NEVER_LABELLED_SHARE, _JSON_SHARE = 0.04, 0.2
_WRONG_LENGTH_SHARE, _SUPERSEDED_SHARE, _UNKNOWN_SHARE = 0.03, 0.004, 0.004
_FAULT_SHARE = 0.005

Fate = Literal["joined", "superseded", "wrong_length", "unknown_event"]


class Label(NamedTuple):
    """A ground truth record.

    Attributes:
        collected: when, UTC; decides the folder.
        event_id: what it refers to.
        values: 0 or 1 for each prediction.
        is_json: whether a single label is written as JSON; arrays always are.
        fate: `joined` with a prediction, `superseded` by a later record for the same event,
            `wrong_length` (fewer values than predictions) or `unknown_event`.
        day: of the event it was made from.
    """

    collected: datetime
    event_id: str
    values: list[int]
    is_json: bool
    fate: Fate
    day: date

    def timed_line(self) -> TimedLine:
        """The ground truth line."""
        as_data = json_labels if self.is_json or len(self.values) > 1 else csv_labels
        return self.collected, label_record(self.event_id, as_data(self.values)).encode()

    def superseded(self, event_time: datetime) -> Label:
        """An earlier record for the same event; it says the opposite if it is of another hour."""
        earlier = event_time + (self.collected - event_time) / 2
        hour, final_hour = ((t.date(), t.hour) for t in (earlier, self.collected))
        # In one file the order of records means nothing, so there they have to agree.
        values = self.values if hour == final_hour else [1 - value for value in self.values]
        return self._replace(collected=earlier, values=values, fate="superseded")


class LabelFault(NamedTuple):
    """A broken ground truth line and the reason for which it must be rejected."""

    line: TimedLine
    reason: str


def draw_labels(
    rng: np.random.Generator, events: Sequence[Event], until: datetime
) -> Iterator[Label]:
    """Label records for a variant's day, as far as they are collected before `until`.

    Whether and when a label comes does not depend on scores or truth, so that labelled records are
    a fair sample of all.
    """
    count = len(events)
    delays = (rng.beta(1, 3, count) * _LONGEST_DELAY.total_seconds()).tolist()
    never, is_json, short, corrected, unknown = (
        (rng.random(count) < share).tolist()
        for share in (
            _NEVER_LABELLED_SHARE,
            _JSON_SHARE,
            _WRONG_LENGTH_SHARE,
            _SUPERSEDED_SHARE,
            _UNKNOWN_SHARE,
        )
    )
    strangers = random_uuids(rng, count)
    for n, event in enumerate(events):
        collected = event.time + timedelta(seconds=delays[n])
        values = [int(positive) for positive in event.positives]
        day = event.time.date()
        label = Label(collected, event.label_id, values, is_json[n], "joined", day)
        if collected >= until or never[n]:
            continue
        if unknown[n]:
            yield label._replace(event_id=strangers[n], fate="unknown_event")
        if short[n] and len(values) > 1:
            yield label._replace(values=values[:-1], fate="wrong_length")
            continue
        if corrected[n]:
            yield label.superseded(event.time)
        yield label


def draw_label_faults(rng: np.random.Generator, labels: Sequence[Label]) -> list[LabelFault]:
    """Broken lines at moments of the given labels, with ids of no event: a small share of them."""
    count = round(_FAULT_SHARE * len(labels))
    donors = rng.integers(0, len(labels), count).tolist() if count else []
    kinds = rng.permutation(len(BROKEN_TEXT) + 2).tolist()
    faults = []
    for n, (donor, event_id) in enumerate(zip(donors, random_uuids(rng, count), strict=True)):
        label = labels[donor]._replace(event_id=event_id)
        faults.append(_every_fault(label)[kinds[n % len(kinds)]])
    return faults


def _every_fault(label: Label) -> list[LabelFault]:
    """The label broken in every way."""
    collected, line = label.timed_line()
    text = line.decode()
    broken = [
        *((reason, break_text(text)) for reason, break_text in BROKEN_TEXT),
        ("no_event_id", text.replace(f'"eventId":"{label.event_id}"', "").encode()),
        ("no_label_data", text.replace('"data":', '"note":', 1).encode()),
    ]
    return [LabelFault((collected, broken_line), reason) for reason, broken_line in broken]
