"""A used-up quota of ingestions is known, and said, before anything is asked of QuickSight.

With two data sets.
"""

from __future__ import annotations

import re
from datetime import timedelta
from unittest.mock import Mock

import pytest

from ml_insights.errors import AwsPermanentError
from ml_insights_tests.dashboard.synthetic import build_tables
from ml_insights_tests.quicksight_view.publication import (
    CURVES_SET,
    QUALITY_SET,
    Publication,
    assert_shown_as_published,
    days_of,
)

pytestmark = pytest.mark.usefixtures("two_sets")

_, SECOND, THIRD = days_of(3)


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
