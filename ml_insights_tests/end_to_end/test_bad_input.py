"""A day that cannot be computed says why, first and in words; nothing wrong is published."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from ml_insights.capture_files import (
    capture_record,
    csv_labels,
    csv_response,
    label_record,
    write_capture_files,
    write_label_files,
)
from ml_insights.contracts import MODEL_QUALITY, QUARANTINE
from ml_insights.daily_runs import run_day
from ml_insights.errors import MlInsightsError
from ml_insights_tests.installation import Installation, install, judged_days

ENDPOINT = "churn-1"
DAY = date(2026, 10, 1)
SETTINGS = f"""\
lake: ./lake
endpoints:
  {ENDPOINT}:
    data_capture: ./capture
    ground_truth: ./labels
    start_date: {DAY}
    score: {{content_type: text/csv, index: 0}}
    positive_label: "1"
    operating_threshold: 0.5
    max_rejected_share: 0.1
"""
MIDNIGHT = datetime(2026, 10, 1, tzinfo=UTC)


@pytest.fixture
def installation(tmp_path: Path, spark: object, instance: dg.DagsterInstance) -> Installation:
    assert spark
    return install(tmp_path, SETTINGS, instance)


def capture(installation: Installation, lines: list[bytes]) -> None:
    """Put lines into the day, one a minute."""
    folder = Path(installation.scope(ENDPOINT).capture_root) / "champion"
    timed = [(MIDNIGHT + timedelta(minutes=n), line) for n, line in enumerate(lines)]
    write_capture_files(folder, timed)


def sound_lines(number: int) -> list[bytes]:
    """Records of one prediction; scores rise."""
    return [
        capture_record(
            event_id=f"event-{n}", time=MIDNIGHT, response=csv_response([(n + 0.5) / number])
        ).encode()
        for n in range(number)
    ]


def message_of(installation: Installation) -> str:
    """What the user is told first."""
    with pytest.raises(MlInsightsError) as caught:
        run_day(installation.definitions, installation.instance, ENDPOINT, DAY)
    assert installation.published(ENDPOINT, DAY) <= {"quarantine"}
    return str(caught.value)


def test_a_day_without_captures_says_where_they_were_looked_for(
    installation: Installation,
) -> None:
    message = message_of(installation)
    assert message.startswith("2026-10-01: churn_1__raw_predictions failed: no captured object")
    root = installation.scope(ENDPOINT).capture_root
    assert f"looked for {root}/<variant>/2026/10/01/<hour>/" in message
    assert "Check that data capture is on" in message


def test_captures_of_another_day_are_not_taken_for_it(installation: Installation) -> None:
    folder = Path(installation.scope(ENDPOINT).capture_root) / "champion"
    write_capture_files(folder, [(MIDNIGHT + timedelta(days=1), sound_lines(1)[0])])
    assert "no captured object for 2026-10-01" in message_of(installation)


def test_objects_without_a_line_are_a_day_without_predictions(installation: Installation) -> None:
    root = Path(installation.scope(ENDPOINT).capture_root)
    for hour in ("03", "04"):
        folder = root / "champion" / "2026/10/01" / hour
        folder.mkdir(parents=True)
        (folder / "00-00-000.jsonl").write_bytes(b"")
    message = message_of(installation)
    assert "confusion_counts failed" in message
    assert "prediction" in message


def test_a_day_of_garbage_stops_at_the_check_that_lists_the_reasons(
    installation: Installation,
) -> None:
    garbage = [b"\\x00\\x01", b"{}", b"<html>", b"", b"\xff\xfe", sound_lines(1)[0][:-20]]
    capture(installation, garbage * 3)
    message = message_of(installation)
    assert message.startswith(
        "2026-10-01: check rejected_share_is_within_limit failed: 100.000% rejected, limit 10.000%"
    )
    for reason in ("malformed_json: 9", "no_event_id: 3", "not_utf8: 3", "empty_line: 3"):
        assert reason in message
    partition = installation.lake.partition(ENDPOINT, "quarantine", DAY)
    assert f"samples are in {partition}" in message
    samples = installation.lake.read(ENDPOINT, QUARANTINE, DAY)
    assert Counter(samples["reason"].to_pylist()) == {
        "malformed_json": 9,
        "no_event_id": 3,
        "not_utf8": 3,
        "empty_line": 3,
    }


def test_a_day_of_scores_that_are_none_stops_likewise(installation: Installation) -> None:
    lines = [line.replace(b'"data":"0.', b'"data":"7.') for line in sound_lines(20)]
    capture(installation, lines)
    message = message_of(installation)
    assert "100.000% rejected" in message
    assert "score_above_1: 20" in message


def test_a_repaired_day_runs_and_warns_of_what_is_missing(
    installation: Installation, instance: dg.DagsterInstance
) -> None:
    """Half an hour of captures and no folder of labels: the numbers are right but say little."""
    capture(installation, [b"garbage"] * 30)
    message_of(installation)
    shutil.rmtree(installation.scope(ENDPOINT).capture_root)
    capture(installation, sound_lines(29))
    run_day(installation.definitions, instance, ENDPOINT, DAY)
    (row,) = installation.lake.read(ENDPOINT, MODEL_QUALITY, DAY).to_pylist()
    assert (row["predictions"], row["unlabelled"]) == (29, 29)
    assert row["average_precision"] is None
    assert "no_positives" in row["undefined_reason"]
    assert row["provisional"]
    keys = installation.definitions.resolve_asset_graph().asset_check_keys
    passed = {key.name: judged_days(instance, key)[str(DAY)] for key in keys}
    assert passed == {
        "every_hour_has_captures": False,
        "rejected_share_is_within_limit": True,
        "no_variant_is_rejected_above_the_limit": True,
        "labels_lie_where_they_are_read": True,
        "labels_are_of_known_classes": True,
        "counts_do_not_increase_with_threshold": True,
        "every_account_adds_up_to_zero": True,
        "traffic_is_split_as_configured": True,
        "labels_name_one_prediction": True,
        "days_before_count_the_same": True,
        "no_share_fell_beyond_doubt": True,
        "positives_are_enough": False,
        "label_coverage_is_reached": False,
    }

    labels = [label_record(f"event-{n}", csv_labels([int(n > 14)])).encode() for n in range(29)]
    root = Path(installation.scope(ENDPOINT).ground_truth_root)
    write_label_files(root, [(MIDNIGHT + timedelta(days=1), line) for line in labels])
    run_day(installation.definitions, instance, ENDPOINT, DAY)
    (row,) = installation.lake.read(ENDPOINT, MODEL_QUALITY, DAY).to_pylist()
    assert (row["positives"], row["negatives"], row["average_precision"]) == (14, 15, 1.0)
