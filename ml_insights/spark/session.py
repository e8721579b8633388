"""What the jobs need of a Spark session, whoever started it.

What belongs here: session settings the results depend on. What does not: sizing (the runner's).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

REQUIRED = {
    "spark.sql.session.timeZone": "UTC",
    # The optimiser would parse a document once for each field that is used.
    "spark.sql.optimizer.enableJsonExpressionOptimization": "false",
    # Tasks write accepted and rejected rows of a variant side by side, without sorting first.
    "spark.sql.maxConcurrentOutputFileWriters": "64",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
}


def prepare(spark: SparkSession) -> SparkSession:
    """Set what the jobs rely on; returns the same session."""
    for key, value in REQUIRED.items():
        spark.conf.set(key, value)
    return spark
