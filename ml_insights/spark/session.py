"""What the jobs need of a Spark session, whoever started it.

What belongs here: session settings the results depend on. What does not: sizing (the runner's).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

REQUIRED = {
    "spark.sql.session.timeZone": "UTC",
    # The optimiser would parse a document once for each field that is used.
    "spark.sql.optimizer.enableJsonExpressionOptimization": "false",
    # A document is read whole or not at all: a member of another type would count as absent.
    "spark.sql.json.enablePartialResults": "false",
    # Tasks write accepted and rejected rows of a variant side by side, without sorting first.
    "spark.sql.maxConcurrentOutputFileWriters": "64",
    # Labels that fit into memory by partition are hashed; predictions then need not be sorted.
    "spark.sql.adaptive.maxShuffledHashJoinLocalMapThreshold": "64m",
    # An id that one side has by the millions is joined by several tasks, whatever follows the join.
    "spark.sql.adaptive.forceOptimizeSkewedJoin": "true",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    # A record that claims to be from the year 1 must not stop the day.
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
}


def empty(spark: SparkSession, ddl: str) -> DataFrame:
    """A data frame without rows; unlike one made from a local list, it starts no Python worker."""
    columns = spark.range(0).select(F.from_json(F.lit("{}"), ddl).alias("row"))
    return columns.select("row.*")


def prepare(spark: SparkSession) -> SparkSession:
    """Set what the jobs rely on; returns the same session."""
    for key, value in REQUIRED.items():
        spark.conf.set(key, value)
    return spark
