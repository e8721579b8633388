"""The sample-ratio test: published value, scipy, an alarm only for what chance does not do."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from ml_insights.metrics.sample_ratio import ALARM_BELOW, sample_ratio


def test_published_split_is_no_alarm() -> None:
    test = sample_ratio(50_500, 49_500, 0.5)
    assert test.chi_square == pytest.approx(10.0)
    assert test.p_value == pytest.approx(0.001565, abs=5e-7)
    assert not test.mismatch


@pytest.mark.parametrize(("first", "second", "expected"), [(90, 10, 0.8), (7, 3, 0.1)])
def test_the_test_is_chi_square_of_two_cells(first: int, second: int, expected: float) -> None:
    cells = np.array([expected, 1 - expected]) * (first + second)
    theirs = stats.chisquare([first, second], cells)
    ours = sample_ratio(first, second, expected)
    assert ours == pytest.approx((theirs.statistic, theirs.pvalue))


def test_proper_splits_alarm_once_in_a_thousand() -> None:
    drawn = np.random.default_rng(0).binomial(20_000, 0.3, 20_000)
    alarms = [sample_ratio(int(n), 20_000 - int(n), 0.3).mismatch for n in np.unique(drawn)]
    share = np.isin(drawn, np.unique(drawn)[alarms]).mean()
    assert share == pytest.approx(ALARM_BELOW, abs=0.0007)


def test_without_records_there_is_no_test_and_no_alarm() -> None:
    test = sample_ratio(0, 0, 0.5)
    assert math.isnan(test.p_value)
    assert not test.mismatch


@pytest.mark.parametrize("expected", [0.0, 1.0, -1.0, math.nan])
def test_an_impossible_split_is_refused(expected: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        sample_ratio(1, 1, expected)
