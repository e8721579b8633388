"""Runs one command and outlives nobody: `supervisor FOLDER WORKING_FOLDER COMMAND...`.

What belongs here: ending a process group on a signal, or when the stand-in is no more, which shows
at the end of this process's standard input. So nothing is left behind even by kill -9. Standard
library only: it starts in milliseconds. What does not: anything about Spark.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import FrameType

GRACE_SECONDS = 5.0
_TICK_SECONDS = 0.1

_asked: list[int] = []
"""Signals that asked for the end."""


def supervise(folder: Path, working_folder: Path, command: list[str]) -> int:
    """Run the command with its output in files of the folder; returns its exit code."""
    with (folder / "stdout").open("wb") as output, (folder / "stderr").open("wb") as errors:
        child = subprocess.Popen(
            command,
            cwd=working_folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            start_new_session=True,
        )
    while child.poll() is None and not _asked:
        readable, _, _ = select.select([sys.stdin], [], [], _TICK_SECONDS)
        if readable and not os.read(sys.stdin.fileno(), 1):
            _asked.append(signal.SIGKILL)
    if _asked and _asked[0] == signal.SIGTERM:
        _signal_group(child, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            child.wait(GRACE_SECONDS)
    # What the command has started may outlive it.
    _signal_group(child, signal.SIGKILL)
    child.wait()
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


def _signal_group(child: subprocess.Popen[bytes], number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)


def _on_signal(number: int, _frame: FrameType | None) -> None:
    _asked.append(number)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for one in (signal.SIGTERM, signal.SIGUSR1):
        signal.signal(one, _on_signal)
    sys.exit(supervise(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))
