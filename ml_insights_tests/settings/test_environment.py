"""Environment variables over the file."""

from __future__ import annotations

import pytest

from ml_insights.settings.model import Settings
from ml_insights.settings.reference import NAME, KeyPath, reference
from ml_insights_tests.settings.conftest import MINIMAL, Load, Problems

FRAUD = "ML_INSIGHTS__ENDPOINTS__FRAUD_DETECTOR__"


def test_a_variable_overrides_a_key_of_the_file(load: Load) -> None:
    settings = load(environ={f"{FRAUD}OPERATING_THRESHOLD": "0.7"})
    assert settings.endpoints["fraud-detector"].operating_threshold == 0.7


def test_a_variable_sets_a_key_that_the_file_does_not_have(load: Load) -> None:
    settings = load(environ={"ML_INSIGHTS__GRID__BITS": "8", f"{FRAUD}MIN_POSITIVES": "3"})
    assert (settings.grid.octaves, settings.grid.bits) == (20, 8)
    assert settings.endpoints["fraud-detector"].min_positives == 3


def test_values_are_yaml_as_in_the_file(load: Load) -> None:
    environ = {
        f"{FRAUD}OWNERS": '["team:risk", ann@example.com]',
        f"{FRAUD}POSITIVE_LABEL": "yes",
        f"{FRAUD}SCORE": '{content_type: application/json, path: "predictions[*].score"}',
    }
    endpoint = load(environ=environ).endpoints["fraud-detector"]
    assert endpoint.owners == ("team:risk", "ann@example.com")
    assert endpoint.positive_label == "yes"
    assert endpoint.score[0].path == "predictions[*].score"


def test_a_section_is_set_before_its_keys(load: Load) -> None:
    environ = {"ML_INSIGHTS__GRID__BITS": "7", "ML_INSIGHTS__GRID": "{octaves: 10, bits: 6}"}
    grid = load(environ=environ).grid
    assert (grid.octaves, grid.bits) == (10, 7)


def test_names_match_whatever_their_case_and_hyphens(load: Load) -> None:
    text = MINIMAL.replace("fraud-detector", "Fraud--v2-x")
    environ = {"ML_INSIGHTS__endpoints__fraud__V2_x__min_positives": "3"}
    assert load(text, environ).endpoints["Fraud--v2-x"].min_positives == 3


def test_an_override_of_a_shared_section_leaves_the_other_endpoint_alone(load: Load) -> None:
    shared = MINIMAL.replace("fraud-detector:", "fraud-detector: &shared")
    endpoints = load(f"{shared}  other: *shared\n", {f"{FRAUD}SCORE__INDEX": "4"}).endpoints
    assert endpoints["fraud-detector"].score[0].index == 4
    assert endpoints["other"].score[0].index == 0


def test_a_wrong_value_names_the_variable(problems: Problems) -> None:
    assert problems(environ={f"{FRAUD}OPERATING_THRESHOLD": "7"}) == [
        f"environment variable {FRAUD}OPERATING_THRESHOLD: "
        "endpoints.fraud-detector.operating_threshold: '7' should be less than or equal to 1. "
        "Legal: a number, at least 0, at most 1."
    ]


@pytest.mark.parametrize(
    ("variable", "value", "text"),
    [
        ("ML_INSIGHTS__LAKES", "x", "did you mean 'lake'?"),
        ("ML_INSIGHTS__", "x", "Legal keys: deployment, lake"),
        ("ML_INSIGHTS__GRID__BIT", "9", "did you mean 'bits'?"),
        ("ML_INSIGHTS__LAKE__X", "9", "Legal keys: none"),
        (f"{FRAUD}OPERATING_TRESHOLD", "1", "did you mean 'operating_threshold'?"),
        ("ML_INSIGHTS__ENDPOINTS__OTHER__SCORE", "1", "no endpoint 'other'; it has: fraud-det"),
        ("ML_INSIGHTS__ENDPOINTS__OTHER", "{}", "no endpoint 'other'"),
        (f"{FRAUD}POSITIVE_LABEL__X", "1", "`positive_label` has no keys in the file"),
        ("ML_INSIGHTS__LAKE", "[a", "not valid YAML"),
        ("ML_INSIGHTS__LAKE", "# a", "only a comment"),
        ("ML_INSIGHTS__LAKE", "", "lake: has no value"),
        ("ML_INSIGHTS__GRID", "{bits: 8, bits: 9}", "bits: is given twice"),
    ],
)
def test_an_override_that_means_nothing_is_an_error(
    problems: Problems, variable: str, value: str, text: str
) -> None:
    (problem,) = problems(environ={variable: value})
    assert problem.startswith(f"environment variable {variable}: ")
    assert text in problem


def test_an_unknown_section_of_the_file_cannot_be_overridden(problems: Problems) -> None:
    found = problems(MINIMAL + "gird: {bits: 8}\n", {"ML_INSIGHTS__GIRD__BITS": "9"})
    assert [problem.split(": ")[0] for problem in found] == [
        "settings.yaml:9",
        "environment variable ML_INSIGHTS__GIRD__BITS",
    ]


def test_variables_with_other_prefixes_are_none_of_our_business(load: Load) -> None:
    environ = {"ML_INSIGHTS_SETTINGS": "x", "LAKE": "y", "ml_insights__lake": "z"}
    assert load(environ=environ) == load()


@pytest.mark.parametrize(
    "path",
    [path for path in reference(Settings) if path and path[-1] != NAME and "label" not in path[:-1]
     and "score" not in path[:-1] and "slices" not in path[:-1]
     and "traffic_split" not in path[:-1]],
)  # fmt: skip
def test_every_setting_can_be_reached_by_a_variable(problems: Problems, path: KeyPath) -> None:
    names = ["fraud_detector" if name == NAME else name for name in path]
    variable = "ML_INSIGHTS__" + "__".join(names).upper()
    found = problems(environ={variable: "{no such thing: 1}"})
    place = ".".join("fraud-detector" if name == NAME else name for name in path)
    assert any(line.startswith(f"environment variable {variable}: {place}") for line in found)
