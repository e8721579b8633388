"""Where results go on AWS: Athena's tables, and QuickSight's data sets and dashboard.

What belongs here: the sections `athena` and `quicksight`. What does not: acting on them
(`ml_insights.quicksight_view`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from ml_insights.settings.compute import Arn
from ml_insights.settings.section import Legal, Location, Section, Unit

Principal = Annotated[str, StringConstraints(pattern=r"^(user|group)/.+$")]


class Athena(Section):
    """Tables of the results for Athena, described in Glue."""

    database: Annotated[
        str,
        StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,127}$"),
        Legal("lower case letters, digits and `_`, a letter first"),
    ] = "ml_insights"
    """Glue database of the tables; it is created."""

    workgroup: Annotated[
        str,
        StringConstraints(pattern=r"^[a-zA-Z0-9._-]{1,128}$"),
        Legal("letters, digits, `.`, `_` and `-`"),
    ] = "ml-insights"
    """Workgroup of all queries; it is created."""

    results: Annotated[Location | None, Legal("`s3://bucket/folder`")] = None
    """Where Athena puts query results. Without it `_athena` below the lake. Give it a lifecycle
    rule of a few days."""

    scan_limit_gigabytes: Annotated[float, Field(ge=0.01), Unit("10^9 bytes")] = 100.0
    """A query that reads more is stopped."""

    @property
    def scan_limit(self) -> int:
        """Bytes after which a query is stopped."""
        return int(self.scan_limit_gigabytes * 1e9)


class QuickSight(Section):
    """Data sets and dashboard in QuickSight. Read `docs/aws.md` first."""

    source: Literal["athena", "s3"] = "athena"
    """How QuickSight reads: tables through Athena, or CSV files on S3 with a manifest, for accounts
    without Athena."""

    prefix: Annotated[
        str,
        StringConstraints(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9-]{0,62}$"),
        Legal("letters, digits and hyphens"),
    ] = "ml-insights"
    """Begins the id of everything this installation makes."""

    namespace: Annotated[
        str,
        StringConstraints(pattern=r"^[a-zA-Z0-9._-]{1,64}$"),
        Legal("letters, digits, `.`, `_` and `-`"),
    ] = "default"
    """Namespace of the users and groups."""

    owners: Annotated[
        tuple[Principal, ...], Legal("a list such as `[user/ann, group/ml-platform]`")
    ] = ()
    """Who may change data sets and dashboard in QuickSight itself."""

    readers: Annotated[
        tuple[str, ...] | None, Legal("a list of QuickSight user names; `[]` for nobody")
    ] = None
    """The business team: exactly these are members of the group of readers. Without it, the group's
    members are left as they are."""

    role: Annotated[Arn | None, Legal("ARN of a role")] = None
    """Role with which QuickSight reads. Without it, the one of the QuickSight account."""

    exports: Annotated[bool, Legal("`true` or `false`")] = False
    """Whether readers may export data to CSV."""

    ingestions_per_day: Annotated[int, Field(ge=1), Unit("in 24 hours")] = 32
    """Manual ingestions of a data set that the edition allows: 32 in Enterprise, 8 in Standard."""

    deadline_minutes: Annotated[float, Field(gt=0, le=720), Unit("minutes")] = 60.0
    """An ingestion that takes longer is cancelled and fails."""

    poll_seconds: Annotated[float, Field(ge=0.1, le=60), Unit("seconds")] = 1.0
    """Least time between two questions to QuickSight about one thing; up to 10 s between further
    ones while nothing changes."""
