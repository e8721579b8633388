"""The real data reaches capture and ground truth files complete.

That of `employment/` is proven where its days are computed, from its files to its totals.
"""

from __future__ import annotations

import json
from pathlib import Path

from ml_insights_tests.capture_data import (
    CAPTURE_LAYOUT,
    LABEL_LAYOUT,
    lines_below,
    write_churn,
)


def test_churn_files_hold_one_day(real_data: Path, tmp_path: Path) -> None:
    written = write_churn(real_data, tmp_path)
    lines = lines_below(written.data_capture, CAPTURE_LAYOUT)
    records = [json.loads(line)["captureData"]["endpointOutput"] for line in lines]
    assert sorted(float(record["data"]) for record in records) == sorted(written.score.tolist())
    labels = lines_below(written.ground_truth, LABEL_LAYOUT)
    assert sum('"data":"1"' in label for label in labels) == written.label.sum() == 28
    assert len(labels) == len(lines) == 201
