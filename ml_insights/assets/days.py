"""Counts of the day and of the days before it, as the assets of decisions need them.

What belongs here: which days a day is compared with. What does not: adding them up
(`decisions.windows`), reading them (`day_counts`).

The days before are those that are published when the day is computed; the rows say how many.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from ml_insights.contracts import RECORD_BALANCE
from ml_insights.day_counts import CurveCounts, day_counts, require_closed
from ml_insights.decisions.amounts import curve_stakes
from ml_insights.decisions.comparison_tables import JOINT_COUNTS
from ml_insights.decisions.comparisons import Traffic
from ml_insights.decisions.money_tables import AMOUNT_COUNTS
from ml_insights.decisions.pairs import Pair, joint_counts_added, joint_counts_of
from ml_insights.decisions.tables import WINDOWS
from ml_insights.decisions.traffic import records_of
from ml_insights.decisions.windows import days_before, window_counts
from ml_insights.errors import ContractError
from ml_insights.spark.meaning import meaning_of_amounts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from ml_insights.lake import Lake
    from ml_insights.metrics.paired import JointCounts
    from ml_insights.metrics.stakes import Stakes
    from ml_insights.result_tables import Curve
    from ml_insights.scope import EndpointScope

WEEK = 7


class Before(NamedTuple):
    """Counts of days before a day, and how many published days they are."""

    counts: CurveCounts
    days: int


def counts_of_day(scope: EndpointScope, lake: Lake, day: date) -> CurveCounts:
    """The day's curves, on the grid of the settings, with a record balance that closes.

    Raises:
        MissingInputError: they, or their balance, are not published.
        ContractError: they were counted on another grid, or their balance does not close.
    """
    require_closed(lake, scope.name, day)
    return day_counts(lake, scope.name, scope.settings.grid, day)


def stakes_of_day(
    scope: EndpointScope, lake: Lake, day: date, today: CurveCounts
) -> dict[Curve, Stakes] | None:
    """What money is about, of the day's curves; None where it depends on no amount.

    Raises:
        MissingInputError: the day was counted without amounts.
        ContractError: its amounts were read from elsewhere, or with other decimals.
    """
    if not (amount := scope.endpoint.amount):
        return None
    read = lake.notes(scope.name, AMOUNT_COUNTS, day)["amounts"]
    asked = meaning_of_amounts(amount.amount_feature())
    # None: captures were read before amounts were asked for, so that no record has one.
    if read not in (None, asked):
        raise ContractError(
            f"amounts of {scope.name} for {day} were read as {read}, the settings ask for {asked}. "
            "Materialize raw_predictions and confusion_counts for the day again."
        )
    return curve_stakes(lake.read(scope.name, AMOUNT_COUNTS, day), today)


def counts_before(scope: EndpointScope, lake: Lake, day: date, days: int) -> Before:
    """Counts of the published days among so many before a day."""
    found = days_before(lake, scope.name, day, days)
    return Before(window_counts(lake, scope.name, scope.settings.grid, found), len(found))


def traffic_of(scope: EndpointScope, lake: Lake, day: date, days: int = 1) -> Traffic:
    """What the variants answered on the published ones of so many days up to a day."""
    chosen = [*days_before(lake, scope.name, day, days - 1), day]
    records: Counter[str] = Counter()
    for one in chosen:
        records.update(records_of(lake.read(scope.name, RECORD_BALANCE, one)))
    return Traffic(
        window_counts(lake, scope.name, scope.settings.grid, chosen),
        _shared_events(scope, lake, chosen),
        records,
        len(chosen),
    )


def traffic_windows(scope: EndpointScope, lake: Lake, day: date) -> dict[int, Traffic]:
    """Traffic of the windows that are rolled up, for what one day cannot tell.

    A window that holds no more published days than the shorter one is left out.
    """
    found, known = {}, 1
    for days in WINDOWS.values():
        if len(days_before(lake, scope.name, day, days - 1)) + 1 > known:
            found[days] = traffic_of(scope, lake, day, days)
            known = found[days].days
    return found


def _shared_events(
    scope: EndpointScope, lake: Lake, days: Sequence[date]
) -> dict[Pair, JointCounts] | None:
    """Events that several variants scored; None unless the settings say that they share events."""
    if not scope.endpoint.shared_events:
        return None
    rows = [lake.read(scope.name, JOINT_COUNTS, day) for day in days]
    return joint_counts_of(joint_counts_added(rows), scope.settings.grid)
