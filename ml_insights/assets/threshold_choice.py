"""threshold_choice: the threshold that is worth most, and how sure that is."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import dagster as dg
import pyarrow as pa

from ml_insights.assets.days import WEEK, counts_of_day, stakes_of_day
from ml_insights.assets.declaration import endpoint_asset, failures, published_result
from ml_insights.contracts import ALL_RECORDS, CONFUSION_COUNTS, CURVE, RECORD_BALANCE
from ml_insights.day_counts import day_counts
from ml_insights.decisions.choices import KeptChoice, threshold_choice_table
from ml_insights.decisions.money import MoneyRules
from ml_insights.decisions.money_tables import THRESHOLD_CHOICE
from ml_insights.decisions.windows import days_before
from ml_insights.errors import ContractError, MissingInputError
from ml_insights.lake import Lake
from ml_insights.metrics.kept_threshold import KeptDay
from ml_insights.metrics.stakes import Stakes
from ml_insights.partitions import day_of
from ml_insights.resources import LakeResource
from ml_insights.result_tables import Curve
from ml_insights.scope import EndpointScope

PLOTTED = ("operating_value", "best_value", "regret", "value_of_chosen_before", "gain_of_kept")

Choices = dict[Curve, float | None]
"""Best threshold by curve; None where acting on nothing was best, no entry without money."""


def build_threshold_choice(scope: EndpointScope, rules: MoneyRules) -> dg.AssetsDefinition:
    """The asset threshold_choice of an endpoint with money values in its settings."""

    @endpoint_asset(
        scope,
        THRESHOLD_CHOICE.name,
        group="decisions",
        kinds={"numpy", "parquet"},
        description=(
            "One row a curve: best threshold within capacity and the uncertainty of its choice, "
            "what today's threshold costs, break-even, what the threshold chosen the day before "
            "was worth on this day, and what one chosen up to 7 days before was worth since."
        ),
        deps=[CONFUSION_COUNTS.name, RECORD_BALANCE.name],
        table=THRESHOLD_CHOICE,
    )
    def threshold_choice(
        context: dg.AssetExecutionContext, lake: LakeResource
    ) -> dg.MaterializeResult[None]:
        day = day_of(context.partition_key)
        with failures():
            today = counts_of_day(scope, lake.lake, day)
            before = choices_before(scope, lake.lake, day)
            rows = threshold_choice_table(
                today,
                rules,
                identity=(scope.name, day),
                chosen_before=before[max(before)] if before else {},
                stakes=stakes_of_day(scope, lake.lake, day, today),
                kept=kept_choices(scope, lake.lake, day, before),
            )
            published = lake.lake.write(scope.name, THRESHOLD_CHOICE, day, rows)
        return published_result(published, **_plotted(rows))

    return threshold_choice


def choices_before(scope: EndpointScope, lake: Lake, day: date) -> dict[date, Choices]:
    """Choices of the published days of the week before, and of the last one before that day."""
    earlier = [known for known in lake.days(scope.name, THRESHOLD_CHOICE) if known < day]
    week = [known for known in earlier if (day - known).days <= WEEK]
    return {known: _choices(scope, lake, known) for known in week or earlier[-1:]}


def _choices(scope: EndpointScope, lake: Lake, day: date) -> Choices:
    rows = lake.read(scope.name, THRESHOLD_CHOICE, day, [*CURVE, "best_threshold", "best_value"])
    return {
        Curve(*(row[name] for name in CURVE)): row["best_threshold"]
        for row in rows.to_pylist()
        if row["best_value"] is not None
    }


def kept_choices(
    scope: EndpointScope, lake: Lake, day: date, before: Mapping[date, Choices]
) -> dict[Curve, KeptChoice]:
    """The oldest choice of the week before, of every curve, with the days since."""
    oldest: dict[Curve, tuple[date, float | None]] = {}
    for known in sorted(before):
        if (day - known).days <= WEEK:
            for curve, threshold in before[known].items():
                oldest.setdefault(curve, (known, threshold))
    days = days_before(lake, scope.name, day, WEEK) if oldest else []
    since = {known: _judged(scope, lake, known) for known in days}
    return {
        curve: KeptChoice(
            chosen_on,
            threshold,
            [of[curve] for known, of in since.items() if known > chosen_on and curve in of],
        )
        for curve, (chosen_on, threshold) in oldest.items()
    }


def _judged(scope: EndpointScope, lake: Lake, day: date) -> dict[Curve, KeptDay]:
    """A day before, by curve; nothing where its amounts do not fit the settings."""
    counts = day_counts(lake, scope.name, scope.settings.grid, day)
    try:
        stakes = stakes_of_day(scope, lake, day, counts)
    except (MissingInputError, ContractError):
        return {}
    return {
        curve: KeptDay(bins, Stakes.of(bins) if stakes is None else stakes[curve])
        for curve, bins in counts.items()
    }


def _plotted(rows: pa.Table) -> dict[str, Any]:
    """Money of all records, so that the Dagster UI plots it over days."""
    return {
        f"{row['variant']}: {name.replace('_', ' ')} ({row['currency']})": row[name]
        for row in rows.to_pylist()
        if row["slice"] == ALL_RECORDS
        for name in PLOTTED
        if row[name] is not None
    }
