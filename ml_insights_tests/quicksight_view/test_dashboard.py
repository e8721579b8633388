"""The dashboard shows what its definition says, and only good versions are shown."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from ml_insights.contracts import MODEL_QUALITY
from ml_insights.errors import AwsPermanentError, AwsTransientError, DeadlineExceededError
from ml_insights.quicksight_view.data_sets import data_sets_of
from ml_insights_tests.aws.quicksight_references import offences
from ml_insights_tests.aws.service import ACCOUNT_ID
from ml_insights_tests.dashboard.synthetic import Tables
from ml_insights_tests.quicksight_view.publication import (
    DASHBOARD,
    ENDPOINT,
    REGION,
    Publication,
    days_of,
    open_publication,
)

*_, THIRD = days_of(3)


def definition(publication: Publication) -> dict[str, Any]:
    shown = publication.service.dashboards[DASHBOARD]
    found: dict[str, Any] = shown["versions"][shown["published"] - 1]["Definition"]
    return found


def test_the_definition_is_accepted_as_it_is(filled: Publication) -> None:
    view = filled.dashboard()
    assert view.published.version == 1
    names = [sheet["Name"] for sheet in definition(filled)["Sheets"]]
    assert names == ["Today", "Trend", "A/B", "Value", "Data quality"]


def test_every_fault_of_a_definition_is_found(filled: Publication) -> None:
    """The validator that accepts the dashboard refuses each single broken reference in it."""
    filled.dashboard()
    good = definition(filled)
    columns = {one["Arn"]: filled.service.columns_of(one) for one in filled.service.sets.values()}
    assert offences(good, columns) == []
    text = json.dumps(good)
    wrong = {
        '"ColumnName": "recall"': '"ColumnName": "recal"',
        '"ParameterName": "Variant"': '"ParameterName": "Varian"',
        '"SourceParameterName": "Threshold"': '"SourceParameterName": "Slice"',
        "${DaysBack}": "${DaysBac}",
        "{threshold_index} =": "{threshold_inde} =",
        "maxOver(": "maximumOver(",
        '"DataSetArn": "arn': '"DataSetArn": "arm',
        '"VisualIds": ["label_coverage"': '"VisualIds": ["label"',
        '"FieldId": "trend_recall.dt", "Direction"': '"FieldId": "trend.dt", "Direction"',
        '"ItemsLimit": 2500': '"ItemsLimit": 25000',
        '"ColumnSpan": 36': '"ColumnSpan": 37',
        '"ElementId": "balance"': '"ElementId": "balanc"',
    }
    for before, after in wrong.items():
        assert before in text, before
        assert offences(json.loads(text.replace(before, after)), columns), before


def test_the_same_dashboard_again_makes_no_version_and_changes_nothing(filled: Publication) -> None:
    filled.dashboard()
    filled.aws.calls.clear()
    view = filled.dashboard()
    assert (view.published.version, view.published.changed) == (1, False)
    operations = {call.operation for call in filled.aws.calls.of("quicksight")}
    assert not [name for name in operations if name.startswith(("Create", "Update", "Delete"))]


def test_another_definition_becomes_a_new_version_that_is_published(
    filled: Publication, tables: Tables
) -> None:
    filled.dashboard()
    rows = filled.lake.read(ENDPOINT, MODEL_QUALITY, THIRD).to_pylist()
    newcomer = [{**row, "variant": "canary"} for row in rows if row["variant"] == "champion"]
    table = (
        MODEL_QUALITY.arrow_schema()
        .empty_table()
        .from_pylist([*rows, *newcomer], schema=MODEL_QUALITY.arrow_schema())
    )
    filled.lake.write(ENDPOINT, MODEL_QUALITY, THIRD, table)
    view = filled.dashboard()
    assert (view.published.version, view.published.changed) == (2, True)
    assert filled.service.dashboards[DASHBOARD]["published"] == 2


def allow_exports(publication: Publication, *, allowed: bool = True) -> None:
    """Change a setting that the dashboard depends on."""
    publication.scope.settings.__dict__["quicksight"].__dict__["exports"] = allowed


def versions(publication: Publication) -> int:
    return len(publication.service.dashboards[DASHBOARD]["versions"])


def test_a_version_that_fails_is_not_shown(filled: Publication) -> None:
    filled.dashboard()
    allow_exports(filled)
    filled.aws.account.faults.effect("quicksight", "failing_version")
    with pytest.raises(AwsPermanentError, match=r"UPDATE_FAILED: .*the last good version stays"):
        filled.dashboard()
    assert filled.service.dashboards[DASHBOARD]["published"] == 1


def test_a_version_that_failed_for_good_is_not_made_again_but_its_error_is_said_again(
    filled: Publication,
) -> None:
    filled.dashboard()
    allow_exports(filled)
    filled.aws.account.faults.effect("quicksight", "failing_version")
    told = set()
    for _ in range(3):
        with pytest.raises(AwsPermanentError, match=r"version 2 of .* COLUMN_TYPE_") as said:
            filled.dashboard()
        told.add(str(said.value))
    assert len(told) == 1
    assert versions(filled) == 2
    allow_exports(filled, allowed=False)
    assert filled.dashboard().published.version == 1
    allow_exports(filled)
    with pytest.raises(AwsPermanentError, match="version 2"):
        filled.dashboard()


def test_a_version_that_failed_is_made_again_once_a_data_set_has_changed(
    filled: Publication,
) -> None:
    filled.dashboard()
    allow_exports(filled)
    filled.aws.account.faults.effect("quicksight", "failing_version")
    with pytest.raises(AwsPermanentError, match="UPDATE_FAILED"):
        filled.dashboard()
    filled.service.sets[f"{DASHBOARD}-insights"]["LastUpdatedTime"] += timedelta(hours=1)
    assert filled.dashboard().published.version == 3
    assert filled.service.dashboards[DASHBOARD]["published"] == 3


@pytest.mark.parametrize("kind", ["INTERNAL_FAILURE", "ACCESS_DENIED"])
def test_a_version_that_failed_by_what_passes_is_made_again(filled: Publication, kind: str) -> None:
    filled.aws.account.faults.effect("quicksight", "failing_version", detail={"type": kind})
    with pytest.raises(AwsPermanentError, match=f"CREATION_FAILED: {kind}"):
        filled.dashboard()
    assert filled.dashboard().published.version == 2


def test_a_version_that_never_ends_is_an_error_at_the_deadline_and_is_taken_up_again(
    filled: Publication,
) -> None:
    filled.aws.account.faults.effect("quicksight", "hanging_version")
    with pytest.raises(DeadlineExceededError, match=r"version 1 of .* after 300 s\. .* stays"):
        filled.dashboard()
    with pytest.raises(DeadlineExceededError, match="version 1"):
        filled.dashboard()
    assert versions(filled) == 1
    filled.service.dashboards[DASHBOARD]["versions"][0]["hangs"] = False
    assert filled.dashboard().published.version == 1
    assert versions(filled) == 1


def test_a_good_version_that_was_not_published_is_published_by_the_next_run(
    filled: Publication,
) -> None:
    filled.dashboard()
    allow_exports(filled)
    filled.aws.account.faults.error(
        "quicksight", "UpdateDashboardPublishedVersion", "AccessDeniedException", status=401
    )
    with pytest.raises(AwsPermanentError, match="AccessDeniedException"):
        filled.dashboard()
    assert filled.dashboard().published.version == 2
    assert (versions(filled), filled.service.dashboards[DASHBOARD]["published"]) == (2, 2)


def test_a_publication_that_is_not_seen_is_an_error_and_the_next_run_repairs_it(
    filled: Publication,
) -> None:
    filled.dashboard()
    allow_exports(filled)
    filled.aws.account.faults.effect("quicksight", "lost_publication")
    with pytest.raises(AwsPermanentError, match=r"version 2 .* but QuickSight shows 1") as caught:
        filled.dashboard()
    assert caught.value.code == "NotPublished"
    assert filled.dashboard().published.version == 2
    assert filled.service.dashboards[DASHBOARD]["published"] == 2


def test_a_dashboard_without_data_sets_says_what_to_materialize(publication: Publication) -> None:
    with pytest.raises(AwsPermanentError, match="materialize quicksight_dataset first"):
        publication.dashboard()


def test_a_version_that_somebody_is_making_is_waited_for(filled: Publication) -> None:
    filled.dashboard()
    shown = filled.service.dashboards[DASHBOARD]
    shown["versions"][0]["Status"] = "UPDATE_IN_PROGRESS"
    assert not filled.dashboard().published.changed


def test_conflicts_while_updating_pass(filled: Publication) -> None:
    faults = filled.aws.account.faults
    faults.error("quicksight", "UpdateDashboardPermissions", "ConflictException", status=409)
    faults.throttle("quicksight", "DescribeDashboard", times=2)
    assert filled.dashboard().published.version == 1


def test_conflicts_that_do_not_pass_are_an_error(filled: Publication) -> None:
    filled.aws.account.faults.error(
        "quicksight", "UpdateDashboardPermissions", "ConflictException", status=409, times=99
    )
    with pytest.raises(AwsTransientError, match="still busy"):
        filled.dashboard()


@pytest.mark.parametrize("allowed", [False, True])
def test_exports_of_the_shown_version_are_as_the_settings_say(
    filled: Publication, *, allowed: bool
) -> None:
    allow_exports(filled, allowed=not allowed)
    filled.dashboard()
    allow_exports(filled, allowed=allowed)
    filled.dashboard()
    shown = filled.aws.client("quicksight", REGION).describe_dashboard_definition(
        AwsAccountId=ACCOUNT_ID, DashboardId=DASHBOARD
    )["DashboardPublishOptions"]
    polarity = "ENABLED" if allowed else "DISABLED"
    assert shown["ExportToCSVOption"] == {"AvailabilityStatus": polarity}
    assert shown["ExportWithHiddenFieldsOption"] == {"AvailabilityStatus": "DISABLED"}


def test_a_dashboard_of_somebody_else_is_left_alone(filled: Publication) -> None:
    filled.dashboard()
    filled.service.tags[filled.service.arn(f"dashboard/{DASHBOARD}")] = []
    with pytest.raises(AwsPermanentError, match="this installation did not make it"):
        filled.dashboard()


@pytest.mark.parametrize("source", ["athena", "s3"])
def test_both_sources_hold_the_same_rows_and_carry_the_same_dashboard(
    aws: Any, tmp_path: Any, tables: Tables, source: str
) -> None:
    opened = open_publication(
        aws, tmp_path, THIRD + timedelta(days=1), f"source: {source}\n  poll_seconds: 0.1"
    )
    opened.write(tables, days_of(3))
    filled = opened.data_sets(THIRD)
    opened.write(tables, days_of(4)[3:])
    filled = opened.data_sets(days_of(4)[3])
    assert opened.dashboard().published.version == 1
    for name, data_set in data_sets_of(opened.scope).items():
        whole = opened.lake.read_days(ENDPOINT, data_set.table, days_of(4))
        assert filled[name].total == whole.num_rows == opened.rows(name).num_rows
    published = opened.lake.read_days(ENDPOINT, MODEL_QUALITY, days_of(4))
    held = opened.rows("model_quality")
    for column in ("average_precision", "operating_recall_low", "predictions", "slice"):
        assert sorted(map(str, held[column].to_pylist())) == sorted(
            map(str, published[column].to_pylist())
        )
    assert [row is None for row in held["labels_as_of"].to_pylist()] == [
        row is None for row in published["labels_as_of"].to_pylist()
    ]
