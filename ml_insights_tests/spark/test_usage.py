"""What a job used is what Spark held, the driver of a local session included."""

from __future__ import annotations

import time

import pytest
from pyspark.sql import SparkSession

from ml_insights.spark.usage import core_seconds

pytestmark = pytest.mark.spark


def test_cores_are_counted_for_as_long_as_they_are_held(spark: SparkSession) -> None:
    before, began = core_seconds(spark), time.monotonic()
    time.sleep(0.5)
    passed = time.monotonic() - began
    cores = spark.sparkContext.defaultParallelism
    assert before > 0
    assert core_seconds(spark) - before == pytest.approx(cores * passed, rel=0.3)
