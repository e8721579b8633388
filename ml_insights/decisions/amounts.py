"""amount_counts: amounts of the labelled records, from the Spark step and back to mathematics.

What belongs here: the rows of amount_counts, and reading them. What does not: adding amounts up
(`spark.amount_sums`), what they are worth (`metrics.business_value`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ml_insights.decisions.money_tables import AMOUNT_COUNTS
from ml_insights.errors import ContractError
from ml_insights.metrics.stakes import Stake, Stakes
from ml_insights.result_tables import curve_rows

if TYPE_CHECKING:
    from ml_insights.day_counts import CurveCounts
    from ml_insights.metrics.confusion import BinCounts
    from ml_insights.result_tables import Curve

_LABELS = ("positives", "negatives")


def amount_counts_table(bins: pa.Table) -> pa.Table:
    """Rows in contract columns, sorted by key, of the bins with an amount.

    Args:
        bins: what the Spark step counted, with `spark.amount_sums.AMOUNT_SUMS`.

    Raises:
        ContractError: the amounts of a bin add up to more than 64 bits hold.
    """
    schema = AMOUNT_COUNTS.arrow_schema()
    known = pc.add(bins["positives_with_amount"], bins["negatives_with_amount"])
    chosen = bins.filter(pc.greater(known, 0)).select(schema.names)
    try:
        rows = chosen.cast(schema)
    except pa.ArrowInvalid as error:
        raise ContractError(
            "the amounts of a bin add up to more than 64 bits hold. Keep fewer `decimals`."
        ) from error
    return rows.sort_by([(name, "ascending") for name in AMOUNT_COUNTS.key])


def curve_stakes(rows: pa.Table, today: CurveCounts) -> dict[Curve, Stakes]:
    """What money is about, of every curve of a day.

    Args:
        rows: of amount_counts.
        today: the day's curves.
    """
    known = dict(curve_rows(rows))
    nothing = rows.slice(0, 0)
    return {curve: _stakes(known.get(curve, nothing), bins) for curve, bins in today.items()}


def _stakes(rows: pa.Table, bins: BinCounts) -> Stakes:
    positives, negatives = (
        Stake(
            rows[f"{label}_with_amount"].to_numpy(),
            rows[f"amount_of_{label}"].to_numpy(),
            rows[f"squares_of_{label}"].to_numpy(),
        )
        for label in _LABELS
    )
    index = rows["threshold_index"].to_numpy().astype(np.int64)
    return Stakes.with_amounts(bins, index, positives, negatives)
