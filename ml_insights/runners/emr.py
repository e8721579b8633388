"""Heavy steps on EMR, on EC2 or Serverless, as Dagster resources.

What belongs here: from settings to a service, and Dagster's side of a job: session, log, metadata.
What does not: the life of a job (`life_cycle`) and the calls (`ml_insights.aws`).
"""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property
from typing import Any

import dagster as dg
from pydantic import Field

from ml_insights.aws.clients import AwsSession
from ml_insights.aws.cluster_shape import ClusterShape, Fleet
from ml_insights.aws.emr_clusters import ClusterPerJob
from ml_insights.aws.emr_serverless import ServerlessJobs
from ml_insights.aws.emr_steps import StepsOnCluster
from ml_insights.aws.s3 import Objects
from ml_insights.aws.spark_jobs import JobName, JobRequest, RunningJob, SparkJobs, Usage
from ml_insights.aws.waiting import Pace
from ml_insights.cluster_archive import ClusterArchive, build_archive
from ml_insights.errors import AwsError
from ml_insights.runners.costs import Ledger, cost_metadata
from ml_insights.runners.life_cycle import LifeCycle, digest_of, new_name
from ml_insights.runners.preflight import check_before_start
from ml_insights.runners.runner import JobResult, SparkRunner
from ml_insights.runners.workplace import Workplace
from ml_insights.settings import Emr
from ml_insights.sizing.plan import SERVERLESS_GB_PER_VCPU, shuffle_partitions
from ml_insights.sizing.prices import Prices, cost_of, load_prices
from ml_insights.sizing.spark_settings import cluster_settings, encryption_settings
from ml_insights.spark.arguments import Arguments, ConfusionCountsArguments
from ml_insights.spark.manifest import manifest_path
from ml_insights.spark.outcome import Outcome


class EmrRunner(SparkRunner):
    """What both kinds of EMR have in common."""

    region: str = Field(description="Region of everything.")
    endpoint_url: str | None = Field(default=None, description="In place of Amazon's addresses.")
    profile: str | None = Field(default=None, description="Profile of the credentials.")
    kms_key: str | None = Field(default=None, description="Key that encrypts what is written.")
    work: str = Field(description="S3 folder for archives, arguments, messages and costs.")
    emr: dict[str, Any] = Field(description="The section `emr` of the settings.")
    configuration: dict[str, str] = Field(default={}, description="Spark settings over ours.")

    @abstractmethod
    def jobs(self) -> SparkJobs:
        """The service that runs the jobs."""

    @property
    @abstractmethod
    def most_vcpus(self) -> int:
        """That executors may use together."""

    def run(self, context: dg.AssetExecutionContext, arguments: Arguments) -> JobResult:
        """See `SparkRunner.run`."""
        # Seconds to import, and only jobs on AWS need it: every process of Dagster loads us.
        from ml_insights.runners.message_reader import FolderMessageReader  # noqa: PLC0415

        place, archive = Workplace(self.objects, self.work), build_archive()
        work = f"{context.asset_key.path[0]}.{context.asset_key.path[-1]}.{context.partition_key}"
        digest = digest_of(arguments, archive)
        dagster_run = context.run.root_run_id or context.run.run_id
        life = LifeCycle(self.jobs(), self.pace, context.log.info)
        joined = life.join_running(work, digest)
        if joined is None and (done := place.unwatched(work, digest, dagster_run)):
            context.log.info("%s was done while nobody watched: taking its result", done)
            return self._taken(place, done)
        name = joined.name if joined else new_name(work, digest)
        reader = FolderMessageReader(self.objects, place.messages(name))
        with (
            life.stopping(name),
            dg.open_pipes_session(context, dg.PipesEnvContextInjector(), reader) as session,
        ):
            if joined is None:
                self._check(context, life.jobs, arguments)
                request = self._request(place, name, arguments, archive)
                place.note_attempt(name, dagster_run)
            job = joined or life.start(request)
            seen = life.watch(job, reader)
        told = [message for message in session.get_custom_messages() if "status" in message]
        outcome = told[-1] if told else place.outcome(name)
        metadata = self._costs(context, life.jobs, job, outcome or {})
        heard = session.message_handler.received_opened_message
        outcome = life.outcome_of(job, seen, outcome, heard=heard)
        place.tidy(name)
        return JobResult(outcome["report"], outcome["output"], metadata)

    @abstractmethod
    def usage_by_spark(self, outcome: Outcome) -> Usage | None:
        """What a job used by Spark's own account, where the service has not said yet."""

    @cached_property
    def objects(self) -> Objects:
        """Small objects on S3."""
        return Objects(self.session, self.kms_key)

    @property
    def session(self) -> AwsSession:
        """Way to AWS."""
        return AwsSession(self.region, self.endpoint_url, self.profile)

    @property
    def settings(self) -> Emr:
        """The section `emr`, checked."""
        return Emr.model_validate(self.emr)

    @property
    def logs(self) -> str:
        """Where EMR puts logs."""
        return self.settings.logs or f"{self.work}/logs"

    @property
    def pace(self) -> Pace:
        """Deadline of a job, and pauses between questions to EMR."""
        settings = self.settings
        return Pace(settings.deadline_hours * 3600, settings.poll_seconds)

    @property
    def _prices(self) -> Prices:
        return load_prices(self.settings.prices)

    @property
    def _ledger(self) -> Ledger:
        settings = self.settings
        stop = settings.over_budget == "stop"
        return Ledger(self.objects, f"{self.work}/_costs", settings.dollars_per_day, stop)

    def _check(
        self, context: dg.AssetExecutionContext, jobs: SparkJobs, arguments: Arguments
    ) -> None:
        """Refuse what can be refused before money is spent."""
        self._ledger.check(context.log.warning)
        check_before_start(jobs, self.objects, arguments, self.work, self.logs)

    def _request(
        self, place: Workplace, name: JobName, arguments: Arguments, archive: ClusterArchive
    ) -> JobRequest:
        sized = cluster_settings(
            most_vcpus=self.most_vcpus, shuffle_partitions=self._partitions(arguments)
        )
        encrypted = encryption_settings(self.kms_key) if self.kms_key else {}
        settings = {**sized, **encrypted, **self.configuration}
        return place.request(name, arguments, archive, settings, self.pace.deadline)

    def _partitions(self, arguments: Arguments) -> int:
        """Partitions of the join, by the rows that step 1 has published."""
        if not isinstance(arguments, ConfusionCountsArguments):
            return 1
        manifest = self.objects.read_json(manifest_path(arguments.predictions)) or {"units": []}
        rows = sum(unit["rows"] for unit in manifest["units"])
        return shuffle_partitions(rows)

    def _taken(self, place: Workplace, name: JobName) -> JobResult:
        outcome = place.outcome(name)
        assert outcome is not None
        place.tidy(name)
        return JobResult(outcome["report"], outcome["output"])

    def _costs(
        self,
        context: dg.AssetExecutionContext,
        jobs: SparkJobs,
        job: RunningJob,
        outcome: Outcome,
    ) -> dict[str, Any]:
        """What the job has cost, written down; not knowing it fails no job."""
        try:
            usage = jobs.usage(job) or self.usage_by_spark(outcome)
            cost = cost_of(usage, self._prices) if usage else None
            if cost:
                self._ledger.record(str(job.name), cost)
        except AwsError as error:
            context.log.warning("the cost of %s is not known: %s", job.name, error)
            cost = None
        pages = {title: dg.MetadataValue.url(page) for title, page in jobs.links(job).items()}
        return {**cost_metadata(cost, self._prices), **pages}


class EmrClusterRunner(EmrRunner):
    """EMR on EC2: steps on a cluster that runs, or a cluster for each job."""

    def jobs(self) -> SparkJobs:
        """See `EmrRunner.jobs`."""
        cluster = self.settings.cluster
        if cluster.id:
            return StepsOnCluster(self.session, self.logs, cluster.id, cluster.deploy_mode)
        return ClusterPerJob(self.session, self.logs, self._shape(), cluster.deploy_mode)

    @property
    def most_vcpus(self) -> int:
        """See `EmrRunner.most_vcpus`."""
        return self.settings.cluster.core_vcpus + self.settings.cluster.task_vcpus

    def usage_by_spark(self, outcome: Outcome) -> Usage | None:
        """See `EmrRunner.usage_by_spark`: nodes are paid for, whatever Spark used of them."""

    def _shape(self) -> ClusterShape:
        cluster, prices = self.settings.cluster, self._prices
        core = {kind: prices.instance(kind).vcpus for kind in cluster.core_types}
        task = {kind: prices.instance(kind).vcpus for kind in cluster.task_types}
        return ClusterShape(
            release_label=cluster.release_label or "",
            service_role=cluster.service_role or "",
            instance_profile=cluster.instance_profile or "",
            subnets=cluster.subnets,
            primary=cluster.primary_types,
            core=Fleet(core, on_demand=cluster.core_vcpus),
            task=Fleet(task, spot=cluster.task_vcpus),
            most_vcpus=self.most_vcpus,
            spot_minutes=cluster.spot_minutes,
            idle_seconds=cluster.idle_minutes * 60,
        )


class EmrServerlessRunner(EmrRunner):
    """EMR Serverless: job runs of an application."""

    def jobs(self) -> SparkJobs:
        """See `EmrRunner.jobs`."""
        serverless = self.settings.serverless
        return ServerlessJobs(
            self.session, serverless.application_id or "", serverless.role or "", self.logs
        )

    @property
    def most_vcpus(self) -> int:
        """See `EmrRunner.most_vcpus`."""
        return self.settings.serverless.most_vcpus

    def usage_by_spark(self, outcome: Outcome) -> Usage | None:
        """See `EmrRunner.usage_by_spark`: the cores Spark had, with the memory we ask for."""
        if "core_seconds" not in outcome:
            return None
        hours = outcome["core_seconds"] / 3600
        return Usage(vcpu_hours=hours, memory_gb_hours=hours * SERVERLESS_GB_PER_VCPU)
