"""The errors of ml_insights: each says what happened, where, and what the user can do.

What belongs here: the exception classes and the one fact the orchestration needs of them, whether
a retry can succeed. What does not: messages (they are written where the facts are known), and the
mapping to Dagster's own failure type (`ml_insights.assets`).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType


class MlInsightsError(Exception):
    """Base of every error this package raises on purpose.

    Attributes:
        retryable: Whether running the same thing again, unchanged, can succeed.
        details: What helps to find the cause, by title: links, the end of a log.
    """

    retryable = False
    details: Mapping[str, str] = MappingProxyType({})


class SettingsError(MlInsightsError, ValueError):
    """The settings are wrong: the message names the file, line, key and legal values."""


class ContractError(MlInsightsError, ValueError):
    """Data does not have the columns, types or invariants that its table promises."""


class MissingInputError(MlInsightsError):
    """Input that a partition needs is not there (no capture files, no published upstream day)."""


class BadInputError(MlInsightsError):
    """Input is there but too much of it is unusable; the message lists the counted reasons."""


class JavaError(MlInsightsError):
    """No suitable Java runtime for a local Spark session."""


class StorageError(MlInsightsError):
    """Reading or writing the lake failed (disk full, permission); nothing half-written remains."""

    retryable = True


class DamagedFileError(StorageError):
    """A file is there but cannot be read as what it should be; the message names it."""

    retryable = False


class SparkJobError(MlInsightsError):
    """A Spark job failed; the message carries the reason Spark gave first."""

    retryable = True


class AwsError(MlInsightsError):
    """A call of AWS failed; the message names the call, the resource, the request and what to do.

    Attributes:
        code: AWS's own code of the error, such as `AccessDeniedException`, or ours where AWS was
            not reached.
    """

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class AwsPermanentError(AwsError):
    """Somebody has to change something before the call can succeed."""


class AwsTransientError(AwsError):
    """Throttling, the network or trouble of the service: the same call can succeed later."""

    retryable = True


class DeadlineExceededError(MlInsightsError):
    """Something took longer than the settings allow; what was started for it is stopped."""


class BudgetExceededError(MlInsightsError):
    """The day's budget for clusters is used up, and the settings say to stop."""
