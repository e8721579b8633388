"""The two inputs that others write: SageMaker's data capture and the ground truth labels.

They are external assets: Dagster shows them in the lineage and the steps that read them report
what they found as observations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg

from ml_insights.assets.declaration import key
from ml_insights.partitions import daily_partitions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ml_insights.scope import EndpointScope

DATA_CAPTURE = "data_capture"
GROUND_TRUTH = "ground_truth"


def build_inputs(scope: EndpointScope) -> list[dg.AssetSpec]:
    """Specifications of the endpoint's external assets."""
    return [
        dg.AssetSpec(
            key=key(scope, DATA_CAPTURE),
            group_name="predictions",
            kinds={"sagemaker", "json"},
            owners=list(scope.endpoint.owners),
            description=(
                "Requests and responses that SageMaker captured, JSON Lines in hourly folders "
                "`<variant>/yyyy/mm/dd/hh/` (UTC). Written by the endpoint; observed when read."
            ),
            partitions_def=daily_partitions(scope.endpoint),
            metadata={"dagster/uri": scope.capture_root},
        ),
        dg.AssetSpec(
            key=key(scope, GROUND_TRUTH),
            group_name="predictions",
            kinds={"sagemaker", "json"},
            owners=list(scope.endpoint.owners),
            description=(
                "Labels in SageMaker's ground truth form, in hourly folders of the time they were "
                "collected. They arrive for days after the prediction; an observation of a day "
                "covers the label window of that day's predictions."
            ),
            partitions_def=daily_partitions(scope.endpoint),
            metadata={"dagster/uri": scope.ground_truth_root},
        ),
    ]


def observed(
    scope: EndpointScope, name: str, partition: str, found: Mapping[str, Any]
) -> dg.AssetObservation:
    """An observation of an input.

    Args:
        scope: of the endpoint.
        name: of the input.
        partition: the day.
        found: `files`, `bytes`, `hours` present, `newest` object time, and what was `skipped`, by
            kind with its `count`.
    """
    skipped = sum(of_kind["count"] for of_kind in found["skipped"].values())
    metadata: dict[str, Any] = {
        "files": found["files"],
        "bytes": found["bytes"],
        "hours present": found["hours"],
    }
    if skipped:
        metadata["skipped objects"] = skipped
    if found.get("newest"):
        metadata["newest object"] = str(found["newest"])
    return dg.AssetObservation(asset_key=key(scope, name), partition=partition, metadata=metadata)


def others_said(report: Mapping[str, Any]) -> str:
    """What labels say that the settings do not name, and how often, in words; "" without any.

    Args:
        report: of the counting step. That of an earlier version says nothing about it.
    """
    others = report.get("other_labels", {"texts": {}, "more": 0})
    often = sorted(others["texts"].items(), key=lambda said: -said[1])
    said = ", ".join(f"{text!r} ({count:,})" for text, count in often)
    return said + (f", other texts ({others['more']:,})" if others["more"] else "")


def not_read(skipped: Mapping[str, Any], kind: str) -> str:
    """What of an input was skipped as `misplaced` or `hidden`, in words; "" without any."""
    found = skipped.get(kind)
    if not found:
        return ""
    more = ", ..." if found["count"] > len(found["examples"]) else ""
    return f"{found['count']} {kind}, not read: {', '.join(found['examples'])}{more}"
