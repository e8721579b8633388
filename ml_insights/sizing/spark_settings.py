"""Spark settings that follow from the size of the work; users lay their own over them.

What belongs here: settings of sizing, S3 and robustness on a cluster. What does not: settings the
results depend on, which the job itself makes (`ml_insights.spark.session`).
"""

from __future__ import annotations

from ml_insights.sizing.plan import DRIVER_GB, EXECUTOR_CORES, SERVERLESS_GB_PER_VCPU, SPLIT_BYTES

_S3A_COMMITTERS = "org.apache.hadoop.fs.s3a.commit.S3ACommitterFactory"


def cluster_settings(*, most_vcpus: int, shuffle_partitions: int) -> dict[str, str]:
    """Settings for a job on EMR.

    Args:
        most_vcpus: that executors may use together.
        shuffle_partitions: by the bytes moved (`plan.shuffle_partitions`); at least two a vCPU.
    """
    memory = EXECUTOR_CORES * SERVERLESS_GB_PER_VCPU
    return {
        "spark.driver.cores": str(EXECUTOR_CORES),
        "spark.driver.memory": f"{DRIVER_GB}g",
        "spark.executor.cores": str(EXECUTOR_CORES),
        # YARN has seven eighths of a node's memory, and a tenth lies outside the heap.
        "spark.executor.memory": f"{int(memory * 7 / 8 / 1.1)}g",
        "spark.executor.memoryOverheadFactor": "0.1",
        "spark.dynamicAllocation.enabled": "true",
        "spark.dynamicAllocation.maxExecutors": str(max(most_vcpus // EXECUTOR_CORES, 1)),
        "spark.sql.adaptive.enabled": "true",
        "spark.sql.adaptive.coalescePartitions.enabled": "true",
        "spark.sql.shuffle.partitions": str(max(shuffle_partitions, 2 * most_vcpus)),
        # Large objects are split, small ones packed; opening one costs as much as reading 1 MB.
        "spark.sql.files.maxPartitionBytes": str(int(SPLIT_BYTES)),
        "spark.sql.files.openCostInBytes": "1048576",
        # Files that go the plain way are looked up by tasks, not by the driver.
        "spark.sql.sources.parallelPartitionDiscovery.threshold": "8",
        "spark.sql.codegen.cache.maxEntries": "1000",
        # Python would ask Java five things more for each function of a column.
        "spark.python.sql.dataFrameDebugging.enabled": "false",
        # Two copies of a task would write twice.
        "spark.speculation": "false",
        # Spot instances are taken away: stages begin anew, and tasks get further attempts.
        "spark.task.maxFailures": "8",
        "spark.stage.maxConsecutiveAttempts": "8",
        "spark.decommission.enabled": "true",
        "spark.storage.decommission.enabled": "true",
        "spark.storage.decommission.shuffleBlocks.enabled": "true",
        # Parquet is committed by EMR's committer for the file system; with S3A it is this one.
        "spark.hadoop.mapreduce.outputcommitter.factory.scheme.s3": _S3A_COMMITTERS,
        "spark.hadoop.mapreduce.outputcommitter.factory.scheme.s3a": _S3A_COMMITTERS,
        "spark.hadoop.fs.s3a.committer.magic.enabled": "true",
        "spark.hadoop.fs.s3a.committer.name": "magicv2",
        # S3: as many connections as tasks that read and write, and patience when it slows down.
        "spark.hadoop.fs.s3a.connection.maximum": "200",
        "spark.hadoop.fs.s3a.retry.throttle.limit": "20",
        "spark.hadoop.fs.s3a.fast.upload": "true",
    }


def encryption_settings(kms_key: str) -> dict[str, str]:
    """Settings with which S3A encrypts what a job writes."""
    return {
        "spark.hadoop.fs.s3a.encryption.algorithm": "SSE-KMS",
        "spark.hadoop.fs.s3a.encryption.key": kms_key,
    }
