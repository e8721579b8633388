"""What a job has used of its cluster, by Spark's own account.

What belongs here: cores and their time. What does not: what they cost (`ml_insights.sizing`).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def core_seconds(spark: SparkSession) -> float:
    """Seconds for which cores were held so far, those of the driver and of lost executors too."""
    # PySpark has no public way to the list of executors; its gateway has.
    context: Any = spark.sparkContext._jsc.sc()  # noqa: SLF001
    executors = context.statusStore().executorList(False)
    return sum(_held(executors.apply(number)) for number in range(executors.size()))


def _held(executor: Any) -> float:
    removed = executor.removeTime()
    end: float = removed.get().getTime() / 1000 if removed.isDefined() else time.time()
    # The driver on a cluster lists no cores, but holds at least one.
    cores = max(int(executor.totalCores()), 1)
    begun: float = executor.addTime().getTime() / 1000
    return cores * max(end - begun, 0.0)
