"""Whether the traffic was split between variants as configured.

What belongs here: which records are set against which configured shares. What does not: the test
(`metrics.sample_ratio`), what follows from it (`comparisons`, and the check).

A split is of requests: predictions of one request come together, and would be counted as evidence
many times over. So capture records are counted, not the predictions in them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pyarrow.compute as pc

from ml_insights.metrics.sample_ratio import ALARM_BELOW, SampleRatio, sample_ratio

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa


class Strayed(NamedTuple):
    """A variant that did not get its share.

    Attributes:
        variant: which.
        records: capture records it answered.
        expected: share of all that it should have answered; 0 if the settings give it none.
        p_value: chance of such a share, or one farther off.
    """

    variant: str
    records: int
    expected: float
    p_value: float


def records_of(balance: pa.Table) -> dict[str, int]:
    """Accepted capture records by variant, from a day's record_balance."""
    accepted = balance.filter(
        pc.and_(
            pc.equal(balance["account"], "capture_lines"),
            pc.equal(balance["item"], "records_accepted"),
        )
    )
    return {row["variant"]: -row["records"] for row in accepted.to_pylist()}


def split_of_pair(
    records: Mapping[str, int], pair: tuple[str, str], shares: Mapping[str, float]
) -> SampleRatio | None:
    """Test of the configured split between two variants; None if the settings do not name both."""
    first, second = (shares.get(name, 0.0) for name in pair)
    if not (records and first and second):
        return None
    one, other = (records.get(name, 0) for name in pair)
    return sample_ratio(one, other, first / (first + second))


def strayed(records: Mapping[str, int], shares: Mapping[str, float]) -> list[Strayed]:
    """Variants that did not get their configured share, each tested against all others.

    Args:
        records: capture records by variant.
        shares: configured; they need not add up to 1.

    Returns:
        None of them in all but one of a thousand days with the configured split (Bonferroni): the
        test is looked at every day.

    >>> strayed({"a": 480, "b": 520}, {"a": 1, "b": 1})
    []
    >>> strayed({"a": 900}, {"a": 9, "b": 1})[0].variant
    'a'
    """
    if not (total := sum(records.values())) or not shares:
        return []
    found = []
    for variant in sorted({*records, *shares}):
        own, expected = records.get(variant, 0), shares.get(variant, 0.0) / sum(shares.values())
        p_value = sample_ratio(own, total - own, expected).p_value if 0 < expected < 1 else 0.0
        if p_value < ALARM_BELOW / len(shares):
            found.append(Strayed(variant, own, expected, p_value))
    return found
