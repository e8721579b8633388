"""The YAML file: text as written, syntax, duplicates, merges."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_insights.errors import SettingsError
from ml_insights.settings import load_settings
from ml_insights_tests.settings.conftest import END, MINIMAL, Load, Problems


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("1", "1"),
        ("01", "01"),
        ("1.0", "1.0"),
        ('"1"', "1"),
        ("yes", "yes"),
        ("TRUE", "TRUE"),
        ("0x1F", "0x1F"),
        ("2026-10-01", "2026-10-01"),
        ("16:30", "16:30"),
        ("' fraud '", "fraud"),
    ],
)
def test_a_label_is_the_text_that_is_written(load: Load, written: str, text: str) -> None:
    settings = load(MINIMAL.replace('positive_label: "1"', f"positive_label: {written}"))
    assert settings.endpoints["fraud-detector"].positive_label == text


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1))
def test_any_quoted_label_comes_back_unchanged(
    tmp_path_factory: pytest.TempPathFactory, label: str
) -> None:
    path = tmp_path_factory.mktemp("label") / "settings.yaml"
    quoted = json.dumps(f"class {label}", ensure_ascii=False)
    path.write_text(MINIMAL.replace('"1"', quoted), encoding="utf-8")
    assert load_settings(path, {}).endpoints["fraud-detector"].positive_label == f"class {label}"


@pytest.mark.parametrize("label", ["null", "~", "nan", "+NaN", "None", ""])
def test_what_means_no_label_is_not_a_label(problems: Problems, label: str) -> None:
    (problem,) = problems(MINIMAL.replace('positive_label: "1"', f"positive_label: {label}"))
    assert problem.startswith("settings.yaml:7: endpoints.fraud-detector.positive_label: ")


def test_a_time_that_yaml_may_read_as_a_number_stays_a_time(load: Load) -> None:
    assert load(MINIMAL + "schedule: 16:30\n").schedule.isoformat() == "16:30:00"


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n"])
def test_an_empty_file_says_what_it_needs(problems: Problems, text: str) -> None:
    (problem,) = problems(text)
    assert "is empty" in problem
    assert "`endpoints:`" in problem


def test_a_file_that_is_not_a_mapping_says_so(problems: Problems) -> None:
    (problem,) = problems("- fraud-detector\n")
    assert problem.startswith("settings.yaml:1: ")
    assert "key: value" in problem


@pytest.mark.parametrize(
    ("text", "line", "advice"),
    [
        (f"{MINIMAL}\tlake: x\n", END + 1, "spaces, not tabs"),
        ("endpoints: {path: a[*].b}\n", 1, "Quote values with brackets"),
        ("lake: a: b\n", 1, "quote values that hold"),
        ('lake: "./data\n', 2, "while scanning a quoted scalar"),
        (f"{MINIMAL}---\nlake: x\n", END + 1, "expected a single document"),
        (f"{MINIMAL}lake: *shared\n", END + 1, "undefined alias"),
        ("grid:\n  bits: 9\n octaves: 20\n", 3, "Check the indentation"),
    ],
)
def test_wrong_yaml_names_the_line_and_gives_advice(
    problems: Problems, text: str, line: int, advice: str
) -> None:
    (problem,) = problems(text)
    assert problem.startswith(f"settings.yaml:{line}: not valid YAML: ")
    assert advice in problem


def test_a_key_given_twice_names_both_lines(problems: Problems) -> None:
    text = f"{MINIMAL}    operating_threshold: 0.9\nlake: a\nlake: b\n"
    assert problems(text) == [
        f"settings.yaml:{END + 1}: endpoints.fraud-detector.operating_threshold: is given twice, "
        f"first in line {END}; keep one",
        f"settings.yaml:{END + 3}: lake: is given twice, first in line {END + 2}; keep one",
    ]


def test_endpoints_share_keys_by_merging(load: Load) -> None:
    shared = MINIMAL.replace("fraud-detector:", "fraud-detector: &shared")
    text = f"{shared}  other:\n    <<: *shared\n    operating_threshold: 0.9\n"
    endpoints = load(text).endpoints
    assert endpoints["other"].operating_threshold == 0.9
    assert endpoints["other"].score == endpoints["fraud-detector"].score
    assert endpoints["fraud-detector"].operating_threshold == 0.5


def test_an_alias_that_contains_itself_is_an_error(problems: Problems) -> None:
    (problem,) = problems("endpoints: &loop\n  a: *loop\n")
    assert problem == "settings.yaml:1: endpoints.a: the alias contains itself."


def test_a_merge_of_something_else_is_an_error(problems: Problems) -> None:
    (problem,) = problems(MINIMAL + "grid:\n  <<: 5\n")
    assert problem.startswith(f"settings.yaml:{END + 2}: not valid YAML: ")


@pytest.mark.parametrize("line", ["lake: !env LAKE", "? [a, b]\n: c", "{{ lake }}: x"])
def test_yaml_that_settings_do_not_use_is_an_error(problems: Problems, line: str) -> None:
    assert any(
        problem.startswith(f"settings.yaml:{END + 1}: ")
        for problem in problems(f"{MINIMAL}{line}\n")
    )


def test_lists_nested_without_end_are_an_error(problems: Problems) -> None:
    (problem,) = problems(f"lake: {'[' * 1500}\n")
    assert problem.startswith("settings.yaml: not valid YAML: maximum recursion depth")


def test_a_file_that_is_not_utf8_says_so(tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    path.write_bytes(b"lake: caf\xe9\n")
    with pytest.raises(SettingsError, match=r"not UTF-8 text \(byte 9\)"):
        load_settings(path, {})


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text(MINIMAL, encoding="utf-8-sig")
    assert load_settings(path, {}).endpoints


def test_a_folder_in_place_of_the_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: Is a directory"):
        load_settings(tmp_path, {})
