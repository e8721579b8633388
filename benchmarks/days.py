"""One synthetic day in three sizes, which share their bytes.

What belongs here: how a smaller day is made of the largest. What does not: the form of lines
(`capture_day`), and what is measured (`experiment`).

The smaller days hold the first one or two of every hour's four files, as hard links: files are of
equal size in all days, and the page cache holds each byte once.
"""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.capture_day import CaptureDay
from benchmarks.read_loop import capture_files

if TYPE_CHECKING:
    from pathlib import Path

TIMES = (1, 2, 4)
"""Sizes of the days, as multiples of the smallest; the largest is also the files an hour has."""


@dataclass(frozen=True)
class SizedDay:
    """A day of capture and labels.

    Attributes:
        folder: holds `capture/` and `ground_truth/`.
        times: size as a multiple of the smallest day.
        lines: of capture; one prediction each.
        captured_bytes: size of the capture files.
    """

    folder: Path
    times: int
    lines: int
    captured_bytes: int

    @property
    def gigabytes(self) -> float:
        """Size of the capture files in 10^9 bytes."""
        return self.captured_bytes / 1e9


def write_days(folder: Path, *, lines: int, label_share: float) -> list[SizedDay]:
    """Write the day in all sizes, the smallest first.

    Args:
        folder: to be created, one folder for each size below.
        lines: of the largest day.
        label_share: of the predictions, in [0, 1].
    """
    largest = folder / f"{TIMES[-1]}x"
    size = CaptureDay(largest, lines, files_per_hour=TIMES[-1], label_share=label_share).write()
    smaller = []
    for times in TIMES[:-1]:
        linked = _link(largest, folder / f"{times}x", files_per_hour=times)
        # All lines have the same width.
        smaller.append(SizedDay(folder / f"{times}x", times, lines * linked // size, linked))
    return [*smaller, SizedDay(largest, TIMES[-1], lines, size)]


def _link(day: Path, smaller: Path, *, files_per_hour: int) -> int:
    """Link the first files of every hour; returns the bytes of capture."""
    by_hour = defaultdict(list)
    for file in sorted(day.rglob("*.jsonl")):
        by_hour[file.parent].append(file)
    for hour, files in by_hour.items():
        target = smaller / hour.relative_to(day)
        target.mkdir(parents=True)
        for file in files[:files_per_hour]:
            os.link(file, target / file.name)
    return sum(file.stat().st_size for file in capture_files(smaller))
