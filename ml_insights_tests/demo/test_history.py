"""The demo's files hold what its ledger and its true curves say."""

from __future__ import annotations

import errno
import math
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from ml_insights.contracts import REASONS
from ml_insights.demo import Demo, LabelCounts, Scenario, TrueCurve, history, write_demo
from ml_insights.errors import SettingsError, StorageError
from ml_insights.settings.load import load_settings
from ml_insights_tests.capture_data import CAPTURE_LAYOUT, LABEL_LAYOUT
from ml_insights_tests.demo.naive_reader import (
    CaptureDay,
    Kept,
    LabelDay,
    final_labels,
    read_capture,
    read_labels,
)

DAYS, PREDICTIONS_PER_DAY = 5, 2_500
NOT_IN_THE_DEMO = {"wrong_class_count", "no_labels", "no_label_data"}


class History(NamedTuple):
    """A demo and what the naive reader finds in it."""

    demo: Demo
    capture: dict[tuple[date, str], CaptureDay]
    labels: dict[date, LabelDay]
    final: dict[str, tuple[date, list[str]]]

    def label(self, kept: Kept) -> str | None:
        """The label a prediction takes."""
        _, labels = self.final.get(kept.event_id, (None, []))
        return labels[kept.position] if len(labels) == kept.of else None


def small_demo(folder: Path, *, seed: int = 7, days: int = 2) -> Demo:
    return write_demo(folder, seed=seed, days=days, predictions_per_day=100)


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def written_demo(tmp_path_factory: pytest.TempPathFactory) -> History:
    folder = tmp_path_factory.mktemp("demo")
    demo = write_demo(folder, seed=3, days=DAYS, predictions_per_day=PREDICTIONS_PER_DAY)
    labels = read_labels(demo.ground_truth)
    capture = read_capture(demo.data_capture / demo.endpoint)
    return History(demo, capture, labels, final_labels(labels))


def test_files_lie_as_sagemaker_puts_them(written_demo: History) -> None:
    assert all(map(CAPTURE_LAYOUT.fullmatch, contents(written_demo.demo.data_capture)))
    assert all(map(LABEL_LAYOUT.fullmatch, contents(written_demo.demo.ground_truth)))


def test_capture_ledger_equals_a_naive_reading(written_demo: History) -> None:
    assert written_demo.capture.keys() == written_demo.demo.ledger.capture.keys()
    for key, found in written_demo.capture.items():
        counts = written_demo.demo.ledger.capture[key]
        labels = Counter(written_demo.label(kept) for kept in found.kept.values())
        assert counts.lines == found.lines
        assert counts.rejected_lines == found.rejected_lines
        assert counts.predictions == found.predictions
        assert counts.rejected_predictions == found.rejected_predictions
        assert counts.duplicates == found.duplicates
        assert counts.scores == len(found.kept)
        assert (counts.positives, counts.negatives, counts.unlabelled) == (
            labels["1"],
            labels["0"],
            labels[None],
        )


def test_label_ledger_equals_a_naive_reading(written_demo: History) -> None:
    home = {
        kept.event_id: (day, kept.of)
        for (day, _), found in written_demo.capture.items()
        for kept in found.kept.values()
    }
    assert written_demo.labels.keys() == written_demo.demo.ledger.collected.keys()
    for day, found in written_demo.labels.items():
        joined: Counter[date] = Counter()
        wrong_length = unknown = 0
        of_the_day = (
            (event, labels) for event, (on, labels) in written_demo.final.items() if on == day
        )
        for event, labels in of_the_day:
            if event not in home:
                unknown += len(labels)
            elif home[event][1] != len(labels):
                wrong_length += len(labels)
            else:
                joined[home[event][0]] += len(labels)
        read = sum(len(labels) for _, _, labels in found.records)
        assert written_demo.demo.ledger.collected[day] == LabelCounts(
            lines=found.lines,
            rejected_lines=found.rejected_lines,
            labels=read,
            joined=joined,
            superseded=read - joined.total() - wrong_length - unknown,
            wrong_length=wrong_length,
            unknown_event=unknown,
        )


def test_joined_labels_are_the_labelled_predictions_of_the_day(written_demo: History) -> None:
    ledger = written_demo.demo.ledger
    for day in written_demo.demo.scenario.all_days():
        labelled = sum(
            counts.positives + counts.negatives
            for (captured, _), counts in ledger.capture.items()
            if captured == day
        )
        assert ledger.label_window(day).joined[day] == labelled
        assert sum(counts.joined.get(day, 0) for counts in ledger.collected.values()) == labelled


def test_every_kind_of_bad_input_occurs_but_a_day_stays_below_the_limit(
    written_demo: History,
) -> None:
    settings = yaml.safe_load(written_demo.demo.settings_file.read_text())
    limit = settings["endpoints"][written_demo.demo.endpoint]["max_rejected_share"]
    seen: set[str] = set()
    for (day, _), found in written_demo.capture.items():
        seen |= found.rejected_lines.keys() | found.rejected_predictions.keys()
        rejected = (found.rejected_lines + found.rejected_predictions).total()
        assert (rejected > 0) == (day >= written_demo.demo.scenario.broken_client_since)
        assert rejected < limit * found.lines
        assert found.duplicates > 0
    assert seen == REASONS.keys() - NOT_IN_THE_DEMO
    labels = written_demo.demo.ledger.collected.values()
    assert {"no_label_data", "no_event_id", "malformed_json", "not_utf8"} <= {
        reason for counts in labels for reason in counts.rejected_lines
    }
    assert all(
        counts.superseded and counts.wrong_length and counts.unknown_event for counts in labels
    )


def test_corrections_change_labels_of_earlier_hours(written_demo: History) -> None:
    records = [record for found in written_demo.labels.values() for record in found.records]
    changed = [event for _, event, labels in records if written_demo.final[event][1] != labels]
    assert len(changed) > 10


def test_scores_follow_the_true_curve_of_their_variant_day_and_region(
    written_demo: History,
) -> None:
    """Recall and false positive rate of every region, over all days but the degraded one."""
    scenario = written_demo.demo.scenario
    for variant in ("champion", "challenger"):
        for region in ("EU", "US", "APAC"):
            kept = [
                kept
                for (day, of), found in written_demo.capture.items()
                for kept in found.kept.values()
                if of == variant
                and day != scenario.degraded_day
                and kept.row.split(",")[3] == region
            ]
            assert_rates_agree(
                written_demo, kept, scenario.truth(variant, scenario.last_day, region)
            )


def test_the_challenger_follows_another_curve_on_the_degraded_day(written_demo: History) -> None:
    scenario = written_demo.demo.scenario
    day = scenario.degraded_day
    kept = list(written_demo.capture[day, "challenger"].kept.values())
    assert_rates_agree(written_demo, kept, scenario.truth("challenger", day))
    usual = scenario.truth("challenger", day - timedelta(days=1))
    assert scenario.truth("challenger", day).average_precision() < usual.average_precision() - 0.2
    assert scenario.truth("champion", day) == scenario.truth("champion", scenario.first_day)
    weak = scenario.truth("champion", day, "APAC").average_precision()
    assert weak < scenario.truth("champion", day, "EU").average_precision() - 0.1


def assert_rates_agree(written_demo: History, kept: list[Kept], truth: TrueCurve) -> None:
    """Rates of the labelled predictions lie within 4 standard errors of the closed form."""
    for label, true_rate in (("1", truth.recall), ("0", truth.false_positive_rate)):
        scores = [one.score for one in kept if written_demo.label(one) == label]
        for threshold in (0.1, 0.3, 0.5):
            rate = true_rate(threshold)
            error = math.sqrt(rate * (1 - rate) / len(scores))
            above = sum(score >= threshold for score in scores) / len(scores)
            assert above == pytest.approx(rate, abs=4 * error)


def test_positives_are_rare(written_demo: History) -> None:
    counts = written_demo.demo.ledger.capture.values()
    positives = sum(count.positives for count in counts)
    share = positives / (positives + sum(count.negatives for count in counts))
    assert share == pytest.approx(0.03, abs=4 * math.sqrt(positives) / positives * 0.03)


def test_one_hour_of_one_day_is_missing(written_demo: History) -> None:
    every_hour = {f"{hour:02d}" for hour in range(24)}
    missing = {key: every_hour - found.hours for key, found in written_demo.capture.items()}
    day = written_demo.demo.scenario.day_with_missing_hour
    assert {key: hours for key, hours in missing.items() if hours} == {
        (day, "champion"): {"11"},
        (day, "challenger"): {"11"},
    }


def test_newest_days_still_wait_for_labels(written_demo: History) -> None:
    scenario, ledger = written_demo.demo.scenario, written_demo.demo.ledger
    waiting = [
        ledger.capture[day, "champion"].unlabelled / ledger.capture[day, "champion"].scores
        for day in scenario.all_days()
    ]
    assert waiting[-1] > 0.1
    assert max(waiting[:-3]) < 0.08
    assert max(written_demo.labels) == scenario.last_day + timedelta(days=1)


def test_encodings_batches_and_ids_are_mixed(written_demo: History) -> None:
    lines = b"".join(contents(written_demo.demo.data_capture).values())
    for part in (
        b'"OUTPUT","data":"0.',
        b'"observedContentType":"application/json","mode":"OUTPUT","data":"{',
        b'"encoding":"BASE64"}},"eventMetadata"',
        b'"inferenceId"',
    ):
        assert lines.count(part) > 0.05 * lines.count(b"\n")
    sizes = {kept.of for found in written_demo.capture.values() for kept in found.kept.values()}
    assert sizes == {1, 2, 3, 4}


def test_settings_name_the_columns_of_the_request(written_demo: History) -> None:
    settings = yaml.safe_load(written_demo.demo.settings_file.read_text())
    endpoint = settings["endpoints"][written_demo.demo.endpoint]
    assert endpoint["start_date"] == written_demo.demo.scenario.first_day
    assert (written_demo.demo.folder / endpoint["data_capture"]) == written_demo.demo.data_capture
    assert (written_demo.demo.folder / endpoint["ground_truth"]) == written_demo.demo.ground_truth
    columns = {
        one["name"]: {
            kept.row.split(",")[one["index"]]
            for found in written_demo.capture.values()
            for kept in found.kept.values()
        }
        for one in endpoint["slices"]
        if "name" in one
    }
    assert columns["region"] == {"EU", "US", "APAC"}
    assert columns["device"] == {"web", "app"}
    assert set(columns) == {"region", "device"}


def test_settings_are_valid_and_read_both_forms_of_labels(written_demo: History) -> None:
    endpoint = load_settings(written_demo.demo.settings_file, {}).endpoints[
        written_demo.demo.endpoint
    ]
    assert {form.content_type for form in endpoint.label} == {"text/csv", "application/json"}
    lines = b"".join(contents(written_demo.demo.ground_truth).values())
    assert lines.count(b'"encoding":"CSV"') > lines.count(b'"encoding":"JSON"') > 100


def test_same_seed_gives_the_same_bytes_and_another_seed_does_not(tmp_path: Path) -> None:
    first, again, other = (
        contents(small_demo(tmp_path / name, seed=seed).folder)
        for name, seed in (("first", 1), ("again", 1), ("other", 2))
    )
    assert first == again
    assert first.keys() != other.keys()


def test_a_rerun_replaces_the_history_and_leaves_other_files_alone(tmp_path: Path) -> None:
    small_demo(tmp_path, days=3)
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake/result.parquet").write_bytes(b"kept")
    small_demo(tmp_path, days=1)
    found = contents(tmp_path)
    assert found.pop("lake/result.parquet") == b"kept"
    small_demo(tmp_path / "fresh", days=1)
    assert found == contents(tmp_path / "fresh")


def test_settings_of_someone_else_are_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "ml_insights.yaml").write_text("deployment: aws\n")
    with pytest.raises(SettingsError, match="choose another folder"):
        small_demo(tmp_path)
    assert contents(tmp_path) == {"ml_insights.yaml": b"deployment: aws\n"}


def test_a_full_disk_leaves_the_older_history_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disk_full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    small_demo(tmp_path)
    before = contents(tmp_path)
    monkeypatch.setattr(history, "write_label_files", disk_full)
    with pytest.raises(StorageError, match="No space left"):
        small_demo(tmp_path, seed=8)
    assert contents(tmp_path) == before


def test_days_that_the_history_no_longer_has_leave_the_lake(tmp_path: Path) -> None:
    demo = small_demo(tmp_path)
    table = tmp_path / "lake" / demo.endpoint / "model_quality"
    kept, gone = (table / f"dt={day}" for day in (demo.scenario.last_day, "2025-01-01"))
    for partition in (kept, gone):
        partition.mkdir(parents=True)
    small_demo(tmp_path)
    assert [path.name for path in table.iterdir()] == [kept.name]


def test_what_a_killed_run_left_is_cleaned_up(tmp_path: Path) -> None:
    left = tmp_path / ".demo-being-written/capture/champion"
    left.mkdir(parents=True)
    (left / "half.jsonl").write_text("{")
    small_demo(tmp_path)
    assert not (tmp_path / ".demo-being-written").exists()


@pytest.mark.parametrize(("days", "predictions"), [(0, 1_000), (1, 99)])
def test_histories_without_days_or_traffic_are_refused(days: int, predictions: int) -> None:
    with pytest.raises(ValueError, match="at least"):
        Scenario(1, date(2026, 11, 14), days, predictions)


@pytest.mark.integration
def test_processes_make_no_difference_to_the_history(tmp_path: Path) -> None:
    alone = small_demo(tmp_path / "alone")
    shared = write_demo(tmp_path / "shared", seed=7, days=2, predictions_per_day=100, processes=2)
    assert contents(alone.folder) == contents(shared.folder)
    assert alone.ledger == shared.ledger
