"""What work changes in the account: calls that create or change something, and objects on S3.

What belongs here: telling looks from changes in the log of calls, and two states of a bucket. What
does not: the work (`demo`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ml_insights_tests.aws.calls import Call
from ml_insights_tests.aws.server import StandIn

_CHANGES = ("Create", "Update", "Put", "Delete", "Start", "Tag", "Untag", "Copy", "Upload")
_SERVICES = ("quicksight", "glue", "athena", "s3")
_SCRATCH = re.compile("/_(staging|jobs)/")
"""Folders in which jobs leave results that are published by others or not at all."""


def changes(stand_in: StandIn, region: str, bucket: str, work: Callable[[], object]) -> list[str]:
    """What some work created and changed, as sentences; scratch files do not count.

    Args:
        stand_in: where.
        region: of the bucket.
        bucket: whose objects are compared.
        work: done now.
    """
    client = stand_in.client("s3", region)
    before, start = _objects(client, bucket), len(stand_in.calls)
    work()
    calls = list(stand_in.calls)[start:]
    after = _objects(client, bucket)
    different = {key for key, _ in before.items() ^ after.items()}
    return [
        *sorted({_sentence(call) for call in calls if _changing(call)}),
        *(f"s3://{bucket}/{key} is another one" for key in sorted(different)),
    ]


def _objects(client: Any, bucket: str) -> dict[str, Any]:
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    listed = (one for page in pages for one in page.get("Contents", []))
    return {
        one["Key"]: (one["ETag"], one["LastModified"])
        for one in listed
        if not _SCRATCH.search(one["Key"])
    }


def _changing(call: Call) -> bool:
    """Whether it changes something for good; deletions on S3 do not say of what."""
    if call.service not in _SERVICES or call.operation == "DeleteObjects":
        return False
    return call.operation.startswith(_CHANGES) and not _SCRATCH.search(call.resource.get("Key", ""))


def _sentence(call: Call) -> str:
    about = ", ".join(f"{name} {value}" for name, value in call.resource.items())
    return f"{call.service} {call.operation} of {about}"
