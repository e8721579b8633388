"""Fixtures that every test module may use."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


QUICK_JAVA = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m -XX:+UseParallelGC"
"""Java options for small days: quick compilation, with room for the code of many of them."""


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Real predictions, labels and capture records; each folder has its licence beside it."""
    return Path(__file__).parent / "data"


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> SparkSession:
    """The session that all Spark tests share, set up as the local runner does."""
    from ml_insights.runners import LocalSparkRunner

    work = tmp_path_factory.mktemp("spark")
    return LocalSparkRunner(
        driver_memory="1g",
        cores=2,
        java_options=QUICK_JAVA,
        work_folder=str(work),
    ).session()
