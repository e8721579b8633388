"""Java classes kept ready, so that a job's Java starts in half the time.

What belongs here: an archive of the classes that Spark loads (class-data sharing of the JDK), made
once by a small program and kept beside the jars. What does not: running jobs (`spark_job`).

Java takes an archive only where classpath and version are those it was made with, and starts the
usual way otherwise: it changes how long a start takes and nothing else.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path

from ml_insights.java import find_java_home
from ml_insights_tests.aws.spark_lines import SparkLine, jar_cache, s3a_jars

QUICK_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseParallelGC"
"""Java options for small data, unless the cluster or the submission has its own."""

_A_WEEK = 7 * 24 * 3600

_PROGRAM = """\
import sys
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.getOrCreate()
spark.sparkContext._jvm.org.apache.hadoop.fs.s3a.S3AFileSystem()
rows = spark.range(100).withColumn("k", F.col("id") % 7)
rows = rows.select("k", F.to_json(F.struct("id")).alias("value"))
rows.write.partitionBy("k").parquet(sys.argv[1] + "/rows")
read = spark.read.parquet(sys.argv[1] + "/rows")
read = read.select("k", F.from_json("value", "id long").alias("j")).select("k", "j.id")
sums = read.groupBy("k").agg(F.sum("id").alias("s"))
read.join(sums, "k").orderBy("id").coalesce(1).write.parquet(sys.argv[1] + "/joined")
spark.stop()
"""


@cache
def class_archive(spark: SparkLine) -> Path | None:
    """The archive of a line, made on first use; None where this Java makes none."""
    folder = jar_cache() / "classes"
    archive = folder / f"{_what_it_depends_on(spark)}.jsa"
    if not archive.exists():
        folder.mkdir(parents=True, exist_ok=True)
        # Each is 150 MB, and every new venv needs one of its own.
        for former in folder.glob("*.jsa"):
            if time.time() - former.stat().st_mtime > _A_WEEK:
                former.unlink(missing_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as staging:
            made = _made(spark, Path(staging))
            if made.exists():
                made.replace(archive)
    return archive if archive.exists() else None


def _what_it_depends_on(spark: SparkLine) -> str:
    home = find_java_home(jar_cache())
    java = str(home / "bin" / "java") if home else "java"
    version = subprocess.run([java, "-version"], capture_output=True, text=True, check=True).stderr
    # Java refuses an archive of jars with another time; those of Spark are as new as its venv.
    jars = sorted(
        f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}"
        for folder in (spark.home / "jars", s3a_jars(spark))
        for path in folder.glob("*.jar")
    )
    parts = [version, java, spark.version, QUICK_JAVA, *jars, _PROGRAM]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _made(spark: SparkLine, staging: Path) -> Path:
    program, archive = staging / "program.py", staging / "classes.jsa"
    program.write_text(_PROGRAM, encoding="utf-8")
    command = [
        str(spark.home / "bin" / "spark-submit"),
        *("--master", "local[1]", "--conf", "spark.ui.enabled=false"),
        *("--conf", f"spark.driver.extraJavaOptions={QUICK_JAVA}"),
        str(program),
        str(staging / "output"),
    ]
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "SPARK_HOME": str(spark.home),
        "SPARK_DIST_CLASSPATH": str(s3a_jars(spark) / "*"),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_SUBMIT_OPTS": f"-XX:ArchiveClassesAtExit={archive}",
        "PYSPARK_PYTHON": spark.python,
    }
    if home := find_java_home(jar_cache()):
        environment["JAVA_HOME"] = str(home)
    subprocess.run(command, cwd=staging, env=environment, capture_output=True, check=False)
    return archive
