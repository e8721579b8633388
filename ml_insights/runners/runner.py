"""What a runner is to the assets: arguments in, a report and facts about the run out.

What belongs here: the interface. What does not: any place to run (`local`, `emr`).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from ml_insights.spark.arguments import Arguments


@dataclass(frozen=True)
class JobResult:
    """A heavy step that is done.

    Attributes:
        report: what the step returns.
        output: folder it wrote to; not the one asked for where an earlier attempt did the work.
        metadata: facts about the run for the Dagster UI, such as its cost.
    """

    report: dict[str, Any]
    output: str
    metadata: Mapping[str, Any] = field(default_factory=dict)


class SparkRunner(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Runs a heavy step somewhere."""

    @abstractmethod
    def run(self, context: dg.AssetExecutionContext, arguments: Arguments) -> JobResult:
        """Run the job the arguments belong to, or wait for an attempt at it that runs already.

        Raises:
            MlInsightsError: the job refused its input, or failed.
        """
