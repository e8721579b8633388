"""Writing a demo history: its folder, its settings file, its account.

What belongs here: bringing events, faults and labels together into files, and replacing an older
history. What does not: what is drawn (`traffic`, `faults`, `labels`).

Layout of the folder: `ml_insights.yaml`, `capture/fraud-demo/{variant}/yyyy/mm/dd/hh/*.jsonl`,
`ground_truth/fraud-demo/yyyy/mm/dd/hh/labels.jsonl`. Anything else in it is left alone.
"""

from __future__ import annotations

import shutil
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import product
from multiprocessing import get_context
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ml_insights.capture_files import TimedLine, write_capture_files, write_label_files
from ml_insights.demo.faults import draw_faults
from ml_insights.demo.labels import Label, LabelFault, draw_label_faults, draw_labels
from ml_insights.demo.ledger import CaptureCounts, DemoLedger, count_capture, count_collected
from ml_insights.demo.scenario import (
    ENDPOINT,
    LABEL_DELAY_DAYS,
    LABEL_WINDOW_DAYS,
    OPERATING_THRESHOLD,
    VARIANTS,
    Scenario,
)
from ml_insights.demo.traffic import FEATURES, draw_events, draw_repeated
from ml_insights.errors import SettingsError, StorageError

if TYPE_CHECKING:
    from pathlib import Path

_FIRST_LINE = "# Settings of the demo; writing the demo again replaces this file.\n"


@dataclass(frozen=True)
class Demo:
    """A written demo history.

    Attributes:
        folder: holds everything.
        settings_file: what the product is run with.
        data_capture: capture root; the endpoint's folder is in it.
        ground_truth: root of the endpoint's labels.
        endpoint: name.
        scenario: days and special days; `scenario.truth` is the true curve of a variant, day and
            region.
        ledger: what the files hold, counted while writing.
    """

    folder: Path
    settings_file: Path
    data_capture: Path
    ground_truth: Path
    endpoint: str
    scenario: Scenario
    ledger: DemoLedger


def write_demo(
    folder: Path,
    *,
    seed: int = 2026,
    days: int = 14,
    predictions_per_day: int = 6_000,
    last_day: date = date(2026, 11, 14),
    processes: int = 1,
) -> Demo:
    """Write a demo history and its settings file; the same arguments give the same bytes.

    An older history in the folder is replaced once the new one is complete.

    Args:
        folder: created where it is missing.
        seed: of everything random.
        days: days of captured traffic.
        predictions_per_day: predictions of one variant on an average day.
        last_day: last day of captured traffic, UTC.
        processes: so many write days side by side; they make no difference to the files.

    Raises:
        SettingsError: the folder holds an `ml_insights.yaml` that is not a demo's.
        StorageError: the folder cannot be written; nothing half-written is left, and an older
            history still stands unless the disk failed while it was being replaced.
    """
    scenario = Scenario(seed, last_day, days, predictions_per_day)
    settings_file = folder / "ml_insights.yaml"
    data_capture, ground_truth = folder / "capture", folder / "ground_truth" / ENDPOINT
    work = folder / ".demo-being-written"
    try:
        _refuse_foreign_settings(settings_file)
        shutil.rmtree(work, ignore_errors=True)
        ledger = _write_files(work / "capture", work / "ground_truth", scenario, processes)
        (work / "ml_insights.yaml").write_text(_settings_text(scenario), encoding="utf-8")
        _replace(data_capture / ENDPOINT, by=work / "capture", aside=work / "old_capture")
        _replace(ground_truth, by=work / "ground_truth", aside=work / "old_ground_truth")
        (work / "ml_insights.yaml").replace(settings_file)
        _forget_days_but(scenario.all_days(), folder / "lake" / ENDPOINT)
    except OSError as error:
        msg = (
            f"the demo could not be written to {folder}: {error}. Choose a folder that can be "
            f"written, on a disk with 300 MB free, and write the demo again"
        )
        raise StorageError(msg) from error
    except BrokenProcessPool as error:
        msg = (
            "a process that wrote days of the demo has ended without a word: killed, or out of "
            "memory. Write the demo again."
        )
        raise StorageError(msg) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return Demo(folder, settings_file, data_capture, ground_truth, ENDPOINT, scenario, ledger)


def _refuse_foreign_settings(settings_file: Path) -> None:
    if not settings_file.exists():
        return
    if not settings_file.read_bytes().startswith(_FIRST_LINE.encode()):
        msg = (
            f"{settings_file} was not written by the demo and would be lost: "
            f"choose another folder for the demo"
        )
        raise SettingsError(msg)


def _replace(target: Path, *, by: Path, aside: Path) -> None:
    """Put a complete folder in the place of an older one, on the same file system."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        target.rename(aside)
    by.rename(target)


def _forget_days_but(days: tuple[date, ...], lake: Path) -> None:
    """Delete what an older history of other days has left on the lake."""
    known = {f"dt={day:%Y-%m-%d}" for day in days}
    for partition in lake.glob("*/dt=*"):
        if partition.name not in known:
            shutil.rmtree(partition)


class _Written(NamedTuple):
    """A variant's day of capture, and the ground truth that it will get."""

    counts: CaptureCounts
    labels: list[Label]
    faults: list[LabelFault]
    lines: list[TimedLine]


def _write_files(
    capture: Path, ground_truth: Path, scenario: Scenario, processes: int
) -> DemoLedger:
    parts = list(product(scenario.all_days(), VARIANTS))
    write = partial(_write_day, capture, scenario)
    if processes > 1:
        with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
            written = list(pool.map(write, parts))
    else:
        written = list(map(write, parts))
    write_label_files(ground_truth, [line for part in written for line in part.lines])
    collected = count_collected(
        [label for part in written for label in part.labels],
        [fault for part in written for fault in part.faults],
    )
    return DemoLedger(dict(zip(parts, (part.counts for part in written), strict=True)), collected)


def _write_day(capture: Path, scenario: Scenario, part: tuple[date, str]) -> _Written:
    day, variant = part
    # A stream of its own for each day and variant: more days change no earlier one.
    rng = np.random.default_rng([scenario.seed, day.toordinal(), VARIANTS.index(variant)])
    events = draw_events(rng, scenario, variant, day)
    repeated = draw_repeated(rng, events)
    faults = draw_faults(rng, events)
    labels = list(draw_labels(rng, events, scenario.labels_until))
    label_faults = draw_label_faults(rng, labels)
    if day < scenario.broken_client_since:
        faults, label_faults = [], []
    sound = [*((event.time, event) for event in events), *repeated]
    lines = [(time, event.line(event.response()).encode()) for time, event in sound]
    write_capture_files(capture / variant, lines + [fault.line for fault in faults])
    return _Written(
        count_capture(events, [event for _, event in repeated], faults, labels),
        labels,
        label_faults,
        [label.timed_line() for label in labels] + [fault.line for fault in label_faults],
    )


def _settings_text(scenario: Scenario) -> str:
    column = {feature: index for index, feature in enumerate(FEATURES)}
    return f"""{_FIRST_LINE}\
deployment: local
lake: ./lake
bootstrap_replicates: 400  # quicker than the 1,000 of other settings
spark:  # quicker for small days, slower for large ones
  java_options: >-
    -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m -XX:+UseSerialGC -Xms1g -Xmn600m
    -XX:MetaspaceSize=256m
endpoints:
  {ENDPOINT}:
    data_capture: ./capture
    ground_truth: ./ground_truth/{ENDPOINT}
    start_date: {scenario.first_day}
    score:
      - {{content_type: text/csv, index: 0}}
      - {{content_type: application/json, path: "predictions[*].score"}}
    label:
      - {{content_type: text/csv}}
      - {{content_type: application/json, path: "instances[*].label"}}
    positive_label: "1"
    negative_label: "0"
    operating_threshold: {OPERATING_THRESHOLD}
    label_delay_days: {LABEL_DELAY_DAYS}
    label_window_days: {LABEL_WINDOW_DAYS}
    slices:
      - {{name: region, content_type: text/csv, index: {column["region"]}}}
      - {{name: device, content_type: text/csv, index: {column["device"]}}}
      - {{cross: [region, device]}}
    max_rejected_share: 0.02
    business:
      currency: EUR
      true_positive: 140
      false_positive: -9
      false_negative: -120
      true_negative: 0
      capacity: 800
    owners: ["team:fraud"]
"""
