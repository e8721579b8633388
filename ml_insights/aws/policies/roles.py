"""What each role may do: the Dagster process, Spark's jobs, QuickSight."""

from __future__ import annotations

from ml_insights.aws.policies.objects import key, read_write, reading, sources
from ml_insights.aws.policies.queries import athena, glue, querying
from ml_insights.aws.policies.quicksight import quicksight
from ml_insights.aws.policies.spark_jobs import emr, emr_serverless
from ml_insights.aws.policies.statements import Places, Statement


def dagster_role(places: Places) -> list[Statement]:
    """What the Dagster process may do."""
    statements = read_write(places, "Lake", places.lake)
    if places.source == "athena":
        statements += [*glue(places), *athena(places)]
    statements += quicksight(places)
    if places.runner == "local":
        statements += sources(places)
    elif places.runner == "emr":
        statements += emr(places)
    else:
        statements += emr_serverless(places)
    return statements + key(places)


def job_role(places: Places) -> list[Statement]:
    """What Spark may do on EMR: instance profile of clusters, or role of Serverless jobs."""
    uploads = [
        Statement(
            "UploadsOfLake",
            {"s3:ListBucketMultipartUploads": "Spark's commit looks for uploads that were left"},
            (places.bucket(places.lake),),
        ),
        Statement(
            "PartsOfLake",
            {"s3:AbortMultipartUpload": "Spark drops what failed tasks have uploaded"},
            (places.objects(places.lake),),
        ),
    ]
    return [*read_write(places, "Lake", places.lake), *uploads, *sources(places), *key(places)]


def quicksight_role(places: Places) -> list[Statement]:
    """What QuickSight may do when it reads the results."""
    lake = reading(places, "Lake", places.lake)
    if places.source == "s3":
        return [*lake, *key(places, writes=False)]
    return [*querying(places), *lake, *key(places)]
