"""A job's error is the same on both sides of the network."""

from __future__ import annotations

import json

import pytest

from ml_insights.errors import MissingInputError, MlInsightsError, SparkJobError, StorageError
from ml_insights.spark.outcome import error_of, failed, succeeded


@pytest.mark.parametrize("error", [MissingInputError("no day"), StorageError("disk full")])
def test_an_error_keeps_class_message_and_whether_a_retry_helps(error: MlInsightsError) -> None:
    read = error_of(json.loads(json.dumps(failed(error))))
    assert (type(read), str(read)) == (type(error), str(error))
    assert read.retryable == error.retryable


def test_whether_a_retry_helps_is_that_of_the_error_not_of_its_class() -> None:
    error = SparkJobError("no plan")
    error.retryable = False
    assert not error_of(failed(error)).retryable
    assert SparkJobError.retryable


def test_an_unknown_class_is_a_spark_job_error() -> None:
    read = error_of({"status": "failed", "error": "FromTheFuture", "message": "x"})
    assert isinstance(read, SparkJobError)
    assert not read.retryable


def test_a_success_has_report_and_folder() -> None:
    assert succeeded({"rows": 1}, "s3://b/out", 90.0) == {
        "status": "succeeded",
        "report": {"rows": 1},
        "output": "s3://b/out",
        "core_seconds": 90.0,
    }
