"""Capture lines with random damage, seeded: what storage, writers and truncation can do to them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

TOKENS = [
    *(bytes([code]) for code in b"{}[]\",:\\'/#0159.eE+-nNtf \t\r\0"),
    b"NaN",
    b"null",
    b"Infinity",
    b'\\"',
    b"\\u0041",
    b"\\n",
    b"\xff",
    b"\xc3",
    "ä\u2028".encode(),
    b"-0.0",
    b"-0.1",
    b"1.5",
    b"1e999",
    b"1e-400",
    b"0x1",
    b"},{",
    b'"}{"',
]


def damaged(random: Random, line: bytes, others: Sequence[bytes]) -> bytes:
    """The line after one to three mutations; without line feeds."""
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        line = random.choice(MUTATIONS)(random, line, others)
    return line.replace(b"\n", b"")


def _part(random: Random, line: bytes) -> tuple[int, int]:
    start = random.randrange(len(line) + 1)
    return start, min(len(line), start + random.choice((1, 1, 1, 2, 3, 8, 40)))


def _delete(random: Random, line: bytes, _: Sequence[bytes]) -> bytes:
    start, end = _part(random, line)
    return line[:start] + line[end:]


def _double(random: Random, line: bytes, _: Sequence[bytes]) -> bytes:
    start, end = _part(random, line)
    return line[:end] + line[start:]


def _insert(random: Random, line: bytes, _: Sequence[bytes]) -> bytes:
    start, _end = _part(random, line)
    return line[:start] + random.choice(TOKENS) + line[start:]


def _replace(random: Random, line: bytes, _: Sequence[bytes]) -> bytes:
    start, end = _part(random, line)
    return line[:start] + random.choice(TOKENS) + line[end:]


def _change_number(random: Random, line: bytes, _: Sequence[bytes]) -> bytes:
    """A number replaced, or damaged next to a digit."""
    numbers = list(re.finditer(rb"[0-9][0-9.]*", line))
    if not numbers:
        return line
    start, end = random.choice(numbers).span()
    return line[:start] + random.choice(TOKENS) + line[random.choice((start, start + 1, end)) :]


def _truncate(random: Random, line: bytes, _: Sequence[bytes]) -> bytes:
    return line[: random.randrange(len(line) + 1)]


def _behead(random: Random, line: bytes, _: Sequence[bytes]) -> bytes:
    return line[random.randrange(len(line) + 1) :]


def _join(random: Random, line: bytes, others: Sequence[bytes]) -> bytes:
    """Two writers at once: a line with another one before, behind or within it."""
    start = random.choice((0, len(line), random.randrange(len(line) + 1)))
    glue = random.choice((b"", b",", b" ", b"\r"))
    return line[:start] + glue + random.choice(others) + line[start:]


MUTATIONS = (
    _delete,
    _double,
    _insert,
    _replace,
    _change_number,
    _change_number,
    _truncate,
    _behead,
    _join,
)
