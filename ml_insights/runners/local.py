"""Heavy steps in this process, on one Spark session that all steps of the process share.

What belongs here: starting that session, and what to do when it dies. What does not: settings the
results depend on (`ml_insights.spark.session`).
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import dagster as dg
from dagster_pyspark import LazyPySparkResource
from py4j.protocol import Py4JError, Py4JNetworkError
from pydantic import Field
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

import ml_insights
from ml_insights.errors import SparkJobError, StorageError
from ml_insights.java import find_java_home
from ml_insights.runners.runner import JobResult, SparkRunner
from ml_insights.spark.arguments import Arguments
from ml_insights.spark.failures import spark_error
from ml_insights.spark.job import run_step
from ml_insights.spark.session import prepare

# In quotes: Spark splits the options at blanks, and the folder may have one in its name.
_LOG_SETTINGS = Path(ml_insights.__file__).parent / "spark" / "log4j2.properties"
_LOG = f'"-Dlog4j2.configurationFile={_LOG_SETTINGS}"'


class LocalSparkRunner(SparkRunner):
    """Runs the job in this process."""

    driver_memory: str = Field(description="Heap of the local Spark process, such as 2g.")
    cores: int = Field(description="Cores to use; 0 means all.")
    java_options: str = Field(default="", description="Options of the Java process.")
    work_folder: str = Field(description="Folder for Spark's temporary files.")
    configuration: dict[str, str] = Field(default={}, description="Spark settings over ours.")

    def run(self, context: dg.AssetExecutionContext, arguments: Arguments) -> JobResult:
        """See `SparkRunner.run`."""
        try:
            report = run_step(self.session(), arguments, context.log.info)
        except (ConnectionError, Py4JNetworkError) as error:
            raise _spark_died() from error
        except (Py4JError, PySparkException) as error:
            raise spark_error(error) from error
        except OSError as error:
            raise _unwritable(error) from error
        return JobResult(report, arguments.output)

    def session(self) -> SparkSession:
        """The session of this process, started on first use.

        Raises:
            JavaError: there is no suitable Java.
        """
        if running := SparkSession.getActiveSession():
            return prepare(running)
        work = _writable(Path(self.work_folder).absolute())
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
            # Python would ask Java five things more for each function of a column.
            "spark.python.sql.dataFrameDebugging.enabled": "false",
            "spark.ui.enabled": "false",
            "spark.sql.ui.explainMode": "simple",
            "spark.ui.showConsoleProgress": "false",
            **self.configuration,
        }
        return prepare(LazyPySparkResource(spark_config=configuration).spark_session)


def _writable(folder: Path) -> Path:
    """The folder, which Spark could not say is not there: it would die at its start."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"-")
    except OSError as error:
        raise _unwritable(error) from error
    return folder


def _unwritable(error: OSError) -> StorageError:
    return StorageError(
        f"the local Spark process cannot write its files: {error}. Free space on that disk, or "
        "make the folder one that can be written; then run the partition again."
    )


def _spark_died() -> SparkJobError:
    died = SparkJobError(
        "the local Spark process has ended: the system may have stopped it for its memory. Lower "
        "spark.driver_memory or free memory, then run the partition again; it continues after the "
        "last finished unit."
    )
    # This process cannot get another Spark session: only a new run can succeed.
    died.retryable = False
    return died
