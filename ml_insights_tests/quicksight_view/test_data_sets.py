"""A published day reaches QuickSight once, whole, and in types that keep every digit.

With two data sets; that all nine hold their tables is a test of the dashboard.
"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from unittest.mock import Mock

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from ml_insights.contracts import MODEL_QUALITY, PRECISION_RECALL
from ml_insights.errors import AwsPermanentError, AwsTransientError, DeadlineExceededError
from ml_insights.quicksight_view.csv_files import _as_text
from ml_insights_tests.aws.server import StandIn
from ml_insights_tests.dashboard.synthetic import Tables, build_tables
from ml_insights_tests.quicksight_view.publication import (
    ENDPOINT,
    Publication,
    days_of,
    open_publication,
)

pytestmark = pytest.mark.usefixtures("two_sets")

FIRST, SECOND, THIRD = days_of(3)
CURVES_SET = f"ml-insights-{ENDPOINT}-precision_recall"
QUALITY_SET = f"ml-insights-{ENDPOINT}-model_quality"


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


def test_an_ingestion_that_could_not_be_followed_is_cancelled_or_taken_up(
    publication: Publication,
) -> None:
    publication.data_sets(SECOND)
    publication.aws.account.faults.throttle("quicksight", "DescribeIngestion", after=1, times=999)
    with pytest.raises((AwsTransientError, DeadlineExceededError)):
        publication.data_sets(THIRD)
    publication.aws.account.faults.clear()
    started = len(publication.service.ingestions[CURVES_SET])
    cancelled = [
        one["IngestionStatus"] for one in publication.service.ingestions[CURVES_SET].values()
    ].count("CANCELLED")
    publication.data_sets(THIRD)
    assert len(publication.service.ingestions[CURVES_SET]) == started + bool(cancelled)


def test_dropped_rows_fail_and_name_their_number(publication: Publication) -> None:
    publication.aws.account.faults.effect("quicksight", "dropped_rows", detail={"rows": 3})
    with pytest.raises(AwsPermanentError, match="completed but dropped 3 of") as caught:
        publication.data_sets(THIRD)
    assert not caught.value.retryable
    publication.aws.account.faults.clear()
    publication.data_sets(THIRD)
    assert_shown_as_published(publication, 3)


def assert_shown_as_published(publication: Publication, days: int) -> None:
    """Every data set holds as many rows as the lake has of the days."""
    for table in (PRECISION_RECALL, MODEL_QUALITY):
        published = publication.lake.read_days(ENDPOINT, table, days_of(days))
        held = publication.rows(table.name)
        assert held.num_rows == published.num_rows - (
            published["display_rank"].null_count if table is PRECISION_RECALL else 0
        )


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


def test_a_first_ingestion_that_was_cancelled_is_made_up_for(publication: Publication) -> None:
    publication.today += timedelta(days=11)
    publication.aws.account.clock.advance(timedelta(days=11))
    publication.write(
        build_tables(days=14, slices=("all", "region=EU"), points=50), days_of(14)[3:]
    )
    for _ in range(2):
        publication.aws.account.faults.effect("quicksight", "hanging_ingestion")
    with pytest.raises(DeadlineExceededError):
        publication.data_sets(days_of(14)[-1])
    publication.aws.account.faults.clear()
    publication.data_sets(days_of(14)[-1])
    assert_shown_as_published(publication, 14)


def test_rows_that_quicksight_did_not_see_are_missed_until_it_sees_them(
    publication: Publication,
) -> None:
    publication.data_sets(SECOND)
    table = publication.aws.service("glue", "eu-central-1").tables["ml_insights", "model_quality"]
    table["Parameters"]["projection.dt.range"] = f"{THIRD:%Y-%m-%d},NOW"
    with pytest.MonkeyPatch.context() as patched:
        # The catalogue would be repaired before the ingestion.
        patched.setattr("ml_insights.quicksight_view.data_sets.ensure_tables", lambda *_: {})
        with pytest.raises(AwsTransientError, match="the lake has"):
            publication.data_sets(THIRD)
    publication.data_sets(THIRD)
    assert_shown_as_published(publication, 3)


def test_a_hanging_ingestion_is_cancelled_at_the_deadline(publication: Publication) -> None:
    publication.aws.account.faults.effect("quicksight", "hanging_ingestion")
    with pytest.raises(DeadlineExceededError, match="was not done after 60 s"):
        publication.data_sets(THIRD)
    states = [
        one["IngestionStatus"]
        for kept in publication.service.ingestions.values()
        for one in kept.values()
    ]
    assert states.count("CANCELLED") == 1
    filled = publication.data_sets(THIRD)
    assert sum(one.started for one in filled.values()) == 1


@pytest.mark.parametrize(
    ("kind", "error"),
    [("QUERY_TIMEOUT", AwsTransientError), ("PERMISSION_DENIED", AwsPermanentError)],
)
def test_a_failed_ingestion_says_why_and_whether_a_retry_helps(
    publication: Publication, kind: str, error: type[Exception]
) -> None:
    fault = {"type": kind}
    publication.aws.account.faults.effect("quicksight", "failing_ingestion", detail=fault)
    with pytest.raises(error, match=kind):
        publication.data_sets(THIRD)
    assert all(one.rows for one in publication.data_sets(THIRD).values())


def ingest_by_hand(publication: Publication, set_id: str, times: int) -> None:
    client = publication.aws.client("quicksight", "eu-central-1")
    for number in range(times):
        client.create_ingestion(
            AwsAccountId="123456789012", DataSetId=set_id, IngestionId=f"by-hand-{number}"
        )
    publication.aws.calls.clear()


def test_a_used_up_quota_is_known_before_anything_is_asked_of_it(publication: Publication) -> None:
    """Eight a day, as in Standard edition: QuickSight would take more, the setting does not."""
    section = publication.scope.settings.__dict__["quicksight"].__dict__
    section["ingestions_per_day"] = 8
    publication.data_sets(SECOND)
    ingest_by_hand(publication, CURVES_SET, 7)
    publication.data_sets(THIRD)
    publication.aws.calls.clear()
    publication.write(build_tables(days=8, slices=("all",), points=20, seed=9), [THIRD])
    with pytest.raises(AwsPermanentError, match=f"8 times .* wait: {CURVES_SET} may start again"):
        publication.data_sets(THIRD)
    started = publication.aws.calls.of("quicksight", "CreateIngestion")
    assert [call.resource["DataSetId"] for call in started] == [QUALITY_SET]
    publication.aws.account.clock.advance(timedelta(days=2))
    publication.today += timedelta(days=2)
    assert publication.data_sets(THIRD)["precision_recall"].started


def test_all_data_sets_that_wait_are_named_with_their_times(publication: Publication) -> None:
    publication.data_sets(SECOND)
    ingest_by_hand(publication, CURVES_SET, 32)
    publication.aws.account.clock.advance(timedelta(hours=2))
    ingest_by_hand(publication, QUALITY_SET, 32)
    with pytest.raises(AwsPermanentError) as caught:
        publication.data_sets(THIRD)
    words = str(caught.value)
    first, second = (
        re.search(rf"{name} may start again at \S+ (\d\d):(\d\d) UTC", words)
        for name in (QUALITY_SET, CURVES_SET)
    )
    assert first
    assert second
    assert int(first[1]) == int(second[1]) + 2
    assert not publication.aws.calls.of("quicksight", "CreateIngestion")


def test_an_ingestion_that_runs_is_taken_up_though_the_quota_is_used_up(
    publication: Publication, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = publication.scope.settings.__dict__["quicksight"].__dict__
    section["ingestions_per_day"] = 1
    publication.data_sets(SECOND)
    with monkeypatch.context() as crash:
        gone = "ml_insights.aws.quicksight.ingestion.follow"
        crash.setattr(gone, Mock(side_effect=RuntimeError("the machine is gone")))
        with pytest.raises(RuntimeError):
            publication.data_sets(THIRD)
    started = len(publication.service.ingestions[CURVES_SET])
    publication.data_sets(THIRD)
    assert len(publication.service.ingestions[CURVES_SET]) == started == 2
    assert_shown_as_published(publication, 3)


def test_a_quota_that_is_smaller_than_the_setting_says_is_an_error_too(
    publication: Publication,
) -> None:
    publication.data_sets(SECOND)
    publication.aws.account.faults.error(
        "quicksight", "CreateIngestion", "LimitExceededException", times=99
    )
    with pytest.raises(AwsPermanentError, match=f"{QUALITY_SET} later; {CURVES_SET} later"):
        publication.data_sets(THIRD)


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


def types_of(publication: Publication) -> list[tuple[str, str]]:
    """Types of the ingestions of the curves and how they ended, in their order."""
    every = publication.service.ingestions[CURVES_SET].values()
    return [(one["RequestType"], one["IngestionStatus"]) for one in every]


BROKEN = {
    "failed": ("failing_ingestion", {"type": "PERMISSION_DENIED"}, "FAILED"),
    "cancelled": ("hanging_ingestion", {}, "CANCELLED"),
    "rows dropped": ("dropped_rows", {"rows": 3}, "COMPLETED"),
}
"""How QuickSight's own ingestion of a set ends badly: effect, its detail, the state then."""


@pytest.mark.parametrize(("effect", "detail", "state"), BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("change", ["INITIAL_INGESTION", "EDIT"])
def test_a_set_whose_own_ingestion_ended_badly_is_filled_by_the_rerun(
    publication: Publication, change: str, effect: str, detail: dict[str, object], state: str
) -> None:
    """The day's receipt is of the set before it was deleted or changed by hand."""
    publication.data_sets(THIRD)
    if change == "EDIT":
        publication.service.sets[CURVES_SET]["Name"] = "by hand"
    else:
        for kept in (publication.service.sets, publication.service.refresh):
            del kept[CURVES_SET]
    publication.aws.account.faults.effect("quicksight", effect, detail=detail)
    with pytest.raises((AwsPermanentError, DeadlineExceededError)):
        publication.data_sets(THIRD)
    again = publication.data_sets(THIRD)["precision_recall"]
    assert again.started
    assert types_of(publication)[-2:] == [(change, state), ("FULL_REFRESH", "COMPLETED")]
    assert again.total == publication.rows("precision_recall").num_rows
    assert_shown_as_published(publication, 3)
    assert not publication.data_sets(THIRD)["precision_recall"].started


def test_a_set_that_lacks_rows_without_a_word_is_filled_by_the_rerun(
    publication: Publication,
) -> None:
    publication.data_sets(THIRD)
    publication.service.sets[CURVES_SET]["Name"] = "by hand"
    fault = {"rows": 3, "reported": 0}
    publication.aws.account.faults.effect("quicksight", "dropped_rows", detail=fault)
    with pytest.raises(AwsTransientError, match="the set has 597, but the lake has 600"):
        publication.data_sets(THIRD)
    assert publication.data_sets(THIRD)["precision_recall"].total == 600
    assert_shown_as_published(publication, 3)
    assert not publication.data_sets(THIRD)["precision_recall"].started


def test_the_day_after_a_change_that_failed_brings_older_days_too(
    publication: Publication,
) -> None:
    publication.data_sets(SECOND)
    publication.service.sets[CURVES_SET]["Name"] = "by hand"
    fault = {"type": "QUERY_TIMEOUT"}
    publication.aws.account.faults.effect("quicksight", "failing_ingestion", detail=fault)
    with pytest.raises(AwsTransientError, match="QUERY_TIMEOUT"):
        publication.data_sets(SECOND)
    publication.data_sets(THIRD)
    assert types_of(publication)[-2:] == [("EDIT", "FAILED"), ("FULL_REFRESH", "COMPLETED")]
    assert_shown_as_published(publication, 3)


def test_a_change_that_is_still_ingested_is_waited_for_before_a_receipt_counts(
    publication: Publication, monkeypatch: pytest.MonkeyPatch
) -> None:
    publication.data_sets(THIRD)
    publication.service.sets[CURVES_SET]["Name"] = "by hand"
    with monkeypatch.context() as crash:
        gone = "ml_insights.quicksight_view.data_sets.follow"
        crash.setattr(gone, Mock(side_effect=RuntimeError("the machine is gone")))
        with pytest.raises(RuntimeError):
            publication.data_sets(THIRD)
    assert not publication.data_sets(THIRD)["precision_recall"].started
    assert types_of(publication)[-1] == ("EDIT", "COMPLETED")


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


def test_files_have_floats_without_exponents_and_every_digit(
    aws: StandIn, tmp_path: Path, tables: Tables
) -> None:
    extra = "source: s3\n  poll_seconds: 0.1"
    opened = open_publication(aws, tmp_path, FIRST + timedelta(days=1), extra)
    opened.write(tables, [FIRST])
    rows = opened.lake.read(ENDPOINT, MODEL_QUALITY, FIRST)
    number = rows.schema.get_field_index("average_precision")
    values = [9.5e-7, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, -1e22, 0.0, None, float("nan")]
    cycled = [values[n % len(values)] for n in range(rows.num_rows)]
    small = rows.set_column(number, rows.schema.field(number), pa.array(cycled, pa.float64()))
    text = _as_text(small["average_precision"], "float64").to_pylist()
    assert not [one for one in text if one and "e" in one]
    read = [None if one is None else float(one) for one in text]
    assert str(read) == str(cycled)
    opened.lake.write(ENDPOINT, MODEL_QUALITY, FIRST, small.slice(0, 4))
    opened.data_sets(FIRST)
    assert opened.rows("model_quality")["average_precision"].to_pylist() == cycled[:4]


def test_a_restated_day_comes_with_the_csv_files_of_any_later_publication(
    aws: StandIn, tmp_path: Path, tables: Tables
) -> None:
    """And no other day's file is written again."""
    extra = "source: s3\n  poll_seconds: 0.1"
    opened = open_publication(aws, tmp_path, THIRD + timedelta(days=1), extra)
    opened.write(tables, [FIRST, SECOND])
    opened.data_sets(SECOND)
    restated = build_tables(days=8, slices=("all", "region=EU"), points=50, seed=8)
    opened.write(restated, [FIRST])
    opened.write(tables, [THIRD])
    aws.calls.clear()
    opened.data_sets(THIRD)
    written = [call.resource["Key"] for call in aws.calls.of("s3", "PutObject")]
    files = sorted(key.rpartition("/")[2] for key in written if key.endswith(".csv"))
    assert files == [f"dt={day}.csv" for day in (FIRST, FIRST, THIRD, THIRD)]
    for table in (PRECISION_RECALL, MODEL_QUALITY):
        published = opened.lake.read_days(ENDPOINT, table, [FIRST, SECOND, THIRD])
        if table is PRECISION_RECALL:
            published = published.filter(pc.is_valid(published["display_rank"]))
        column = "precision" if table is PRECISION_RECALL else "average_precision"
        held = opened.rows(table.name)[column].to_pylist()
        assert sorted(filter(None, held)) == sorted(filter(None, published[column].to_pylist()))
