"""What jobs cost, written down on S3 by UTC day, and the budget of a day.

What belongs here: the ledger and the limit. What does not: prices (`ml_insights.sizing.prices`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ml_insights.errors import BudgetExceededError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ml_insights.aws.s3 import Objects
    from ml_insights.sizing.prices import Cost, Prices


@dataclass(frozen=True)
class Ledger:
    """Costs below one folder, one object a job.

    Attributes:
        objects: S3.
        folder: where the ledger is.
        budget: dollars a UTC day; None: no limit.
        stop: whether a used up budget stops jobs, or only warns.
    """

    objects: Objects
    folder: str
    budget: float | None
    stop: bool

    def record(self, name: str, cost: Cost) -> None:
        """Write down what a job cost, today."""
        document = {"dollars": cost.dollars, "parts": dict(cost.parts)}
        self.objects.put(f"{self._today()}/{name}.json", json.dumps(document).encode())

    def spent(self) -> float:
        """Dollars of the jobs that ended today."""
        entries = (self.objects.read_json(uri) or {} for uri in self.objects.below(self._today()))
        return float(sum(entry.get("dollars", 0.0) for entry in entries))

    def check(self, warn: Callable[[str], None]) -> None:
        """Warn, or refuse, when the budget of the day is used up.

        Raises:
            BudgetExceededError: it is, and the settings say to stop.
        """
        if self.budget is None or (spent := self.spent()) < self.budget:
            return
        text = f"jobs of today have cost ${spent:.2f}, and the budget is ${self.budget:.2f} a day"
        if self.stop:
            raise BudgetExceededError(
                f"{text}: no further job is started. Raise `emr.dollars_per_day`, or run the "
                "partition tomorrow."
            )
        warn(f"{text}; `emr.over_budget: warn` lets jobs go on")

    def _today(self) -> str:
        return f"{self.folder}/{datetime.now(UTC):%Y-%m-%d}"


def cost_metadata(cost: Cost | None, prices: Prices) -> dict[str, Any]:
    """A job's cost for the Dagster UI."""
    if cost is None:
        return {"cost": "not known: the service has not said yet what the job used"}
    lines = [f"{name}: ${dollars:.4f}" for name, dollars in sorted(cost.parts.items())]
    if cost.unpriced:
        lines.append(f"without {', '.join(cost.unpriced)}, which the price table does not have")
    return {
        "cost dollars": cost.dollars,
        "cost": "; ".join([*lines, f"prices as of {prices.as_of}"]),
    }
