"""What a business says of an endpoint: worth of outcomes, capacity, split of the traffic.

What belongs here: the sections `business` and `traffic_split` of an endpoint. What does not: what
follows from them (`ml_insights.decisions`).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from ml_insights.errors import ContractError
from ml_insights.metrics.business_value import Outcomes, OutcomeValues
from ml_insights.settings.forms import FeatureForm
from ml_insights.settings.section import Legal, Section, Unit
from ml_insights.spark.arguments import AmountFeature

_MOST = 1e12
"""Beyond it squares of sums lose their meaning; and it is more money than there is."""

Money = Annotated[
    float,
    Field(ge=-_MOST, le=_MOST),
    Unit("currency"),
    Legal("a number up to 10^12; a cost is negative"),
]
Factor = Annotated[
    float,
    Field(ge=-_MOST, le=_MOST),
    Unit("currency for each of the amount"),
    Legal("a number up to 10^12; at least one is not 0"),
]


class Amount(FeatureForm):
    """An input feature that says how much money a prediction is about, such as a payment's sum.

    A record is then worth the value of its outcome and, on top, the factor of its outcome times its
    amount. Records without a usable amount count in everything but money.
    """

    decimals: Annotated[int, Field(ge=0, le=6), Unit("digits")] = 2
    """Digits after the point that are kept; what is finer is rounded."""

    true_positive: Factor = 0.0
    """Share of the amount that an action on a positive is worth."""

    false_positive: Factor = 0.0
    """Likewise for an action on a negative."""

    false_negative: Factor = 0.0
    """Likewise for a positive on which nothing was done: -1 if the amount is lost."""

    true_negative: Factor = 0.0
    """Likewise for a negative that was rightly left alone."""

    @model_validator(mode="after")
    def _matters(self) -> Amount:
        if not any(self.factors()):
            raise ValueError(
                "gives no outcome a share of the amount: set at least one of `true_positive`, "
                "`false_positive`, `false_negative`, `true_negative`, or leave `amount` out"
            )
        return self

    def amount_feature(self) -> AmountFeature:
        """The same for the Spark side."""
        return AmountFeature(self.value_form(), self.decimals)

    def factors(self) -> Outcomes:
        """Money for each unit that is counted."""
        unit = 10**self.decimals
        return Outcomes(
            self.true_positive / unit,
            self.false_positive / unit,
            self.false_negative / unit,
            self.true_negative / unit,
        )


class Business(Section):
    """Money value of each outcome of a prediction. A cost is negative."""

    currency: Annotated[
        str,
        StringConstraints(pattern=r"^[A-Z]{3}$"),
        Legal("three capital letters, such as `EUR`"),
    ]
    """Unit of the values."""

    true_positive: Money
    """An action on a positive, its cost included."""

    false_positive: Money
    """An action on a negative."""

    false_negative: Money
    """A positive on which nothing was done."""

    true_negative: Money
    """A negative that was rightly left alone."""

    capacity: Annotated[
        int | None,
        Field(ge=0, le=10**12),
        Unit("actions a day, variant and class"),
        Legal("a whole number, at least 0, at most 10^12"),
    ] = None
    """Most actions a day. Thresholds that would ask for more are not recommended. With `classes` it
    is that of each class by itself, as if another team acted on each; leave it out where they share
    one."""

    amount: Amount | None = None
    """The input feature that money depends on, where predictions are about different sums."""

    @model_validator(mode="after")
    def _make_sense(self) -> Business:
        try:
            self.values()
        except ContractError as error:
            raise ValueError(str(error)) from error
        return self

    def values(self) -> OutcomeValues:
        """The same for the mathematics."""
        constant = Outcomes(
            self.true_positive, self.false_positive, self.false_negative, self.true_negative
        )
        return OutcomeValues(constant, *([self.amount.factors()] if self.amount else []))


class VariantShare(Section):
    """A variant and the share of the traffic it should get; only their proportions count."""

    variant: Annotated[str, StringConstraints(min_length=1), Legal("name of a production variant")]
    """Production variant."""

    share: Annotated[float, Field(gt=0), Unit("ratio")]
    """Its share, or its weight in SageMaker."""
