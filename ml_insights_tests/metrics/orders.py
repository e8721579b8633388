"""Every way in which the records of one bin can be ordered and tied: the oracle of the limits."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import product

Group = tuple[int, int]


@cache
def weak_orders(positives: int, negatives: int) -> tuple[tuple[Group, ...], ...]:
    """All sequences of tie groups (positives, negatives), from high to low, that use up both."""
    if positives == negatives == 0:
        return ((),)
    return tuple(
        ((p, n), *rest)
        for p, n in product(range(positives + 1), range(negatives + 1))
        if p or n
        for rest in weak_orders(positives - p, negatives - n)
    )


def refinements(bins: tuple[Group, ...]) -> Iterator[tuple[Group, ...]]:
    """All curves of unbinned scores, as tie groups from high to low, that have these bins."""
    for choice in product(*(weak_orders(p, n) for p, n in bins)):
        yield tuple(group for order in choice for group in order)
