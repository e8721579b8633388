"""Lines and predictions that must be rejected, each made from a sound one, each with its reason.

What belongs here: one way of breaking a line per function, and how many of each a day holds. What
does not: the reasons themselves (`ml_insights.contracts.REASONS`).

A broken line has an event of its own for which no label ever comes, so that accounts are exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ml_insights.capture_files import Payload
from ml_insights.demo.traffic import Event, random_uuids

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np

    from ml_insights.capture_files import TimedLine

_FAULT_SHARE = 0.005


class Fault(NamedTuple):
    """A broken line and what it is.

    Attributes:
        line: with its time.
        reason: a key of `REASONS`.
        predictions: predictions of the record, the last of which is rejected; 0 if the whole line
            is.
    """

    line: TimedLine
    reason: str
    predictions: int


def _truncated(line: str) -> bytes:
    return line.encode()[: len(line) * 2 // 3]


def _garbage(line: str) -> bytes:
    return b"<html><body>502 Bad Gateway</body></html>" + line.encode()[-20:]


def _doubled(line: str) -> bytes:
    return (line + line).encode()


def _in_a_list(line: str) -> bytes:
    return f"[{line}]".encode()


def _latin_1(line: str) -> bytes:
    return line.encode().replace(b"{", b'{"note":"caf\xe9",', 1)


def _empty(_line: str) -> bytes:
    return b""


BROKEN_TEXT: tuple[tuple[str, Callable[[str], bytes]], ...] = (
    ("malformed_json", _truncated),
    ("malformed_json", _garbage),
    ("malformed_json", _doubled),
    ("malformed_json", _in_a_list),
    ("not_utf8", _latin_1),
    ("empty_line", _empty),
)
"""Ways to break the text of any line, and the reason each must be rejected for."""


def _without_event_id(event: Event) -> str:
    return event.line(event.response()).replace(f'"eventId":"{event.event_id}",', "")


def _answer(content_type: str, data: str, encoding: str) -> Callable[[Event], str]:
    payload = Payload(content_type, data, encoding)
    return lambda event: event.line(payload)


BROKEN_RECORDS: tuple[tuple[str, Callable[[Event], str]], ...] = (
    ("no_event_id", _without_event_id),
    ("no_output", lambda event: event.line(None)),
    ("unknown_encoding", _answer("text/csv", "0.25", "NPY")),
    ("bad_base64", _answer("text/csv", "not//base64!", "BASE64")),
    ("unexpected_content_type", _answer("application/x-npy", "k05VTVBZAQB2AA==", "BASE64")),
    ("no_predictions", _answer("application/json", '{"predictions": []}', "JSON")),
)
"""Records that are one JSON object but hold no usable answer, and their reason."""

_NULL_SCORE = '{"predictions": [{"score": 0.25}, {"score": null}]}'

BAD_SCORES: tuple[tuple[str, Payload], ...] = (
    ("score_missing", Payload("application/json", _NULL_SCORE, "JSON")),
    ("score_not_a_number", Payload("text/csv", "0.25\nn/a", "CSV")),
    ("score_nan", Payload("text/csv", "0.25\nnan", "CSV")),
    ("score_below_0", Payload("text/csv", "0.25\n-0.1", "CSV")),
    ("score_above_1", Payload("text/csv", "0.25\n1.5", "CSV")),
)
"""Answers of two predictions, the second of which is rejected for the reason."""


def _every_fault(event: Event) -> list[Fault]:
    """The event broken in every way."""
    text, pair = event.line(event.response()), event._replace(rows=[event.rows[0]] * 2)
    broken = [
        *((reason, break_text(text), 0) for reason, break_text in BROKEN_TEXT),
        *((reason, breaks(event).encode(), 0) for reason, breaks in BROKEN_RECORDS),
        *((reason, pair.line(payload).encode(), 2) for reason, payload in BAD_SCORES),
    ]
    return [Fault((event.time, line), reason, count) for reason, line, count in broken]


def draw_faults(rng: np.random.Generator, events: Sequence[Event]) -> list[Fault]:
    """Broken lines at moments of the given events: a small share of them, all kinds alike."""
    kinds = rng.permutation(len(BROKEN_TEXT) + len(BROKEN_RECORDS) + len(BAD_SCORES)).tolist()
    donors = rng.integers(0, len(events), max(1, round(_FAULT_SHARE * len(events)))).tolist()
    faults = []
    for n, (donor, event_id) in enumerate(zip(donors, random_uuids(rng, len(donors)), strict=True)):
        event = events[donor]._replace(event_id=event_id, inference_id=None)
        faults.append(_every_fault(event)[kinds[n % len(kinds)]])
    return faults
