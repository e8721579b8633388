"""Seeds depend on what is computed and on nothing else."""

from __future__ import annotations

from itertools import combinations

from ml_insights.metrics.seeds import generator


def test_the_same_identity_gives_the_same_numbers_in_every_process() -> None:
    # The number itself is pinned: a change would restate all published intervals.
    assert generator("fraud", "2026-11-14", "champion").integers(2**62) == 3366058632457224723


def test_identities_that_join_to_the_same_text_differ() -> None:
    identities = (("ab", "c"), ("a", "bc"), ("abc",), ("a", "b", "c"), ("c", "ab"), ())
    first = [generator(*identity).integers(2**62) for identity in identities]
    assert all(one != other for one, other in combinations(first, 2))
