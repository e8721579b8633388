"""How a job ended, as one JSON document that travels from the cluster to Dagster.

What belongs here: the document's form, both ways. What does not: where it is written (`job`) and
read (the runners).

This module travels to the Spark cluster: standard library only, Python 3.9.
"""

from __future__ import annotations

from typing import Any

from ml_insights import errors
from ml_insights.errors import MlInsightsError, SparkJobError

Outcome = dict[str, Any]


def succeeded(report: dict[str, Any], output: str, core_seconds: float) -> Outcome:
    """A job that is done.

    Args:
        report: what the step returns.
        output: folder it wrote to.
        core_seconds: what it has used, see `usage`.
    """
    return {
        "status": "succeeded",
        "report": report,
        "output": output,
        "core_seconds": core_seconds,
    }


def failed(error: MlInsightsError) -> Outcome:
    """A job that refused its input, or failed."""
    return {
        "status": "failed",
        "error": type(error).__name__,
        "message": str(error),
        "retryable": error.retryable,
    }


def error_of(outcome: Outcome) -> MlInsightsError:
    """The error of a failed job, of the class that it had on the cluster."""
    kind = getattr(errors, str(outcome.get("error")), SparkJobError)
    error: MlInsightsError = kind(str(outcome.get("message")))
    error.retryable = bool(outcome.get("retryable"))
    return error
