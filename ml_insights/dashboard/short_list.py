"""How many insights of a day are shown, so that they are read, and what is said of the others.

What belongs here: what the page and the Dagster UI share of that. What does not: their order, which
is that of the table insights.
"""

from __future__ import annotations

MOST = 8
"""At most so many a day."""


def more_than_shown(number: int) -> list[str]:
    """A line about those that are not shown; none if all are.

    >>> more_than_shown(8), more_than_shown(10)
    ([], ['and 2 more in the table insights'])
    """
    return [f"and {number - MOST} more in the table insights"] if number > MOST else []
