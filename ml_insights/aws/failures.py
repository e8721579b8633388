"""AWS errors as errors of this package: what was called, on what, why, and what to do.

What belongs here: which errors a retry can mend, and the advice for those that people can. What
does not: states of jobs and resources, which each service's module judges.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore import exceptions as boto

from ml_insights.errors import AwsPermanentError, AwsTransientError

if TYPE_CHECKING:
    from collections.abc import Iterator

THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
"""Codes that ask for fewer calls."""

_INTERRUPTED = frozenset(
    {
        "InternalError",
        "InternalFailure",
        "InternalFailureException",
        "InternalServerError",
        "InternalServerException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
    }
)
_RETRYABLE_STATUS = frozenset({429, 500, 502, 503, 504})

_DENIED = (
    *("AccessDenied", "AccessDeniedException", "AuthorizationError", "Forbidden"),
    *("UnauthorizedOperation", "403"),
)
_EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired")
_UNKNOWN_KEY = (
    *("InvalidAccessKeyId", "InvalidClientTokenId", "SignatureDoesNotMatch"),
    "UnrecognizedClientException",
)
_ELSEWHERE = (
    *("AuthorizationHeaderMalformed", "IllegalLocationConstraintException"),
    *("PermanentRedirect", "301"),
)
_ABSENT = (
    *("EntityNotFoundException", "NoSuchBucket", "NoSuchEntity", "NoSuchKey", "NotFound"),
    *("ResourceNotFoundException", "404"),
)
_QUOTA = ("LimitExceeded", "LimitExceededException", "ServiceQuotaExceededException")

_ADVICE = (
    (
        _DENIED,
        "The caller may not do this: allow {operation} on the resource named above "
        "(`ml-insights iam-policy` prints what is needed).",
    ),
    (_EXPIRED, "The credentials have expired: renew them, for instance by signing in again."),
    (
        _UNKNOWN_KEY,
        "AWS does not accept the credentials: check which account and profile they are of.",
    ),
    (_ELSEWHERE, "It lies in another region than {region}: use one region for all."),
    (_ABSENT, "It is not there: check its name, the account and the region ({region})."),
    (_QUOTA, "A quota of the account is used up: wait, free some, or have it raised."),
)
"""What to do about codes that no retry mends."""
_PERMANENT = frozenset(code for codes, _ in _ADVICE for code in codes)

_CREDENTIALS = (
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.CredentialRetrievalError,
    boto.ProfileNotFound,
    boto.TokenRetrievalError,
    boto.UnauthorizedSSOTokenError,
)
_NETWORK = (boto.ConnectionError, boto.HTTPClientError, boto.ReadTimeoutError)


def is_retryable(code: str, status: int) -> bool:
    """Whether the same call can succeed later: throttling and trouble of the service itself.

    Args:
        code: `Error.Code` of the answer.
        status: its HTTP status; 0 if unknown.
    """
    return code not in _PERMANENT and (
        code in THROTTLED | _INTERRUPTED or status in _RETRYABLE_STATUS
    )


@contextmanager
def aws_call(doing: str, resource: str = "", *, region: str = "") -> Iterator[None]:
    """Turn botocore's errors into those of this package.

    Args:
        doing: what was tried, as "starting the cluster"; begins the message.
        resource: name, id or URI of what it was tried on.
        region: region of the client, named where it can be the cause.

    Raises:
        AwsTransientError: the same call can succeed later.
        AwsPermanentError: somebody has to change something first; the message says what.
    """
    where = f"{doing} ({resource})" if resource else doing
    try:
        yield
    except boto.ClientError as error:
        raise _refused(error, where, region) from error
    except _CREDENTIALS as error:
        raise AwsPermanentError(
            f"{where} failed: {_plain(error)}. Give AWS credentials: the environment, a profile "
            "(`aws.profile`) or the role of the machine; then try again.",
            code="Credentials",
        ) from error
    except boto.NoRegionError as error:
        raise AwsPermanentError(
            f"{where} failed: no region is known. Set `aws.region`.", code="Region"
        ) from error
    except boto.ParamValidationError as error:
        raise AwsPermanentError(
            f"{where} failed before it was sent: {_plain(error)}. Correct the setting it names.",
            code="Parameters",
        ) from error
    except _NETWORK as error:
        raise AwsTransientError(
            f"{where} failed: AWS was not reached ({_plain(error)}). Check the network and, where "
            "it is set, `aws.endpoint_url`.",
            code="Network",
        ) from error
    except boto.BotoCoreError as error:
        raise AwsPermanentError(
            f"{where} failed: {type(error).__name__}: {_plain(error)}.", code=type(error).__name__
        ) from error


def _refused(error: Any, where: str, region: str) -> AwsPermanentError | AwsTransientError:
    """An answer of AWS that is an error."""
    details, answer = error.response.get("Error", {}), error.response.get("ResponseMetadata", {})
    code, status = str(details.get("Code", "")), int(answer.get("HTTPStatusCode", 0))
    request = answer.get("RequestId") or "none"
    reason = str(details.get("Message") or "no message").strip().rstrip(".")
    text = (
        f"{where} failed: {error.operation_name} answered {code}: {reason} (request id {request})."
    )
    if is_retryable(code, status):
        return AwsTransientError(f"{text} The same call can succeed later.", code=code)
    return AwsPermanentError(f"{text} {_advice(code, error.operation_name, region)}", code=code)


def _advice(code: str, operation: str, region: str) -> str:
    for codes, advice in _ADVICE:
        if code in codes:
            return advice.format(operation=operation, region=region or "`aws.region`")
    return "Correct what the reason names, then try again."


def _plain(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")
