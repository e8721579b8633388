"""Into how many parts a day's events are divided, and how large the blocks are that go there.

What belongs here: this arithmetic, as the operator in Java is told it. What does not: packing,
sorting and merging (`java/Blocks.java`, `java/RecordSort.java`).
"""

from __future__ import annotations

from math import ceil

RECORD_BYTES = 48
"""Of a packed prediction, about: 17 of its event, 8 or 9 each of time, slice and score."""
LARGEST_PART, SMALLEST_PART = 128 * 2**20, 48 * 2**20
"""Bytes that a task sorts in memory at once, and those that are worth a task of their own."""
HELD_BYTES = 2 * LARGEST_PART
"""Most that a task holds before it sorts on disk; Spark may grant less. The index comes on top."""
PACKED_BYTES = 32 * 2**20
"""What a task holds in blocks that are not full."""
SMALLEST_BLOCK, LARGEST_BLOCK = 2**10, 2**16
"""A row of the shuffle; positions in one have 16 bits."""
HELD_EVENTS = 2**14
"""Events whose label records a task combines at a time."""


def packing(records_bytes: int, shuffle_partitions: int) -> dict[str, int]:
    """What the operator is told.

    Small parts up to the number of shuffle partitions, beyond that as many as keep parts small
    enough for memory.

    Args:
        records_bytes: of all packed records, about.
        shuffle_partitions: of the session.

    Returns:
        `targets`, the number of parts; `block_bytes`, `held_bytes`, `held_events`.
    """
    wanted = min(ceil(records_bytes / SMALLEST_PART), shuffle_partitions)
    targets = max(wanted, ceil(records_bytes / LARGEST_PART), 1)
    return {
        "targets": targets,
        "block_bytes": min(max(PACKED_BYTES // targets, SMALLEST_BLOCK), LARGEST_BLOCK),
        "held_bytes": HELD_BYTES,
        "held_events": HELD_EVENTS,
    }
