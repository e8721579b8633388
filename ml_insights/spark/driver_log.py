"""The warnings and errors of Spark's driver in a file, so that they can be shown while it runs.

What belongs here: adding a file to the log of the driver's Java process. What does not: sending
the file's lines (`messages`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

_PATTERN = "%d{HH:mm:ss} %p %c{1}: %m%n%ex{5}"


def log_to_file(spark: SparkSession, path: Path) -> None:
    """Write warnings and errors of the driver also to `path`, from now on."""
    java: Any = spark.sparkContext._jvm  # noqa: SLF001 (PySpark has no public way to Java's log)
    log4j = "org.apache.logging.log4j"
    context = getattr(java, f"{log4j}.LogManager").getContext(False)
    layout = getattr(java, f"{log4j}.core.layout.PatternLayout").newBuilder()
    appender = getattr(java, f"{log4j}.core.appender.FileAppender").newBuilder()
    appender = appender.setName("ml_insights").setLayout(layout.withPattern(_PATTERN).build())
    appender = appender.withFileName(str(path)).build()
    appender.start()
    warning = getattr(java, f"{log4j}.Level").WARN
    context.getConfiguration().getRootLogger().addAppender(appender, warning, None)
    context.updateLoggers()
