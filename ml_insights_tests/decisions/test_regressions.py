"""What the gates look at: falls beyond doubt, in any slice, and nothing else."""

from __future__ import annotations

import pytest

from ml_insights.decisions.regressions import found_regressions
from ml_insights_tests.decisions.published import CHAMPION, HALF, drawn, nothing


@pytest.mark.parametrize("seed", range(0, 40, 2))
def test_a_usual_day_has_none(seed: int) -> None:
    fallen, tests = found_regressions(
        {CHAMPION: drawn(seed)}, {CHAMPION: drawn(seed + 1, 28_000)}, HALF, 0.01
    )
    assert fallen == []
    assert tests == 2


def test_a_bad_slice_is_found_among_many_and_the_largest_fall_comes_first() -> None:
    curves = [CHAMPION._replace(slice=f"x={n}") for n in range(50)]
    today = {curve: drawn(n, 1000) for n, curve in enumerate(curves)}
    today[curves[7]] = drawn(7, 3000, separation=0.5)
    before = {curve: drawn(100 + n, 7000) for n, curve in enumerate(curves)}
    fallen, tests = found_regressions(today, before, HALF, 0.01)
    assert tests == 100
    assert {found.curve for found in fallen} == {curves[7]}
    falls = [found.difference.value for found in fallen]
    assert falls == sorted(falls)
    assert all(found.difference.high < 0 for found in fallen)


def test_a_fall_too_small_to_matter_is_none_however_certain() -> None:
    today, before = {CHAMPION: drawn(1, 4000, separation=0.5)}, {CHAMPION: drawn(2, 28_000)}
    assert found_regressions(today, before, HALF, 0.01)[0]
    assert found_regressions(today, before, HALF, 0.9)[0] == []


def test_curves_without_days_before_or_labels_are_not_tested() -> None:
    assert found_regressions({CHAMPION: drawn(1)}, {}, HALF, 0.01) == ([], 0)
    unlabelled = {CHAMPION: drawn(2, labelled=0.0)}
    assert found_regressions(unlabelled, {CHAMPION: drawn(1)}, HALF, 0.01) == ([], 0)
    assert found_regressions({CHAMPION: nothing()}, {CHAMPION: drawn(1)}, HALF, 0.01) == ([], 0)
