"""The path language: what it means, and that nothing else is taken for a path."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_insights.errors import SettingsError
from ml_insights.spark.json_path import EACH, parse_path

NAMES = st.text(st.characters(exclude_characters=".[]", exclude_categories=["Cs"]), min_size=1)
STEPS = st.lists(st.one_of(NAMES, st.integers(0, 10**6)), max_size=6)


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("", []),
        ("score", ["score"]),
        ("predictions[*].score", ["predictions", EACH, "score"]),
        ("[*]", [EACH]),
        ("[*][1]", [EACH, 1]),
        ("instances[0].features[13]", ["instances", 0, "features", 13]),
        ("predicted probability.of-1", ["predicted probability", "of-1"]),
    ],
)
def test_a_path_is_its_steps_in_order(path: str, steps: list[str | int]) -> None:
    assert parse_path(path) == steps


@given(STEPS, STEPS, st.booleans())
def test_a_path_written_from_steps_reads_as_the_same_steps(
    before: list[str | int], after: list[str | int], each: bool
) -> None:
    steps = [*before, *([EACH] if each else []), *after]
    assert parse_path(written(steps)) == steps


@pytest.mark.parametrize(
    ("path", "character"),
    [
        (".score", 1),
        ("score.", 6),
        ("a..b", 2),
        ("a[", 2),
        ("a[]", 2),
        ("a[-1]", 2),
        ("a[x]", 2),
        ("a[1", 2),
        ("a]", 2),
        ("a[*", 2),
        ("$.a[**]", 4),
    ],
)
def test_what_is_not_a_path_is_refused_with_the_place(path: str, character: int) -> None:
    with pytest.raises(SettingsError, match=rf"from character {character} on.*predictions\[\*\]"):
        parse_path(path)


def test_only_one_list_of_a_path_holds_the_predictions() -> None:
    with pytest.raises(SettingsError, match="more than once"):
        parse_path("batches[*].predictions[*].score")


def written(steps: list[str | int]) -> str:
    path = ""
    for step in steps:
        if step == EACH:
            path += EACH
        elif isinstance(step, int):
            path += f"[{step}]"
        else:
            path += f".{step}" if path else step
    return path
