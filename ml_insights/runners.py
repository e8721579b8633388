"""Where the heavy steps run. The assets do not know: they hand over arguments and get a result.

What belongs here: one runner for each place, behind one interface. What does not: what a job does
(`ml_insights.spark`), which arguments it gets (`assets`).
"""

from __future__ import annotations

import os
import re
import sys
from abc import abstractmethod
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_pyspark import LazyPySparkResource
from py4j.protocol import Py4JError, Py4JNetworkError
from pydantic import Field
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import SparkSession

from ml_insights.errors import SparkJobError, StorageError
from ml_insights.java import find_java_home
from ml_insights.spark.arguments import Arguments, RawPredictionsArguments
from ml_insights.spark.confusion_counts import count_day
from ml_insights.spark.raw_predictions import compact_day
from ml_insights.spark.session import prepare

# In quotes: Spark splits the options at blanks, and the folder may have one in its name.
_LOG = f'"-Dlog4j2.configurationFile={Path(__file__).parent / "spark" / "log4j2.properties"}"'


_CAUSE = re.compile("(Caused by)?: ").match
"""Start of a line of Java's trace that names an exception and its reason."""


class SparkRunner(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Runs a heavy step somewhere and returns what it reports."""

    @abstractmethod
    def run(self, context: dg.AssetExecutionContext, arguments: Arguments) -> dict[str, Any]:
        """Run the job the arguments belong to; returns its JSON-like report.

        Raises:
            MlInsightsError: the job refused its input, or failed.
        """


class LocalSparkRunner(SparkRunner):
    """Runs the job in this process, on one Spark session that all steps of the process share."""

    driver_memory: str = Field(description="Heap of the local Spark process, such as 2g.")
    cores: int = Field(description="Cores to use; 0 means all.")
    java_options: str = Field(default="", description="Options of the Java process.")
    work_folder: str = Field(description="Folder for Spark's temporary files.")

    def run(self, context: dg.AssetExecutionContext, arguments: Arguments) -> dict[str, Any]:
        """See `SparkRunner.run`."""
        report = context.log.info
        try:
            spark = self.session()
            if isinstance(arguments, RawPredictionsArguments):
                return compact_day(spark, arguments, report)
            return count_day(spark, arguments, report)
        except (ConnectionError, Py4JNetworkError) as error:
            raise _spark_died() from error
        except (Py4JError, PySparkException) as error:
            raise _spark_error(error) from error

    def session(self) -> SparkSession:
        """The session of this process, started on first use.

        Raises:
            JavaError: there is no suitable Java.
        """
        if running := SparkSession.getActiveSession():
            return prepare(running)
        work = Path(self.work_folder).absolute()
        if java_home := find_java_home(work):
            os.environ["JAVA_HOME"] = str(java_home)
        os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
        cores = self.cores or os.cpu_count() or 1
        configuration = {
            "spark.master": f"local[{cores}]",
            "spark.app.name": "ml_insights",
            "spark.driver.memory": self.driver_memory,
            "spark.driver.extraJavaOptions": f"{_LOG} {self.java_options}",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.local.dir": str(work),
            "spark.sql.warehouse.dir": str(work / "warehouse"),
            "spark.sql.shuffle.partitions": str(8 * cores),
            # A day's plans compile to more classes than the default of 100 keeps for the next day.
            "spark.sql.codegen.cache.maxEntries": "1000",
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
        }
        return prepare(LazyPySparkResource(spark_config=configuration).spark_session)


def _spark_died() -> SparkJobError:
    died = SparkJobError(
        "the local Spark process has ended: the system may have stopped it for its memory. Lower "
        "spark.driver_memory or free memory, then run the partition again; it continues after the "
        "last finished unit."
    )
    # This process cannot get another Spark session: only a new run can succeed.
    died.retryable = False
    return died


def _spark_error(error: Exception) -> SparkJobError | StorageError:
    """The innermost reason Spark gives, instead of its whole trace."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    causes = [line.removeprefix("Caused by").removeprefix(": ") for line in lines if _CAUSE(line)]
    reason = (causes or lines or [type(error).__name__])[-1 if causes else 0].rstrip(".")
    if "No space left on device" in str(error):
        return StorageError(
            f"the disk is full ({reason}). Free space, then run the partition again; it continues "
            "after the last finished unit."
        )
    failed = SparkJobError(
        f"Spark failed: {reason}. The whole trace is in the run's log; the last finished unit "
        "stands and a rerun continues after it."
    )
    # What Spark refuses to plan, such as a path that is not there, it will refuse again.
    failed.retryable = not isinstance(error, AnalysisException)
    return failed
