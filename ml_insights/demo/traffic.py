"""The demo's invocations: when they come, what they ask, what the endpoint answers, in which form.

What belongs here: well-formed events and their capture line. What does not: broken lines (`faults`)
and what becomes known about an event later (`labels`).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import numpy as np

from ml_insights.capture_files import (
    Payload,
    capture_record,
    csv_request,
    csv_response,
    json_response,
)
from ml_insights.demo.scenario import DEVICES, MISSING_HOUR, REGIONS, Scenario

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FEATURES = ("age", "amount", "device", "region")
"""Columns of the CSV request, in order."""

_BATCH_SHARE, _LARGEST_BATCH = 0.1, 4
_JSON_SHARE, _BASE64_SHARE, _INFERENCE_ID_SHARE = 0.25, 0.2, 0.3
_REPEATED_SHARE = 0.004

Row = tuple[int, str, str, str]


class Event(NamedTuple):
    """One invocation with one or more predictions.

    Attributes:
        time: UTC.
        event_id: the service's UUID.
        inference_id: the caller's id, or None.
        rows: feature rows, one a prediction, columns as in `FEATURES`.
        scores: one a prediction.
        positives: the truth, one a prediction.
        is_json: the answer is JSON instead of CSV.
        is_base64: the answer's and the request's content types are not configured for capture.
    """

    time: datetime
    event_id: str
    inference_id: str | None
    rows: list[Row]
    scores: list[float]
    positives: list[bool]
    is_json: bool
    is_base64: bool

    @property
    def label_id(self) -> str:
        """The id that ground truth refers to."""
        return self.event_id if self.inference_id is None else self.inference_id

    def response(self) -> Payload:
        """What the endpoint answered, as captured."""
        plain = json_response(self.scores) if self.is_json else csv_response(self.scores)
        return plain.in_base64() if self.is_base64 else plain

    def line(self, response: Payload | None) -> str:
        """The capture line with this answer; None: the answer was not captured."""
        request = csv_request(self.rows)
        return capture_record(
            event_id=self.event_id,
            inference_id=self.inference_id,
            time=self.time,
            request=request.in_base64() if self.is_base64 else request,
            response=response,
        )


def draw_events(
    rng: np.random.Generator, scenario: Scenario, variant: str, day: date
) -> list[Event]:
    """The events of a variant's day, in order of time; about `predictions_per_day` predictions."""
    busy = (1.05 if day.weekday() < 5 else 0.9) * rng.uniform(0.95, 1.05)
    sizes = _batch_sizes(rng, round(scenario.predictions_per_day * busy))
    starts = (np.cumsum(sizes) - sizes).tolist()
    count = len(starts)
    sample = scenario.truth(variant, day).sample(rng, int(sizes.sum()))
    rows = _draw_rows(rng, sample.component)
    scores, positives = sample.score.tolist(), sample.positive.tolist()
    event_ids = random_uuids(rng, count)
    has_inference_id, is_json, is_base64 = (
        (rng.random(count) < share).tolist()
        for share in (_INFERENCE_ID_SHARE, _JSON_SHARE, _BASE64_SHARE)
    )
    inference_ids = iter(random_uuids(rng, sum(has_inference_id)))
    events = [
        Event(
            moment,
            event_ids[n],
            next(inference_ids) if has_inference_id[n] else None,
            rows[start : start + size],
            scores[start : start + size],
            positives[start : start + size],
            is_json[n],
            is_base64[n],
        )
        for n, (moment, start, size) in enumerate(
            zip(_draw_times(rng, day, count), starts, sizes.tolist(), strict=True)
        )
    ]
    if day == scenario.day_with_missing_hour:
        return [event for event in events if event.time.hour != MISSING_HOUR]
    return events


def draw_repeated(
    rng: np.random.Generator, events: Sequence[Event]
) -> list[tuple[datetime, Event]]:
    """Events that capture records a second time, unchanged, and when; up to some hours later."""
    chosen = np.flatnonzero(rng.random(len(events)) < _REPEATED_SHARE)
    later = np.minimum(chosen + rng.integers(0, len(events) // 8 + 1, len(chosen)), len(events) - 1)
    pairs = zip(later.tolist(), chosen.tolist(), strict=True)
    return [(events[moment].time, events[n]) for moment, n in pairs]


def random_uuids(rng: np.random.Generator, count: int) -> list[str]:
    """Version 4 UUIDs from a seeded generator."""
    drawn = rng.bytes(16 * count)
    return [str(UUID(bytes=drawn[n : n + 16], version=4)) for n in range(0, len(drawn), 16)]


def _batch_sizes(rng: np.random.Generator, predictions: int) -> NDArray[np.int64]:
    """Predictions of each record; they add up to `predictions` or a few less."""
    batch = rng.integers(2, _LARGEST_BATCH + 1, predictions)
    sizes = np.where(rng.random(predictions) < _BATCH_SHARE, batch, 1)
    return sizes[: max(1, int(np.searchsorted(np.cumsum(sizes), predictions, side="right")))]


def _draw_times(rng: np.random.Generator, day: date, count: int) -> list[datetime]:
    """Moments of the day, ascending: quiet at 02:00, busy at 14:00 UTC."""
    weights = 1 - 0.7 * np.cos((np.arange(24) - 2) * 2 * np.pi / 24)
    hours = rng.choice(24, count, p=weights / weights.sum())
    milliseconds = np.sort(hours * 3_600_000 + rng.integers(0, 3_600_000, count))
    midnight = datetime.combine(day, time(), tzinfo=UTC)
    return [midnight + timedelta(milliseconds=ms) for ms in milliseconds.tolist()]


def _draw_rows(rng: np.random.Generator, component: NDArray[np.int64]) -> list[Row]:
    """Feature rows; the region is the component that a score was drawn from."""
    count = len(component)
    ages = np.clip(rng.normal(42, 14, count), 18, 90).astype(int).tolist()
    amounts = rng.lognormal(3.5, 1.0, count).tolist()
    devices = rng.choice(list(DEVICES), count, p=list(DEVICES.values())).tolist()
    regions = np.array(list(REGIONS))[component].tolist()
    return [
        (age, f"{amount:.2f}", device, region)
        for age, amount, device, region in zip(ages, amounts, devices, regions, strict=True)
    ]
