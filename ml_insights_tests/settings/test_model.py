"""What settings are legal, and what they give to the rest of the program."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from ml_insights.metrics.thresholds import ThresholdGrid
from ml_insights.settings import Aws, Endpoint, Form, Settings, Spark
from ml_insights.spark.arguments import ValueForm
from ml_insights_tests.settings.conftest import MINIMAL, Load, Problems, endpoint

AWS = "deployment: aws\naws: {region: eu-central-1}\nspark: {runner: local}\n"


ON_AWS = MINIMAL.replace("./", "s3://bucket/") + AWS + "lake: s3://bucket/lake/\n"


def test_defaults_are_those_of_the_manual(load: Load) -> None:
    settings = load()
    fraud = settings.endpoints["fraud-detector"]
    assert (settings.grid, settings.units.max_bytes) == (ThresholdGrid(), 2_000_000_000_000)
    assert (settings.schedule.hour, settings.schedule.minute) == (6, 30)
    assert (fraud.label_delay_days, fraud.label_window_days, fraud.negative_label) == (1, 7, None)
    assert fraud.label_forms() == (ValueForm("text/csv"),)


def test_relative_folders_start_at_the_settings_file(load: Load, tmp_path: Path) -> None:
    settings = load(MINIMAL + "lake: ../lake/\n")
    assert settings.lake == str(tmp_path.resolve().parent / "lake")
    assert settings.endpoints["fraud-detector"].data_capture == str(tmp_path.resolve() / "capture")


@pytest.mark.parametrize(
    ("arn", "legal"),
    [
        ("arn:aws:kms:eu-central-1:111122223333:key/1234-ab", True),
        ("arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/mrk-1", True),
        ("arn:aws:kms:eu-central-1:111122223333:alias/lake", False),
        ("arn:aws:kms:eu-central-1:1111:key/1234", False),
    ],
)
def test_a_key_is_named_as_policies_can_name_it(
    load: Load, problems: Problems, arn: str, *, legal: bool
) -> None:
    text = ON_AWS.replace("eu-central-1", f'eu-central-1, kms_key: "{arn}"')
    if legal:
        assert load(text).aws.kms_key == arn
    else:
        (problem,) = problems(text)
        assert "aws.kms_key" in problem
        assert "policies cannot name a key by its alias" in problem


def test_s3_locations_lose_their_trailing_slash(load: Load) -> None:
    assert load(ON_AWS).lake == "s3://bucket/lake"


@pytest.mark.parametrize(
    "location", ["s3:/bucket/x", "s3://", "s3://B_ad/x", "s3a://bucket/x", "file:///x", "' '"]
)
def test_a_location_that_is_neither_folder_nor_s3_is_illegal(
    problems: Problems, location: str
) -> None:
    (problem,) = problems(MINIMAL.replace("./capture", location))
    assert "settings.yaml:3: endpoints.fraud-detector.data_capture" in problem


@pytest.mark.parametrize("sign", "?*[]{}")
@pytest.mark.parametrize("location", ["./exp/pro{}", "s3://bucket/pro{}/capture"])
def test_a_location_that_spark_would_take_for_a_pattern_is_illegal(
    problems: Problems, location: str, sign: str
) -> None:
    given = location.replace("{}", sign)
    problem = problems(MINIMAL.replace("./capture", f'"{given}"'))[-1]
    assert f"endpoints.fraud-detector.data_capture: {given!r} has {sign!r} in" in problem
    assert "Spark takes ? * [ ] { } for a pattern" in problem
    assert "Rename the folder" in problem


def test_the_local_deployment_reaches_no_cloud(problems: Problems) -> None:
    (problem,) = problems(MINIMAL + "lake: s3://bucket/lake\n")
    assert "lake: 's3://bucket/lake' is on S3, but `deployment: local` reaches no cloud" in problem
    (problem,) = problems(MINIMAL.replace("./capture", "s3://bucket/capture"))
    assert "data_capture: 's3://bucket/capture' is on S3, but `deployment: local`" in problem


def test_the_aws_deployment_needs_everything_on_s3(problems: Problems) -> None:
    found = problems(f"{MINIMAL}{AWS}")
    assert [line.split(": ")[1] for line in found] == [
        "lake",
        "endpoints.fraud-detector.data_capture",
        "endpoints.fraud-detector.ground_truth",
    ]


def test_local_sources_on_aws_are_found_beside_other_problems(problems: Problems) -> None:
    text = MINIMAL.replace("0.5", "5") + AWS + "lake: s3://bucket/lake\n"
    assert len(problems(text)) == 3


def test_the_aws_deployment_on_s3_is_legal(load: Load) -> None:
    text = ON_AWS
    assert load(text).lake == "s3://bucket/lake"


def test_the_aws_deployment_needs_a_region(problems: Problems) -> None:
    (problem,) = problems(ON_AWS.replace("aws: {region: eu-central-1}\n", ""))
    assert problem.startswith(
        "settings.yaml:1: aws: has no `region`, which `deployment: aws` needs"
    )


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("{region: Frankfurt}", "region"),
        ("{region: eu-central-1, endpoint_url: localhost}", "endpoint_url"),
    ],
)
def test_an_illegal_way_to_aws_is_an_error(problems: Problems, line: str, key: str) -> None:
    (problem,) = problems(f"{MINIMAL}aws: {line}\n")
    assert f"aws.{key}: " in problem
    assert "is not legal. Legal: " in problem


@pytest.mark.parametrize("name", ["fraud_detector", "-fraud", "fraud-", "a" * 64, "frau.d", "ü"])
def test_an_endpoint_has_a_name_that_sagemaker_allows(problems: Problems, name: str) -> None:
    (problem,) = problems(MINIMAL.replace("fraud-detector", name))
    assert problem.startswith(f"settings.yaml:2: endpoints.{name}: ")
    assert "letters, digits and hyphens" in problem


def test_endpoint_names_differ_by_more_than_case(problems: Problems) -> None:
    other = MINIMAL.removeprefix("endpoints:\n").replace("fraud-detector", "Fraud-Detector")
    (problem,) = problems(MINIMAL + other)
    assert "endpoints.Fraud-Detector: differs from another endpoint's name in case" in problem


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("max_rejected_share: 1.01", "less than or equal to 1"),
        ("max_rejected_share: 1%", "valid number"),
        ("min_label_coverage: nan", "finite number"),
        ("min_label_coverage: -0.1", "greater than or equal to 0"),
        ("max_slices: 0", "greater than or equal to 1"),
        ("label_delay_days: 0.5", "valid integer"),
        ("label_window_days: 0", "shorter than `label_delay_days`, which is 1"),
        ("label_delay_days: 8", "shorter than `label_delay_days`, which is 8"),
        ("owners: [ann]", "is not legal"),
        ('owners: ["team:"]', "is not legal"),
        ("negative_label: 1.0", "the same label as `positive_label`"),
        ("label: []", "is empty"),
        ("label: {content_type: text/csv; charset=utf-8}", "is not legal"),
        ("slices: {name: a, content_type: text/csv, index: 0}", "valid list"),
    ],
)
def test_an_illegal_value_of_an_endpoint_is_an_error(
    problems: Problems, line: str, text: str
) -> None:
    (problem,) = problems(f"{MINIMAL}    {line}\n")
    assert problem.startswith("settings.yaml:")
    assert text in problem


@pytest.mark.parametrize("day", ["20261001", "2026-10-1", "1759276800", "2026-13-01", "1999-12-31"])
def test_a_start_date_that_is_no_date_is_an_error(problems: Problems, day: str) -> None:
    (problem,) = problems(MINIMAL.replace("2026-10-01", day))
    assert problem.startswith("settings.yaml:5: endpoints.fraud-detector.start_date: ")


def test_a_start_date_may_be_up_to_a_year_ahead(load: Load, problems: Problems) -> None:
    today = datetime.now(UTC).date()
    soon, late = today + timedelta(days=300), today + timedelta(days=400)
    assert endpoint(load, MINIMAL.replace("2026-10-01", f"{soon}")).start_date == soon
    assert "is the year right?" in problems(MINIMAL.replace("2026-10-01", f"{late}"))[0]


def test_the_grid_is_the_one_of_the_settings(load: Load) -> None:
    assert load(MINIMAL + "grid: {octaves: 10}\n").grid == ThresholdGrid(octaves=10, bits=9)


@pytest.mark.parametrize(("octaves", "bits"), [(2, 0), (32, 12)])
def test_the_grids_that_settings_allow_are_those_that_exist(
    load: Load, problems: Problems, octaves: int, bits: int
) -> None:
    assert load(f"{MINIMAL}grid: {{octaves: {octaves}, bits: {bits}}}\n").grid.name
    outward = 1 if octaves == 32 else -1
    for wrong in ({"octaves": octaves + outward}, {"bits": bits + outward}):
        with pytest.raises(ValueError, match="a grid needs"):
            ThresholdGrid(**wrong)
        ((key, value),) = wrong.items()
        assert f"grid.{key}: " in problems(f"{MINIMAL}grid: {{{key}: {value}}}\n")[0]


@pytest.mark.parametrize("threshold", [0.0, 0.5, 0.7, 0.999, 1.0, 1e-9])
def test_the_operating_threshold_is_counted_at_the_grid_threshold_not_above_it(
    load: Load, threshold: float
) -> None:
    settings = load(MINIMAL.replace("0.5", repr(threshold)) + "grid: {octaves: 5, bits: 3}\n")
    thresholds = settings.grid.thresholds()
    assert settings.operating_grid_threshold("fraud-detector") == max(
        edge for edge in thresholds if edge <= threshold
    )


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("schedule: 24:00", "not a time such as 06:30"),
        ("spark: {driver_memory: 2 GB}", "is not legal"),
        ("spark: {cores: -1}", "greater than or equal to 0"),
        ("units: {max_files: 0}", "greater than or equal to 1"),
        ("units: {max_gigabytes: 0}", "greater than 0"),
        ("dashboard: {days: 0}", "greater than or equal to 1"),
        ("endpoints: {}", "is empty. Legal: one endpoint or more."),
    ],
)
def test_an_illegal_value_at_the_top_is_an_error(problems: Problems, line: str, text: str) -> None:
    found = problems(line + "\n" if "endpoints" in line else f"{MINIMAL}{line}\n")
    assert len(found) == 1
    assert text in found[0]


def test_settings_do_not_change_once_they_are_read(load: Load) -> None:
    settings = load()
    with pytest.raises(ValidationError, match="frozen"):
        settings.lake = "elsewhere"  # type: ignore[misc]
    with pytest.raises(ValidationError, match="frozen"):
        settings.endpoints["fraud-detector"].min_positives = 1  # type: ignore[misc]


def test_settings_can_be_built_without_a_file() -> None:
    fraud = Endpoint(
        data_capture="s3://bucket/capture",
        ground_truth="s3://bucket/labels",
        start_date=date(2026, 10, 1),
        positive_label="1",
        score=(Form(content_type="text/csv", index=0),),
        operating_threshold=0.5,
    )
    aws = Aws(region="eu-central-1")
    settings = Settings(
        deployment="aws",
        aws=aws,
        spark=Spark(runner="local"),
        lake="s3://bucket/lake",
        endpoints={"fraud": fraud},
    )
    assert settings.endpoints["fraud"] == fraud
