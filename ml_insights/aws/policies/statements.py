"""Statements of a policy, and the places they are about.

What belongs here: the form of a statement, in which each action stands beside its reason. What does
not: which actions a role needs.
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


def passed_to(*services: str) -> Json:
    """Condition: the role is handed to one of these services."""
    return {"StringEquals": {"iam:PassedToService": list(services)}}
