"""Whether traffic was split as configured: of requests, over all variants, seldom wrong."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from ml_insights.contracts import RECORD_BALANCE
from ml_insights.decisions.traffic import records_of, split_of_pair, strayed

SHARES = {"champion": 0.8, "challenger": 0.2}


def test_requests_are_counted_not_their_predictions() -> None:
    rows = [
        ("capture_lines", "champion", "lines_read", 101),
        ("capture_lines", "champion", "records_accepted", -100),
        ("capture_lines", "champion", "malformed_json", -1),
        ("predictions", "champion", "predictions_in_records", 400),
        ("labels", None, "labels_read", 9),
    ]
    columns = [list(column) for column in zip(*rows, strict=True)]
    balance = pa.table(columns, schema=RECORD_BALANCE.arrow_schema())
    assert records_of(balance) == {"champion": 100}


def test_a_variant_without_any_request_is_astray_though_it_has_no_curve() -> None:
    found = {one.variant: one for one in strayed({"champion": 1000}, SHARES)}
    assert found["challenger"].records == 0
    assert found["challenger"].expected == pytest.approx(0.2)
    assert found["challenger"].p_value < 1e-9


def test_a_variant_that_the_settings_give_nothing_is_astray() -> None:
    (other,) = [s for s in strayed({"champion": 800, "challenger": 200, "new": 5}, SHARES)
                if s.variant == "new"]  # fmt: skip
    assert (other.records, other.expected) == (5, 0.0)


def test_without_a_split_or_without_requests_nothing_is_astray() -> None:
    assert strayed({"champion": 5}, {}) == []
    assert strayed({}, SHARES) == []


def test_the_configured_split_is_called_astray_on_one_day_of_a_thousand_at_most() -> None:
    random = np.random.default_rng(5)
    shares = {"a": 5.0, "b": 3.0, "c": 2.0}
    drawn = random.multinomial(20_000, [0.5, 0.3, 0.2], 4000)
    alarms = [bool(strayed(dict(zip(shares, map(int, n), strict=True)), shares)) for n in drawn]
    assert sum(alarms) <= 4 + 3 * 2


def test_a_pair_is_tested_by_the_proportion_of_its_two_shares() -> None:
    shares = {**SHARES, "other": 1.0}
    split = split_of_pair({"champion": 800, "challenger": 200}, ("champion", "challenger"), shares)
    assert split is not None
    assert split.p_value == 1.0
