"""One endpoint of an installation: its name, its settings, and the settings they stand in.

What belongs here: facts that need all three. What does not: anything Dagster.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from ml_insights.contracts import CONFUSION_COUNTS, RAW_PREDICTIONS
from ml_insights.decisions.comparisons import Rules
from ml_insights.decisions.money import MoneyRules
from ml_insights.spark.arguments import ConfusionCountsArguments, RawPredictionsArguments

if TYPE_CHECKING:
    from ml_insights.lake import Lake
    from ml_insights.settings import Endpoint, Settings
    from ml_insights.settings.business import Business


@dataclass(frozen=True)
class EndpointScope:
    """What the assets of one endpoint are built from.

    Attributes:
        name: name of the endpoint in SageMaker; key prefix of its assets.
        endpoint: its settings.
        settings: those of the installation.
    """

    name: str
    endpoint: Endpoint
    settings: Settings

    @property
    def capture_root(self) -> str:
        """Folder of the endpoint's captures; SageMaker appends the endpoint's name."""
        return f"{self.endpoint.data_capture}/{self.name}"

    @property
    def ground_truth_root(self) -> str:
        """Folder of the endpoint's labels."""
        return self.endpoint.ground_truth

    @property
    def threshold_index(self) -> int:
        """Grid threshold at or just below the operating threshold."""
        return self.settings.grid.index_of(self.endpoint.operating_threshold)

    @property
    def comparison_rules(self) -> Rules:
        """What the settings say about comparisons."""
        return Rules(
            threshold_index=self.threshold_index,
            relevant=self.endpoint.smallest_relevant_difference,
            min_label_coverage=self.endpoint.min_label_coverage,
            min_positives=self.endpoint.min_positives,
            traffic_split={entry.variant: entry.share for entry in self.endpoint.traffic_split},
        )

    @property
    def looks_a_day(self) -> int:
        """So often a day is judged: when computed, and again when its last labels are there."""
        return 2 if self.endpoint.label_window_days > self.endpoint.label_delay_days else 1

    def money_rules(self, business: Business) -> MoneyRules:
        """What the settings say about money."""
        return MoneyRules(
            values=business.values(),
            currency=business.currency,
            capacity=business.capacity,
            threshold_index=self.threshold_index,
            min_label_coverage=self.endpoint.min_label_coverage,
            replicates=self.settings.bootstrap_replicates,
        )

    def raw_predictions_arguments(
        self, lake: Lake, day: date, *, run_id: str, attempt: int = 0, recompute: bool = False
    ) -> RawPredictionsArguments:
        """What the job that compacts a captured day is told."""
        return RawPredictionsArguments(
            day=day.isoformat(),
            capture_root=self.capture_root,
            output=lake.partition(self.name, RAW_PREDICTIONS.name, day),
            capture=self.endpoint.capture_format(),
            max_files=self.settings.units.max_files,
            max_bytes=self.settings.units.max_bytes,
            run_id=run_id,
            attempt=attempt,
            recompute=recompute,
            plain=self.settings.spark.plain,
        )

    def confusion_counts_arguments(
        self, lake: Lake, day: date, *, run_id: str
    ) -> ConfusionCountsArguments:
        """What the job that joins labels and counts is told."""
        endpoint, grid = self.endpoint, self.settings.grid
        window = range(endpoint.label_window_days + 1)
        before = (day - timedelta(days=days) for days in window if days)
        return ConfusionCountsArguments(
            day=day.isoformat(),
            predictions=lake.partition(self.name, RAW_PREDICTIONS.name, day),
            # Also those before `start_date`: their labels arrive in its first days.
            earlier_predictions=tuple(
                lake.partition(self.name, RAW_PREDICTIONS.name, earlier) for earlier in before
            ),
            ground_truth_root=self.ground_truth_root,
            label_days=tuple((day + timedelta(days=days)).isoformat() for days in window),
            max_files=self.settings.units.max_files,
            labels=endpoint.label_forms(),
            positive_label=endpoint.positive_label or "",
            negative_label=endpoint.negative_label or "",
            classes=endpoint.classes,
            slices=endpoint.slice_names,
            crosses=endpoint.crosses,
            max_slices=endpoint.max_slices,
            octaves=grid.octaves,
            bits=grid.bits,
            output=lake.staging(self.name, CONFUSION_COUNTS.name, day, run_id),
            plain=self.settings.spark.plain,
            pairs_at=self.threshold_index if endpoint.shared_events else -1,
            amounts=endpoint.amount is not None,
        )
