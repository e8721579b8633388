"""What the runners do: clusters and their steps, jobs of EMR Serverless, files for either."""

from __future__ import annotations

from ml_insights.aws.policies.objects import read_write, sources
from ml_insights.aws.policies.statements import Places, Statement, passed_to


def emr(places: Places) -> list[Statement]:
    """Steps of a running cluster, or clusters of their own."""
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


def emr_serverless(places: Places) -> list[Statement]:
    """Jobs of one application."""
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
    listing = [one for one in sources(places) if "s3:ListBucket" in one.why]
    if places.work.startswith(f"{places.lake}/"):
        return [looking, *listing]
    return [looking, *listing, *read_write(places, "Work", places.work)]


def _passing(places: Places, services: tuple[str, ...]) -> list[Statement]:
    roles = tuple(
        role
        if role.startswith("arn:")
        else f"arn:{places.partition}:iam::{places.account_id}:role/{role}"
        for role in places.passed_roles
    )
    why = {"iam:PassRole": "hands the jobs their role"}
    return [Statement("PassRoles", why, roles, passed_to(*services))]
