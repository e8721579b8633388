"""The catalogue of tables, and queries of them: Glue and Athena."""

from __future__ import annotations

from ml_insights.aws.policies.objects import read_write, reading
from ml_insights.aws.policies.statements import Places, Statement


def glue(places: Places) -> list[Statement]:
    """The database and its tables: made, looked at, brought up to date."""
    return [
        Statement(
            "Database",
            {
                "glue:GetDatabase": "looks whether it is there and ours; Athena plans queries",
                "glue:CreateDatabase": "makes it",
            },
            _database(places),
        ),
        Statement(
            "Tables",
            {
                "glue:GetTable": "compares tables with their contracts; Athena plans queries",
                "glue:CreateTable": "makes them",
                "glue:UpdateTable": "adds endpoints to their partitions, and columns on migration",
            },
            (*_database(places), places.arn("glue", f"table/{places.database}/*")),
        ),
    ]


def athena(places: Places) -> list[Statement]:
    """The workgroup, and queries in it."""
    return [
        Statement(
            "Workgroup",
            {
                "athena:GetWorkGroup": "looks whether the workgroup is as the settings say",
                "athena:ListTagsForResource": "tells whether this installation made it",
                "athena:CreateWorkGroup": "makes it",
                "athena:TagResource": "marks it as this installation's",
                "athena:UpdateWorkGroup": "brings its limits up to date",
                "athena:StartQueryExecution": "`ml-insights query`",
                "athena:GetQueryExecution": "waits for the query",
                "athena:GetQueryResults": "reads its answer",
                "athena:StopQueryExecution": "stops it at the deadline",
            },
            (places.arn("athena", f"workgroup/{places.workgroup}"),),
        ),
        *(
            []
            if places.results.startswith(f"{places.lake}/")
            else read_write(places, "Results", places.results)
        ),
        *_answering(places),
    ]


def querying(places: Places) -> list[Statement]:
    """Queries of our tables, answered at the place of results: what QuickSight's reading needs."""
    return [
        Statement(
            "Query",
            {
                "athena:GetWorkGroup": "checks the data source",
                "athena:StartQueryExecution": "reads rows for an ingestion",
                "athena:GetQueryExecution": "waits for them",
                "athena:GetQueryResults": "fetches them",
                "athena:GetQueryResultsStream": "fetches many of them",
                "athena:StopQueryExecution": "a cancelled ingestion stops its query",
            },
            (places.arn("athena", f"workgroup/{places.workgroup}"),),
        ),
        Statement(
            "Catalogue",
            {"glue:GetTable": "Athena plans the query"},
            (*_database(places), places.arn("glue", f"table/{places.database}/*")),
        ),
        Statement("Database", {"glue:GetDatabase": "Athena plans the query"}, _database(places)),
        *reading(places, "Results", places.results),
        Statement(
            "WriteResults",
            {"s3:PutObject": "Athena writes what it answers with the reader's rights"},
            (places.objects(places.results),),
        ),
        *_answering(places),
    ]


def _answering(places: Places) -> list[Statement]:
    """What Athena does besides at the place of results, with the rights of whoever queries."""
    return [
        Statement(
            "VerifyResults",
            {
                "s3:GetBucketLocation": "Athena looks at the bucket before it starts a query",
                "s3:ListBucketMultipartUploads": "Athena writes long answers in parts",
            },
            (places.bucket(places.results),),
        ),
        Statement(
            "PartsOfResults",
            {
                "s3:AbortMultipartUpload": "Athena drops the parts of a query that was stopped",
                "s3:ListMultipartUploadParts": "Athena writes long answers in parts",
            },
            (places.objects(places.results),),
        ),
    ]


def _database(places: Places) -> tuple[str, str]:
    """The database, and the catalogue that it is in."""
    return places.arn("glue", "catalog"), places.arn("glue", f"database/{places.database}")
