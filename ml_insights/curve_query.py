"""A curve of any window, variants and slices, from the published counts: no second pass.

What belongs here: the answer to one question, as tables. What does not: printing (`cli`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ml_insights.contracts import CONFUSION_COUNTS
from ml_insights.decisions.windows import required_days, rolled_up, window_counts
from ml_insights.errors import ContractError, MissingInputError
from ml_insights.metrics.label_selection import recall_identifiable
from ml_insights.metrics.quality import curve_quality
from ml_insights.result_tables import Curve, precision_recall_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import pyarrow as pa

    from ml_insights.day_counts import CurveCounts
    from ml_insights.lake import Lake
    from ml_insights.scope import EndpointScope


@dataclass(frozen=True)
class CurveAnswer:
    """Curves of a window.

    Attributes:
        scope: whose curves.
        window: first and last day that were asked for.
        days: the window's days.
        left_out: days of the window whose counts are not used, for their records are not all
            accounted for.
        counts: of each curve, over these days.
    """

    scope: EndpointScope
    window: tuple[date, date]
    days: list[date]
    left_out: list[date]
    counts: CurveCounts

    @cached_property
    def quality(self) -> dict[Curve, dict[str, float | int | str | None]]:
        """Headline numbers by curve, as in `model_quality`."""
        return {
            curve: curve_quality(
                bins,
                operating_threshold=self.scope.endpoint.operating_threshold,
                identity=(self.scope.name, *(day.isoformat() for day in self.window), *curve),
                replicates=self.scope.settings.bootstrap_replicates,
            )
            for curve, bins in self.counts.items()
        }

    @property
    def recall_unknown(self) -> list[Curve]:
        """Curves of which scores have no label, so that recall is that of the labelled alone."""
        index = self.scope.threshold_index
        return [c for c, bins in self.counts.items() if not recall_identifiable(bins, index)]

    @cached_property
    def points(self) -> pa.Table:
        """Rows of `precision_recall`, every occupied threshold."""
        return precision_recall_table(self.counts, self.scope.endpoint.operating_threshold)


def curve_answer(
    scope: EndpointScope,
    lake: Lake,
    first: date,
    last: date,
    *,
    slices: Sequence[str],
    variants: Sequence[str] = (),
    together: bool = False,
) -> CurveAnswer:
    """The chosen curves over the published days of a window.

    Args:
        scope: whose curves.
        lake: where the days are.
        first: first day.
        last: last day, included.
        slices: names as published, such as `region=EU`.
        variants: names; all if empty.
        together: add the chosen variants and slices up, to one curve for each class.

    Raises:
        MissingInputError: no published day, or no such curve; the message names what there is.
        ContractError: the days were counted on different grids or mean different things, or what is
            to be added up may share records.
    """
    days = required_days(lake, scope.name, first, last)
    counts = window_counts(
        lake, scope.name, scope.settings.grid, days, slices=slices, variants=variants or None
    )
    if not counts:
        known = lake.read(scope.name, CONFUSION_COUNTS, days[-1], ["slice", "variant"])
        there = {name: sorted(set(known[name].to_pylist())) for name in known.column_names}
        raise MissingInputError(
            f"no curve of {scope.name} from {first} to {last} has slice {' or '.join(slices)}"
            f"{' and variant ' + ' or '.join(variants) if variants else ''}. On {days[-1]} there "
            f"are slices {', '.join(there['slice'][:20])} of variants "
            f"{', '.join(there['variant'])}"
        )
    if together:
        counts = _added_up(scope, counts)
    counted = lake.days(scope.name, CONFUSION_COUNTS)
    left_out = [day for day in counted if first <= day <= last and day not in days]
    return CurveAnswer(scope, (first, last), days, left_out, counts)


def _added_up(scope: EndpointScope, counts: CurveCounts) -> CurveCounts:
    if scope.endpoint.shared_events and len({curve.variant for curve in counts}) > 1:
        raise ContractError(
            f"the variants of {scope.name} score the same events, so that one event would count "
            "several times. Choose one with --variant."
        )
    return rolled_up(counts)
