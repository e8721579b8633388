"""Quantities as people write them: `150TB`, `1.1M`, `3h`.

What belongs here: reading them. What does not: what they are used for.
"""

from __future__ import annotations

import re

_FORM = re.compile(r"([0-9]+(?:[_,][0-9]{3})*(?:\.[0-9]+)?)\s*([A-Za-z]*)")
BYTES: dict[str, float] = {"": 1, "B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "PB": 1e15}
NUMBERS: dict[str, float] = {"": 1, "K": 1e3, "M": 1e6, "G": 1e9}
SECONDS: dict[str, float] = {"S": 1, "M": 60, "MIN": 60, "H": 3600}


def quantity(text: str, units: dict[str, float]) -> float:
    """A positive quantity with one of the units; upper and lower case are the same.

    >>> quantity("150TB", BYTES), quantity("1.5h", SECONDS), quantity("37.5M", NUMBERS)
    (150000000000000.0, 5400.0, 37500000.0)

    Raises:
        ValueError: it is not positive, not a number, or has another unit.
    """
    found = _FORM.fullmatch(text.strip())
    if not found or found[2].upper() not in units:
        legal = ", ".join(unit for unit in units if unit) or "none"
        raise ValueError(f"{text!r} is not a number with a unit; units are {legal}")
    value = float(re.sub("[_,]", "", found[1])) * units[found[2].upper()]
    if value <= 0:
        raise ValueError(f"{text!r} must be above 0")
    return value
