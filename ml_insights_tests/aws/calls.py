"""The log of all calls that the stand-in answered, for tests and for the proof of policies.

What belongs here: what is remembered of a call. What does not: parameters and answers at large.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock


@dataclass(frozen=True)
class Call:
    """One call.

    Attributes:
        service: botocore's name of the service.
        operation: as the model names it; empty when the model has none.
        action: what a policy must allow; of most calls `<prefix>:<operation>`.
        resource: parameters that identify something: labels of the path, and those whose names end
            in Id, Arn, Name, Bucket, Key or WorkGroup, at the top and up to two levels below, as
            `TableInput.Name`.
        region: the call was signed for.
        access_key: the call was signed with.
        request_id: as the answer has it; empty for services of moto that send none.
        status: HTTP status of the answer; 0 when the connection was broken.
        error: code of the error; empty for a success, and for errors of moto's services.
        moment: when the call came.
    """

    service: str
    operation: str
    action: str
    resource: Mapping[str, str]
    region: str
    access_key: str
    request_id: str
    status: int
    error: str
    moment: datetime


ACTION_PREFIX = {"emr": "elasticmapreduce"}
"""Prefix of a service's actions in policies, where it is not botocore's name of the service."""

S3_ACTIONS = {
    "ListObjects": "s3:ListBucket",
    "ListObjectsV2": "s3:ListBucket",
    "HeadBucket": "s3:ListBucket",
    "ListBuckets": "s3:ListAllMyBuckets",
    "HeadObject": "s3:GetObject",
    "CopyObject": "s3:PutObject",
    "CreateMultipartUpload": "s3:PutObject",
    "UploadPart": "s3:PutObject",
    "UploadPartCopy": "s3:PutObject",
    "CompleteMultipartUpload": "s3:PutObject",
    "DeleteObjects": "s3:DeleteObject",
    "ListParts": "s3:ListMultipartUploadParts",
    "ListMultipartUploads": "s3:ListBucketMultipartUploads",
}
"""What a policy must allow for an operation of S3, where the names differ."""


def action_of(service: str, operation: str) -> str:
    """The action of a policy that allows an operation."""
    if service == "s3" and operation in S3_ACTIONS:
        return S3_ACTIONS[operation]
    return f"{ACTION_PREFIX.get(service, service)}:{operation}"


@dataclass
class CallLog:
    """Calls in the order in which they were answered; safe for threads."""

    _calls: list[Call] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def add(self, call: Call) -> None:
        with self._lock:
            self._calls.append(call)

    def of(self, service: str, operation: str | None = None) -> list[Call]:
        """Calls of a service, or of one of its operations."""
        return [
            call for call in self if call.service == service and operation in {None, call.operation}
        ]

    def clear(self) -> None:
        with self._lock:
            self._calls.clear()

    def __iter__(self) -> Iterator[Call]:
        with self._lock:
            return iter(list(self._calls))

    def __len__(self) -> int:
        return len(self._calls)
