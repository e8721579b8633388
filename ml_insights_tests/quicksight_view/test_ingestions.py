"""Rows that QuickSight did not take are noticed, said, and made up for by the rerun.

With two data sets.
"""

from __future__ import annotations

from datetime import timedelta
from unittest.mock import Mock

import pytest

from ml_insights.errors import AwsPermanentError, AwsTransientError, DeadlineExceededError
from ml_insights_tests.dashboard.synthetic import build_tables
from ml_insights_tests.quicksight_view.publication import (
    CURVES_SET,
    Publication,
    assert_shown_as_published,
    days_of,
)

pytestmark = pytest.mark.usefixtures("two_sets")

_, SECOND, THIRD = days_of(3)


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
