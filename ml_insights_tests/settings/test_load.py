"""Loading: where the file comes from, and the one message that lists every problem."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ml_insights.settings
from ml_insights.errors import SettingsError
from ml_insights.settings import load_settings
from ml_insights_tests.settings.conftest import END, MINIMAL, Load, Problems


def test_the_least_an_endpoint_needs_is_legal(load: Load) -> None:
    settings = load()
    assert list(settings.endpoints) == ["fraud-detector"]
    assert settings.deployment == "local"


def test_the_file_is_the_one_the_environment_names(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(MINIMAL, encoding="utf-8")
    assert load_settings(environ={"ML_INSIGHTS_SETTINGS": str(path)}).endpoints


def test_the_default_file_is_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ml_insights.yaml").write_text(MINIMAL, encoding="utf-8")
    settings = load_settings(environ={})
    assert settings.lake == str(tmp_path.resolve() / "data" / "lake")


def test_the_environment_is_read_at_the_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.yaml").write_text(MINIMAL, encoding="utf-8")
    monkeypatch.setenv("ML_INSIGHTS_SETTINGS", str(tmp_path / "a.yaml"))
    monkeypatch.setenv("ML_INSIGHTS__DASHBOARD__DAYS", "7")
    assert load_settings().dashboard.days == 7


def test_nothing_reads_the_environment_outside_load_settings() -> None:
    package = Path(ml_insights.settings.__file__).parent
    readers = {
        path.name
        for path in package.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
    }
    assert readers == {"load.py"}


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "none.yaml"
    with pytest.raises(SettingsError, match=r"no settings file .*none\.yaml") as caught:
        load_settings(path, {})
    assert "ml_insights.example.yaml" in str(caught.value)
    assert "ML_INSIGHTS_SETTINGS" in str(caught.value)


def test_every_problem_is_listed_with_line_key_and_legal_values(problems: Problems) -> None:
    text = """\
deployment: cloud
lakes: ./lake
endpoints:
  fraud-detector:
    data_capture: gs://bucket/capture
    start_date: 01.10.2026
    score: {content_type: text/xml}
    positive_label: "1"
    operating_threshold: 1.5
    slices:
      - {cross: [region, age]}
schedule: 6:30
"""
    assert problems(text) == [
        "settings.yaml:1: deployment: 'cloud' is not legal. Legal: `local`, `aws`.",
        "settings.yaml:2: lakes: 'lakes' is not a key here; did you mean 'lake'? Legal keys: "
        "deployment, lake, grid, endpoints, spark, units, bootstrap_replicates, aws, emr, "
        "schedule, dashboard, athena, quicksight.",
        "settings.yaml:4: endpoints.fraud-detector.ground_truth: is missing. Legal: a folder "
        "(from the settings file's folder, if relative) or `s3://bucket/folder`, without any of "
        "`?*[]{}`.",
        "settings.yaml:5: endpoints.fraud-detector.data_capture: 'gs://bucket/capture' is neither "
        "a folder nor s3://bucket/folder. Legal: a folder (from the settings file's folder, if "
        "relative) or `s3://bucket/folder`, without any of `?*[]{}`.",
        "settings.yaml:6: endpoints.fraud-detector.start_date: '01.10.2026' is not a date such as "
        "2026-10-01. Legal: a date such as `2026-10-01`, from 2000 to a year from now.",
        "settings.yaml:7: endpoints.fraud-detector.score.content_type: 'text/xml' is not legal. "
        "Legal: `text/csv`, `application/json`, `application/jsonlines`.",
        "settings.yaml:9: endpoints.fraud-detector.operating_threshold: '1.5' should be less than "
        "or equal to 1. Legal: a number, at least 0, at most 1.",
        "settings.yaml:11: endpoints.fraud-detector.slices[0].cross: 'age' is not the name of a "
        "slice; the names are: none has a name. Legal: a list of two or more names of other "
        "slices.",
        "settings.yaml:11: endpoints.fraud-detector.slices[0].cross: 'region' is not the name of "
        "a slice; the names are: none has a name. Legal: a list of two or more names of other "
        "slices.",
        "settings.yaml:12: schedule: '6:30' is not a time such as 06:30. Legal: a time of day "
        "such as `06:30`.",
    ]


def test_a_key_in_the_wrong_section_is_told_where_it_belongs(problems: Problems) -> None:
    (problem,) = problems(MINIMAL + "max_slices: 10\n")
    assert f"settings.yaml:{END + 1}: max_slices" in problem
    assert "it belongs to `endpoints.<name>`, so check the indentation" in problem


def test_a_key_without_a_value_is_not_a_silent_default(problems: Problems) -> None:
    assert problems(MINIMAL + "lake:\nspark:\n") == [
        f"settings.yaml:{END + 1}: lake: has no value; write one, or leave the key out if it has "
        "a default. Legal: a folder (from the settings file's folder, if relative) or "
        "`s3://bucket/folder`, without any of `?*[]{}`.",
        f"settings.yaml:{END + 2}: spark: has no value; write one, or leave the key out if it has "
        "a default. Legal: the keys `runner`, `driver_memory`, `cores`, "
        "`java_options`, `plain`, `configuration`.",
    ]


def test_a_value_in_place_of_a_section_is_told_the_keys(problems: Problems) -> None:
    (problem,) = problems(MINIMAL + "grid: fine\n")
    assert problem.endswith("grid: 'fine' must be a section. Legal keys: octaves, bits.")


def test_a_long_value_is_cut_in_the_message(problems: Problems) -> None:
    (problem,) = problems(MINIMAL + f"deployment: {'x' * 5000}\n")
    assert len(problem) < 200


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=30))
def test_settings_of_any_one_line_load_or_raise_a_settings_error(
    tmp_path_factory: pytest.TempPathFactory, line: str
) -> None:
    path = tmp_path_factory.mktemp("any") / "settings.yaml"
    path.write_text(f"{MINIMAL}{line}\n", encoding="utf-8")
    try:
        load_settings(path, {"ML_INSIGHTS__LAKE": line})
    except SettingsError as error:
        message = str(error)
    else:
        message = str(path)
    assert str(path) in message
