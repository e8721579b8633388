"""The story of the demo: a fraud endpoint, two variants, a weak region, a bad day, a bad client.

What belongs here: names, shares, shapes, and what happens on which day. What does not: the
mathematics of a curve (`truth`) and how events come about (`traffic`, `faults`, `labels`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from ml_insights.demo.truth import Component, TrueCurve

ENDPOINT = "fraud-demo"
CHAMPION, CHALLENGER = "champion", "challenger"
VARIANTS = (CHAMPION, CHALLENGER)

PREVALENCE = 0.03
OPERATING_THRESHOLD = 0.5
REGIONS = {"EU": 0.5, "US": 0.3, "APAC": 0.2}
WEAK_REGION = "APAC"
DEVICES = {"web": 0.6, "app": 0.4}

LABEL_DELAY_DAYS = 1
LABEL_WINDOW_DAYS = 3
MISSING_HOUR = 11

# Shapes (a, b) of the usual regions and of the weak one.
_SHAPES = {CHAMPION: ((2.5, 7.0), (1.8, 5.0)), CHALLENGER: ((2.8, 7.5), (2.0, 5.5))}
_DEGRADED_SHAPES = ((1.4, 4.5), (1.2, 4.0))


@dataclass(frozen=True)
class Scenario:
    """A demo history; the same values give the same bytes.

    Attributes:
        seed: of everything random.
        last_day: last day of captured traffic, UTC.
        days: number of days of captured traffic.
        predictions_per_day: predictions of one variant on an average day.
    """

    seed: int
    last_day: date
    days: int
    predictions_per_day: int

    def __post_init__(self) -> None:
        """Refuse histories without a day or with next to no traffic."""
        if self.days < 1 or self.predictions_per_day < 100:
            msg = f"a demo needs at least 1 day and 100 predictions a day, not {self}"
            raise ValueError(msg)

    @property
    def first_day(self) -> date:
        """First day of captured traffic."""
        return self.last_day - timedelta(days=self.days - 1)

    def all_days(self) -> tuple[date, ...]:
        """Days of captured traffic, ascending."""
        return tuple(self.first_day + timedelta(days=n) for n in range(self.days))

    @property
    def degraded_day(self) -> date:
        """The day on which the challenger is much worse."""
        return self.first_day + timedelta(days=self.days * 2 // 3)

    @property
    def day_with_missing_hour(self) -> date:
        """The day on which no variant has files of hour `MISSING_HOUR`."""
        return self.first_day + timedelta(days=self.days // 3)

    @property
    def broken_client_since(self) -> date:
        """The day from which a client's requests and labels come out broken.

        The last but two, or a later one, so that the first day is clean.
        """
        return self.first_day + timedelta(days=max(1, self.days - 3))

    @property
    def labels_until(self) -> datetime:
        """When label collection stops: the last days are still waiting for some of theirs."""
        midnight = datetime.combine(self.last_day, time(), tzinfo=UTC)
        return midnight + timedelta(days=1 + LABEL_DELAY_DAYS)

    def truth(self, variant: str, day: date, region: str | None = None) -> TrueCurve:
        """The true curve of a variant on a day, or of one region's share of it.

        The device does not influence scores: its slices have the curve of the whole, crossed with a
        region that of the region.

        Raises:
            KeyError: no such variant or region.
        """
        degraded = variant == CHALLENGER and day == self.degraded_day
        usual, weak = _DEGRADED_SHAPES if degraded else _SHAPES[variant]
        whole = TrueCurve(
            PREVALENCE,
            tuple(
                Component(name, share, *(weak if name == WEAK_REGION else usual))
                for name, share in REGIONS.items()
            ),
        )
        return whole if region is None else whole.part(region)
