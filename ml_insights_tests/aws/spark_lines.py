"""Which Spark runs a step of an EMR release here, and what it needs to reach S3.

What belongs here: releases, the installed Sparks, and their jars for S3A. What does not: running a
step (`spark_job`).

The Spark of this environment stands for EMR's releases of the same line. Spark 3.5, the other line,
is fetched once from the package index (300 MB), beside the jars, and run by this Python; where the
variable ML_INSIGHTS_TEST_PYTHON_3_5 names a Python that has pyspark 3.5, that one is taken.

EMR has the connector to S3 built in, the pyspark of PyPI has not: Spark's own Ivy fetches it once
(11 MB, from Maven Central or what `~/.m2` already has) into the folder that the variable
ML_INSIGHTS_TEST_JARS names, by default below the user's cache. The connector asks for a bundle of
600 MB of all services; its few modules that S3 needs take the bundle's place.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ml_insights.java import find_java_home
from ml_insights_tests.aws.refusals import AwsError

RELEASES = {
    "emr-7.10.0": "3.5.5",
    "emr-7.11.0": "3.5.6",
    "emr-7.12.0": "3.5.6",
    "emr-7.13.0": "3.5.6",
    "emr-spark-8.0.0": "4.0.2",
}
"""Version of Spark by release label: the releases in which S3A serves s3://."""

SECOND_VERSION = "3.5.6"
"""Of the line that this environment does not have."""

_SDK_2 = "software.amazon.awssdk"
_SDK_1 = "com.amazonaws"
PACKAGES = {
    "4.0": (
        "org.apache.hadoop:hadoop-aws:3.4.1",
        "org.apache.spark:spark-hadoop-cloud_2.13:4.0.2",
        *(f"{_SDK_2}:{name}:2.25.53" for name in ("s3-transfer-manager", "sts", "apache-client")),
    ),
    "3.5": (
        "org.apache.hadoop:hadoop-aws:3.3.4",
        "org.apache.spark:spark-hadoop-cloud_2.12:3.5.5",
        *(f"{_SDK_1}:aws-java-sdk-{name}:1.12.262" for name in ("s3", "sts", "dynamodb")),
    ),
}
"""What Spark lacks for S3A, with the version of Hadoop that each line has."""
IN_SPARK = (
    *("codec", "codec-http", "codec-http2", "common", "buffer", "handler", "transport"),
    *("resolver", "transport-classes-epoll", "transport-native-unix-common"),
)
"""Modules of Netty that Spark brings, in a later version."""
EXCLUDED = (
    f"{_SDK_2}:bundle",
    f"{_SDK_1}:aws-java-sdk-bundle",
    "org.slf4j:slf4j-api",
    *(f"io.netty:netty-{name}" for name in IN_SPARK),
    *(f"com.fasterxml.jackson.core:jackson-{name}" for name in ("core", "databind", "annotations")),
    "com.fasterxml.jackson.dataformat:jackson-dataformat-cbor",
    *(f"org.apache.spark:spark-core_2.{minor}" for minor in (12, 13)),
    *(f"org.apache.hadoop:hadoop-{name}" for name in ("client-runtime", "client-api")),
    *(f"org.apache.hadoop:hadoop-{name}" for name in ("azure", "cloud-storage", "openstack")),
    "com.google.cloud.bigdataoss:gcs-connector",
    "org.eclipse.jetty:jetty-util",
    "org.eclipse.jetty:jetty-util-ajax",
    "joda-time:joda-time",
    "com.squareup.okhttp3:okhttp",
    "com.squareup.okio:okio",
)


@dataclass(frozen=True)
class SparkLine:
    """An installed Spark.

    Attributes:
        version: such as 4.0.2.
        home: SPARK_HOME.
        python: a Python that has this pyspark.
    """

    version: str
    home: Path
    python: str

    @property
    def line(self) -> str:
        return ".".join(self.version.split(".")[:2])


def find_spark(release: str) -> SparkLine:
    """The Spark for a release.

    Raises:
        AwsError: none of its line is installed here.
        RuntimeError: Spark 3.5 could not be fetched.
    """
    wanted = RELEASES[release].rpartition(".")[0]
    found = _installed(sys.executable)
    if wanted == "3.5" and found.line != wanted:
        own = os.environ.get("ML_INSIGHTS_TEST_PYTHON_3_5")
        found = _installed(own) if own else _fetched_3_5()
    if found.line == wanted:
        return found
    raise AwsError("NotSimulated", f"{release} runs Spark {wanted}, which is not here", 501)


@cache
def _fetched_3_5() -> SparkLine:
    folder = jar_cache() / f"pyspark-{SECOND_VERSION}"
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as staging:
            fetched = Path(staging) / folder.name
            options = ("--quiet", "--disable-pip-version-check", "--no-deps", "--target")
            command = [sys.executable, "-m", "pip", "install", *options, str(fetched)]
            command.append(f"pyspark=={SECOND_VERSION}")
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise RuntimeError(
                    f"pyspark {SECOND_VERSION} could not be fetched from the package index; give "
                    f"the machine access to it. What pip said:\n{done.stderr[-2000:]}"
                )
            with suppress(OSError):  # another process was first
                fetched.rename(folder)
    return SparkLine(SECOND_VERSION, folder / "pyspark", sys.executable)


@cache
def _installed(python: str) -> SparkLine:
    tell = "import pyspark; print(pyspark.__version__, pyspark.__path__[0])"
    answer = subprocess.run([python, "-c", tell], capture_output=True, text=True, check=True)
    version, home = answer.stdout.strip().split(" ", 1)
    return SparkLine(version, Path(home), python)


def java_home() -> str | None:
    """JAVA_HOME for Spark; None when the `java` on the PATH will do."""
    home = find_java_home(jar_cache())
    return str(home) if home else None


def jar_cache() -> Path:
    """Folder outside the repository that keeps what was fetched."""
    cache_home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    chosen = os.environ.get("ML_INSIGHTS_TEST_JARS") or cache_home / "ml_insights" / "jars"
    return Path(chosen).absolute()


def s3a_jars(spark: SparkLine) -> Path:
    """Folder of the jars that a line needs for S3A, fetched on first use.

    Raises:
        RuntimeError: they could not be fetched.
    """
    folder = jar_cache() / f"spark-{spark.line}"
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as staging:
        _fetch(spark, Path(staging))
        try:
            (Path(staging) / "jars").rename(folder)
        except OSError:  # another process was first
            shutil.rmtree(Path(staging) / "jars", ignore_errors=True)
    return folder


def _fetch(spark: SparkLine, staging: Path) -> None:
    """Let spark-submit resolve the packages for a program that does nothing."""
    program = staging / "nothing.py"
    program.write_text("")
    command = [
        str(spark.home / "bin" / "spark-submit"),
        *("--conf", f"spark.jars.ivy={staging}"),
        *("--packages", ",".join(PACKAGES[spark.line])),
        *("--exclude-packages", ",".join(EXCLUDED)),
        str(program),
    ]
    environment = os.environ | {"SPARK_HOME": str(spark.home), "PYSPARK_PYTHON": spark.python}
    if home := java_home():
        environment["JAVA_HOME"] = home
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode or not list((staging / "jars").glob("*hadoop-aws*.jar")):
        raise RuntimeError(
            f"the S3A jars of Spark {spark.line} could not be fetched from Maven Central. Give the "
            "machine access to it, or point ML_INSIGHTS_TEST_JARS at a folder that has "
            f"spark-{spark.line}/*.jar. What Ivy said:\n{done.stderr[-2000:]}"
        )
