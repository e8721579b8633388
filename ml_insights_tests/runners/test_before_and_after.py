"""What is asked before money is spent, and what is remembered after: preflight, folders, costs."""

from __future__ import annotations

import json

import pytest

from ml_insights.aws.s3 import Objects
from ml_insights.cluster_archive import build_archive
from ml_insights.errors import AwsPermanentError, BudgetExceededError, MissingInputError
from ml_insights.runners.costs import Ledger, cost_metadata
from ml_insights.runners.life_cycle import digest_of, new_name
from ml_insights.runners.preflight import check_before_start
from ml_insights.runners.workplace import Workplace
from ml_insights.sizing.prices import Cost, load_prices
from ml_insights.spark.arguments import (
    CSV,
    CaptureFormat,
    RawPredictionsArguments,
    SliceFeature,
    ValueForm,
    from_json,
    unpacked,
)
from ml_insights.spark.outcome import failed, succeeded
from ml_insights_tests.aws.server import StandIn
from ml_insights_tests.runners.service import ScriptedJobs

ARGUMENTS = RawPredictionsArguments(
    day="2026-10-01",
    capture_root="s3://data/capture/fraud",
    output="s3://data/lake/fraud/raw_predictions/dt=2026-10-01",
    capture=CaptureFormat((ValueForm(CSV, index=0),), positive_label="1"),
    max_files=1000,
    max_bytes=10**9,
    run_id="run-1",
)
WORK, LOGS = "s3://data/jobs", "s3://data/jobs/logs"


def check(objects: Objects, jobs: ScriptedJobs | None = None) -> None:
    check_before_start(jobs or ScriptedJobs(), objects, ARGUMENTS, WORK, LOGS)


def capture(objects: Objects) -> None:
    objects.put(f"{ARGUMENTS.capture_root}/AllTraffic/2026/10/01/00/1.jsonl", b"{}")


def test_a_job_that_can_succeed_passes_and_leaves_nothing(objects: Objects) -> None:
    capture(objects)
    check(objects)
    assert list(objects.below("s3://data/jobs")) == []
    assert list(objects.below("s3://data/lake")) == []


def test_a_day_without_captures_starts_no_cluster(objects: Objects) -> None:
    with pytest.raises(MissingInputError, match="no captured object for 2026-10-01"):
        check(objects)


def test_a_bucket_elsewhere_is_refused(objects: Objects, aws: StandIn) -> None:
    aws.client("s3").delete_bucket(Bucket="data")
    aws.client("s3", "eu-west-1").create_bucket(
        Bucket="data", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    with pytest.raises(AwsPermanentError, match=r"data is in eu-west-1, but `aws.region` is us"):
        check(objects)


def test_a_bucket_that_is_not_there_is_refused(objects: Objects, aws: StandIn) -> None:
    aws.client("s3").delete_bucket(Bucket="data")
    with pytest.raises(AwsPermanentError, match="looking for the bucket"):
        check(objects)


def test_a_folder_that_is_not_writable_is_refused(objects: Objects, aws: StandIn) -> None:
    capture(objects)
    aws.account.faults.error("s3", "PutObject", code="AccessDenied", status=403)
    with pytest.raises(AwsPermanentError, match=r"_probe\) failed.*allow PutObject"):
        check(objects)


def test_what_the_service_refuses_is_refused(objects: Objects) -> None:
    capture(objects)
    jobs = ScriptedJobs()
    jobs.refusal = AwsPermanentError("no such release")
    with pytest.raises(AwsPermanentError, match="no such release"):
        check(objects, jobs)


def test_archives_are_uploaded_once(objects: Objects, aws: StandIn) -> None:
    place, archive = Workplace(objects, WORK), build_archive()
    assert place.upload(archive) == place.upload(archive)
    assert len(aws.calls.of("s3", "PutObject")) == 2
    assert objects.read(place.upload(archive)[1]) == archive.archive


def test_arguments_go_by_the_command_line_or_if_long_by_a_file(objects: Objects) -> None:
    place, archive = Workplace(objects, WORK), build_archive()
    short = place.request(new_name("w", "d"), ARGUMENTS, archive, {}, 60)
    given = dict(zip(short.arguments[::2], short.arguments[1::2], strict=True))
    assert from_json(given["--job"], unpacked(given["--arguments"])) == ARGUMENTS
    many = tuple(
        SliceFeature(f"feature {n * 7919 % 10007}", ValueForm(CSV, index=n), (n / 7,))
        for n in range(2000)
    )
    capture_format = CaptureFormat(ARGUMENTS.capture.scores, "1", slices=many)
    large = RawPredictionsArguments(**{**vars(ARGUMENTS), "capture": capture_format})
    long = place.request(new_name("w", "d"), large, archive, {}, 60)
    assert sum(map(len, [*long.submit_options(), *long.arguments])) < 10_280
    given = dict(zip(long.arguments[::2], long.arguments[1::2], strict=True))
    stored = objects.read(given["--arguments-file"]) or b""
    assert from_json(given["--job"], stored.decode()) == large


def test_attempts_at_the_same_work_share_a_digest() -> None:
    archive = build_archive()
    retry = RawPredictionsArguments(**{**vars(ARGUMENTS), "run_id": "run-2"})
    other = RawPredictionsArguments(**{**vars(ARGUMENTS), "max_files": 5})
    assert digest_of(retry, archive) == digest_of(ARGUMENTS, archive)
    assert digest_of(other, archive) != digest_of(ARGUMENTS, archive)


def test_a_success_nobody_watched_is_taken_by_a_retry_of_the_same_run_only(
    objects: Objects,
) -> None:
    place, name = Workplace(objects, WORK), new_name("fraud.raw_predictions.2026-10-01", "d")
    place.note_attempt(name, "run-1")
    assert place.unwatched(name.work, "d", "run-1") is None
    outcome = failed(MissingInputError("x"))
    objects.put(place.outcome_file(name), json.dumps(outcome).encode())
    assert place.unwatched(name.work, "d", "run-1") is None
    objects.put(place.outcome_file(name), json.dumps(succeeded({}, "out", 90.0)).encode())
    assert place.unwatched(name.work, "d", "run-1") == name
    assert place.unwatched(name.work, "d", "run-2") is None
    assert place.unwatched(name.work, "other", "run-1") is None
    objects.put(f"{place.messages(name)}/1.json", b"{}")
    place.tidy(name)
    assert place.unwatched(name.work, "d", "run-1") is None
    assert list(objects.below(WORK)) == [place.outcome_file(name)]


def ledger(objects: Objects, *, stop: bool, budget: float | None = 10.0) -> Ledger:
    return Ledger(objects, "s3://data/jobs/_costs", budget, stop)


def test_a_used_up_budget_stops_or_warns(objects: Objects) -> None:
    warnings: list[str] = []
    stopping, warning = ledger(objects, stop=True), ledger(objects, stop=False)
    stopping.record("job-1", Cost(9.5, {}))
    stopping.check(warnings.append)
    stopping.record("job-2", Cost(0.75, {}))
    assert stopping.spent() == 10.25
    with pytest.raises(
        BudgetExceededError, match=r"\$10\.25, and the budget is \$10\.00"
    ) as caught:
        stopping.check(warnings.append)
    assert not caught.value.retryable
    assert warnings == []
    warning.check(warnings.append)
    assert len(warnings) == 1
    ledger(objects, stop=True, budget=None).check(warnings.append)


def test_a_job_recorded_twice_counts_once(objects: Objects) -> None:
    book = ledger(objects, stop=True)
    book.record("job-1", Cost(2.0, {}))
    book.record("job-1", Cost(3.0, {}))
    assert book.spent() == 3.0


def test_costs_are_shown_with_their_parts_and_the_date_of_prices() -> None:
    shown = cost_metadata(Cost(1.5, {"m7g.4xlarge SPOT": 1.5}, ("x9.huge",)), load_prices())
    assert shown["cost dollars"] == 1.5
    assert shown["cost"] == (
        "m7g.4xlarge SPOT: $1.5000; without x9.huge, which the price table does not have; "
        "prices as of 2026-11"
    )
    assert "not known" in cost_metadata(None, load_prices())["cost"]
