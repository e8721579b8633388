"""Whether what AWS describes is what was asked for.

What belongs here: the comparison alone. What does not: what to do about a difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def covers(actual: Any, wished: Any) -> bool:
    """Whether what is there has everything that is wished; AWS adds members of its own."""
    if isinstance(wished, Mapping):
        return isinstance(actual, Mapping) and all(
            key in actual and covers(actual[key], value) for key, value in wished.items()
        )
    if isinstance(wished, list):
        return (
            isinstance(actual, list)
            and len(actual) == len(wished)
            and all(covers(*pair) for pair in zip(actual, wished, strict=True))
        )
    return bool(actual == wished)
