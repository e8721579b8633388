"""What a command costs: wall time, CPU seconds and peak memory of all its processes.

What belongs here: the accounting. What does not: which commands are run (`experiment`).

A Spark job is two processes, Python and the Java that Python starts. CPU seconds are the kernel's
own account of the command and of every descendant that was waited for, so nothing is lost between
samples. That account misses a process nobody waited for; it is noticed, because the samples that
measure memory also see its CPU time, and the measurement is refused.
"""

from __future__ import annotations

import json
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any

import psutil  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Sequence

SAMPLING_SECONDS = 0.1
_BLOCK_BYTES = 512  # unit of the kernel's count of blocks read
_LAST_CHARACTERS = 2000


class MeasurementError(Exception):
    """A measured command failed, or its cost could not be accounted for."""


@dataclass(frozen=True)
class Cost:
    """What a command and all its descendants took.

    Attributes:
        wall_seconds: from start to end, interpreter and Java start included.
        cpu_seconds: user and system, all processes and threads.
        peak_bytes: largest sum of resident sets among samples, without processes that live shorter
            than from one sample to the next; memory that processes share counts once for each.
        disk_bytes: read from the disk rather than from the page cache.
    """

    wall_seconds: float
    cpu_seconds: float
    peak_bytes: float
    disk_bytes: float


def measure(command: Sequence[str]) -> tuple[Cost, dict[str, Any]]:
    """As `account`, of a command that prints a JSON object as its last line.

    Returns:
        The cost, and what the command printed last.

    Raises:
        MeasurementError: the command failed, or CPU time of a child is missing in the account.
    """
    cost, printed = account(command)
    return cost, json.loads(printed.splitlines()[-1])


def account(command: Sequence[str]) -> tuple[Cost, str]:
    """Run a command that waits for its children, and account for it.

    Args:
        command: program and arguments.

    Returns:
        The cost, and what the command printed.

    Raises:
        MeasurementError: the command failed, or CPU time of a child is missing in the account.
    """
    before, started = getrusage(RUSAGE_CHILDREN), time.perf_counter()
    with TemporaryFile() as output, TemporaryFile() as errors:
        with subprocess.Popen(command, stdout=output, stderr=errors) as process:
            tree = _Samples(process.pid)
            try:
                while process.poll() is None:
                    tree.take()
                    with suppress(subprocess.TimeoutExpired):
                        process.wait(SAMPLING_SECONDS)
            finally:
                if process.returncode is None:
                    tree.kill()
        wall_seconds, after = time.perf_counter() - started, getrusage(RUSAGE_CHILDREN)
        if process.returncode:
            said = _text(errors)[-_LAST_CHARACTERS:]
            msg = f"{' '.join(command)} failed with {process.returncode}:\n{said}"
            raise MeasurementError(msg)
        printed = _text(output)
    cpu_seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    tree.refuse_if_unaccounted(cpu_seconds)
    disk_bytes = (after.ru_inblock - before.ru_inblock) * _BLOCK_BYTES
    return Cost(wall_seconds, cpu_seconds, tree.peak_bytes, disk_bytes), printed


class OtherWork:
    """Cores that the rest of the machine kept busy since this object was made."""

    def __init__(self) -> None:
        """Start the account."""
        self._started, self._before = time.perf_counter(), _cpu_seconds_of_others()

    def cores(self) -> float:
        """CPU seconds of others, time taken by the host of a virtual machine included, a second."""
        used = _cpu_seconds_of_others() - self._before
        return max(used, 0.0) / (time.perf_counter() - self._started)


class _Samples:
    """Memory and CPU time of a process and its descendants, as seen now and then."""

    def __init__(self, pid: int) -> None:
        self.peak_bytes = 0
        self._root = psutil.Process(pid)
        self._cpu_seconds: dict[psutil.Process, float] = {}

    def take(self) -> None:
        """Look at all processes of the tree."""
        resident = 0
        with suppress(psutil.NoSuchProcess):
            for process in (self._root, *self._root.children(recursive=True)):
                with suppress(psutil.NoSuchProcess), process.oneshot():
                    # At first sight a process may be between fork and exec (Hadoop runs `chmod`),
                    # where its parent's memory is shown as its own.
                    if process in self._cpu_seconds or process == self._root:
                        resident += process.memory_info().rss
                    times = process.cpu_times()
                    self._cpu_seconds[process] = times.user + times.system
        self.peak_bytes = max(self.peak_bytes, resident)

    def kill(self) -> None:
        """End all processes of the tree, which is no longer waited for."""
        for process in (*self._root.children(recursive=True), self._root):
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def refuse_if_unaccounted(self, cpu_seconds: float) -> None:
        """Compare with the kernel's account, which must not be smaller."""
        seen = sum(self._cpu_seconds.values())
        if seen > 1.02 * cpu_seconds + 0.2:
            msg = (
                f"{seen:.1f} CPU seconds were seen but only {cpu_seconds:.1f} are accounted for: "
                "a child process was not waited for. Let the command wait for what it starts."
            )
            raise MeasurementError(msg)


def _cpu_seconds_of_others() -> float:
    """CPU seconds of the machine less those of this process and of children it waited for."""
    whole = psutil.cpu_times()
    ours = [getrusage(RUSAGE_SELF), getrusage(RUSAGE_CHILDREN)]
    own = sum(usage.ru_utime + usage.ru_stime for usage in ours)
    return float(whole.user + whole.nice + whole.system + getattr(whole, "steal", 0.0)) - own


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")
