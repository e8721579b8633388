"""A plan's numbers follow from bytes, objects, deadline and the measured figures."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_insights.errors import SettingsError
from ml_insights.sizing.measured import Measured, load_measured
from ml_insights.sizing.plan import USEFUL_SHARE, Workload, make_plan, shuffle_partitions
from ml_insights.sizing.prices import load_prices
from ml_insights.sizing.report import assumptions, summary
from ml_insights.sizing.spark_settings import cluster_settings

PRICES, MEASURED = load_prices(), load_measured()
ROUND = Measured(
    machine="m",
    measured_on="2026-11-24",
    line_bytes=1000,
    compact_megabytes_per_core_second=100,
    count_predictions_per_core_second=100_000,
    compact_share=0.02,
)
DAY = Workload(bytes=3.6e12, objects=1e6, deadline=4200, curves=10)
"""36,000 core seconds for step 1 and as many for step 2, in an hour of work."""


def test_cores_follow_from_the_measured_rates_and_the_deadline() -> None:
    plan = make_plan(DAY, ROUND, PRICES)
    assert plan.predictions == 3.6e9
    assert plan.core_hours == (10, 10)
    assert plan.vcpus == ceil(20 / USEFUL_SHARE)


def test_requests_are_one_an_object_or_one_a_split_of_large_objects() -> None:
    small = make_plan(DAY, ROUND, PRICES)
    assert (small.gets, small.lists) == (1e6, 1000)
    assert small.gets_per_second == pytest.approx(1e6 / 1800)
    assert small.request_seconds == pytest.approx(1e6 / 5500)
    assert small.request_dollars == pytest.approx(0.4 + 0.005)
    large = make_plan(replace(DAY, objects=100), ROUND, PRICES)
    assert large.gets == pytest.approx(3.6e12 / 256e6)
    assert make_plan(replace(DAY, prefixes=4), ROUND, PRICES).request_seconds == pytest.approx(
        1e6 / 22_000
    )


def test_a_fleet_has_the_nodes_that_cores_or_network_need() -> None:
    slow_network = replace(DAY, bytes=3.6e13)
    fast = ROUND.model_copy(
        update={"compact_megabytes_per_core_second": 1e5, "count_predictions_per_core_second": 1e8}
    )
    plan = make_plan(slow_network, fast, PRICES)
    for fleet in plan.fleets:
        gbps = PRICES.instances[fleet.kind].network_gbps
        assert fleet.by_network == ceil(3.6e13 * 8 / 1e9 / gbps / 1800)
        assert fleet.nodes == max(fleet.by_cores, fleet.by_network)
    assert any(fleet.by_network > fleet.by_cores for fleet in plan.fleets)


def test_fleets_are_ordered_by_price_and_can_hold_the_executors() -> None:
    fleets = make_plan(DAY, ROUND, PRICES).fleets
    assert [fleet.dollars for fleet in fleets] == sorted(fleet.dollars for fleet in fleets)
    assert all(
        PRICES.instances[fleet.kind].memory_gib / PRICES.instances[fleet.kind].vcpus >= 4
        for fleet in fleets
    )


def test_serverless_is_billed_by_vcpu_and_memory_hours() -> None:
    vcpu_hours = 20 / USEFUL_SHARE
    assert make_plan(DAY, ROUND, PRICES).serverless_dollars == pytest.approx(
        vcpu_hours * (0.052624 + 4 * 0.0057785)
    )


@given(st.floats(1e9, 1e15), st.floats(1, 1e8), st.floats(1200, 86_400))
def test_more_bytes_never_cost_less_and_more_time_never_needs_more_cores(
    size: float, objects: float, deadline: float
) -> None:
    plan = make_plan(Workload(size, objects, deadline), MEASURED, PRICES)
    larger = make_plan(Workload(size * 2, objects, deadline), MEASURED, PRICES)
    longer = make_plan(Workload(size, objects, deadline * 2), MEASURED, PRICES)
    assert larger.dollars >= plan.dollars
    assert longer.vcpus <= plan.vcpus


def test_a_deadline_within_the_start_of_a_cluster_is_refused() -> None:
    with pytest.raises(SettingsError, match="leaves no time"):
        make_plan(replace(DAY, deadline=600), ROUND, PRICES)


def test_the_report_shows_what_was_measured_and_what_is_paid() -> None:
    shown = dict(assumptions(MEASURED, PRICES))
    assert MEASURED.machine in shown["measured on"]
    rows = dict(summary(make_plan(DAY, ROUND, PRICES), PRICES))
    assert rows["core-hours"] == "20.0 (10.0 step 1, 10.0 step 2)"
    assert "a curve" in rows["price"]
    assert "above the limit" not in rows["S3 request rate"]
    crowded = make_plan(replace(DAY, objects=1e9), ROUND, PRICES)
    assert "above the limit" in dict(summary(crowded, PRICES))["S3 request rate"]


def test_partitions_hold_about_128_megabytes() -> None:
    assert shuffle_partitions(0) == 1
    assert shuffle_partitions(16e6) == 6
    assert shuffle_partitions(1e15) == 100_000


def test_spark_settings_follow_from_the_same_numbers() -> None:
    settings = cluster_settings(most_vcpus=64, shuffle_partitions=10)
    assert settings["spark.dynamicAllocation.maxExecutors"] == "16"
    assert settings["spark.sql.shuffle.partitions"] == "128"
    assert (
        cluster_settings(most_vcpus=64, shuffle_partitions=5000)["spark.sql.shuffle.partitions"]
        == "5000"
    )
    assert settings["spark.sql.adaptive.enabled"] == "true"
    heap = int(settings["spark.executor.memory"].removesuffix("g"))
    assert 4 * heap * 1.1 <= 56, "four executors fit the 56 GB that YARN has of a 64 GB node"


def test_output_is_committed_by_the_committer_of_the_file_system() -> None:
    settings = cluster_settings(most_vcpus=64, shuffle_partitions=10)
    assert settings["spark.hadoop.fs.s3a.committer.name"] == "magicv2"
    assert settings["spark.speculation"] == "false"
    classes = {"spark.sql.sources.commitProtocolClass", "spark.sql.parquet.output.committer.class"}
    assert not classes & settings.keys(), "EMR's own are better"
