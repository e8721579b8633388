"""Queries are answered from the published days, within the workgroup's limits."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from ml_insights.aws.athena import Workgroup, ensure_workgroup, query
from ml_insights.aws.clients import AwsSession
from ml_insights.aws.glue import Catalogue, ensure_tables
from ml_insights.aws.ownership import MARK
from ml_insights.aws.waiting import Pace
from ml_insights.contracts import MODEL_QUALITY, RECORD_BALANCE
from ml_insights.errors import AwsPermanentError, DeadlineExceededError
from ml_insights.lake import Lake
from ml_insights.storage import S3Storage
from ml_insights_tests.aws.clock import FakeTime
from ml_insights_tests.aws.server import StandIn
from ml_insights_tests.test_lake import DAY, ENDPOINT, NEXT_DAY, balance

REGION = "eu-central-1"
PACE = Pace(60, 1, 1)


@pytest.fixture
def workgroup(aws: StandIn, monkeypatch: pytest.MonkeyPatch) -> Workgroup:
    """A lake with two days of a table, catalogued; the workgroup does not exist yet."""
    for name, value in aws.environment(REGION).items():
        if name != "AWS_ENDPOINT_URL":
            monkeypatch.setenv(name, value)
    session = AwsSession(REGION, aws.url)
    location = {"LocationConstraint": REGION}
    aws.client("s3", REGION).create_bucket(Bucket="query-lake", CreateBucketConfiguration=location)
    lake = Lake(S3Storage("s3://query-lake/lake", session))
    lake.write(ENDPOINT, RECORD_BALANCE, DAY, balance(3, -3))
    lake.write(ENDPOINT, RECORD_BALANCE, NEXT_DAY, balance(*range(1500)))
    catalogue = Catalogue(session, "insights", lake.root, (ENDPOINT,), date(2026, 10, 1), "us")
    ensure_tables(catalogue, [MODEL_QUALITY, RECORD_BALANCE])
    return Workgroup(session, "insights", "s3://query-lake/lake/_athena", "us", 10**9)


def test_a_workgroup_is_made_once_and_brought_up_to_date(
    workgroup: Workgroup, aws: StandIn
) -> None:
    ensure_workgroup(workgroup)
    aws.calls.clear()
    ensure_workgroup(workgroup)
    assert [call.operation for call in aws.calls.of("athena")] == [
        "GetWorkGroup",
        "ListTagsForResource",
    ]
    ensure_workgroup(replace(workgroup, scan_limit=10**8))
    made = aws.service("athena", REGION).workgroups["insights"]["Configuration"]
    assert made["BytesScannedCutoffPerQuery"] == 10**8
    assert made["EnforceWorkGroupConfiguration"]


def test_a_workgroup_made_at_the_same_moment_is_taken(workgroup: Workgroup, aws: StandIn) -> None:
    ensure_workgroup(workgroup)
    missing = {"message": "WorkGroup is not found."}
    aws.account.faults.error("athena", "GetWorkGroup", "InvalidRequestException", **missing)
    ensure_workgroup(workgroup)


def test_a_workgroup_of_somebody_else_is_left_alone_until_it_bears_our_tag(
    workgroup: Workgroup, aws: StandIn
) -> None:
    client, athena = aws.client("athena", REGION), aws.service("athena", REGION)
    client.create_work_group(Name="insights", Configuration={}, Description="of the finance team")
    before = dict(athena.workgroups["insights"])
    for tags in ([], [{"Key": MARK, "Value": "them"}], [{"Key": "team", "Value": "us"}]):
        athena.tags["insights"] = tags
        with pytest.raises(AwsPermanentError, match=f"--tags Key={MARK},Value=us") as caught:
            ensure_workgroup(workgroup)
        assert caught.value.code == "ForeignResource"
        assert athena.workgroups["insights"] == before
    athena.tags["insights"] = [{"Key": MARK, "Value": "us"}]
    ensure_workgroup(workgroup)
    made = athena.workgroups["insights"]["Configuration"]
    assert made["BytesScannedCutoffPerQuery"] == 10**9


def test_a_workgroup_that_somebody_else_makes_at_the_same_moment_is_left_alone(
    workgroup: Workgroup, aws: StandIn
) -> None:
    aws.client("athena", REGION).create_work_group(Name="insights", Configuration={})
    missing = {"message": "WorkGroup is not found."}
    aws.account.faults.error("athena", "GetWorkGroup", "InvalidRequestException", **missing)
    with pytest.raises(AwsPermanentError, match="did not make it"):
        ensure_workgroup(workgroup)


def test_a_disabled_workgroup_says_what_to_do(workgroup: Workgroup, aws: StandIn) -> None:
    ensure_workgroup(workgroup)
    aws.service("athena", REGION).workgroups["insights"]["State"] = "DISABLED"
    with pytest.raises(AwsPermanentError, match="is disabled"):
        ensure_workgroup(workgroup)


def test_a_query_reads_endpoints_and_days_as_columns(workgroup: Workgroup) -> None:
    ensure_workgroup(workgroup)
    answer = query(
        workgroup, "insights",
        "SELECT endpoint, dt, variant, sum(records) AS rest FROM record_balance "
        "WHERE dt = DATE '2026-10-01' GROUP BY 1, 2, 3",
        PACE, FakeTime().clock,
    )  # fmt: skip
    assert answer.columns == ("endpoint", "dt", "variant", "rest")
    assert list(answer.rows) == [(ENDPOINT, str(DAY), None, "0")]
    assert answer.scanned > 0


def test_a_long_answer_is_read_page_by_page(workgroup: Workgroup) -> None:
    ensure_workgroup(workgroup)
    sql = "SELECT records FROM record_balance ORDER BY records"
    answer = query(workgroup, "insights", sql, PACE, FakeTime().clock)
    assert len(list(answer.rows)) == 1502


@pytest.mark.parametrize(
    ("sql", "reason"), [("SELEC 1", "SYNTAX_ERROR"), ("SELECT * FROM nothing", "TABLE_NOT_FOUND")]
)
def test_a_query_that_fails_gives_athenas_reason(
    workgroup: Workgroup, sql: str, reason: str
) -> None:
    ensure_workgroup(workgroup)
    with pytest.raises(AwsPermanentError, match=f"is FAILED: {reason}"):
        query(workgroup, "insights", sql, PACE, FakeTime().clock)


def test_a_query_beyond_the_scan_limit_is_stopped(workgroup: Workgroup, aws: StandIn) -> None:
    ensure_workgroup(workgroup)
    aws.account.faults.effect("athena", "beyond_limit")
    with pytest.raises(AwsPermanentError, match=r"Bytes scanned limit .*scan_limit_gigabytes"):
        query(workgroup, "insights", "SELECT * FROM record_balance", PACE, FakeTime().clock)


def test_a_hanging_query_is_stopped_at_the_deadline(workgroup: Workgroup, aws: StandIn) -> None:
    ensure_workgroup(workgroup)
    aws.account.faults.effect("athena", "hanging")
    with pytest.raises(DeadlineExceededError):
        query(workgroup, "insights", "SELECT 1", PACE, FakeTime().clock)
    (execution,) = aws.service("athena", REGION).executions.values()
    assert execution["Status"]["State"] == "CANCELLED"
