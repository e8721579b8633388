"""The floor: read a day's bytes and count its lines, in one thread of Python.

Nothing that looks at every byte can be much cheaper. Standard library only, so that its start costs
next to nothing. Every workload of `benchmarks.workloads` does more.

    python -m benchmarks.read_loop DAY_FOLDER
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

_CHUNK_BYTES = 1 << 20


def capture_files(day: Path) -> list[Path]:
    """The capture files of a day's folder, in order of time."""
    return sorted((day / "capture").rglob("*.jsonl*"))


def count_lines(paths: list[Path]) -> int:
    """Line feeds in the files."""
    lines, chunk = 0, bytearray(_CHUNK_BYTES)
    for path in paths:
        packed = path.suffix == ".gz"
        with gzip.open(path) if packed else path.open("rb", buffering=0) as file:
            while size := file.readinto(chunk):
                lines += chunk.count(b"\n", 0, size)
    return lines


if __name__ == "__main__":
    print(json.dumps({"rows": count_lines(capture_files(Path(sys.argv[1])))}))
