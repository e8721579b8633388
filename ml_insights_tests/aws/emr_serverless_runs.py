"""Applications and job runs of EMR Serverless as records, and how they are shown.

What belongs here: what is known of them, in the shapes of answers. What does not: how they change
(`emr_serverless`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ml_insights_tests.aws.emr_serverless_checks import Worker
from ml_insights_tests.aws.spark_job import SparkJob

ENDED = {"SUCCESS", "FAILED", "CANCELLED"}
ACTIVE = {"SCHEDULED", "RUNNING", "CANCELLING"}


@dataclass
class JobRun:
    """A job run.

    Attributes:
        request: as it was asked for.
        workers: the driver, then the executors it starts with.
        pending_polls: polls for which it stays in PENDING.
        log_polls: polls until the logs of an ended run are written; None when they are, or when
            they never will be.
    """

    id: str
    arn: str
    request: dict[str, Any]
    release: str
    created: datetime
    workers: list[Worker]
    state: str = "SUBMITTED"
    details: str = "Job run is submitted."
    updated: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    job: SparkJob | None = None
    pending_polls: int = 0
    log_polls: int | None = None

    def summary(self) -> dict[str, Any]:
        """As ListJobRuns shows it."""
        return {
            "applicationId": self.request["applicationId"],
            "id": self.id,
            "name": self.request.get("name"),
            "mode": "BATCH",
            "arn": self.arn,
            "createdBy": f"arn:aws:iam::{self.arn.split(':')[4]}:user/moto",
            "createdAt": self.created,
            "updatedAt": self.updated or self.created,
            "executionRole": self.request["executionRoleArn"],
            "state": self.state,
            "stateDetails": self.details,
            "releaseLabel": self.release,
            "type": "Spark",
            "attempt": 1,
        }

    def view(self) -> dict[str, Any]:
        """As GetJobRun shows it; resources are known when it has ended, and billed by seconds."""
        shown = self.summary()
        shown["jobRunId"] = shown.pop("id")
        del shown["type"]
        kept = ("configurationOverrides", "jobDriver", "tags", "executionTimeoutMinutes")
        shown |= {name: self.request.get(name) for name in kept}
        shown |= {"startedAt": self.started, "endedAt": self.ended, "tags": shown["tags"] or {}}
        if self.started and self.ended:
            seconds = (self.ended - self.started).total_seconds()
            hours = max(seconds, 60.0) / 3600
            used = {
                "vCPUHour": round(sum(one.cores for one in self.workers) * hours, 3),
                "memoryGBHour": round(sum(one.gigabytes for one in self.workers) * hours, 3),
                "storageGBHour": round(20 * len(self.workers) * hours, 3),
            }
            shown |= {
                "totalResourceUtilization": used,
                "totalExecutionDurationSeconds": int(seconds),
            }
            shown["billedResourceUtilization"] = {**used, "storageGBHour": 0.0}
        return shown


@dataclass
class Application:
    """An application: its request, its state and its runs."""

    id: str
    arn: str
    request: dict[str, Any]
    created: datetime
    updated: datetime
    state: str = "CREATING"
    runs: dict[str, JobRun] = field(default_factory=dict)

    @property
    def concurrent_runs(self) -> int:
        limits = self.request.get("schedulerConfiguration", {})
        return int(limits.get("maxConcurrentRuns", 15))

    def in_state(self, states: set[str]) -> list[JobRun]:
        return [run for run in self.runs.values() if run.state in states]

    def summary(self) -> dict[str, Any]:
        """As ListApplications shows it."""
        return {
            "id": self.id,
            "name": self.request.get("name"),
            "arn": self.arn,
            "releaseLabel": self.request["releaseLabel"],
            "type": "Spark",
            "state": self.state,
            "createdAt": self.created,
            "updatedAt": self.updated,
            "architecture": self.request.get("architecture", "X86_64"),
        }

    def view(self) -> dict[str, Any]:
        """As GetApplication shows it."""
        shown = self.summary()
        shown["applicationId"] = shown.pop("id")
        starts = {"enabled": True}
        stops = {"enabled": True, "idleTimeoutMinutes": 15}
        kept = {"initialCapacity", "maximumCapacity", "networkConfiguration"}
        kept |= {"runtimeConfiguration", "monitoringConfiguration", "schedulerConfiguration"}
        shown |= {name: self.request.get(name) for name in kept}
        shown["tags"] = self.request.get("tags", {})
        shown["autoStartConfiguration"] = self.request.get("autoStartConfiguration", starts)
        shown["autoStopConfiguration"] = self.request.get("autoStopConfiguration", stops)
        return shown
