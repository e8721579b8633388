"""Small objects on S3 beside the tables: archives, arguments, outcomes, logs; and what S3 allows.

What belongs here: single objects, and the questions asked before money is spent. What does not:
tables (`ml_insights.lake`).
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ml_insights.aws.failures import aws_call
from ml_insights.errors import AwsPermanentError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ml_insights.aws.clients import AwsSession

_ABSENT = ("404", "NoSuchKey", "NotFound")


def bucket_and_key(uri: str) -> tuple[str, str]:
    """`s3://bucket/key` in two parts; the key may be empty."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


@dataclass(frozen=True)
class Objects:
    """Objects of any bucket, by URI.

    Attributes:
        session: way to AWS.
        kms_key: ARN of the key that encrypts what is written; None: the bucket's own choice.
    """

    session: AwsSession
    kms_key: str | None = None

    @property
    def _client(self) -> Any:
        return self.session.client("s3")

    def put(self, uri: str, content: bytes) -> None:
        """Write an object, complete or not at all."""
        bucket, key = bucket_and_key(uri)
        kms = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": self.kms_key}
        encryption = kms if self.kms_key else {}
        with aws_call("writing an object", uri, region=self.session.region):
            self._client.put_object(Bucket=bucket, Key=key, Body=content, **encryption)

    def put_once(self, uri: str, content: bytes) -> bool:
        """Write an object named by its content unless it is there; returns whether it was."""
        if self.size(uri) == len(content):
            return False
        self.put(uri, content)
        return True

    def size(self, uri: str) -> int | None:
        """Bytes of an object; None when there is none."""
        bucket, key = bucket_and_key(uri)
        with aws_call("looking for an object", uri, region=self.session.region):
            try:
                return int(self._client.head_object(Bucket=bucket, Key=key)["ContentLength"])
            except ClientError as error:
                if error.response["Error"]["Code"] in _ABSENT:
                    return None
                raise

    def read(self, uri: str) -> bytes | None:
        """Content of an object; None when there is none."""
        bucket, key = bucket_and_key(uri)
        with aws_call("reading an object", uri, region=self.session.region):
            try:
                content: bytes = self._client.get_object(Bucket=bucket, Key=key)["Body"].read()
            except ClientError as error:
                if error.response["Error"]["Code"] in _ABSENT:
                    return None
                raise
        return content

    def read_json(self, uri: str) -> Any:
        """A JSON document; None when there is none."""
        content = self.read(uri)
        return None if content is None else json.loads(content)

    def delete(self, uri: str) -> None:
        """Delete an object; nothing happens when there is none."""
        bucket, key = bucket_and_key(uri)
        with aws_call("deleting an object", uri, region=self.session.region):
            self._client.delete_object(Bucket=bucket, Key=key)

    def below(self, uri: str) -> Iterator[str]:
        """URIs of all objects whose URI begins with `uri`."""
        bucket, prefix = bucket_and_key(uri)
        with aws_call("listing objects", uri, region=self.session.region):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=bucket, Prefix=prefix
            )
            for page in pages:
                for item in page.get("Contents", []):
                    yield f"s3://{bucket}/{item['Key']}"

    def any_below(self, uri: str) -> bool:
        """Whether there is an object whose URI begins with `uri`."""
        bucket, prefix = bucket_and_key(uri)
        with aws_call("listing objects", uri, region=self.session.region):
            page = self._client.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1)
        return bool(page.get("Contents"))

    def folders(self, uri: str) -> list[str]:
        """Names of the folders directly below `uri`; the first thousand."""
        bucket, prefix = bucket_and_key(uri.rstrip("/") + "/")
        with aws_call("listing folders", uri, region=self.session.region):
            page = self._client.list_objects_v2(Bucket=bucket, Prefix=prefix, Delimiter="/")
        return [item["Prefix"][len(prefix) : -1] for item in page.get("CommonPrefixes", [])]

    def last_lines(self, uri: str, number: int) -> list[str]:
        """The last lines of a log, which may be compressed; empty when there is none."""
        content = self.read(uri)
        if content is None:
            return []
        text = gzip.decompress(content) if uri.endswith(".gz") else content
        return text.decode(errors="replace").splitlines()[-number:]

    def check_bucket(self, uri: str) -> None:
        """Refuse a bucket that is not there, not ours to use, or in another region.

        Raises:
            AwsPermanentError: it is one of these; the message says which.
        """
        bucket, _ = bucket_and_key(uri)
        with aws_call("looking for the bucket", bucket, region=self.session.region):
            answer = self._client.head_bucket(Bucket=bucket)
        headers = answer["ResponseMetadata"].get("HTTPHeaders", {})
        region = answer.get("BucketRegion") or headers.get("x-amz-bucket-region")
        if region and region != self.session.region:
            raise AwsPermanentError(
                f"bucket {bucket} is in {region}, but `aws.region` is {self.session.region}. Use "
                "a bucket there, or compute in the bucket's region: transfers between regions are "
                "slow and are billed.",
                code="OtherRegion",
            )

    def check_writable(self, folder: str) -> None:
        """Refuse a folder in which this process may not write and delete.

        Raises:
            AwsPermanentError: it may not.
        """
        probe = f"{folder}/_probe"
        self.put(probe, b"")
        self.delete(probe)
