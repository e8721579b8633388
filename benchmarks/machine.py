"""On what the measurements were made: a table is worth little without it.

What belongs here: facts about the machine, the versions. What does not: measuring.
"""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path


def describe() -> dict[str, str]:
    """Facts by name, in the order of the table; Java and Spark are told by the session."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    libraries = ("numpy", "pyarrow", "scikit-learn")
    return {
        "CPU": f"{_cpu_model()}, {os.cpu_count()} cores",
        "Memory": f"{memory / 2**30:.1f} GiB",
        "System": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        "Libraries": ", ".join(f"{name} {version(name)}" for name in libraries),
        "ml_insights": f"{version('ml-insights')}, commit {_commit()}",
    }


def _cpu_model() -> str:
    """Linux names it in a file; elsewhere Python's guess."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def _commit() -> str:
    """Short name of the commit, with `-dirty` for changes that are not committed."""
    command = ["git", "--no-optional-locks", "describe", "--always", "--dirty"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return answer.stdout.strip()
