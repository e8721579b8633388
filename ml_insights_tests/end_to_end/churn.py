"""The day of AWS's churn example, and an installation that computes it."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from ml_insights_tests.capture_data import CHURN_DAY, WrittenRecords, write_churn
from ml_insights_tests.conftest import QUICK_JAVA
from ml_insights_tests.installation import Installation, install

ENDPOINT = "churn"
DAY = CHURN_DAY
UNITS = 4


def settings(lake: str = "./lake") -> str:
    """Settings that read the day in several units."""
    return f"""\
lake: {lake}
spark: {{driver_memory: 512m, cores: 2, java_options: {QUICK_JAVA}}}
units: {{max_files: {24 // UNITS}}}
endpoints:
  {ENDPOINT}:
    data_capture: ./capture
    ground_truth: ./ground_truth
    start_date: {DAY}
    score: {{content_type: text/csv, index: 0}}
    positive_label: "1"
    operating_threshold: 0.8
"""


def install_churn(
    data: Path, folder: Path, instance: dg.DagsterInstance
) -> tuple[WrittenRecords, Installation]:
    """Write the day into a folder, with settings; nothing is computed."""
    return write_churn(data, folder), install(folder, settings(), instance)
