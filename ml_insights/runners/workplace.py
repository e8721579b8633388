"""What jobs on a cluster and this process leave for each other on S3.

What belongs here: folders and objects below one root. What does not: what a job is told and tells
(`ml_insights.spark`), and when (`life_cycle`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ml_insights.aws.spark_jobs import JobName, JobRequest
from ml_insights.spark.arguments import Arguments, job_of, packed, to_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ml_insights.aws.s3 import Objects
    from ml_insights.cluster_archive import ClusterArchive
    from ml_insights.spark.outcome import Outcome

_LONGEST_ARGUMENTS = 4_000
"""EMR allows a step about ten thousand characters in all."""


@dataclass(frozen=True)
class Workplace:
    """Folders on S3 that jobs and this process share.

    Attributes:
        objects: S3.
        root: `s3://` folder without trailing slash.
    """

    objects: Objects
    root: str

    def folder(self, name: JobName) -> str:
        """Folder of one attempt: arguments, messages, outcome."""
        return f"{self.root}/{name.work}/{name.attempt}"

    def messages(self, name: JobName) -> str:
        """Folder of its messages."""
        return f"{self.folder(name)}/messages"

    def outcome_file(self, name: JobName) -> str:
        """Where it leaves its outcome."""
        return f"{self.folder(name)}/outcome.json"

    def outcome(self, name: JobName) -> Outcome | None:
        """Its outcome, once it has left one."""
        document: Outcome | None = self.objects.read_json(self.outcome_file(name))
        return document

    def upload(self, archive: ClusterArchive) -> tuple[str, str]:
        """Put the archive and its program there unless they are; returns their URIs."""
        folder = f"{self.root}/_archives"
        program, zipped = f"{folder}/{archive.program_name}", f"{folder}/{archive.archive_name}"
        self.objects.put_once(program, archive.program)
        self.objects.put_once(zipped, archive.archive)
        return program, zipped

    def note_attempt(self, name: JobName, dagster_run: str) -> None:
        """Remember, before it is started, which attempt a Dagster run makes."""
        note = {"name": str(name), "run": dagster_run}
        self.objects.put(self._note(name.work), json.dumps(note).encode())

    def unwatched(self, work: str, digest: str, dagster_run: str) -> JobName | None:
        """The attempt of the same Dagster run that succeeded while nobody watched."""
        note = self.objects.read_json(self._note(work)) or {}
        name = JobName.read(note.get("name", ""))
        if name is None or name.digest != digest or note.get("run") != dagster_run:
            return None
        outcome = self.outcome(name)
        return name if outcome and outcome["status"] == "succeeded" else None

    def tidy(self, name: JobName) -> None:
        """Delete what a job that is done leaves: note and messages; the outcome stays."""
        self.objects.delete(self._note(name.work))
        for uri in list(self.objects.below(f"{self.messages(name)}/")):
            self.objects.delete(uri)

    def request(
        self,
        name: JobName,
        arguments: Arguments,
        archive: ClusterArchive,
        configuration: Mapping[str, str],
        seconds: float,
    ) -> JobRequest:
        """What starts an attempt; uploads the archive and, where they are long, the arguments."""
        program, zipped = self.upload(archive)
        word = packed(to_json(arguments))
        given = ["--arguments", word]
        if len(word) > _LONGEST_ARGUMENTS:
            file = f"{self.folder(name)}/arguments.json"
            self.objects.put(file, to_json(arguments).encode())
            given = ["--arguments-file", file]
        told = ["--messages", self.messages(name), "--outcome", self.outcome_file(name)]
        return JobRequest(
            name=name,
            program=program,
            archive=zipped,
            arguments=("--job", job_of(arguments), *given, *told),
            configuration=configuration,
            seconds=seconds,
        )

    def _note(self, work: str) -> str:
        return f"{self.root}/{work}/attempt.json"
