"""Random numbers that are the same whenever the same thing is computed again.

What belongs here: the way from what is computed (endpoint, day, curve, purpose) to a generator.
What does not: drawing.
"""

from __future__ import annotations

import hashlib

import numpy as np


def generator(*identity: str) -> np.random.Generator:
    """A generator that depends on nothing but the identity.

    Args:
        identity: what the numbers are for, such as endpoint, day, variant, class, slice and
            purpose. Order counts; ("a", "bc") and ("ab", "c") differ.

    >>> float(generator("fraud", "2026-11-14").random()) == float(
    ...     generator("fraud", "2026-11-14").random()
    ... )
    True
    """
    digest = hashlib.sha256()
    for part in identity:
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest.digest(), "big")))
