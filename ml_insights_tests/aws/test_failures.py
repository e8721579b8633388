"""What went wrong in AWS, whether a retry helps, and what to do about it."""

from __future__ import annotations

import pytest
from botocore import exceptions as boto

from ml_insights.aws.failures import aws_call, is_retryable
from ml_insights.errors import AwsError, AwsPermanentError, AwsTransientError


def answer(code: str, status: int = 400) -> boto.ClientError:
    return boto.ClientError(
        {
            "Error": {"Code": code, "Message": "a reason."},
            "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "request-7"},
        },
        "RunJobFlow",
    )


def translated(error: Exception) -> AwsError:
    with (
        pytest.raises(AwsError) as caught,
        aws_call("starting the cluster", "j-1", region="eu-west-1"),
    ):
        raise error
    assert caught.value.__cause__ is error
    return caught.value


@pytest.mark.parametrize(
    ("code", "status", "retryable"),
    [
        ("ThrottlingException", 400, True),
        ("SlowDown", 503, True),
        ("Surprise", 500, True),
        ("Surprise", 429, True),
        ("InternalServerException", 400, True),
        ("Surprise", 400, False),
        ("AccessDeniedException", 400, False),
        ("ExpiredToken", 400, False),
        ("LimitExceededException", 429, False),
        ("AccessDenied", 503, False),
    ],
)
def test_a_retry_helps_against_throttling_and_trouble_of_the_service_only(
    code: str, status: int, retryable: bool
) -> None:
    assert is_retryable(code, status) is retryable
    assert translated(answer(code, status)).retryable is retryable


@pytest.mark.parametrize(
    ("error", "code", "advice"),
    [
        (answer("AccessDeniedException"), "AccessDeniedException", "allow RunJobFlow"),
        (answer("ExpiredTokenException"), "ExpiredTokenException", "renew them"),
        (answer("InvalidClientTokenId", 403), "InvalidClientTokenId", "which account"),
        (answer("PermanentRedirect", 301), "PermanentRedirect", "another region than eu-west-1"),
        (answer("NoSuchBucket", 404), "NoSuchBucket", "It is not there"),
        (answer("ServiceQuotaExceededException"), "ServiceQuotaExceededException", "quota"),
        (answer("ValidationException"), "ValidationException", "Correct what the reason names"),
        (boto.NoCredentialsError(), "Credentials", "Give AWS credentials"),
        (boto.ProfileNotFound(profile="nobody"), "Credentials", "nobody"),
        (boto.NoRegionError(), "Region", "Set `aws.region`"),
        (boto.ParamValidationError(report="Unknown parameter"), "Parameters", "before it was sent"),
        (boto.InvalidRegionError(region_name="?"), "InvalidRegionError", "InvalidRegionError"),
    ],
)
def test_what_people_must_change_is_said(error: Exception, code: str, advice: str) -> None:
    found = translated(error)
    assert isinstance(found, AwsPermanentError)
    assert found.code == code
    assert advice in str(found)
    assert "starting the cluster (j-1) failed" in str(found)


def test_the_answer_of_aws_is_quoted_with_call_and_request() -> None:
    text = str(translated(answer("ValidationException")))
    assert "RunJobFlow answered ValidationException: a reason (request id request-7)." in text


@pytest.mark.parametrize(
    "error",
    [
        boto.EndpointConnectionError(endpoint_url="https://emr"),
        boto.ReadTimeoutError(endpoint_url="https://emr"),
        boto.ConnectTimeoutError(endpoint_url="https://emr"),
    ],
)
def test_an_unreachable_network_passes(error: Exception) -> None:
    found = translated(error)
    assert isinstance(found, AwsTransientError)
    assert "was not reached" in str(found)


def test_other_errors_pass_unchanged() -> None:
    with pytest.raises(ZeroDivisionError), aws_call("dividing"):
        raise ZeroDivisionError
