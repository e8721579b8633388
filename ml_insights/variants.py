"""The order of production variants: which is compared with which, and where each one stands.

What belongs here: an order that depends on names alone. What does not: colours (`dashboard`).
"""

from __future__ import annotations

from collections.abc import Iterable

INCUMBENTS = ("champion", "control", "baseline", "primary", "production")
"""Customary names of the variant that the others are compared with."""


def in_order(variants: Iterable[str]) -> list[str]:
    """Distinct variants, the incumbent first if its name says so, the others by name.

    The order depends on nothing but names, so that a variant keeps its place and colour from day
    to day.

    >>> in_order(["challenger", "champion", "canary"])
    ['champion', 'canary', 'challenger']
    """
    return sorted(set(variants), key=lambda name: (name.lower() not in INCUMBENTS, name))
