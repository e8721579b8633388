"""What is known to fail is refused before a cluster is paid for.

What belongs here: questions to S3 and to the service. What does not: what the answers cost later.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from ml_insights.errors import MissingInputError
from ml_insights.spark.arguments import Arguments, RawPredictionsArguments

if TYPE_CHECKING:
    from ml_insights.aws.s3 import Objects
    from ml_insights.aws.spark_jobs import SparkJobs


def check_before_start(
    jobs: SparkJobs, objects: Objects, arguments: Arguments, work: str, logs: str
) -> None:
    """Refuse a job that cannot succeed.

    Raises:
        AwsPermanentError: a bucket is not there or in another region, a folder is not writable, or
            the service refuses (no such release, no such cluster).
        MissingInputError: the day has no captured object.
    """
    if isinstance(arguments, RawPredictionsArguments):
        sources = [arguments.capture_root]
    else:
        sources = [arguments.ground_truth_root, arguments.predictions]
    buckets = {uri.split("/")[2]: uri for uri in [*sources, arguments.output, work, logs]}
    for uri in buckets.values():
        objects.check_bucket(uri)
    for folder in (work, arguments.output):
        objects.check_writable(folder)
    if isinstance(arguments, RawPredictionsArguments):
        _check_captured(objects, arguments)
    jobs.check()


def _check_captured(objects: Objects, arguments: RawPredictionsArguments) -> None:
    day = date.fromisoformat(arguments.day)
    for variant in objects.folders(arguments.capture_root):
        if objects.any_below(f"{arguments.capture_root}/{variant}/{day:%Y/%m/%d}/"):
            return
    raise MissingInputError(
        f"no captured object for {arguments.day}: looked for {arguments.capture_root}/<variant>/"
        f"{day:%Y/%m/%d}/<hour>/. Check that data capture is on, that data_capture in the settings "
        "is the capture destination (without endpoint name), and the day."
    )
