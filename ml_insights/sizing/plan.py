"""From bytes, objects and a deadline to cores, cluster, requests, memory and dollars.

What belongs here: the arithmetic, each bound by itself. What does not: prices (`prices`), measured
figures (`measured`), and words (`report`).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from ml_insights.errors import SettingsError
from ml_insights.spark.packing import RECORD_BYTES

if TYPE_CHECKING:
    from ml_insights.sizing.measured import Measured
    from ml_insights.sizing.prices import Instance, Prices

STARTING_SECONDS = 600.0
"""A cluster takes about ten minutes until it works; Serverless less."""
USEFUL_SHARE = 0.7
"""Of the cores' time: the rest is waiting for S3, ends of stages, and tasks of uneven length."""
SPLIT_BYTES = 256e6
"""Bytes a task reads: large objects are split, small ones are packed together."""
PARTITION_BYTES = 128e6
SERVERLESS_GB_PER_VCPU = 4.0
EXECUTOR_CORES = 4
DRIVER_GB = 8
"""The driver holds the listing of one unit, never that of the day: its size does not grow."""


@dataclass(frozen=True)
class Workload:
    """A day of an installation.

    Attributes:
        bytes: captured bytes.
        objects: captured objects.
        deadline: seconds in which both heavy steps must be done.
        curves: curves that the day gives: variants x classes x slices.
        prefixes: prefixes between which S3 divides the requests; one hour folder of a variant is
            one.
    """

    bytes: float
    objects: float
    deadline: float
    curves: int = 1
    prefixes: int = 1


@dataclass(frozen=True)
class Fleet:
    """Instances of one type that meet the deadline.

    Attributes:
        kind: instance type.
        nodes: how many.
        by_cores: nodes that the computation alone needs.
        by_network: nodes that the network alone needs.
        dollars: of a day, half of the nodes Spot.
        dollars_on_demand: of a day, all nodes On-Demand.
    """

    kind: str
    nodes: int
    by_cores: int
    by_network: int
    dollars: float
    dollars_on_demand: float


@dataclass(frozen=True)
class Plan:
    """What a day needs and costs.

    Attributes:
        workload: the day.
        predictions: about how many it has.
        core_hours: of step 1 and of step 2.
        working_seconds: the deadline without the start of the cluster.
        vcpus: that must work at once.
        fleets: instance types by price, cheapest first.
        serverless_dollars: of a day.
        gets: GET requests; at least one an object, one for each split of a large one.
        lists: LIST requests, a thousand objects each.
        gets_per_second: while step 1 reads.
        request_seconds: least time that S3 needs for them.
        request_dollars: of a day.
        shuffle_bytes: what step 2 moves.
        shuffle_partitions: of about 128 MB.
        executor_gb: memory of an executor of `EXECUTOR_CORES` cores.
    """

    workload: Workload
    predictions: float
    core_hours: tuple[float, float]
    working_seconds: float
    vcpus: int
    fleets: tuple[Fleet, ...]
    serverless_dollars: float
    gets: float
    lists: float
    gets_per_second: float
    request_seconds: float
    request_dollars: float
    shuffle_bytes: float
    shuffle_partitions: int
    executor_gb: int

    @property
    def dollars(self) -> float:
        """Of a day on the cheapest fleet, requests included."""
        return self.fleets[0].dollars + self.request_dollars


def make_plan(workload: Workload, measured: Measured, prices: Prices) -> Plan:
    """Plan a day.

    Raises:
        SettingsError: the deadline is not longer than the start of a cluster.
    """
    working = workload.deadline - STARTING_SECONDS
    if working <= 0:
        raise SettingsError(
            f"a deadline of {workload.deadline:.0f} s leaves no time: a cluster needs about "
            f"{STARTING_SECONDS:.0f} s to start. Give more."
        )
    predictions = workload.bytes / measured.line_bytes
    steps = (
        workload.bytes / 1e6 / measured.compact_megabytes_per_core_second,
        predictions / measured.count_predictions_per_core_second,
    )
    vcpus = ceil(sum(steps) / working / USEFUL_SHARE)
    gets = max(workload.objects, workload.bytes / SPLIT_BYTES)
    lists = workload.objects / 1000
    reading = working * steps[0] / sum(steps)
    shuffled = predictions * RECORD_BYTES
    return Plan(
        workload=workload,
        predictions=predictions,
        core_hours=(steps[0] / 3600, steps[1] / 3600),
        working_seconds=working,
        vcpus=vcpus,
        fleets=_fleets(workload, vcpus, reading, prices),
        serverless_dollars=_serverless(sum(steps) / USEFUL_SHARE / 3600, prices),
        gets=gets,
        lists=lists,
        gets_per_second=gets / reading,
        request_seconds=gets / (prices.s3.gets_per_second * workload.prefixes),
        request_dollars=gets / 1000 * prices.s3.get_per_1000
        + lists / 1000 * prices.s3.list_per_1000,
        shuffle_bytes=shuffled,
        shuffle_partitions=shuffle_partitions(predictions),
        executor_gb=round(EXECUTOR_CORES * SERVERLESS_GB_PER_VCPU),
    )


def shuffle_partitions(predictions: float) -> int:
    """Upper limit of the parts that the events of so many predictions are divided into."""
    return min(max(ceil(predictions * RECORD_BYTES / PARTITION_BYTES), 1), 100_000)


def _fleets(workload: Workload, vcpus: int, reading: float, prices: Prices) -> tuple[Fleet, ...]:
    gigabits_per_second = workload.bytes * 8 / 1e9 / reading
    hours = workload.deadline / 3600
    fleets = []
    for kind, instance in prices.instances.items():
        if not _fits_executors(instance):
            continue
        by_cores = ceil(vcpus / instance.vcpus)
        by_network = ceil(gigabits_per_second / instance.network_gbps)
        nodes = max(by_cores, by_network)
        on_demand, spot = (prices.hourly(kind, market) for market in ("ON_DEMAND", "SPOT"))
        fleets.append(
            Fleet(
                kind=kind,
                nodes=nodes,
                by_cores=by_cores,
                by_network=by_network,
                dollars=nodes * hours * (on_demand + spot) / 2,
                dollars_on_demand=nodes * hours * on_demand,
            )
        )
    return tuple(sorted(fleets, key=lambda fleet: (fleet.dollars, fleet.kind)))


def _fits_executors(instance: Instance) -> bool:
    """Whether executors fill a node of this type without leaving cores idle."""
    enough_memory = instance.memory_gib >= SERVERLESS_GB_PER_VCPU * instance.vcpus
    return instance.vcpus >= 2 * EXECUTOR_CORES and enough_memory


def _serverless(vcpu_hours: float, prices: Prices) -> float:
    table = prices.serverless
    return vcpu_hours * (table.vcpu_hour + SERVERLESS_GB_PER_VCPU * table.memory_gb_hour)
