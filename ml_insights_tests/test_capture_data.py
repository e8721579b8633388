"""The real data reaches capture and ground truth files complete."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ml_insights_tests.capture_data import (
    CAPTURE_LAYOUT,
    LABEL_LAYOUT,
    WrittenRecords,
    lines_below,
    write_churn,
)

# Quicker than parsing 400,000 lines; that the lines are sound JSON is tested elsewhere.
SCORE_AND_IDS = re.compile(
    r'"OUTPUT","data":"([^"]+)".*"eventId":"([^"]+)"(?:,"inferenceId":"([^"]+)")?'
)
LABEL_AND_ID = re.compile(r'"data":"([01])".*"eventId":"([^"]+)"')


@pytest.fixture
def employment(employment_files: tuple[Path, WrittenRecords]) -> WrittenRecords:
    return employment_files[1]


@pytest.mark.end_to_end
def test_employment_is_spread_over_all_hours_of_all_days_and_variants(
    employment: WrittenRecords,
) -> None:
    root = employment.data_capture
    files = [path.relative_to(root).as_posix() for path in root.rglob("*.jsonl")]
    assert len(files) == 30 * 2 * 24
    assert {file.split("/")[1] for file in files} == {"champion", "challenger"}


@pytest.mark.end_to_end
def test_employment_files_hold_every_score_and_its_label(employment: WrittenRecords) -> None:
    captured = SCORE_AND_IDS.findall(
        "\n".join(lines_below(employment.data_capture, CAPTURE_LAYOUT))
    )
    labels = LABEL_AND_ID.findall("\n".join(lines_below(employment.ground_truth, LABEL_LAYOUT)))
    score_of = {inference or event: float(score) for score, event, inference in captured}
    label_of = {event: int(label) for label, event in labels}
    assert len(captured) == len(labels) == len(score_of) == 208_892
    assert score_of.keys() == label_of.keys()
    found = sorted((score, label_of[event]) for event, score in score_of.items())
    expected = zip(employment.score.tolist(), employment.label.tolist(), strict=True)
    assert found == sorted(expected)


@pytest.mark.end_to_end
def test_employment_labels_come_up_to_two_days_late(employment: WrittenRecords) -> None:
    days = {"-".join(path.parts[-5:-2]) for path in employment.ground_truth.rglob("*.jsonl")}
    assert min(days) == employment.days[0].isoformat() == "2026-10-01"
    assert max(days) == "2026-11-01"
    assert employment.days[-1].isoformat() == "2026-10-30"


def test_churn_files_hold_one_day(real_data: Path, tmp_path: Path) -> None:
    written = write_churn(real_data, tmp_path)
    lines = lines_below(written.data_capture, CAPTURE_LAYOUT)
    records = [json.loads(line)["captureData"]["endpointOutput"] for line in lines]
    assert sorted(float(record["data"]) for record in records) == sorted(written.score.tolist())
    labels = lines_below(written.ground_truth, LABEL_LAYOUT)
    assert sum('"data":"1"' in label for label in labels) == written.label.sum() == 28
    assert len(labels) == len(lines) == 201
