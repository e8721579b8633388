"""Glue has one table for each published table; its columns change only when somebody says so."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from ml_insights.aws.clients import AwsSession
from ml_insights.aws.glue import Catalogue, ensure_tables, table_input
from ml_insights.aws_deployment import catalogued_tables
from ml_insights.columns import Column
from ml_insights.contracts import MODEL_QUALITY
from ml_insights.errors import AwsPermanentError, AwsTransientError, ContractError
from ml_insights_tests.aws.server import StandIn

REGION = "eu-central-1"


@pytest.fixture
def catalogue(aws: StandIn, monkeypatch: pytest.MonkeyPatch) -> Catalogue:
    for name, value in aws.environment(REGION).items():
        if name != "AWS_ENDPOINT_URL":
            monkeypatch.setenv(name, value)
    return Catalogue(
        AwsSession(REGION, aws.url),
        "insights",
        "s3://b/lake",
        ("fraud-1",),
        date(2026, 10, 1),
        "us",
    )


def kept(aws: StandIn) -> dict[str, Any]:
    tables = aws.service("glue", REGION).tables
    return {name: table for (_, name), table in tables.items()}


def test_every_published_table_is_described_with_its_columns(
    catalogue: Catalogue, aws: StandIn
) -> None:
    ensure_tables(catalogue, catalogued_tables())
    assert set(kept(aws)) == {table.name for table in catalogued_tables()}
    quality = kept(aws)["model_quality"]
    columns = {one["Name"]: one["Type"] for one in quality["StorageDescriptor"]["Columns"]}
    assert columns["average_precision"] == "double"
    assert columns["positives"] == "bigint"
    assert list(columns) == [column.name for column in MODEL_QUALITY.columns]
    assert [key["Name"] for key in quality["PartitionKeys"]] == ["endpoint", "dt"]


def test_the_same_tables_again_change_nothing(catalogue: Catalogue, aws: StandIn) -> None:
    ensure_tables(catalogue, catalogued_tables())
    aws.calls.clear()
    assert ensure_tables(catalogue, catalogued_tables()) == {}
    assert {call.operation for call in aws.calls.of("glue")} == {"GetDatabase", "GetTable"}


def test_a_new_endpoint_is_added_to_the_partitions(catalogue: Catalogue, aws: StandIn) -> None:
    ensure_tables(catalogue, [MODEL_QUALITY])
    ensure_tables(replace(catalogue, endpoints=("fraud-1", "churn")), [MODEL_QUALITY])
    parameters = kept(aws)["model_quality"]["Parameters"]
    assert parameters["projection.endpoint.values"] == "churn,fraud-1"


def test_a_new_column_needs_a_migration(catalogue: Catalogue, aws: StandIn) -> None:
    ensure_tables(catalogue, [MODEL_QUALITY])
    wider = replace(
        MODEL_QUALITY,
        columns=(*MODEL_QUALITY.columns, Column("calibration_error", "float64", "New.")),
    )
    with pytest.raises(
        ContractError, match=r"added: calibration_error.* Run `ml-insights migrate`"
    ):
        ensure_tables(catalogue, [wider])
    assert len(kept(aws)["model_quality"]["StorageDescriptor"]["Columns"]) == len(
        MODEL_QUALITY.columns
    )
    changes = ensure_tables(catalogue, [wider], migrate=True)
    assert changes["model_quality"].added == ("calibration_error",)
    assert ensure_tables(catalogue, [wider]) == {}


@pytest.mark.parametrize("migrate", [False, True])
@pytest.mark.parametrize("change", ["removed", "retyped"])
def test_a_change_that_breaks_readers_is_refused_before_anything_is_changed(
    catalogue: Catalogue, aws: StandIn, change: str, migrate: bool
) -> None:
    ensure_tables(catalogue, catalogued_tables())
    first, *rest = MODEL_QUALITY.columns
    columns = (*rest,) if change == "removed" else (replace(first, type="int64"), *rest)
    before = {name: table["VersionId"] for name, table in kept(aws).items()}
    others = [table for table in catalogued_tables() if table is not MODEL_QUALITY]
    moved = replace(catalogue, endpoints=("fraud-1", "churn"))
    with pytest.raises(ContractError, match="Queries and data sets that read these columns"):
        ensure_tables(moved, [*others, replace(MODEL_QUALITY, columns=columns)], migrate=migrate)
    assert {name: table["VersionId"] for name, table in kept(aws).items()} == before


def test_a_table_of_another_installation_is_left_alone(catalogue: Catalogue, aws: StandIn) -> None:
    ensure_tables(catalogue, [MODEL_QUALITY])
    with pytest.raises(AwsPermanentError, match="this installation did not make it"):
        ensure_tables(replace(catalogue, installation="them"), [MODEL_QUALITY])


@pytest.mark.parametrize("parameters", [{}, {"ml_insights.installation": "them"}])
def test_a_database_of_somebody_else_is_left_alone_until_it_is_marked_as_ours(
    catalogue: Catalogue, aws: StandIn, parameters: dict[str, str]
) -> None:
    described = {"Name": "insights", "Parameters": parameters}
    aws.client("glue", REGION).create_database(DatabaseInput=described)
    with pytest.raises(AwsPermanentError, match=r"parameter ml_insights\.installation=us"):
        ensure_tables(catalogue, [MODEL_QUALITY])
    assert kept(aws) == {}
    database = aws.service("glue", REGION).databases["insights"]
    database["Parameters"] = {"ml_insights.installation": "us"}
    ensure_tables(catalogue, [MODEL_QUALITY])
    assert set(kept(aws)) == {"model_quality"}


def test_a_database_that_somebody_else_makes_at_the_same_moment_is_left_alone(
    catalogue: Catalogue, aws: StandIn
) -> None:
    aws.client("glue", REGION).create_database(DatabaseInput={"Name": "insights"})
    aws.account.faults.error("glue", "GetDatabase", "EntityNotFoundException")
    with pytest.raises(AwsPermanentError, match="did not make it"):
        ensure_tables(catalogue, [MODEL_QUALITY])


def change_storage(table: dict[str, Any], **changes: Any) -> None:
    table["StorageDescriptor"].update(changes)


BY_HAND: dict[str, Callable[[dict[str, Any]], None]] = {
    "serde": lambda table: change_storage(
        table, SerdeInfo={"SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe"}
    ),
    "input format": lambda table: change_storage(
        table, InputFormat="org.apache.hadoop.mapred.TextInputFormat"
    ),
    "output format": lambda table: change_storage(table, OutputFormat="another"),
    "location": lambda table: change_storage(table, Location="s3://elsewhere/"),
    "location template": lambda table: table["Parameters"].update(
        {"storage.location.template": "s3://elsewhere/${endpoint}/dt=${dt}/"}
    ),
    "projection": lambda table: table["Parameters"].update({"projection.enabled": "false"}),
    "type": lambda table: table.update(TableType="VIRTUAL_VIEW"),
    "partitions": lambda table: table["PartitionKeys"].reverse(),
    "comment": lambda table: table["StorageDescriptor"]["Columns"][0].update(Comment="?"),
}


@pytest.mark.parametrize("change", BY_HAND)
def test_what_somebody_changed_by_hand_is_repaired(
    catalogue: Catalogue, aws: StandIn, change: str
) -> None:
    ensure_tables(catalogue, [MODEL_QUALITY])
    before = deepcopy(kept(aws)["model_quality"])
    BY_HAND[change](kept(aws)["model_quality"])
    assert ensure_tables(catalogue, [MODEL_QUALITY]) == {}
    moving = {"VersionId", "UpdateTime"}
    now = kept(aws)["model_quality"]
    assert {name: now[name] for name in now.keys() - moving} == {
        name: before[name] for name in before.keys() - moving
    }
    assert now["VersionId"] == "1"


def test_what_glue_adds_of_its_own_is_no_reason_to_change_a_table(
    catalogue: Catalogue, aws: StandIn
) -> None:
    ensure_tables(catalogue, [MODEL_QUALITY])
    table = kept(aws)["model_quality"]
    table["Parameters"]["transient_lastDdlTime"] = "1790000000"
    table["StorageDescriptor"]["SerdeInfo"]["Parameters"] = {}
    ensure_tables(catalogue, [MODEL_QUALITY])
    assert table["VersionId"] == "0"


def test_two_writers_do_not_undo_each_others_change(catalogue: Catalogue, aws: StandIn) -> None:
    ensure_tables(catalogue, [MODEL_QUALITY])
    aws.account.faults.effect("glue", "concurrent_update")
    with pytest.raises(AwsTransientError, match="Another run changes the table"):
        ensure_tables(replace(catalogue, endpoints=("churn",)), [MODEL_QUALITY])


def test_a_table_made_at_the_same_moment_is_taken(catalogue: Catalogue, aws: StandIn) -> None:
    ensure_tables(catalogue, [MODEL_QUALITY])
    aws.account.faults.error("glue", "GetTable", "EntityNotFoundException")
    aws.account.faults.error("glue", "GetDatabase", "EntityNotFoundException")
    assert ensure_tables(catalogue, [MODEL_QUALITY]) == {}


def test_no_description_is_longer_than_glue_allows(catalogue: Catalogue) -> None:
    for table in catalogued_tables():
        described = table_input(catalogue, table)
        comments = [one["Comment"] for one in described["StorageDescriptor"]["Columns"]]
        assert max(map(len, comments)) <= 255
