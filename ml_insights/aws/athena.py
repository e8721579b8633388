"""Athena: the workgroup that bounds what queries cost, and running one query.

What belongs here: workgroup and queries. What does not: what the tables are (`glue`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ml_insights.aws.clients import AwsSession
from ml_insights.aws.failures import aws_call
from ml_insights.aws.identity import caller
from ml_insights.aws.ownership import MARK, refuse_foreign
from ml_insights.aws.waiting import Clock, Pace, States, wait
from ml_insights.errors import AwsError, AwsPermanentError

Json = dict[str, Any]

STATES = States(pending=("QUEUED", "RUNNING"), terminal=("SUCCEEDED", "FAILED", "CANCELLED"))
PACE = Pace(deadline=1800, interval=1, longest=5)
_REAL_TIME = Clock()
_ENGINE = "Athena engine version 3"


@dataclass(frozen=True)
class Workgroup:
    """Where queries run and what they may cost.

    Attributes:
        session: region and credentials.
        name: of the workgroup.
        results: `s3://` folder of query results.
        installation: whose workgroup it is; one of another is not touched.
        scan_limit: bytes a query may scan; more stops it.
        kms_key: key that encrypts the results; None for S3's own.
    """

    session: AwsSession
    name: str
    results: str
    installation: str
    scan_limit: int
    kms_key: str | None = None


@dataclass(frozen=True)
class Answer:
    """What a query returned.

    Attributes:
        columns: names.
        rows: values as text, None for NULL; read page by page.
        scanned: bytes that were read, which is what is billed.
    """

    columns: tuple[str, ...]
    rows: Iterator[tuple[str | None, ...]]
    scanned: int


def ensure_workgroup(workgroup: Workgroup) -> None:
    """Create the workgroup, or bring its settings up to date; clients cannot override them.

    Raises:
        AwsPermanentError: it exists and is not ours, or it is disabled.
    """
    wished = _configuration(workgroup)
    found = _find(workgroup)
    if found is None:
        described = "Reads the tables of ml_insights, within a limit of scanned bytes."
        try:
            _call(
                workgroup, "create_work_group",
                Name=workgroup.name, Configuration=wished, Description=described,
                Tags=[{"Key": MARK, "Value": workgroup.installation}],
            )  # fmt: skip
        except AwsError as error:
            # Athena has no code of its own for it.
            if "already" not in str(error):
                raise
            _refuse_foreign(workgroup)
        return
    _refuse_foreign(workgroup)
    if found.get("State") == "DISABLED":
        raise AwsPermanentError(
            f"Athena workgroup {workgroup.name} is disabled. Enable it, or name another one in "
            "`athena.workgroup`.",
            code="WorkgroupDisabled",
        )
    actual = found.get("Configuration", {})
    if _own_part(actual) != _own_part(wished):
        updates = {
            "EnforceWorkGroupConfiguration": True,
            "BytesScannedCutoffPerQuery": wished["BytesScannedCutoffPerQuery"],
            "PublishCloudWatchMetricsEnabled": True,
            "ResultConfigurationUpdates": wished["ResultConfiguration"],
            "EngineVersion": wished["EngineVersion"],
        }
        _call(
            workgroup, "update_work_group",
            WorkGroup=workgroup.name, ConfigurationUpdates=updates,
        )  # fmt: skip


def query(
    workgroup: Workgroup, database: str, sql: str, pace: Pace = PACE, clock: Clock = _REAL_TIME
) -> Answer:
    """Run a query and read its answer.

    Raises:
        AwsPermanentError: Athena refused it; the message has its reason.
        DeadlineExceededError: it did not end; it has been stopped.
    """
    started = _call(
        workgroup, "start_query_execution",
        QueryString=sql, QueryExecutionContext={"Database": database}, WorkGroup=workgroup.name,
    )  # fmt: skip
    query_id = started["QueryExecutionId"]
    done = wait(
        f"Athena query {query_id}",
        lambda: _call(workgroup, "get_query_execution", QueryExecutionId=query_id)[
            "QueryExecution"
        ],
        lambda found: str(found["Status"]["State"]),
        states=STATES,
        pace=pace,
        cancel=lambda: _stop(workgroup, query_id),
        clock=clock,
    )
    if done["Status"]["State"] != "SUCCEEDED":
        reason = done["Status"].get("StateChangeReason", "no reason given")
        raise AwsPermanentError(
            f"Athena query {query_id} is {done['Status']['State']}: {reason}. Correct the query, "
            "or raise `athena.scan_limit_gigabytes` if it reads more than allowed.",
            code=done["Status"]["State"],
        )
    pages = _pages(workgroup, query_id)
    first = next(pages)
    columns = tuple(one["Name"] for one in first["ResultSet"]["ResultSetMetadata"]["ColumnInfo"])
    scanned = int(done.get("Statistics", {}).get("DataScannedInBytes", 0))
    return Answer(columns, _rows(first, pages, columns), scanned)


def _rows(
    first: Json, pages: Iterator[Json], columns: tuple[str, ...]
) -> Iterator[tuple[str | None, ...]]:
    """All rows; the first one of the first page repeats the names."""
    rows = first["ResultSet"]["Rows"]
    names = [cell.get("VarCharValue") for cell in rows[0]["Data"]] if rows else []
    for page in ({"ResultSet": {"Rows": rows[1:] if tuple(names) == columns else rows}}, *pages):
        for row in page["ResultSet"]["Rows"]:
            yield tuple(cell.get("VarCharValue") for cell in row["Data"])


def _pages(workgroup: Workgroup, query_id: str) -> Iterator[Json]:
    token: Json = {}
    while True:
        page = _call(workgroup, "get_query_results", QueryExecutionId=query_id, **token)
        yield page
        if not page.get("NextToken"):
            return
        token = {"NextToken": page["NextToken"]}


def _configuration(workgroup: Workgroup) -> Json:
    kms = workgroup.kms_key
    encryption: Json = (
        {"EncryptionOption": "SSE_KMS", "KmsKey": kms} if kms else {"EncryptionOption": "SSE_S3"}
    )
    return {
        "ResultConfiguration": {
            "OutputLocation": f"{workgroup.results}/",
            "EncryptionConfiguration": encryption,
        },
        "EnforceWorkGroupConfiguration": True,
        "PublishCloudWatchMetricsEnabled": True,
        "BytesScannedCutoffPerQuery": workgroup.scan_limit,
        "EngineVersion": {"SelectedEngineVersion": _ENGINE},
    }


def _own_part(configuration: Json) -> Json:
    result = configuration.get("ResultConfiguration", {})
    return {
        "location": result.get("OutputLocation"),
        "encryption": result.get("EncryptionConfiguration"),
        "enforced": configuration.get("EnforceWorkGroupConfiguration"),
        "limit": configuration.get("BytesScannedCutoffPerQuery"),
    }


def _find(workgroup: Workgroup) -> Json | None:
    try:
        found: Json = _call(workgroup, "get_work_group", WorkGroup=workgroup.name)["WorkGroup"]
    except AwsError as error:
        # Athena answers InvalidRequestException for this and much else.
        if "not found" in str(error):
            return None
        raise
    return found


def _refuse_foreign(workgroup: Workgroup) -> None:
    """Look at the tag; what describes a workgroup does not have it."""
    who, session = caller(workgroup.session), workgroup.session
    arn = f"arn:{who.partition}:athena:{session.region}:{who.account_id}:workgroup/{workgroup.name}"
    tags = _call(workgroup, "list_tags_for_resource", ResourceARN=arn)["Tags"]
    refuse_foreign(
        f"Athena workgroup {workgroup.name}",
        next((tag["Value"] for tag in tags if tag["Key"] == MARK), None),
        workgroup.installation,
        "Name another one in `athena.workgroup`, or make it this installation's, limits and place "
        f"of results included: `aws athena tag-resource --resource-arn {arn} "
        f"--tags Key={MARK},Value={workgroup.installation}`.",
    )


def _stop(workgroup: Workgroup, query_id: str) -> None:
    _call(workgroup, "stop_query_execution", QueryExecutionId=query_id)


def _call(workgroup: Workgroup, operation: str, **parameters: Any) -> Json:
    doing = f"Athena {operation.replace('_', ' ')}"
    with aws_call(doing, workgroup.name, region=workgroup.session.region):
        answer: Json = getattr(workgroup.session.client("athena"), operation)(**parameters)
        return answer
