"""A day as Spark would leave it, prepared by hand: the assets above Spark run on it in no time.

What belongs here: a small day in which every record is accounted for, and a runner that hands it
over. What does not: Spark itself, which the end-to-end tests run.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from ml_insights.runners import JobResult
from ml_insights.spark.arguments import Arguments, RawPredictionsArguments
from ml_insights.spark.manifest import manifest_path

if TYPE_CHECKING:
    import dagster as dg

SETTINGS = """\
lake: ./lake
endpoints:
  churn-1:
    data_capture: ./capture
    ground_truth: ./labels
    start_date: 2026-10-01
    score: {content_type: text/csv, index: 0}
    positive_label: "1"
    operating_threshold: 0.5
    owners: ["team:growth"]
"""
MONEY = """\
    business:
      currency: EUR
      true_positive: 100
      false_positive: -5
      false_negative: -80
      true_negative: 0
      capacity: 50
"""
"""Lines of an endpoint's settings: what the outcomes are worth."""
ENDPOINT, VARIANT = "churn-1", "champion"
POSITIVES, NEGATIVES = 30, 70


def _manifest() -> dict[str, Any]:
    counted = {
        "lines_read": 101,
        "records_accepted": 100,
        "predictions_in_records": 100,
        "raw_predictions": 100,
        "rejected_line": {"not_utf8": 1},
        "rejected_prediction": {},
    }
    unit = {
        "path": "unit=00-23/run=1",
        "hours": {f"{hour:02}": f"{VARIANT}:1:1000" for hour in range(24)},
        "files": 24,
        "bytes": 24_000,
        "rows": 100,
        "newest": "2026-10-02T00:00:01.000000Z",
        "variants": {VARIANT: counted},
        "slices": [[0, []]],
    }
    return {"digest": "abc", "units": [unit]}


def _bins() -> list[dict[str, Any]]:
    curve = {"variant": VARIANT, "class_label": "1", "slice": "all"}
    nothing = {"bin_unlabelled": 0, "bin_offsets": 0, "bin_duplicates": 0}
    low, high = ({**curve, "threshold_index": index, **nothing} for index in (9000, 15000))
    return [
        {**low, "bin_positives": 0, "bin_negatives": NEGATIVES},
        {**high, "bin_positives": POSITIVES, "bin_negatives": 0},
    ]


def _report() -> dict[str, Any]:
    labels = POSITIVES + NEGATIVES
    return {
        "manifest_digest": "abc",
        "ground_truth": {"files": 1, "bytes": 100, "hours": 1, "skipped": {}},
        "label_lines": {"label_lines_read": labels, "label_records": labels},
        "other_labels": {"texts": {"0": NEGATIVES}, "more": 0},
        "labels": {"labels_read": labels, "used": labels},
        "labelled": {VARIANT: labels},
        "labels_collected": {"collected": labels, "known": labels},
        "earlier_days_missing": 0,
        "labels_as_of": "2026-10-02T01:00:00.000000Z",
    }


@dataclass
class PreparedDay:
    """What the two Spark steps publish and report; tests change what they are about.

    Attributes:
        manifest: of raw_predictions; one unit, 24 hours, 101 lines of which one is rejected.
        bins: of the counting step: 30 positives above 70 negatives.
        report: of the counting step.
        rejected_labels: samples of the counting step; rows of the table quarantine.
    """

    manifest: dict[str, Any] = field(default_factory=_manifest)
    bins: list[dict[str, Any]] = field(default_factory=_bins)
    report: dict[str, Any] = field(default_factory=_report)
    rejected_labels: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def of(cls, variants: Mapping[str, Sequence[tuple[int, int, int, int]]]) -> PreparedDay:
        """A day whose account closes, of other records.

        Args:
            variants: by name, bins of threshold index, positives, negatives, unlabelled.
        """
        day = cls()
        curve = {"class_label": "1", "slice": "all", "bin_offsets": 0, "bin_duplicates": 0}
        names = ("threshold_index", "bin_positives", "bin_negatives", "bin_unlabelled")
        day.bins = [
            {"variant": variant, **curve, **dict(zip(names, bin_, strict=True))}
            for variant, bins in variants.items()
            for bin_ in bins
        ]
        read = ("lines_read", "records_accepted", "predictions_in_records", "raw_predictions")
        rejected: dict[str, Any] = {"rejected_line": {}, "rejected_prediction": {}}
        day.manifest["units"][0]["variants"] = {
            variant: {**dict.fromkeys(read, sum(sum(bin_[1:]) for bin_ in bins)), **rejected}
            for variant, bins in variants.items()
        }
        labelled = {
            variant: sum(sum(bin_[1:3]) for bin_ in bins) for variant, bins in variants.items()
        }
        labels = sum(labelled.values())
        day.report |= {
            "label_lines": {"label_lines_read": labels, "label_records": labels},
            "labels": {"labels_read": labels, "used": labels},
            "labelled": labelled,
            "labels_collected": {"collected": labels, "known": labels},
        }
        return day

    @property
    def counted(self) -> dict[str, Any]:
        """What the manifest says of the variant."""
        counted: dict[str, Any] = self.manifest["units"][0]["variants"][VARIANT]
        return counted


class PreparedRunner:
    """Takes the Spark runner's place and hands over a prepared day."""

    def __init__(self, day: PreparedDay) -> None:
        self.day = day
        self.attempts = 0
        self.jobs: list[Arguments] = []
        self.before: Callable[[], None] = lambda: None
        """Called before each job; may raise what a job raises."""

    def run(self, _context: dg.AssetExecutionContext, arguments: Arguments) -> JobResult:
        """See `SparkRunner.run`."""
        self.attempts += 1
        self.jobs.append(arguments)
        self.before()
        if isinstance(arguments, RawPredictionsArguments):
            write_manifest(arguments.output, self.day.manifest)
            return JobResult(self.day.manifest, arguments.output)
        for name, rows in (("bins", self.day.bins), ("quarantine", self.day.rejected_labels)):
            if rows:
                folder = Path(arguments.output) / name
                folder.mkdir(parents=True, exist_ok=True)
                pq.write_table(pa.Table.from_pylist(rows), folder / "part-0.parquet")
        return JobResult(self.day.report, arguments.output)


def write_manifest(partition: str, manifest: dict[str, Any]) -> None:
    """Publish a manifest as the Spark step does."""
    path = Path(manifest_path(partition))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(manifest))
