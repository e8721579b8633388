"""Spark's errors as errors of this package: the innermost reason instead of a whole trace.

What belongs here: what an exception of a job means to the user. What does not: errors of the place
where the job runs (the runners).
"""

from __future__ import annotations

import re

from pyspark.errors import AnalysisException

from ml_insights.errors import (
    ContractError,
    DamagedFileError,
    MlInsightsError,
    SparkJobError,
    StorageError,
)

_CAUSE = re.compile("(Caused by)?: ").match
"""Start of a line of Java's trace that names an exception and its reason."""
_CONTRACT = re.compile(r"IllegalArgumentException: ContractError: (.+)")
"""What our operators in Java refuse."""
_DENIED = re.compile(r"AccessDenied|Access Denied|Status Code: 403|\b403 Forbidden")
_UNREAD_FILE = re.compile(
    r"Encountered error while reading file (.+?)\.?(?: +SQLSTATE.*| Details.*)?$"
)
"""How Spark names the file; only the outer exception does."""
_DAMAGED = re.compile(
    "Unexpected end of input stream|not a gzip file|not a Parquet file|java.util.zip|incorrect "
    "(header|data) check|corrupt|zstd|parquet",
    re.IGNORECASE,
)
"""What the innermost reason says of content that will not read better the next time."""


def spark_error(error: Exception) -> MlInsightsError:
    """The innermost reason Spark gives, and what to do."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    causes = [re.sub("^(Caused by)?: ", "", line) for line in lines if _CAUSE(line)]
    reason = (causes or lines or [type(error).__name__])[-1 if causes else 0].rstrip(".")
    if refused := _CONTRACT.search(str(error)):
        return ContractError(refused[1])
    if "No space left on device" in str(error):
        return StorageError(
            f"the disk is full ({reason}). Free space, then run the partition again; it continues "
            "after the last finished unit."
        )
    if _DENIED.search(str(error)):
        denied = StorageError(
            f"Spark may not read or write where it must: {reason}. Give the role of the job the "
            "rights that `ml-insights iam-policy` prints, then run the partition again."
        )
        denied.retryable = False
        return denied
    unread = next((found[1] for line in lines if (found := _UNREAD_FILE.search(line))), None)
    if unread and _DAMAGED.search(reason):
        return DamagedFileError(
            f"{unread} is damaged: {reason}. Put a sound copy in its place, or take it away (what "
            "is in the lake is written again by a run with `recompute`), then run the partition "
            "again."
        )
    place = f" at {unread}" if unread else ""
    failed = SparkJobError(
        f"Spark failed{place}: {reason}. The whole trace is in the run's log; the last finished "
        "unit stands and a rerun continues after it."
    )
    # What Spark refuses to plan, such as a path that is not there, it will refuse again.
    failed.retryable = not isinstance(error, AnalysisException)
    return failed
