"""What checks say of labels that are few, shared by predictions, or where nobody reads them."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from ml_insights.contracts import MODEL_QUALITY
from ml_insights_tests.installation import Installation, install
from ml_insights_tests.judged_day import ALL, DAY, results, run
from ml_insights_tests.prepared_day import (
    ENDPOINT,
    SETTINGS,
    VARIANT,
    PreparedDay,
    PreparedRunner,
)

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("nothing_drawn")]


def test_labels_that_several_predictions_share_are_named_and_do_not_stop_the_day(
    installation: Installation, day: PreparedDay
) -> None:
    day.report["labels"] = {"labels_read": 103, "used": 100, "ambiguous": 3}
    assert run(installation) == ""
    passed, finding = results(installation)["labels_name_one_prediction"]
    assert not passed
    assert "3 labels are for an inferenceId that several predictions" in finding
    assert installation.published(ENDPOINT, DAY) == ALL


@pytest.mark.parametrize(("unlabelled", "passes"), [(10, True), (11, False), (100, False)])
def test_low_label_coverage_is_named_and_does_not_stop_the_day(
    installation: Installation, day: PreparedDay, unlabelled: int, passes: bool
) -> None:
    day.report["labelled"] = {VARIANT: 100 - unlabelled}
    negatives = max(70 - unlabelled, 0)
    positives = 100 - unlabelled - negatives
    day.bins[0].update(bin_negatives=negatives, bin_unlabelled=unlabelled)
    day.bins[1].update(bin_positives=positives)
    if not positives:
        del day.bins[1]
    assert run(installation) == ""
    passed, finding = results(installation)["label_coverage_is_reached"]
    assert passed == passes
    assert passes or f"below 90.0%, the day is provisional: champion {100 - unlabelled}.0%" in (
        finding
    )
    quality = installation.lake.read(ENDPOINT, MODEL_QUALITY, DAY)
    assert quality["provisional"].to_pylist() == [not passes]


@pytest.mark.parametrize(
    ("kind", "passes", "finding"),
    [
        ("misplaced", False, "1 misplaced, not read: 2026/1/"),
        ("hidden", True, "1 hidden, not read: 2026/1/"),
    ],
)
def test_labels_that_are_not_read_are_named_as_captures_are(
    installation: Installation, day: PreparedDay, kind: str, passes: bool, finding: str
) -> None:
    day.report["ground_truth"]["skipped"] = {kind: {"count": 1, "examples": ["2026/1/"]}}
    assert run(installation) == ""
    passed, told = results(installation)["labels_lie_where_they_are_read"]
    assert passed == passes
    assert told == f"{finding} below {installation.scope(ENDPOINT).ground_truth_root}"
    assert installation.published(ENDPOINT, DAY) == ALL


@pytest.mark.parametrize(
    ("settings", "texts", "more", "passes", "finding"),
    [
        ("", {}, 0, True, "every label is one that the settings name"),
        ("", {"stayed": 70}, 0, True, "labels that are not positive say the same: 'stayed' (70)"),
        (
            "",
            {"Churned": 2, "stayed": 1234},
            0,
            False,
            "labels of several texts count as negatives: 'stayed' (1,234), 'Churned' (2). If one "
            "of them alone means negative, name it as negative_label",
        ),
        (
            "",
            {"0.25": 1, "0.5": 1},
            98,
            False,
            "labels of several texts count as negatives: '0.25' (1), '0.5' (1), other texts (98). "
            "If one of them alone means negative, name it as negative_label",
        ),
        (
            '    negative_label: "0"\n',
            {"2": 7},
            0,
            False,
            "labels that the settings do not name are not used: '2' (7)",
        ),
        ('    negative_label: "0"\n', {}, 0, True, "every label is one that the settings name"),
    ],
)
def test_labels_that_the_settings_do_not_name_are_told_and_do_not_stop_the_day(
    tmp_path: Path,
    day: PreparedDay,
    *,
    settings: str,
    texts: dict[str, int],
    more: int,
    passes: bool,
    finding: str,
) -> None:
    day.report["other_labels"] = {"texts": texts, "more": more}
    with dg.DagsterInstance.ephemeral() as instance:
        runner = dg.ResourceDefinition.hardcoded_resource(PreparedRunner(day))
        installation = install(tmp_path, SETTINGS + settings, instance, spark=runner)
        assert run(installation) == ""
        assert results(installation)["labels_are_of_known_classes"] == (passes, finding)
        assert installation.published(ENDPOINT, DAY) == ALL


def test_a_day_of_an_earlier_version_says_nothing_of_other_labels(
    installation: Installation, day: PreparedDay
) -> None:
    del day.report["other_labels"]
    assert run(installation) == ""
    assert results(installation)["labels_are_of_known_classes"][0]


def test_low_label_coverage_says_where_labels_were_sought_and_what_became_of_them(
    installation: Installation, day: PreparedDay, tmp_path: Path
) -> None:
    day.bins = [{**day.bins[0], "bin_negatives": 0, "bin_unlabelled": 100}]
    day.report["labelled"] = {VARIANT: 0}
    day.report["ground_truth"]["files"] = 3
    day.report["label_lines"] = {"label_lines_read": 120, "label_records": 100, "no_labels": 20}
    day.report["labels"] = {
        "labels_read": 100,
        "missing": 2,
        "illegal": 60,
        "wrong_length": 5,
        "conflicting": 0,
        "not_of_the_day": 33,
    }
    assert run(installation) == ""
    assert results(installation)["label_coverage_is_reached"][1] == (
        "below 90.0%, the day is provisional: champion 0.0%. Read 3 files, 120 lines, 100 of them "
        f"label records, in {tmp_path}/labels/yyyy/mm/dd of 2026-10-01 to 2026-10-08; not used: "
        "20 rejected as no_labels, 2 missing, 60 illegal, 5 wrong length, 33 not of the day"
    )


def test_low_label_coverage_without_files_asks_for_the_folder(
    installation: Installation, day: PreparedDay, tmp_path: Path
) -> None:
    day.bins = [{**day.bins[0], "bin_negatives": 0, "bin_unlabelled": 100}]
    day.report["labelled"] = {VARIANT: 0}
    day.report["ground_truth"] = {"files": 0, "bytes": 0, "hours": 0, "skipped": {}}
    day.report["label_lines"] = {"label_lines_read": 0}
    day.report["labels"] = {"labels_read": 0}
    day.report["labels_collected"] = {"collected": 0, "known": 0}
    assert run(installation) == ""
    finding = results(installation)["label_coverage_is_reached"][1]
    assert f"No file is in {tmp_path}/labels/yyyy/mm/dd of 2026-10-01 to 2026-10-08" in finding
    assert finding.endswith("have labels arrived, and is ground_truth right?")
