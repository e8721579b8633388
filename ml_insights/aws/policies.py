"""Least-privilege policies, printed by `ml-insights iam-policy`; each action has a reason.

What belongs here: who needs which action on which resource, and why. What does not: making roles:
that is done by whoever runs the account.

Long, because each action stands beside its reason. A resource is `*` only where AWS has no narrower
one for the action, and then the reason says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Places:
    """What the policies are about.

    Attributes:
        partition: `aws`, or that of another group of regions.
        region: region of everything.
        account_id: twelve digits.
        lake: `s3://` root of the lake.
        sources: `s3://` roots of captures and labels.
        results: `s3://` folder of Athena's results.
        work: `s3://` folder of EMR's archives, arguments and messages.
        database: Glue database.
        workgroup: Athena workgroup.
        prefix: begins the ids in QuickSight.
        namespace: of QuickSight's groups.
        runner: `local`, `emr` or `emr-serverless`.
        cluster: id of a running EMR cluster, if jobs are its steps.
        application: id of the EMR Serverless application, if there is one.
        passed_roles: roles that are handed to EMR, by ARN or name.
        kms_key: key of the lake, if it has one.
        source: what QuickSight reads, `athena` or `s3`.
        quicksight_role: ARN of the role with which it reads, if it is handed one.
    """

    partition: str
    region: str
    account_id: str
    lake: str
    sources: tuple[str, ...]
    results: str
    work: str
    database: str
    workgroup: str
    prefix: str
    namespace: str
    runner: str
    cluster: str | None = None
    application: str | None = None
    passed_roles: tuple[str, ...] = ()
    kms_key: str | None = None
    source: str = "athena"
    quicksight_role: str | None = None

    def arn(self, service: str, resource: str) -> str:
        """ARN in the account and region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account_id}:{resource}"

    def bucket(self, uri: str) -> str:
        """ARN of a folder's bucket."""
        return f"arn:{self.partition}:s3:::{uri.removeprefix('s3://').split('/', 1)[0]}"

    def objects(self, uri: str) -> str:
        """ARN of all objects of a folder."""
        return f"arn:{self.partition}:s3:::{uri.removeprefix('s3://')}/*"


@dataclass(frozen=True)
class Statement:
    """Actions on resources.

    Attributes:
        sid: letters and digits.
        why: reason of each action.
        resources: ARNs.
        condition: further limits.
    """

    sid: str
    why: Mapping[str, str]
    resources: tuple[str, ...]
    condition: Json = field(default_factory=dict)

    def document(self) -> Json:
        """As IAM has it."""
        return {
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": sorted(self.why),
            "Resource": list(self.resources),
            **({"Condition": self.condition} if self.condition else {}),
        }


def policy(statements: list[Statement]) -> Json:
    """A policy document."""
    return {
        "Version": "2012-10-17",
        "Statement": [statement.document() for statement in statements],
    }


def dagster_role(places: Places) -> list[Statement]:
    """What the Dagster process may do."""
    statements = _read_write(places, "Lake", places.lake)
    if places.source == "athena":
        statements += [*_glue(places), *_athena(places)]
    statements += _quicksight(places)
    if places.runner == "local":
        statements += _sources(places)
    elif places.runner == "emr":
        statements += _emr(places)
    else:
        statements += _emr_serverless(places)
    return statements + _key(places)


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
    return [*_read_write(places, "Lake", places.lake), *uploads, *_sources(places), *_key(places)]


def quicksight_role(places: Places) -> list[Statement]:
    """What QuickSight may do when it reads the results."""
    reading = _reading(places, "Lake", places.lake)
    if places.source == "s3":
        return [*reading, *_key(places, writes=False)]
    tables = places.arn("glue", f"table/{places.database}/*")
    statements = [
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
            (_catalog(places), _database(places), tables),
        ),
        Statement(
            "Database",
            {"glue:GetDatabase": "Athena plans the query"},
            (_catalog(places), _database(places)),
        ),
        *_reading(places, "Results", places.results),
        Statement(
            "WriteResults",
            {"s3:PutObject": "Athena writes what it answers with the reader's rights"},
            (places.objects(places.results),),
        ),
        *_answering(places),
        *reading,
    ]
    return statements + _key(places)


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


def _reading(places: Places, sid: str, uri: str) -> list[Statement]:
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


def _read_write(places: Places, sid: str, uri: str) -> list[Statement]:
    return [
        *_reading(places, sid, uri),
        Statement(
            f"Write{sid}",
            {
                "s3:PutObject": "publishes tables and documents",
                "s3:DeleteObject": "removes what attempts left unpublished",
            },
            (places.objects(uri),),
        ),
    ]


def _sources(places: Places) -> list[Statement]:
    return [
        statement
        for number, uri in enumerate(dict.fromkeys(places.sources), start=1)
        for statement in _reading(places, f"Source{number}", uri)
    ]


def _key(places: Places, *, writes: bool = True) -> list[Statement]:
    if places.kms_key is None:
        return []
    why = {"kms:Decrypt": "reads encrypted objects"}
    if writes:
        why["kms:GenerateDataKey"] = "writes encrypted objects"
    return [Statement("Key", why, (places.kms_key,))]


def _catalog(places: Places) -> str:
    return places.arn("glue", "catalog")


def _database(places: Places) -> str:
    return places.arn("glue", f"database/{places.database}")


def _glue(places: Places) -> list[Statement]:
    above = (_catalog(places), _database(places))
    return [
        Statement(
            "Database",
            {
                "glue:GetDatabase": "looks whether it is there and ours; Athena plans queries",
                "glue:CreateDatabase": "makes it",
            },
            above,
        ),
        Statement(
            "Tables",
            {
                "glue:GetTable": "compares tables with their contracts; Athena plans queries",
                "glue:CreateTable": "makes them",
                "glue:UpdateTable": "adds endpoints to their partitions, and columns on migration",
            },
            (*above, places.arn("glue", f"table/{places.database}/*")),
        ),
    ]


def _athena(places: Places) -> list[Statement]:
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
            else _read_write(places, "Results", places.results)
        ),
        *_answering(places),
    ]


def _quicksight(places: Places) -> list[Statement]:
    def own(kind: str) -> str:
        return places.arn("quicksight", f"{kind}/{places.prefix}-*")

    data_sets = _DATA_SETS | (_WINDOWS if places.source == "athena" else {})
    role = (places.quicksight_role,) if places.quicksight_role else ()
    return [
        Statement("Sources", _SOURCES, (own("datasource"),)),
        Statement("DataSets", data_sets, (own("dataset"),)),
        Statement("Ingestions", _INGESTIONS, (f"{own('dataset')}/ingestion/*",)),
        Statement("Dashboards", _DASHBOARDS, (own("dashboard"),)),
        Statement(
            "Readers",
            _READERS,
            (places.arn("quicksight", f"group/{places.namespace}/{places.prefix}-readers"),),
        ),
        Statement(
            "Embedding",
            {"quicksight:GenerateEmbedUrlForRegisteredUser": "`ml-insights embed-url`"},
            (places.arn("quicksight", f"user/{places.namespace}/*"), own("dashboard")),
        ),
        *(
            Statement(
                "PassQuickSightRole",
                {"iam:PassRole": "hands a data source the role with which QuickSight reads"},
                (one,),
                _passed_to("quicksight.amazonaws.com"),
            )
            for one in role
        ),
    ]


_TAGS = {
    "quicksight:ListTagsForResource": "tells what this installation made from what others did",
    "quicksight:TagResource": "marks what this installation makes",
}
_SOURCES = {
    "quicksight:DescribeDataSource": "looks whether it is there, as wished, and ready",
    "quicksight:CreateDataSource": "makes it",
    "quicksight:UpdateDataSource": "brings it up to date",
    "quicksight:PassDataSource": "lets a data set read it",
    "quicksight:DescribeDataSourcePermissions": "finds surplus rights",
    "quicksight:UpdateDataSourcePermissions": "gives owners theirs, takes surplus away",
    **_TAGS,
}
_DATA_SETS = {
    "quicksight:DescribeDataSet": "looks whether it is there and as wished",
    "quicksight:CreateDataSet": "makes it",
    "quicksight:UpdateDataSet": "brings its columns up to date",
    "quicksight:PassDataSet": "lets the dashboard read it",
    "quicksight:DescribeDataSetPermissions": "finds surplus rights",
    "quicksight:UpdateDataSetPermissions": "gives owners theirs, takes surplus away",
    "quicksight:ListIngestions": "counts the ingestions of 24 hours before it starts another",
    **_TAGS,
}
_WINDOWS = {
    "quicksight:DescribeDataSetRefreshProperties": "looks at its look-back window",
    "quicksight:PutDataSetRefreshProperties": "sets the window",
}
_INGESTIONS = {
    "quicksight:CreateIngestion": "brings a day in",
    "quicksight:DescribeIngestion": "follows it to its end and reads the rows",
    "quicksight:CancelIngestion": "stops it at the deadline",
}
_DASHBOARDS = {
    "quicksight:DescribeDashboard": "looks at versions and their errors",
    "quicksight:ListDashboardVersions": "finds the latest version, which may have failed before",
    "quicksight:CreateDashboard": "makes it",
    "quicksight:UpdateDashboard": "makes a version",
    "quicksight:UpdateDashboardPublishedVersion": "shows a good version",
    "quicksight:DescribeDashboardPermissions": "finds surplus rights",
    "quicksight:UpdateDashboardPermissions": "lets readers read, takes surplus away",
    **_TAGS,
}
_READERS = {
    "quicksight:DescribeGroup": "looks whether the group of readers is there",
    "quicksight:CreateGroup": "makes it",
    "quicksight:ListGroupMemberships": "compares its members with the settings",
    "quicksight:CreateGroupMembership": "adds a reader",
    "quicksight:DeleteGroupMembership": "removes one",
}


def _emr(places: Places) -> list[Statement]:
    cluster = places.arn("elasticmapreduce", f"cluster/{places.cluster or '*'}")
    steps = {
        "elasticmapreduce:DescribeCluster": "looks at the cluster's state",
        "elasticmapreduce:DescribeStep": "follows the step",
        "elasticmapreduce:ListSteps": "finds a step that an earlier try started",
        "elasticmapreduce:ListInstances": "counts what the job used, for its cost",
    }
    if places.cluster:
        steps |= {
            "elasticmapreduce:AddJobFlowSteps": "starts the job",
            "elasticmapreduce:CancelSteps": "stops it",
        }
        return [Statement("Steps", steps, (cluster,)), *_work(places)]
    steps["elasticmapreduce:TerminateJobFlows"] = "ends the cluster that it started"
    steps["elasticmapreduce:AddTags"] = "marks the cluster, so that a retry finds it"
    start = {
        "elasticmapreduce:RunJobFlow": "starts a cluster; AWS has no narrower resource for it",
        "elasticmapreduce:ListClusters": "finds a cluster that an earlier try started; likewise",
        "elasticmapreduce:ListReleaseLabels": "refuses an unknown release early; likewise",
    }
    return [
        Statement("Steps", steps, (cluster,)),
        Statement("Clusters", start, ("*",)),
        *_passing(places, ("elasticmapreduce.amazonaws.com", "ec2.amazonaws.com")),
        *_work(places),
    ]


def _emr_serverless(places: Places) -> list[Statement]:
    application = f"/applications/{places.application}"
    return [
        Statement(
            "Application",
            {
                "emr-serverless:GetApplication": "looks whether it can run jobs",
                "emr-serverless:ListJobRuns": "finds a run that an earlier try started",
                "emr-serverless:StartJobRun": "starts the job",
            },
            (places.arn("emr-serverless", application),),
        ),
        Statement(
            "JobRuns",
            {
                "emr-serverless:GetJobRun": "follows the job, and what it used",
                "emr-serverless:CancelJobRun": "stops it",
                "emr-serverless:TagResource": "marks the job run",
            },
            (places.arn("emr-serverless", f"{application}/jobruns/*"),),
        ),
        *_passing(places, ("emr-serverless.amazonaws.com",)),
        *_work(places),
    ]


def _work(places: Places) -> list[Statement]:
    """Handing files to jobs, after a look at the buckets and at what was captured."""
    looking = Statement(
        "LookForBuckets",
        {"s3:ListBucket": "HeadBucket, which has no prefix, says whether and where a bucket is"},
        tuple(
            dict.fromkeys(places.bucket(uri) for uri in (*places.sources, places.lake, places.work))
        ),
        {"Null": {"s3:prefix": "true"}},
    )
    listing = [one for one in _sources(places) if "s3:ListBucket" in one.why]
    if places.work.startswith(f"{places.lake}/"):
        return [looking, *listing]
    return [looking, *listing, *_read_write(places, "Work", places.work)]


def _passing(places: Places, services: tuple[str, ...]) -> list[Statement]:
    roles = tuple(
        role
        if role.startswith("arn:")
        else f"arn:{places.partition}:iam::{places.account_id}:role/{role}"
        for role in places.passed_roles
    )
    why = {"iam:PassRole": "hands the jobs their role"}
    return [Statement("PassRoles", why, roles, _passed_to(*services))]


def _passed_to(*services: str) -> Json:
    return {"StringEquals": {"iam:PassedToService": list(services)}}
