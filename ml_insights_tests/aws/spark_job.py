"""A Spark job of a cluster, run for real on this machine.

What belongs here: the surroundings a driver finds on EMR, the process and what it leaves behind.
What does not: what a submission says (`submission`), when a job runs, and what its end means
(`emr_life`, `emr_serverless_life`).

What a driver finds: a Python with nothing but the standard library and pyspark, so that whatever
else a job imports must travel with it; s3:// and s3a:// by S3A on the stand-in's S3; the role's
name as access key, so that the log of calls tells a job's calls from those of its submitter. YARN
is a local master, `Account.spark_master`. In cluster mode the driver starts in an empty folder with
the files and unpacked archives of the submission, as in a container.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from botocore.exceptions import ClientError

from ml_insights_tests.aws.class_archive import QUICK_JAVA, class_archive
from ml_insights_tests.aws.service import Account
from ml_insights_tests.aws.spark_lines import SparkLine, java_home, s3a_jars
from ml_insights_tests.aws.submission import OF_EMR_ONLY, Submission, SubmissionError

_CLOUD = "org.apache.spark.internal.io.cloud"
_COMMITTER_OF_THE_FILE_SYSTEM = {
    "spark.sql.sources.commitProtocolClass": f"{_CLOUD}.PathOutputCommitProtocol",
    "spark.sql.parquet.output.committer.class": f"{_CLOUD}.BindingParquetOutputCommitter",
}
"""EMR's Spark commits Parquet as the file system is set to; Spark's own builds must be told."""


@dataclass
class SparkJob:
    """One run of a submission.

    Attributes:
        account: where S3 is, and the folder for scratch files.
        spark: that runs it.
        submission: what is run.
        name: of its folder.
        role: name of the role that the job acts as.
        region: of its cluster.
        defaults: Spark's properties of the cluster.
        environment: variables of the driver beyond those of the cluster.
        in_container: whether the driver has a folder with files and unpacked archives.
    """

    account: Account
    spark: SparkLine
    submission: Submission
    name: str
    role: str
    region: str
    defaults: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    in_container: bool = False

    def __post_init__(self) -> None:
        self.folder = self.account.folder / self.name
        self._process: subprocess.Popen[bytes] | None = None
        self._killed_with = 0

    def start(self) -> None:
        """Start the job; it runs in a process group of its own.

        Raises:
            SubmissionError: a file of the container is not there, or not an archive.
        """
        work = self.folder / "work"
        work.mkdir(parents=True)
        if self.in_container:
            self._localize(work)
        supervisor = [sys.executable, "-I", str(Path(__file__).with_name("supervisor.py"))]
        self._process = subprocess.Popen(
            [*supervisor, str(self.folder), str(work), *self._command()],
            stdin=subprocess.PIPE,
            env=self._variables(),
        )

    @property
    def process_id(self) -> int:
        """Of the supervisor; the job itself is its child."""
        assert self._process is not None
        return self._process.pid

    def exit_code(self) -> int | None:
        """Exit code of the program, 128 and the signal if it was killed; None while it runs."""
        if self._process is None:
            return None
        code = self._process.poll()
        return 128 + self._killed_with if code is not None and self._killed_with else code

    def kill(self, with_signal: int = signal.SIGKILL) -> None:
        """End the job and what it has started; returns when it is gone."""
        if self._process is None or self._process.poll() is not None:
            return
        self._killed_with = with_signal
        self._process.send_signal(
            signal.SIGTERM if with_signal == signal.SIGTERM else signal.SIGUSR1
        )
        self._process.wait(timeout=60)

    def output(self, name: str) -> bytes:
        """What the driver has written to `stdout` or `stderr` so far."""
        path = self.folder / name
        return path.read_bytes() if path.exists() else b""

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def _command(self) -> list[str]:
        submission = self.submission
        conf = {**submission.conf, "spark.ui.enabled": "false"}
        return [
            str(self.spark.home / "bin" / "spark-submit"),
            *("--master", self.account.spark_master),
            *("--properties-file", str(self.folder / "spark-defaults.conf")),
            *submission.options,
            *(word for name, value in conf.items() for word in ("--conf", f"{name}={value}")),
            submission.application,
            *submission.arguments,
        ]

    def _variables(self) -> dict[str, str]:
        """The whole environment: nothing of this process's own gets through."""
        self._write_properties()
        python = bare_python(self.account.folder, self.spark)
        temporary = self.folder / "tmp"
        temporary.mkdir(exist_ok=True)
        java = f"-Djava.io.tmpdir={temporary}"
        if classes := class_archive(self.spark):
            # What Java says about an archive that it does not take is no output of the job.
            java += f" -XX:SharedArchiveFile={classes} -Xlog:disable -Xlog:all=warning:stderr"
        variables = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "SPARK_HOME": str(self.spark.home),
            "SPARK_DIST_CLASSPATH": str(s3a_jars(self.spark) / "*"),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_SUBMIT_OPTS": java,
            "TMPDIR": str(temporary),
            "PYSPARK_PYTHON": python,
            "AWS_ENDPOINT_URL": self.account.endpoint_url,
            "AWS_ACCESS_KEY_ID": self.role,
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
        }
        if home := java_home():
            variables["JAVA_HOME"] = home
        return {**variables, **self.environment}

    def _write_properties(self) -> None:
        """Write those of the cluster to a file of their own.

        A folder of configuration files would be on the classpath, and bar the archive of classes.
        """
        work = self.folder / "spark"
        hadoop = {
            "fs.s3a.endpoint": self.account.endpoint_url,
            "fs.s3a.endpoint.region": self.region,
            "fs.s3a.path.style.access": "true",
            "fs.s3a.connection.ssl.enabled": "false",
            "fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
            "fs.AbstractFileSystem.s3.impl": "org.apache.hadoop.fs.s3a.S3A",
            "fs.s3a.buffer.dir": str(work / "s3a"),
        }
        properties = {
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.extraJavaOptions": QUICK_JAVA,
            "spark.local.dir": str(work),
            "spark.sql.warehouse.dir": str(work / "warehouse"),
            **_COMMITTER_OF_THE_FILE_SYSTEM,
            **{f"spark.hadoop.{name}": value for name, value in hadoop.items()},
            **self.defaults,
        }
        lines = [f"{name} {OF_EMR_ONLY.get(value, value)}\n" for name, value in properties.items()]
        (self.folder / "spark-defaults.conf").write_text("".join(lines), encoding="utf-8")

    def _localize(self, work: Path) -> None:
        """Put files and unpacked archives into the driver's folder, as YARN does."""
        conf = {**self.defaults, **self.submission.conf}
        for option, setting in (("--files", "spark.files"), ("--archives", "spark.archives")):
            listed = self.submission.option(option) or conf.get(setting, "")
            for one in filter(None, listed.split(",")):
                uri, _, alias = one.partition("#")
                target = work / (alias or uri.rpartition("/")[2])
                if option == "--files":
                    self._download(uri, target)
                else:
                    packed = self.folder / uri.rpartition("/")[2]
                    self._download(uri, packed)
                    _unpack(packed, target)

    def _download(self, uri: str, target: Path) -> None:
        bucket, _, key = uri.partition("://")[2].partition("/")
        try:
            self.account.client("s3", self.region).download_file(bucket, key, str(target))
        except ClientError as error:
            raise SubmissionError(f"File {uri} does not exist: {error}") from error


def _unpack(packed: Path, target: Path) -> None:
    try:
        shutil.unpack_archive(packed, target)
    except (shutil.ReadError, OSError) as error:
        raise SubmissionError(f"{packed.name} cannot be unpacked: {error}") from error


def bare_python(folder: Path, spark: SparkLine) -> str:
    """A Python of the same version without any package, made once for a line."""
    environment = folder / f"python-{spark.line}"
    python = environment / "bin" / "python"
    if not python.exists():
        command = [spark.python, "-m", "venv", "--without-pip", str(environment)]
        subprocess.run(command, check=True, capture_output=True)
    return str(python)
