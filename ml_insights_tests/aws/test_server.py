"""The stand-in refuses what AWS refuses, answers what the models say, and fails when told to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from ml_insights_tests.aws.faults import Fault
from ml_insights_tests.aws.refusals import AwsError
from ml_insights_tests.aws.server import StandIn
from ml_insights_tests.aws.service import ACCOUNT_ID, Service

ONCE = Config(retries={"total_max_attempts": 1}, parameter_validation=False)
"""A client that neither checks what it sends nor tries again."""


class SmallGlue(Service):
    """Enough of Glue (JSON 1.1) to see requests and answers."""

    name = "glue"
    refusal = "InvalidInputException"
    effects = frozenset({"eclipse"})

    def get_databases(self, parameters: dict[str, Any]) -> dict[str, Any]:
        return {"DatabaseList": [{"Name": f"database_{n}"} for n in range(120)]}

    def get_database(self, parameters: dict[str, Any]) -> dict[str, Any]:
        raise AwsError("EntityNotFoundException", f"Database {parameters['Name']} not found.")

    def create_database(self, parameters: dict[str, Any]) -> dict[str, Any]:
        return {"NoSuchMember": 1}


class SmallQuickSight(Service):
    """Enough of QuickSight (REST-JSON) to see requests and answers."""

    name = "quicksight"

    def describe_dashboard(self, parameters: dict[str, Any]) -> dict[str, Any]:
        dashboard = {key: parameters[key] for key in ("DashboardId",)}
        version = {"VersionNumber": parameters.get("VersionNumber", 1), "Status": "CREATION_FAILED"}
        return {"Dashboard": {**dashboard, "Version": version, "CreatedTime": self.now()}}

    def create_dashboard(self, parameters: dict[str, Any]) -> dict[str, Any]:
        return {"Status": 202, "DashboardId": parameters["DashboardId"]}

    def create_group(self, parameters: dict[str, Any]) -> dict[str, Any]:
        raise AwsError("ResourceExistsException", "there it is", ResourceType="GROUP")


@pytest.fixture
def small_services(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """A stand-in with two small services, with S3 by moto."""
    with StandIn([SmallGlue, SmallQuickSight]) as stand_in:
        for name, value in stand_in.environment().items():
            monkeypatch.setenv(name, value)
        yield stand_in


def client(name: str) -> Any:
    import boto3

    return boto3.client(name, config=ONCE)


def refusal(call: Any, **parameters: Any) -> Any:
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return refused.value.response


def test_a_whole_list_is_answered_in_pages(small_services: StandIn) -> None:
    pages = list(client("glue").get_paginator("get_databases").paginate())
    assert [len(page["DatabaseList"]) for page in pages] == [50, 50, 20]
    names = [one["Name"] for page in pages for one in page["DatabaseList"]]
    assert names == [f"database_{n}" for n in range(120)]


def test_a_page_has_as_many_items_as_asked_for(small_services: StandIn) -> None:
    page = client("glue").get_databases(MaxResults=7)
    assert len(page["DatabaseList"]) == 7


@pytest.mark.parametrize("token", ["nonsense", "e30=", "/////"])
def test_a_token_that_was_never_given_is_refused(small_services: StandIn, token: str) -> None:
    answer = refusal(client("glue").get_databases, NextToken=token)
    assert answer["Error"]["Code"] == "InvalidInputException"


def test_an_error_has_the_code_message_members_status_and_request_id(
    small_services: StandIn,
) -> None:
    glue, quicksight = client("glue"), client("quicksight")
    with pytest.raises(glue.exceptions.EntityNotFoundException, match="Database x not found"):
        glue.get_database(Name="x")
    group = {"AwsAccountId": ACCOUNT_ID, "GroupName": "readers", "Namespace": "default"}
    with pytest.raises(quicksight.exceptions.ResourceExistsException) as refused:
        quicksight.create_group(**group)
    answer = refused.value.response
    assert answer["ResourceType"] == "GROUP"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 409
    assert answer["RequestId"] == answer["ResponseMetadata"]["RequestId"]


@pytest.mark.parametrize(
    ("database", "said"),
    [
        ({}, "'DatabaseInput.Name' failed to satisfy constraint: Member must not be null"),
        ({"Name": ""}, "length greater than or equal to 1"),
        ({"Name": "x" * 256}, "length less than or equal to 255"),
        ({"Name": "a\x00b"}, "regular expression pattern"),
        ({"Name": "x", "Parameters": {"": "y"}}, "'DatabaseInput.Parameters.key'"),
        (
            {"Name": "x", "CreateTableDefaultPermissions": [{"Permissions": ["FLY"]}]},
            "'DatabaseInput.CreateTableDefaultPermissions.1.member.Permissions.1.member'",
        ),
    ],
)
def test_a_parameter_the_model_does_not_allow_is_refused(
    small_services: StandIn, database: dict[str, Any], said: str
) -> None:
    error = refusal(client("glue").create_database, DatabaseInput=database)["Error"]
    assert error["Code"] == "InvalidInputException"
    assert said in error["Message"]


def test_every_offence_is_in_one_message(small_services: StandIn) -> None:
    glue = client("glue")
    error = refusal(glue.create_database, DatabaseInput={"Name": "", "Description": "x" * 3000})
    assert error["Error"]["Message"].startswith("2 validation errors detected")


def raw_refusal(stand_in: StandIn, body: dict[str, Any]) -> Any:
    """The answer to a request that botocore itself would not send."""
    scope = "Credential=x/20260101/us-east-1/glue/aws4_request"
    headers = {"Authorization": f"AWS4-HMAC-SHA256 {scope}"}
    headers["X-Amz-Target"] = "AWSGlue.CreateDatabase"
    request = urllib.request.Request(stand_in.url, json.dumps(body).encode(), headers)  # noqa: S310
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)  # noqa: S310 (loopback)
    return json.loads(refused.value.read())


def test_a_member_the_model_does_not_have_is_refused(small_services: StandIn) -> None:
    error = raw_refusal(small_services, {"DatabaseInput": {"Name": "x", "Colour": "red"}})
    assert error["__type"] == "InvalidInputException"
    assert "DatabaseInput has no such member" in error["Message"]


def test_a_value_of_another_type_is_refused_before_all_else(small_services: StandIn) -> None:
    error = raw_refusal(small_services, {"DatabaseInput": {"Name": 5, "Description": True}})
    assert error["__type"] == "SerializationException"
    assert "DatabaseInput.Name is not a string" in error["message"]
    assert "DatabaseInput.Description is not a string" in error["message"]


def visual(**kinds: Any) -> dict[str, Any]:
    sheet = {"SheetId": "today", "Visuals": [kinds]}
    declared = [{"Identifier": "day", "DataSetArn": "arn:aws:quicksight:x:1:dataset/day"}]
    return {"DataSetIdentifierDeclarations": declared, "Sheets": [sheet]}


def test_a_union_that_only_the_documentation_names_takes_exactly_one_member(
    small_services: StandIn,
) -> None:
    create = client("quicksight").create_dashboard
    names = {"AwsAccountId": ACCOUNT_ID, "DashboardId": "d", "Name": "n"}
    kpi, table = {"VisualId": "a"}, {"VisualId": "b"}
    assert create(**names, Definition=visual(KPIVisual=kpi))["Status"] == 202
    for wrong in (visual(), visual(KPIVisual=kpi, TableVisual=table)):
        message = refusal(create, **names, Definition=wrong)["Error"]["Message"]
        assert "Definition.Sheets.1.member.Visuals.1.member" in message
        assert "exactly one of these must be set" in message


def test_path_and_query_reach_the_operation_as_their_types(small_services: StandIn) -> None:
    quicksight = client("quicksight")
    asked = {"AwsAccountId": ACCOUNT_ID, "DashboardId": "pr_curve-1", "VersionNumber": 3}
    answer = quicksight.describe_dashboard(**asked)
    assert answer["Dashboard"]["DashboardId"] == "pr_curve-1"
    assert answer["Dashboard"]["Version"]["VersionNumber"] == 3
    assert answer["Status"] == 200
    assert answer["RequestId"] == answer["ResponseMetadata"]["RequestId"]
    refused = refusal(quicksight.describe_dashboard, **{**asked, "DashboardId": "a b"})
    assert "'DashboardId'" in refused["Error"]["Message"]


def test_an_answer_the_model_does_not_know_is_a_defect(small_services: StandIn) -> None:
    error = refusal(client("glue").create_database, DatabaseInput={"Name": "x"})["Error"]
    assert error["Code"] == "StandInDefect"
    assert "NoSuchMember" in small_services.defects[0]


def test_what_is_not_simulated_says_so(small_services: StandIn) -> None:
    error = refusal(client("glue").get_tables, DatabaseName="x")["Error"]
    assert error["Code"] == "NotSimulated"
    assert "glue:GetTables" in error["Message"]


def test_faults_hit_the_calls_they_name_and_end(small_services: StandIn) -> None:
    glue = client("glue")
    fault = small_services.account.faults.throttle("glue", "GetDatabases", after=1, times=2)
    assert glue.get_databases()
    for _ in range(2):
        assert refusal(glue.get_databases)["Error"]["Code"] == "ThrottlingException"
    assert refusal(glue.get_database, Name="x")["Error"]["Code"] == "EntityNotFoundException"
    assert glue.get_databases()
    assert fault.hits == 2


def test_a_fault_can_delay_or_break_a_connection(small_services: StandIn) -> None:
    glue = client("glue")
    small_services.account.faults.delay("glue", "*", 0.2)
    started = time.monotonic()
    glue.get_databases()
    assert time.monotonic() - started >= 0.2
    small_services.account.faults.reset("glue", "GetDatabases")
    with pytest.raises(ConnectionClosedError):
        glue.get_databases()
    assert glue.get_databases()
    assert [call.status for call in small_services.calls.of("glue")] == [200, 0, 200]


@pytest.mark.parametrize(
    ("kind", "service", "name"),
    [
        ("error", "glue", "GetDatabaze"),
        ("reset", "glu", "*"),
        ("delay", "s3", "PutObjekt"),
        ("error", "*", "GetDatabases"),
        ("effect", "glue", "nightfall"),
        ("effect", "s3", "nightfall"),
    ],
)
def test_a_fault_that_nothing_could_meet_is_refused(
    small_services: StandIn, kind: Any, service: str, name: str
) -> None:
    with pytest.raises(ValueError, match=r"has no (effect|call|service)"):
        small_services.account.faults.inject(Fault(kind, service, name))
    assert small_services.account.faults.all() == []


def test_an_effect_is_taken_only_by_a_service_that_declares_it(small_services: StandIn) -> None:
    small_services.account.faults.effect("glue", "eclipse")
    assert small_services.service("glue").effect("eclipse")
    with pytest.raises(AssertionError, match="does not declare"):
        small_services.service("glue").effect("nightfall")


def test_faults_reach_services_of_moto(small_services: StandIn) -> None:
    s3, sts = client("s3"), client("sts")
    small_services.account.faults.throttle("s3", "CreateBucket")
    small_services.account.faults.error("sts", "GetCallerIdentity", "ExpiredToken", status=403)
    assert refusal(s3.create_bucket, Bucket="curves")["Error"]["Code"] == "SlowDown"
    assert refusal(sts.get_caller_identity)["Error"]["Code"] == "ExpiredToken"
    s3.create_bucket(Bucket="curves")
    assert sts.get_caller_identity()["Account"] == ACCOUNT_ID


def test_s3_writes_on_a_condition_or_refuses(small_services: StandIn) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="curves")
    s3.put_object(Bucket="curves", Key="day", Body=b"1", IfNoneMatch="*")
    refused = refusal(s3.put_object, Bucket="curves", Key="day", Body=b"2", IfNoneMatch="*")
    assert refused["Error"]["Code"] == "PreconditionFailed"
    assert s3.get_object(Bucket="curves", Key="day")["Body"].read() == b"1"


def test_every_call_is_logged_with_its_action_and_resource(small_services: StandIn) -> None:
    s3, glue = client("s3"), client("glue")
    s3.create_bucket(Bucket="curves")
    s3.put_object(Bucket="curves", Key="dt=2026-11-14/a b.parquet", Body=b"1")
    s3.list_objects_v2(Bucket="curves")
    refused = refusal(glue.get_database, Name="x")
    logged = [(call.action, dict(call.resource), call.status) for call in small_services.calls]
    assert logged == [
        ("s3:CreateBucket", {"Bucket": "curves"}, 200),
        ("s3:PutObject", {"Bucket": "curves", "Key": "dt=2026-11-14/a b.parquet"}, 200),
        ("s3:ListBucket", {"Bucket": "curves"}, 200),
        ("glue:GetDatabase", {"Name": "x"}, 400),
    ]
    last = list(small_services.calls)[-1]
    assert last.error == "EntityNotFoundException"
    assert last.request_id == refused["ResponseMetadata"]["RequestId"]


def test_forgetting_leaves_an_empty_account(small_services: StandIn) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="curves")
    small_services.account.faults.throttle("s3")
    small_services.account.clock.advance(timedelta(days=-30))
    small_services.forget()
    assert s3.list_buckets()["Buckets"] == []
    assert small_services.account.faults.all() == []
    assert abs(small_services.account.clock.now() - datetime.now(UTC)) < timedelta(minutes=1)


def control(url: str, method: str, path: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/_stand-in/{path}", data, headers, method=method)  # noqa: S310
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 (loopback)
        return json.loads(answer.read())


@pytest.mark.integration
def test_one_command_serves_until_it_is_told_to_stop_and_takes_faults_over_http() -> None:
    command = [sys.executable, "-m", "ml_insights_tests.aws"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=os.getcwd()) as server:  # noqa: PTH109
        assert server.stdout
        url = server.stdout.readline().strip()
        fault = {"service": "s3", "operation": "ListBuckets", "code": "AccessDenied", "status": 403}
        control(url, "POST", "faults", fault)
        signed = "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/s3/aws4_request, SignedHeaders=h"
        request = urllib.request.Request(url, headers={"Authorization": signed})  # noqa: S310
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=10)  # noqa: S310 (loopback)
        assert b"AccessDenied" in refused.value.read()
        assert [one["hits"] for one in control(url, "GET", "faults")] == [1]
        assert [one["operation"] for one in control(url, "GET", "calls")] == ["ListBuckets"]
        with pytest.raises(urllib.error.HTTPError, match="400"):
            control(url, "POST", "faults", {**fault, "operation": "ListBukkets"})
        before = control(url, "POST", "clock", {"advance_seconds": 0})["now"]
        after = control(url, "POST", "clock", {"advance_seconds": 86400})["now"]
        assert after[:10] > before[:10]
        server.terminate()
        assert server.wait(timeout=20) == 0
