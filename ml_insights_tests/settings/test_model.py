"""What settings are legal, and what they give to the rest of the program."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from ml_insights.metrics.thresholds import ThresholdGrid
from ml_insights.settings import Aws, Endpoint, Form, Settings, Spark
from ml_insights.spark.arguments import AmountFeature, CaptureFormat, SliceFeature, ValueForm
from ml_insights_tests.prepared_day import MONEY
from ml_insights_tests.settings.conftest import MINIMAL, Load, Problems

SLICES = """\
    slices:
      - {name: region, content_type: text/csv, index: 3}
      - {name: age, content_type: application/json, path: "instances[*].age", edges: [30, 50.5]}
      - {cross: [region, age]}
"""
AWS = "deployment: aws\naws: {region: eu-central-1}\nspark: {runner: local}\n"
ON_AWS = MINIMAL.replace("./", "s3://bucket/") + AWS + "lake: s3://bucket/lake/\n"


def endpoint(load: Load, text: str) -> Endpoint:
    return load(text).endpoints["fraud-detector"]


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


@pytest.mark.parametrize(
    ("form", "key", "text"),
    [
        ("{content_type: text/csv, path: a}", "path", "give `index` instead"),
        ("{content_type: application/json, index: 0}", "index", "give `path` instead"),
        ("{content_type: text/csv, index: -1}", "index", "greater than or equal to 0"),
        ('{content_type: application/json, path: "a[*].b[*]"}', "path", "[*] more than once"),
        ("{content_type: application/json, path: a..b}", "path", "cannot be read from character"),
        ("{content_type: application/json, path: .a}", "path", "cannot be read from character 1"),
        ('{content_type: application/json, path: "a[-1]"}', "path", "cannot be read"),
        ("{content_type: application/json, path: $.a}", "path", "without `$`"),
        ('{content_type: application/jsonlines, path: "a[*]"}', "path", "each line"),
        ("{index: 0}", "content_type", "is missing"),
        ("5", "", "must be a section. Legal keys: content_type, index, path"),
    ],
)
def test_a_form_that_cannot_be_read_is_an_error(
    problems: Problems, form: str, key: str, text: str
) -> None:
    (problem,) = problems(MINIMAL.replace("{content_type: text/csv, index: 0}", form))
    name = f"endpoints.fraud-detector.score{'.' if key else ''}{key}: "
    assert problem.startswith(f"settings.yaml:6: {name}")
    assert text in problem


@pytest.mark.parametrize("path", ["a", "a.b", "[0]", "[*]", "a[*].b[2].c", '""', "a-b.ü"])
def test_legal_paths_reach_the_spark_side(load: Load, path: str) -> None:
    quoted = path if path == '""' else f'"{path}"'
    text = MINIMAL.replace("text/csv, index: 0", f"application/json, path: {quoted}")
    (form,) = endpoint(load, text).capture_format().scores
    assert form == ValueForm("application/json", None, path.strip('"'))


def test_a_content_type_has_one_form(problems: Problems) -> None:
    forms = "[{content_type: text/csv}, {content_type: text/csv, index: 1}]"
    (problem,) = problems(MINIMAL.replace("{content_type: text/csv, index: 0}", forms))
    assert "score[1].content_type: text/csv has a form already" in problem


def test_labels_may_have_several_json_forms_in_order(load: Load) -> None:
    forms = ", ".join(
        f"{{content_type: application/{kind}, path: '{path}'}}"
        for kind, path in (("json", "label"), ("jsonlines", "label"), ("json", "all[*].label"))
    )
    settings = load(f"{MINIMAL}    label: [{forms}, {{content_type: text/csv}}]\n")
    found = settings.endpoints["fraud-detector"].label_forms()
    assert [form.path for form in found] == ["label", "label", "all[*].label", ""]


@pytest.mark.parametrize(
    ("forms", "problem"),
    [
        (
            "{content_type: text/csv}, {content_type: text/csv, index: 1}",
            "label[1].content_type: is a second CSV form",
        ),
        (
            "{content_type: application/json, path: a}, {content_type: application/json, path: a}",
            "label[1].path: is that of a form before it",
        ),
        (
            "{content_type: application/json}, {content_type: application/jsonlines, path: a}",
            "label[1].path: is never tried: the form without `path` before it takes every",
        ),
    ],
)
def test_a_label_form_that_could_never_apply_is_illegal(
    problems: Problems, forms: str, problem: str
) -> None:
    (found,) = problems(f"{MINIMAL}    label: [{forms}]\n")
    assert problem in found


def test_an_endpoint_has_a_positive_label_or_classes(load: Load, problems: Problems) -> None:
    without = MINIMAL.replace('    positive_label: "1"\n', "")
    assert "positive_label: is missing; a multi-class endpoint" in problems(without)[0]
    both = problems(MINIMAL.replace(", index: 0", "") + "    classes: [cat, dog]\n")
    assert "positive_label: '1' must go, because `classes` is given" in both[0]
    classes = without.replace(", index: 0", "") + "    classes: [cat, dog]\n"
    assert endpoint(load, classes).capture_format().classes == ("cat", "dog")


@pytest.mark.parametrize(
    ("classes", "text"),
    [("[cat]", "two or more"), ("[cat, cat]", "'cat' twice"), ("[1, 1.0]", "'1.0' twice"),
     ("cat", "valid list"), ("[cat, null]", "has no value")],
)  # fmt: skip
def test_classes_are_several_and_differ(problems: Problems, classes: str, text: str) -> None:
    without = MINIMAL.replace('    positive_label: "1"\n', "").replace(", index: 0", "")
    assert text in problems(f"{without}    classes: {classes}\n")[0]


def test_with_classes_a_csv_row_holds_every_score_so_no_column_is_chosen(
    problems: Problems,
) -> None:
    text = MINIMAL.replace('positive_label: "1"', "classes: [cat, dog]")
    (problem,) = problems(text)
    assert problem.startswith("settings.yaml:6: endpoints.fraud-detector.score.index: ")


def test_a_negative_label_does_not_go_with_classes(problems: Problems) -> None:
    text = MINIMAL.replace('positive_label: "1"', "classes: [a, b]").replace(", index: 0", "")
    (problem,) = problems(text + "    negative_label: b\n")
    assert "negative_label: 'b' must go" in problem


def test_slices_reach_the_spark_side(load: Load) -> None:
    fraud = endpoint(load, MINIMAL + SLICES)
    region = SliceFeature("region", ValueForm("text/csv", 3))
    age = SliceFeature("age", ValueForm("application/json", None, "instances[*].age"), (30, 50.5))
    assert fraud.capture_format() == CaptureFormat(
        (ValueForm("text/csv", 0),), "1", slices=(region, age)
    )
    assert fraud.slice_names == ("region", "age")
    assert fraud.crosses == (("region", "age"),)


@pytest.mark.parametrize(
    ("old", "new", "key", "text"),
    [
        ("name: age", "name: Region", "slices[1].name", "name of another slice"),
        ("name: age", "name: 2nd", "slices[1].name", "is not legal"),
        ("name: age, ", "", "slices[1].name", "is missing"),
        (", index: 3", "", "slices[0].index", "is needed with text/csv"),
        (', path: "instances[*].age"', "", "slices[1].path", "is needed with application/json"),
        ("[30, 50.5]", "[50, 30]", "slices[1].edges", "30 follows 50"),
        ("[30, 50.5]", "[30, 30]", "slices[1].edges", "must ascend"),
        ("[30, 50.5]", "[a]", "slices[1].edges[0]", "valid number"),
        ("[region, age]", "[region]", "slices[2].cross", "at least 2 items"),
        ("[region, age]", "[region, sex]", "slices[2].cross", "the names are: region, age"),
        ("[region, age]", "[age, age]", "slices[2].cross", "same slices twice"),
        ("[region, age]}", "[region, age], name: x}", "slices[2].name", "not a key here"),
        ("- {cross: [region, age]}", "- region", "slices[2]", "must be a section"),
    ],
)
def test_a_slice_that_makes_no_sense_is_an_error(
    problems: Problems, old: str, new: str, key: str, text: str
) -> None:
    found = problems(MINIMAL + SLICES.replace(old, new))
    wanted = [line for line in found if f"endpoints.fraud-detector.{key}: " in line]
    assert len(wanted) == 1
    assert text in wanted[0]


def test_the_same_cross_twice_is_an_error(problems: Problems) -> None:
    (problem,) = problems(f"{MINIMAL}{SLICES}      - {{cross: [age, region]}}\n")
    assert "slices[3].cross: " in problem


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


def test_a_true_positive_may_be_worth_less_than_a_false_one(load: Load) -> None:
    """What counts is what acting changes: here it costs 20 on a positive, who else costs 80."""
    fraud = endpoint(load, MINIMAL + MONEY.replace("100", "-20"))
    assert fraud.business is not None
    assert fraud.business.values().gain_of_positive.constant == 60.0


@pytest.mark.parametrize(
    ("old", "new", "key", "text"),
    [
        ("true_positive: 100", "true_positive: nan", "true_positive", "finite"),
        ("true_positive: 100", "true_positive: .nan", "true_positive", "valid number"),
        ("true_positive: 100", "true_positive: inf", "true_positive", "finite"),
        ("true_positive: 100", "true_positive: 1.0e300", "true_positive", "less than or equal"),
        ("true_positive: 100", "true_positive: lots", "true_positive", "valid number"),
        ("      true_positive: 100\n", "", "true_positive", "is missing"),
        ("true_positive: 100", "true_positive: -80", "business", "make no sense"),
        ("true_positive: 100", "true_positive: -100", "business", "make no sense"),
        ("false_positive: -5", "false_positive: 0", "business", "make no sense"),
        ("false_positive: -5", "false_positive: 5", "business", "make no sense"),
        ("capacity: 50", "capacity: -1", "capacity", "at least 0"),
        ("capacity: 50", "capacity: 2.5", "capacity", "whole number"),
        ("capacity: 50", "capacity: 1000000000001", "capacity", "at most 10^12"),
        ("currency: EUR", 'currency: ""', "currency", "three capital letters"),
        ("currency: EUR", "currency: euro", "currency", "three capital letters"),
        ("      currency: EUR\n", "", "currency", "is missing"),
    ],
)
def test_money_that_makes_no_sense_is_an_error(
    problems: Problems, old: str, new: str, key: str, text: str
) -> None:
    found = problems(MINIMAL + MONEY.replace(old, new))
    assert any(f"{key}: " in line and text in line for line in found), found


def test_outcomes_that_are_all_worth_nothing_are_an_error(problems: Problems) -> None:
    nothing = "".join(
        f"      {name}: 0\n"
        for name in ("true_positive", "false_positive", "false_negative", "true_negative")
    )
    (found,) = problems(f"{MINIMAL}    business:\n      currency: EUR\n{nothing}")
    assert "make no sense" in found


BUSINESS = """\
    business:
      currency: EUR
      true_positive: -5
      false_positive: -5
      false_negative: 0
      true_negative: 0
      amount: {content_type: text/csv, index: 3, decimals: 1, true_positive: 1, false_negative: -1}
"""


def test_an_amount_reaches_the_spark_side_and_money_in_units_that_are_counted(load: Load) -> None:
    fraud = endpoint(load, MINIMAL + BUSINESS)
    assert fraud.capture_format().amount == AmountFeature(ValueForm("text/csv", 3), 1)
    assert fraud.business is not None
    assert fraud.business.values().per_amount == (0.1, 0.0, -0.1, 0.0)


@pytest.mark.parametrize(
    ("old", "new", "key", "text"),
    [
        (", index: 3", "", "amount.index", "is needed with text/csv"),
        ("decimals: 1", "decimals: 7", "amount.decimals", "at most 6"),
        ("true_positive: 1", "true_positive: x", "amount.true_positive", "valid number"),
        ("true_positive: 1", "true_positive: -2", "business", "make no sense"),
        (", true_positive: 1, false_negative: -1", "", "business.amount", "leave `amount` out"),
        ("false_negative: -1}", "false_positive: 0.1}", "business", "make no sense"),
    ],
)
def test_an_amount_that_makes_no_sense_is_an_error(
    problems: Problems, old: str, new: str, key: str, text: str
) -> None:
    found = problems(MINIMAL + BUSINESS.replace(old, new))
    assert any(f"{key}: " in line and text in line for line in found), found
