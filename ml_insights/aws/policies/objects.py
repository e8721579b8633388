"""Reading and writing objects below a place on S3, and the key that encrypts them."""

from __future__ import annotations

from ml_insights.aws.policies.statements import Places, Statement


def reading(places: Places, sid: str, uri: str) -> list[Statement]:
    """Listing and reading what is below a place."""
    prefix = uri.removeprefix("s3://").partition("/")[2]
    # Hadoop asks for an object of the folder's own name before it lists the folder.
    own_name = (places.objects(uri).removesuffix("/*"),) if prefix else ()
    return [
        Statement(
            f"List{sid}",
            {"s3:ListBucket": "finds days and files; tells a missing object from a forbidden one"},
            (places.bucket(uri),),
            {"StringLike": {"s3:prefix": [f"{prefix}/*", prefix]}} if prefix else {},
        ),
        Statement(f"Read{sid}", {"s3:GetObject": "reads them"}, (places.objects(uri), *own_name)),
    ]


def read_write(places: Places, sid: str, uri: str) -> list[Statement]:
    """The same, and writing and deleting there."""
    return [
        *reading(places, sid, uri),
        Statement(
            f"Write{sid}",
            {
                "s3:PutObject": "publishes tables and documents",
                "s3:DeleteObject": "removes what attempts left unpublished",
            },
            (places.objects(uri),),
        ),
    ]


def sources(places: Places) -> list[Statement]:
    """Reading captures and labels."""
    return [
        statement
        for number, uri in enumerate(dict.fromkeys(places.sources), start=1)
        for statement in reading(places, f"Source{number}", uri)
    ]


def key(places: Places, *, writes: bool = True) -> list[Statement]:
    """Use of the lake's key, if it has one."""
    if places.kms_key is None:
        return []
    why = {"kms:Decrypt": "reads encrypted objects"}
    if writes:
        why["kms:GenerateDataKey"] = "writes encrypted objects"
    return [Statement("Key", why, (places.kms_key,))]
