"""A process that runs workloads when it is told, so that starting and compiling are not measured.

What belongs here: telling it, and the cost of each answer. What does not: the workloads
(`workloads`, `peers`), and processes that are measured from start to end (`process_tree`).

The process gets a name a line and answers with a JSON object a line.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from contextlib import suppress
from tempfile import TemporaryFile
from typing import Any

import psutil  # type: ignore[import-untyped]

from benchmarks.process_tree import SAMPLING_SECONDS, Cost, MeasurementError

_LAST_WORDS_SECONDS = 60


class WarmProcess:
    """A process that keeps what it has made; a context manager."""

    def __init__(self, module: str, *arguments: str) -> None:
        """Start a module of this package; it is ready when it answers the first time."""
        self._errors = TemporaryFile()  # noqa: SIM115 (closed at the end)
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"benchmarks.{module}", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self._root = psutil.Process(self._process.pid)

    def __enter__(self) -> WarmProcess:
        """Itself."""
        return self

    def __exit__(self, *_error: object) -> None:
        """End the process and what it has started.

        It ends by itself when its input does, and then all of its CPU time is accounted for.
        """
        tree = self._root.children(recursive=True)
        assert self._process.stdin is not None
        with suppress(BrokenPipeError, subprocess.TimeoutExpired):
            self._process.stdin.close()
            self._process.wait(_LAST_WORDS_SECONDS)
        self._process.kill()
        self._process.wait()
        for process in tree:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._errors.close()

    def run(self, workload: str) -> tuple[Cost, dict[str, Any]]:
        """Run a workload; returns its cost and what it found.

        Raises:
            MeasurementError: the workload failed.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        before, started = self._cpu_seconds(), time.perf_counter()
        with _PeakMemory(self._root) as memory:
            self._process.stdin.write(f"{workload}\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        wall = time.perf_counter() - started
        if not answer:
            self._errors.seek(0)
            said = self._errors.read().decode(errors="replace")[-2000:]
            msg = f"{workload} failed:\n{said}"
            raise MeasurementError(msg)
        cpu = self._cpu_seconds() - before
        return Cost(wall, cpu, memory.peak_bytes, 0), json.loads(answer)

    def _cpu_seconds(self) -> float:
        """Of the processes that live and of those that they have waited for."""
        total = 0.0
        for process in (self._root, *self._root.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                total += sum(process.cpu_times()[:4])
        return total


class _PeakMemory:
    """Largest sum of resident sets while it is entered."""

    def __init__(self, root: psutil.Process) -> None:
        self.peak_bytes = 0
        self._root, self._done = root, threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> _PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._done.set()
        self._thread.join()

    def _sample(self) -> None:
        while True:
            resident = 0
            for process in (self._root, *self._root.children(recursive=True)):
                with suppress(psutil.NoSuchProcess):
                    resident += process.memory_info().rss
            self.peak_bytes = max(self.peak_bytes, resident)
            if self._done.wait(SAMPLING_SECONDS):
                return
