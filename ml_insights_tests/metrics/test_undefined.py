"""The vocabulary of reasons is closed, ordered and read by humans."""

from __future__ import annotations

import pytest

from ml_insights.metrics.undefined import UNDEFINED_REASONS, joined_reasons


def test_reasons_are_joined_in_the_order_of_the_vocabulary() -> None:
    everything = dict.fromkeys(reversed(UNDEFINED_REASONS), True)
    assert joined_reasons(everything) == ",".join(UNDEFINED_REASONS)


def test_no_reason_is_none() -> None:
    assert joined_reasons({}) is None
    assert joined_reasons({"no_positives": False}) is None


def test_a_reason_outside_the_vocabulary_is_refused_even_if_it_does_not_hold() -> None:
    with pytest.raises(ValueError, match=r"unknown undefined reasons \['bad_luck'\]"):
        joined_reasons({"bad_luck": False})
