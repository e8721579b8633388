"""A synthetic day of data capture, large and quickly written: input for benchmarks.

What belongs here: lines of 1 KB or more made by numpy, and labels for a share of them. What does
not: the form of a record, which comes from `ml_insights.capture_files`, and running anything on
the result.

    python -m benchmarks.capture_day FOLDER --lines 10000000

All lines have the same width, so that lines are rows of a matrix of bytes in which only the parts
that differ (event id, time, features, score) are filled again and again, by table lookup.
"""

from __future__ import annotations

import argparse
import gzip
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import numpy as np

from ml_insights.capture_files import (
    capture_file,
    capture_record,
    csv_labels,
    csv_request,
    csv_response,
    hour_folder,
    label_record,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

ENDPOINT, VARIANT = "benchmark", "AllTraffic"
DAY = datetime(2026, 11, 14, tzinfo=UTC)
PREVALENCE, POSITIVE_SHAPE, NEGATIVE_SHAPE = 0.03, 2.5, 7.0
"""Scores of positives have distribution function s**2.5, those of negatives survival (1 - s)**7."""

_BLOCK_LINES = 16_384
_FEATURE_DIGITS, _DIFFERENT_REQUESTS = 8, 4096

# What stands in the repeated lines for the parts that differ.
_ID = "00000000-0000-4000-8000-000000000000"
_MINUTE_SECOND, _SCORE_DIGITS, _LABEL = "34:56", "123456789123456789", "7"


def _text_table(texts: list[str]) -> Bytes:
    """Texts of equal length as rows of bytes."""
    return np.frombuffer("".join(texts).encode(), np.uint8).reshape(len(texts), -1)


_HEX = _text_table([f"{byte:02x}" for byte in range(256)])
_THREE_DIGITS = _text_table([f"{n:03d}" for n in range(1000)])
_MINUTES_SECONDS = _text_table([f"{n // 60:02d}:{n % 60:02d}" for n in range(3600)])
# Columns of a UUID's 32 hex digits in its text.
_HEX_COLUMNS = np.array([n for n, sign in enumerate(_ID) if sign != "-"])


def _request(features: int) -> str:
    """A row of features, which stands for those of the lines."""
    return ",".join(["1" * _FEATURE_DIGITS] * features)


class LineBlock:
    """A reusable block of lines that differ only in named parts of fixed width."""

    def __init__(self, line: str, parts: Mapping[str, str]) -> None:
        """Repeat a line.

        Args:
            line: ASCII, without its line feed.
            parts: by name, the text in the line that stands for the part; each occurs once.
        """
        self._lines = np.tile(_text_table([line + "\n"]), (_BLOCK_LINES, 1))
        self._columns = {
            name: slice(line.index(text), line.index(text) + len(text))
            for name, text in parts.items()
        }

    def fill(self, part: str, texts: Bytes) -> None:
        """Put a row of `texts` into each of the first lines."""
        self._lines[: len(texts), self._columns[part]] = texts

    def first(self, count: int) -> memoryview:
        """The bytes of the first lines."""
        return self._lines[:count].data


class Records:
    """Draws predictions as text: rows of bytes, one a prediction."""

    def __init__(self, seed: int, features: int) -> None:
        """Start the random numbers and draw the requests that lines choose from."""
        self._rng = np.random.default_rng(seed)
        shape = (_DIFFERENT_REQUESTS, len(_request(features)))
        digits = self._rng.integers(ord("1"), ord("9") + 1, shape)
        digits[:, _FEATURE_DIGITS :: _FEATURE_DIGITS + 1] = ord(",")
        self._requests = digits.astype(np.uint8)

    def file_id(self) -> UUID:
        """A UUID for a file name."""
        return UUID(bytes=self._rng.bytes(16), version=4)

    def chosen(self, count: int, share: float) -> NDArray[np.bool_]:
        """Which predictions are among a share of all."""
        return self._rng.random(count) < share

    def requests(self, count: int) -> Bytes:
        """Feature rows."""
        chosen = self._rng.integers(0, _DIFFERENT_REQUESTS, count)
        return self._requests[chosen]

    def event_ids(self, count: int) -> Bytes:
        """Version 4 UUIDs."""
        raw = np.frombuffer(self._rng.bytes(16 * count), np.uint8).reshape(count, 16).copy()
        raw[:, 6] = raw[:, 6] & 0x0F | 0x40
        raw[:, 8] = raw[:, 8] & 0x3F | 0x80
        texts = np.full((count, len(_ID)), ord("-"), np.uint8)
        texts[:, _HEX_COLUMNS] = _HEX[raw].reshape(count, 32)
        return texts

    def labels(self, count: int) -> Bytes:
        """`1` or `0`."""
        return (self._rng.random((count, 1)) < PREVALENCE).astype(np.uint8) + np.uint8(ord("0"))

    def score_digits(self, labels: Bytes) -> Bytes:
        """The digits after `0.` of scores that fit the labels."""
        uniform = self._rng.random(len(labels))
        positive = labels[:, 0] == ord("1")
        power = np.where(positive, 1 / POSITIVE_SHAPE, 1 / NEGATIVE_SHAPE)
        score = np.where(positive, uniform**power, 1 - uniform**power)
        largest = 10 ** len(_SCORE_DIGITS) - 1
        whole = np.minimum((score * (largest + 1)).astype(np.int64), largest)
        groups = [whole // 1000**n % 1000 for n in reversed(range(len(_SCORE_DIGITS) // 3))]
        digits: Bytes = _THREE_DIGITS[np.stack(groups, axis=1)].reshape(len(labels), -1)
        return digits


@dataclass(frozen=True)
class CaptureDay:
    """What to write.

    Attributes:
        folder: holds `capture/benchmark/AllTraffic/...` and `ground_truth/...`.
        lines: of capture, spread evenly over the day; one prediction each.
        files_per_hour: of capture, and of ground truth.
        label_share: of the predictions, chosen independently of score and class.
        seed: of everything random.
        features: of a request; 70 make a line of 1 KB, 400 one of 4 KB.
        packed: write capture files with gzip.
    """

    folder: Path
    lines: int = 10_000_000
    files_per_hour: int = 4
    label_share: float = 0.2
    seed: int = 0
    features: int = 70
    packed: bool = False

    def write(self) -> int:
        """Write the files; labels are collected a day after their prediction.

        Returns:
            Bytes of capture written.

        Raises:
            FileExistsError: the folder holds something.
        """
        if self.folder.exists() and any(self.folder.iterdir()):
            msg = f"{self.folder} is not empty: choose another folder or delete it"
            raise FileExistsError(msg)
        records, files = Records(self.seed, self.features), 24 * self.files_per_hour
        size = 0
        for number in range(files):
            count = self.lines * (number + 1) // files - self.lines * number // files
            if count:
                size += self._write_file(records, DAY + timedelta(days=1) * (number / files), count)
        return size

    def _write_file(self, records: Records, opened: datetime, count: int) -> int:
        variant_folder = self.folder / "capture" / ENDPOINT / VARIANT
        path = capture_file(variant_folder, opened, records.file_id())
        collected = hour_folder(self.folder / "ground_truth", opened + timedelta(days=1))
        path.parent.mkdir(parents=True, exist_ok=True)
        collected.mkdir(parents=True, exist_ok=True)
        blocks = _capture_block(opened, self.features), _label_block()
        second = opened.minute * 60 + opened.second
        seconds = second + np.arange(count) * (3600 // self.files_per_hour) // count
        written = path.with_name(f"{path.name}.gz") if self.packed else path
        opens = gzip.open if self.packed else open
        with opens(written, "wb") as file, (collected / path.name).open("wb") as label_file:
            for start in range(0, count, _BLOCK_LINES):
                times = seconds[start : start + _BLOCK_LINES]
                text, label_text = self._fill(records, blocks, times)
                file.write(text)
                label_file.write(label_text)
        return written.stat().st_size

    def _fill(
        self,
        records: Records,
        blocks: tuple[LineBlock, LineBlock],
        seconds: NDArray[np.int64],
    ) -> tuple[memoryview, memoryview]:
        """Lines of capture at these seconds of the hour, and of ground truth for some of them."""
        (block, label_block), count = blocks, len(seconds)
        event_ids, labels = records.event_ids(count), records.labels(count)
        block.fill("time", _MINUTES_SECONDS[seconds])
        block.fill("event_id", event_ids)
        block.fill("request", records.requests(count))
        block.fill("score", records.score_digits(labels))
        labelled = records.chosen(count, self.label_share)
        label_block.fill("event_id", event_ids[labelled])
        label_block.fill("label", labels[labelled])
        return block.first(count), label_block.first(int(labelled.sum()))


def _capture_block(opened: datetime, features: int) -> LineBlock:
    request = _request(features)
    line = capture_record(
        event_id=_ID,
        time=opened.replace(minute=34, second=56),
        request=csv_request([[request]]),
        response=csv_response([0.5])._replace(data=f"0.{_SCORE_DIGITS}"),
    )
    parts = {"event_id": _ID, "request": request, "score": _SCORE_DIGITS, "time": _MINUTE_SECOND}
    return LineBlock(line, parts)


def _label_block() -> LineBlock:
    return LineBlock(label_record(_ID, csv_labels([_LABEL])), {"event_id": _ID, "label": _LABEL})


def main() -> None:
    """Write a day as the command line says and report the speed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lines", type=int, default=CaptureDay.lines)
    parser.add_argument("--files-per-hour", type=int, default=CaptureDay.files_per_hour)
    parser.add_argument("--label-share", type=float, default=CaptureDay.label_share)
    parser.add_argument("--seed", type=int, default=CaptureDay.seed)
    started = time.perf_counter()
    size = CaptureDay(**vars(parser.parse_args())).write()
    seconds = time.perf_counter() - started
    print(f"{size / 1e9:.2f} GB of capture in {seconds:.1f} s: {size / 1e6 / seconds:.0f} MB/s")


if __name__ == "__main__":
    main()
