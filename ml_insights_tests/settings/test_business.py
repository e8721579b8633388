"""What outcomes are worth, by fixed values or by an amount of each case."""

from __future__ import annotations

import pytest

from ml_insights.spark.arguments import AmountFeature, ValueForm
from ml_insights_tests.prepared_day import MONEY
from ml_insights_tests.settings.conftest import MINIMAL, Load, Problems, endpoint


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
