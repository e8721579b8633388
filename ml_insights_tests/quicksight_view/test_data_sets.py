"""A published day reaches QuickSight once, whole, and in types that keep every digit.

With two data sets; that all nine hold their tables is a test of the dashboard.
"""

from __future__ import annotations

from datetime import timedelta

import pyarrow.compute as pc
import pytest

from ml_insights.contracts import MODEL_QUALITY, PRECISION_RECALL
from ml_insights.errors import AwsPermanentError
from ml_insights_tests.dashboard.synthetic import Tables, build_tables
from ml_insights_tests.quicksight_view.publication import (
    CURVES_SET,
    ENDPOINT,
    Publication,
    assert_shown_as_published,
    days_of,
)

pytestmark = pytest.mark.usefixtures("two_sets")

FIRST, SECOND, THIRD = days_of(3)

pytestmark = pytest.mark.usefixtures("two_sets")


def changing_calls(publication: Publication) -> list[str]:
    """Operations that create, change or start something."""
    verbs = ("Create", "Update", "Put", "Delete", "Start")
    services = ("quicksight", "glue", "athena", "s3")
    calls = [call for name in services for call in publication.aws.calls.of(name)]
    return [call.operation for call in calls if call.operation.startswith(verbs)]


def test_a_first_publication_brings_all_published_days(publication: Publication) -> None:
    filled = publication.data_sets(THIRD)
    for name, contract in (
        ("model_quality", MODEL_QUALITY),
        ("precision_recall", PRECISION_RECALL),
    ):
        published = publication.lake.read_days(ENDPOINT, contract, days_of(3))
        rows = publication.rows(name)
        assert filled[name].rows == filled[name].total == rows.num_rows == published.num_rows
        assert set(rows.column_names) == {"dt", *(column.name for column in contract.columns)}
    assert all(one.started for one in filled.values())


def test_every_digit_of_a_number_arrives(publication: Publication) -> None:
    publication.data_sets(THIRD)
    published = publication.lake.read_days(ENDPOINT, PRECISION_RECALL, days_of(3))
    for column in ("threshold", "precision", "f1"):
        assert sorted(filter(None, publication.rows("precision_recall")[column].to_pylist())) == (
            sorted(filter(None, published[column].to_pylist()))
        )


def test_the_same_day_again_calls_nothing_that_changes(publication: Publication) -> None:
    first = publication.data_sets(THIRD)
    publication.aws.calls.clear()
    again = publication.data_sets(THIRD)
    assert changing_calls(publication) == []
    assert not any(one.started for one in again.values())
    assert {name: one.ingestion_id for name, one in again.items()} == {
        name: one.ingestion_id for name, one in first.items()
    }


def test_a_restated_day_replaces_its_rows_by_an_incremental_refresh(
    publication: Publication,
) -> None:
    publication.data_sets(THIRD)
    restated = build_tables(days=8, slices=("all", "region=EU"), points=50, seed=8)
    publication.write(restated, [SECOND])
    filled = publication.data_sets(SECOND)
    ingestion = publication.service.ingestions[CURVES_SET][filled["precision_recall"].ingestion_id]
    assert ingestion["RequestType"] == "INCREMENTAL_REFRESH"
    held = publication.rows("precision_recall")
    published = publication.lake.read_days(ENDPOINT, PRECISION_RECALL, days_of(3))
    assert pc.sum(held["recall"]).as_py() == pytest.approx(pc.sum(published["recall"]).as_py())
    assert held.num_rows == published.num_rows


def test_a_day_before_the_look_back_window_takes_a_full_refresh(publication: Publication) -> None:
    publication.data_sets(THIRD)
    publication.today += timedelta(days=30)
    publication.aws.account.clock.advance(timedelta(days=30))
    restated = build_tables(days=8, slices=("all", "region=EU"), points=50, seed=8)
    publication.write(restated, [FIRST])
    filled = publication.data_sets(FIRST)["model_quality"]
    kept = publication.service.ingestions[f"ml-insights-{ENDPOINT}-model_quality"]
    assert kept[filled.ingestion_id]["RequestType"] == "FULL_REFRESH"


def test_going_back_to_an_earlier_content_is_ingested_again(
    publication: Publication, tables: Tables
) -> None:
    publication.data_sets(THIRD)
    other = build_tables(days=8, slices=("all", "region=EU"), points=50, seed=8)
    ids = []
    for content in (other, tables, other):
        publication.write(content, [THIRD])
        ids.append(publication.data_sets(THIRD)["model_quality"].ingestion_id)
    assert len(set(ids)) == 3


def test_days_that_were_computed_without_quicksight_come_with_the_next_publication(
    publication: Publication,
) -> None:
    """Also those before the look-back window, which an incremental refresh does not read."""
    publication.data_sets(THIRD)
    publication.today += timedelta(days=11)
    publication.aws.account.clock.advance(timedelta(days=11))
    later = build_tables(days=14, slices=("all", "region=EU"), points=50)
    publication.write(later, days_of(14)[3:])
    publication.data_sets(days_of(14)[-1])
    assert_shown_as_published(publication, 14)


def test_an_old_day_that_came_with_a_full_refresh_asks_for_no_other(
    publication: Publication,
) -> None:
    """Rows of old days are remembered; a day that was restated meanwhile is counted again."""
    publication.today += timedelta(days=11)
    publication.aws.account.clock.advance(timedelta(days=11))
    slices, last = ("all", "region=EU"), days_of(14)[-1]
    publication.write(build_tables(days=14, slices=slices, points=50), days_of(14)[3:])
    publication.data_sets(last)
    publication.write(build_tables(days=14, slices=("all",), points=50), [FIRST])
    types = []
    for day in (SECOND, last):
        publication.write(build_tables(days=14, slices=slices, points=50, seed=8), [day])
        before = set(publication.service.ingestions[CURVES_SET])
        publication.data_sets(day)
        kept = publication.service.ingestions[CURVES_SET]
        types.append([one["RequestType"] for name, one in kept.items() if name not in before])
        assert_shown_as_published(publication, 14)
    assert types == [["FULL_REFRESH"], ["INCREMENTAL_REFRESH"]]


def test_throttling_and_conflicts_are_overcome(publication: Publication) -> None:
    faults = publication.aws.account.faults
    faults.throttle("quicksight", "CreateDataSet", times=2)
    faults.error("quicksight", "UpdateDataSourcePermissions", "ConflictException", status=409)
    faults.reset("glue", "CreateTable")
    publication.data_sets(THIRD)
    assert len(publication.service.sets) == 2


def test_a_set_that_appears_while_it_is_created_is_taken(publication: Publication) -> None:
    publication.data_sets(THIRD)
    faults = publication.aws.account.faults
    faults.error("quicksight", "DescribeDataSet", "ResourceNotFoundException", status=404)
    publication.data_sets(THIRD)
    assert len(publication.service.sets) == 2


def test_a_set_of_somebody_else_is_left_alone(publication: Publication) -> None:
    publication.data_sets(THIRD)
    arn = publication.service.arn(f"dataset/{CURVES_SET}")
    publication.service.tags[arn] = []
    before = dict(publication.service.sets[CURVES_SET])
    with pytest.raises(AwsPermanentError, match="this installation did not make it"):
        publication.data_sets(THIRD)
    assert publication.service.sets[CURVES_SET] == before


def test_a_missing_permission_names_call_resource_and_request(publication: Publication) -> None:
    publication.aws.account.faults.error(
        "quicksight", "CreateDataSet", "AccessDeniedException", status=401, times=9
    )
    with pytest.raises(AwsPermanentError) as caught:
        publication.data_sets(THIRD)
    message = str(caught.value)
    assert "CreateDataSet answered AccessDeniedException" in message
    assert f"ml-insights-{ENDPOINT}-" in message
    assert "request id" in message
    assert "ml-insights iam-policy" in message


def test_a_source_that_quicksight_cannot_reach_is_explained(publication: Publication) -> None:
    publication.aws.account.faults.effect("quicksight", "failing_source")
    with pytest.raises(AwsPermanentError, match="CREATION_FAILED: ACCESS_DENIED"):
        publication.data_sets(THIRD)
    publication.data_sets(THIRD)
    assert publication.service.sources["ml-insights-athena"]["Status"] == "UPDATE_SUCCESSFUL"


def test_expired_credentials_in_mid_run_leave_a_state_from_which_a_rerun_continues(
    publication: Publication,
) -> None:
    publication.aws.account.faults.error(
        "quicksight", "DescribeIngestion", "ExpiredTokenException", status=403, times=9, after=3
    )
    with pytest.raises(AwsPermanentError, match="credentials have expired"):
        publication.data_sets(THIRD)
    publication.aws.account.faults.clear()
    publication.data_sets(THIRD)
    published = publication.lake.read_days(ENDPOINT, MODEL_QUALITY, days_of(3))
    assert publication.rows("model_quality").num_rows == published.num_rows
    assert len(publication.service.sets) == 2


def test_a_deleted_set_is_made_again_with_all_days(publication: Publication) -> None:
    publication.data_sets(THIRD)
    for kept in (publication.service.sets, publication.service.refresh):
        del kept[CURVES_SET]
    filled = publication.data_sets(THIRD)
    assert filled["precision_recall"].started
    assert not filled["model_quality"].started


def test_nobody_but_owners_has_rights_on_sets_and_sources(publication: Publication) -> None:
    publication.data_sets(THIRD)
    group = publication.account.principal("user/mallory")
    arn = publication.service.arn(f"dataset/{CURVES_SET}")
    publication.service.permissions[arn][group] = {"quicksight:DescribeDataSet"}
    source = publication.service.arn("datasource/ml-insights-athena")
    publication.service.permissions[source][group] = {"quicksight:PassDataSource"}
    publication.data_sets(THIRD)
    assert {name: one.revoked for name, one in publication.rights.items()} == {
        CURVES_SET: {group: {"quicksight:DescribeDataSet"}},
        "ml-insights-athena": {group: {"quicksight:PassDataSource"}},
    }
    owner = publication.account.principal("user/ann")
    data = {arn: who for arn, who in publication.service.permissions.items() if "data" in arn}
    assert len(data) == 3
    assert all(set(who) == {owner} for who in data.values())


@pytest.mark.parametrize("source", ["athena", "s3"])
def test_a_role_that_is_no_longer_wished_for_is_taken_from_the_source(
    publication: Publication, source: str
) -> None:
    section = publication.scope.settings.__dict__["quicksight"].__dict__
    section["source"], section["role"] = source, "arn:aws:iam::123456789012:role/reads"
    publication.data_sets(THIRD)
    section["role"] = None
    publication.data_sets(THIRD)
    every = [one["DataSourceParameters"] for one in publication.service.sources.values()]
    assert every
    assert not [one for kinds in every for one in kinds.values() if "RoleArn" in one]
    publication.aws.calls.clear()
    publication.data_sets(THIRD)
    assert "UpdateDataSource" not in changing_calls(publication)


def test_a_deleted_table_is_made_again(publication: Publication) -> None:
    publication.data_sets(SECOND)
    tables = publication.aws.service("glue", "eu-central-1").tables
    before = tables.pop(("ml_insights", "model_quality"))
    filled = publication.data_sets(THIRD)
    made = tables["ml_insights", "model_quality"]
    assert made["StorageDescriptor"] == before["StorageDescriptor"]
    assert filled["model_quality"].started


def test_a_table_that_is_deleted_meanwhile_is_named_and_the_old_rows_stay(
    publication: Publication, monkeypatch: pytest.MonkeyPatch
) -> None:
    publication.data_sets(SECOND)
    before = publication.rows("model_quality").num_rows
    del publication.aws.service("glue", "eu-central-1").tables["ml_insights", "model_quality"]
    with monkeypatch.context() as late:
        # It is deleted after the catalogue was looked at.
        late.setattr("ml_insights.quicksight_view.data_sets.ensure_tables", lambda *_: {})
        with pytest.raises(AwsPermanentError, match="SQL_TABLE_NOT_FOUND") as caught:
            publication.data_sets(THIRD)
    assert f"ml-insights-{ENDPOINT}-model_quality" in str(caught.value)
    assert publication.rows("model_quality").num_rows == before
    assert publication.data_sets(THIRD)["model_quality"].started
