"""Tables about money: every column once.

What belongs here: contracts. What does not: how values come about (`money`, `choices`, `amounts`).
"""

from __future__ import annotations

from ml_insights.columns import Column, Table
from ml_insights.decisions.columns import (
    CURVE_COLUMNS,
    PROVISIONAL,
    REASON,
    method,
    number,
    ratio,
    replicates,
    with_interval,
)
from ml_insights.metrics.business_value import ENOUGH_OF_EQUAL, ENOUGH_OF_VARIOUS

_CURRENCY = Column("currency", "string", "Unit of all money in the row, from the settings.")

_INDEPENDENT = "`independent_records` (normal, variance of a sum of independent records)"


def _effective(name: str, of: str) -> Column:
    text = (
        f"So many records of equal worth would make {of} as unsteady; with fewer than "
        f"{ENOUGH_OF_EQUAL} ({ENOUGH_OF_VARIOUS} with amounts) its interval may be too narrow."
    )
    return number(name, text, "records")


AMOUNT_COUNTS = Table(
    "amount_counts",
    "a threshold of a curve whose bin holds a labelled record with an amount",
    (
        *CURVE_COLUMNS,
        Column("threshold_index", "int32", "Position on the grid; join on this.", key=True),
        *(
            Column(f"{label}_with_amount", "int64", f"The bin's {label} with an amount.", "records")
            for label in ("positives", "negatives")
        ),
        *(
            Column(
                f"amount_of_{label}",
                "int64",
                f"Sum of the amounts of the bin's {label}.",
                "10^-decimals of the currency",
            )
            for label in ("positives", "negatives")
        ),
        *(
            Column(
                f"squares_of_{label}",
                "float64",
                "Sum of their squares: an exact integer, rounded once.",
                "the same, squared",
            )
            for label in ("positives", "negatives")
        ),
    ),
)
"""Written with confusion_counts where money depends on an amount; no asset of its own."""

BUSINESS_VALUE = Table(
    "business_value",
    "a drawn threshold of a curve, in money",
    (
        *CURVE_COLUMNS,
        Column("threshold_index", "int32", "Position on the grid; join on this.", key=True),
        Column("threshold", "float64", "Acted on means score >= threshold.", "score"),
        Column("actions", "int64", "Records at or above it, labelled or not.", "records"),
        Column(
            "within_capacity", "boolean", "Actions do not exceed the capacity; slices have none."
        ),
        *with_interval(
            "value",
            "Money of the day's labelled records, with amounts of those that have one.",
            "money",
        ),
        method("value", _INDEPENDENT),
        _effective("effective_records", "the value"),
        _CURRENCY,
        REASON,
    ),
)

THRESHOLD_CHOICE = Table(
    "threshold_choice",
    "a curve: which threshold is worth most, and how sure that is",
    (
        *CURVE_COLUMNS,
        Column("labelled", "int64", "Records the money is about.", "records"),
        *with_interval("operating_value", "Money at the operating threshold.", "money"),
        method("operating_value", _INDEPENDENT),
        _effective("effective_records", "the operating value"),
        number(
            "best_threshold",
            "Worth most within capacity, on this day's records; NULL if acting on nothing is.",
            "score",
        ),
        number(
            "best_threshold_low",
            "Its 95 % interval: from here ...",
            "score",
        ),
        number(
            "best_threshold_high",
            "... to here; NULL if acting on nothing may be best.",
            "score",
        ),
        method("best_threshold", "`bootstrap` (Poisson, on groups of bins; also of optimism)"),
        replicates("bootstrap_replicates", "Choices on resampled records"),
        number("best_value", "Money at it, on this day.", "money"),
        number(
            "optimism",
            "So much of it is chance, because it was chosen on the same records.",
            "money",
        ),
        *with_interval(
            "regret",
            "Best less operating value less optimism: what today's threshold costs a day.",
            "money",
        ),
        method("regret", f"{_INDEPENDENT}, around a value without the optimism of the bootstrap"),
        _effective("regret_effective_records", "the regret"),
        number(
            "chosen_before",
            "Best threshold of the published day before: chosen there, judged here; NULL if acting "
            "on nothing was best.",
            "score",
        ),
        number(
            "value_of_chosen_before",
            "Money it was worth on this day, with no more actions than capacity allows.",
            "money",
        ),
        Column(
            "kept_since",
            "date",
            "Oldest published day of the 7 before that chose a threshold, which is judged here on "
            "all days since; NULL if there is none.",
            nullable=True,
        ),
        number("kept_threshold", "That threshold; NULL if acting on nothing was best.", "score"),
        Column(
            "kept_days",
            "int32",
            "Days since with labelled records, this one included, of at most 7.",
            "days",
        ),
        number(
            "value_of_kept",
            "Money at it on these days together; on a day with more records at or above it than "
            "capacity allows, at the lowest threshold that keeps to capacity.",
            "money",
        ),
        number(
            "value_of_kept_limit_low",
            "Guaranteed: not less, whichever records of a bin that capacity cuts were acted on ...",
            "money",
        ),
        number(
            "value_of_kept_limit_high",
            "... and not more. The interval of the gain contains such limits.",
            "money",
        ),
        *with_interval(
            "gain_of_kept",
            "That less the money at the operating threshold on the same days, which took no part "
            "in the choice, within the same capacity.",
            "money",
        ),
        method("gain_of_kept", f"{_INDEPENDENT}, from limit to limit"),
        _effective("gain_of_kept_effective_records", "this gain"),
        ratio(
            "break_even_precision",
            "Chance of being right from which an action pays; with amounts, at their means.",
        ),
        number(
            "break_even_threshold",
            "Lowest threshold worth at least as much as acting on nothing; NULL if none is.",
            "score",
        ),
        Column(
            "capacity",
            "int64",
            "Most actions a day of the variant and class; NULL if not limited, and for slices, "
            "which share it.",
            "records",
            nullable=True,
        ),
        number("capacity_threshold", "Lowest threshold that keeps to capacity.", "score"),
        _CURRENCY,
        PROVISIONAL,
        REASON,
    ),
)
