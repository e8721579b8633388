"""The one program that spark-submit starts on a cluster, for both heavy jobs.

What belongs here: from command line to outcome. What does not: what the jobs do, and who starts
them. Without `--messages` and `--outcome` it runs by hand and prints its progress.

    spark-submit --py-files ml_insights-<hash>.zip job.py --job raw_predictions --arguments <text>

This module travels to the Spark cluster, alone as the program and in the archive: standard library
and PySpark only, Python 3.9.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from ml_insights.errors import MissingInputError, MlInsightsError, SparkJobError
from ml_insights.spark.arguments import JOBS, RawPredictionsArguments, from_json, unpacked
from ml_insights.spark.confusion_counts import count_day
from ml_insights.spark.driver_log import log_to_file
from ml_insights.spark.failures import spark_error
from ml_insights.spark.files import Files
from ml_insights.spark.messages import Messages
from ml_insights.spark.outcome import failed, succeeded
from ml_insights.spark.raw_predictions import compact_day
from ml_insights.spark.session import prepare
from ml_insights.spark.usage import core_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ml_insights.spark.arguments import Arguments
    from ml_insights.spark.outcome import Outcome


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run a job; returns the exit code."""
    options = _options(argv)
    spark = prepare(SparkSession.builder.appName(f"ml_insights {options.job}").getOrCreate())
    try:
        outcome = _told(spark, options) if options.messages else _outcome(spark, options, _print)
        if options.outcome:
            Files(spark, options.outcome).write_json(options.outcome, outcome)
    finally:
        spark.stop()
    if outcome["status"] != "succeeded":
        _print(f"{outcome['error']}: {outcome['message']}")
        return 1
    return 0


def run_step(
    spark: SparkSession, arguments: Arguments, report: Callable[[str], None]
) -> dict[str, Any]:
    """Run the step that the arguments belong to; returns its report.

    Raises:
        MlInsightsError: the step refused its input.
        Py4JError: Spark failed.
        PySparkException: Spark failed.
    """
    if isinstance(arguments, RawPredictionsArguments):
        return compact_day(spark, arguments, report)
    return count_day(spark, arguments, report)


def _told(spark: SparkSession, options: argparse.Namespace) -> Outcome:
    """Run the job and tell Dagster about it meanwhile."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "driver.log"
        log_to_file(spark, log)
        send = Files(spark, options.messages).write_text
        with Messages(send, options.messages, log_file=log) as messages:
            outcome = _outcome(spark, options, messages.log)
            messages.report(outcome)
    return outcome


def _outcome(
    spark: SparkSession, options: argparse.Namespace, report: Callable[[str], None]
) -> Outcome:
    try:
        arguments = _arguments(spark, options)
        done = run_step(spark, arguments, report)
        return succeeded(done, arguments.output, core_seconds(spark))
    except MlInsightsError as error:
        return failed(error)
    except (Py4JError, PySparkException) as error:
        traceback.print_exc()
        return failed(spark_error(error))
    except Exception as error:  # noqa: BLE001 (a defect must reach Dagster with its name)
        traceback.print_exc()
        unexpected = SparkJobError(f"unexpected {type(error).__name__}: {error}")
        unexpected.retryable = False
        return failed(unexpected)


def _arguments(spark: SparkSession, options: argparse.Namespace) -> Arguments:
    if options.arguments:
        return from_json(options.job, unpacked(options.arguments))
    document = Files(spark, options.arguments_file).read_json(options.arguments_file)
    if document is None:
        raise MissingInputError(f"the arguments of the job are not at {options.arguments_file}")
    return from_json(options.job, json.dumps(document))


def _options(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="ml_insights job")
    parser.add_argument("--job", required=True, choices=sorted(JOBS))
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument("--arguments", help="packed JSON of the job's arguments")
    given.add_argument("--arguments-file", help="URI of that JSON, where it is too long")
    parser.add_argument("--messages", help="folder for messages to Dagster")
    parser.add_argument("--outcome", help="file for the outcome")
    return parser.parse_args(argv)


def _print(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
