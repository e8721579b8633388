"""What a business says of an endpoint: worth of outcomes, capacity, split of the traffic.

What belongs here: the sections `business` and `traffic_split` of an endpoint. What does not: what
follows from them (`ml_insights.decisions`).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from ml_insights.errors import ContractError
from ml_insights.metrics.business_value import OutcomeValues
from ml_insights.settings.section import Legal, Section, Unit

Money = Annotated[float, Unit("currency"), Legal("a number; a cost is negative")]


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
        Field(ge=0),
        Unit("actions a day and variant"),
        Legal("a whole number, at least 0"),
    ] = None
    """Most actions a day. Thresholds that would ask for more are not recommended."""

    @model_validator(mode="after")
    def _make_sense(self) -> Business:
        try:
            self.values()
        except ContractError as error:
            raise ValueError(str(error)) from error
        return self

    def values(self) -> OutcomeValues:
        """The same for the mathematics."""
        return OutcomeValues(
            self.true_positive, self.false_positive, self.false_negative, self.true_negative
        )


class VariantShare(Section):
    """A variant and the share of the traffic it should get; only their proportions count."""

    variant: Annotated[str, StringConstraints(min_length=1), Legal("name of a production variant")]
    """Production variant."""

    share: Annotated[float, Field(gt=0), Unit("ratio")]
    """Its share, or its weight in SageMaker."""
