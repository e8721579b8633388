"""A plan in words: rows of a table, one for each thing a user must decide or pay.

What belongs here: units and wording. What does not: the arithmetic (`plan`), and printing (`cli`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ml_insights.sizing.plan import (
    DRIVER_GB,
    EXECUTOR_CORES,
    STARTING_SECONDS,
    USEFUL_SHARE,
)

if TYPE_CHECKING:
    from ml_insights.sizing.measured import Measured
    from ml_insights.sizing.plan import Plan
    from ml_insights.sizing.prices import Prices

Rows = list[tuple[str, str]]
_FLEETS = 3


def assumptions(measured: Measured, prices: Prices) -> Rows:
    """What a plan rests on."""
    return [
        ("measured on", f"{measured.machine}, {measured.measured_on}"),
        (
            "step 1, raw_predictions",
            f"{measured.compact_megabytes_per_core_second:,.1f} MB a CPU second",
        ),
        (
            "step 2, confusion_counts",
            f"{measured.count_predictions_per_core_second:,.0f} predictions a CPU second",
        ),
        ("a captured line", f"{measured.line_bytes:,.0f} bytes"),
        (
            "assumed, not measured",
            f"{USEFUL_SHARE:.0%} of the cores' time is work, a cluster starts in "
            f"{STARTING_SECONDS / 60:.0f} min, a vCPU is worth a measured core",
        ),
        ("prices", f"{prices.region}, as of {prices.as_of}, Spot at {prices.spot_share:.0%}"),
    ]


def summary(plan: Plan, prices: Prices) -> Rows:
    """What a day needs and costs."""
    first, second = plan.core_hours
    limit = prices.s3.gets_per_second * plan.workload.prefixes
    slow = plan.gets_per_second > limit
    return [
        ("predictions", f"about {plan.predictions:,.0f}"),
        ("core-hours", f"{first + second:,.1f} ({first:,.1f} step 1, {second:,.1f} step 2)"),
        ("vCPUs at once", f"{plan.vcpus:,} for {plan.working_seconds / 3600:.1f} h of work"),
        *(
            (
                f"cluster of {fleet.kind}",
                f"{fleet.nodes} nodes ({fleet.by_cores} by cores, {fleet.by_network} by network), "
                f"${fleet.dollars:,.2f} a day half Spot, ${fleet.dollars_on_demand:,.2f} On-Demand",
            )
            for fleet in plan.fleets[:_FLEETS]
        ),
        ("EMR Serverless", f"${plan.serverless_dollars:,.2f} a day"),
        (
            "S3 requests",
            f"{plan.gets:,.0f} GET and {plan.lists:,.0f} LIST, ${plan.request_dollars:,.2f} a day",
        ),
        (
            "S3 request rate",
            f"{plan.gets_per_second:,.0f} GET/s, allowed {limit:,.0f}; at least "
            f"{plan.request_seconds:,.0f} s for them"
            + (": above the limit, have S3 pre-partition or give more time" if slow else ""),
        ),
        (
            "shuffle",
            f"{plan.shuffle_bytes / 1e9:,.0f} GB in {plan.shuffle_partitions:,} partitions",
        ),
        (
            "memory",
            f"driver {DRIVER_GB} GB whatever the day, executors of {EXECUTOR_CORES} cores "
            f"{plan.executor_gb} GB",
        ),
        (
            "price",
            f"${plan.dollars:,.2f} a day on EC2, ${plan.dollars / plan.workload.curves:,.2f} a "
            f"curve; ${plan.serverless_dollars + plan.request_dollars:,.2f} a day on Serverless, "
            f"${(plan.serverless_dollars + plan.request_dollars) / plan.workload.curves:,.2f} a "
            "curve",
        ),
    ]
