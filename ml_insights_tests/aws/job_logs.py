"""Logs of jobs on S3, where EMR puts them.

What belongs here: writing one compressed log. What does not: when logs appear (`emr_life`,
`emr_serverless`).
"""

from __future__ import annotations

import gzip

from botocore.exceptions import ClientError

from ml_insights_tests.aws.service import Account


def write_log(account: Account, region: str, uri: str, content: bytes) -> None:
    """Write a compressed log; a bucket that is not there loses it, as on EMR."""
    bucket, _, key = uri.partition("://")[2].partition("/")
    s3 = account.client("s3", region)
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=gzip.compress(content, mtime=0))
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucket":
            raise
