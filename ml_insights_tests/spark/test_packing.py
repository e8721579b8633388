"""Parts of a day are few while it is small, and fit into memory however large it is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ml_insights.spark.packing import (
    LARGEST_BLOCK,
    LARGEST_PART,
    PACKED_BYTES,
    RECORD_BYTES,
    SMALLEST_BLOCK,
    SMALLEST_PART,
    packing,
)


def test_a_small_day_is_one_part() -> None:
    assert packing(0, 16)["targets"] == packing(12_000 * RECORD_BYTES, 16)["targets"] == 1


def test_a_day_has_as_many_parts_as_the_session_wants_if_they_are_worth_it() -> None:
    assert packing(16 * SMALLEST_PART, 16)["targets"] == 16
    assert packing(5 * SMALLEST_PART, 16)["targets"] == 5
    assert packing(16 * LARGEST_PART, 16)["targets"] == 16
    assert packing(17 * LARGEST_PART, 16)["targets"] == 17


@given(st.integers(0, 10**14), st.integers(1, 10**5))
def test_no_part_is_too_large_and_blocks_have_bounds(size: int, partitions: int) -> None:
    found = packing(size, partitions)
    assert size <= found["targets"] * LARGEST_PART
    assert SMALLEST_BLOCK <= found["block_bytes"] <= LARGEST_BLOCK
    held = found["targets"] * found["block_bytes"]
    assert held <= PACKED_BYTES or found["block_bytes"] == SMALLEST_BLOCK
