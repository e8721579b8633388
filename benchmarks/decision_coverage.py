"""How often 95 % intervals that decisions rest on hold what they claim, by simulation.

What belongs here: differences of disjoint traffic, the achievable area, recall weighted by all
records, the band of estimates without labels. What does not: numbers of one curve
(`interval_coverage`), thresholds that the records choose (`chosen_threshold_coverage`), money
(`money_coverage`, `choice_coverage`).

    python -m benchmarks.decision_coverage [SAMPLES]

Populations are those of `interval_coverage`; thresholds lie where alarms are as many as positives.
An interval that is undefined counts as a miss, but not of weighted recall, which needs labels of
all scores.
"""

from __future__ import annotations

import math
import sys
from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.interval_coverage import DISTANCES, FIRST, GRID, GROUPS, HEAVY, counts, densities
from ml_insights.metrics.areas import achievable_pr_area
from ml_insights.metrics.comparison import differences
from ml_insights.metrics.confusion import BinCounts
from ml_insights.metrics.estimates import METRICS
from ml_insights.metrics.label_selection import label_strata, stratified_recall
from ml_insights.metrics.precision_recall import precision, recall
from ml_insights.metrics.quality import curve_quality
from ml_insights.metrics.without_labels import (
    error_band,
    expected_performance,
    positives_by_past_rates,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


SAMPLES = 200
PREVALENCES = (0.01, 0.1, 0.5)
POSITIVES = (20, 100, 1000)
REPLICATES = 200
WORSE = 0.85
"""Distance of the classes of the challenger, as a share of the champion's."""
LABELLED_ABOVE, LABELLED_BELOW = 0.9, 0.1
PAST_DAYS = (3, 7, 28)


class Population:
    """Score distributions of both classes, of so many positives a sample."""

    GROUPS = GROUPS

    def __init__(self, distance: float, prevalence: float, positives: int) -> None:
        """Nothing is drawn yet."""
        of_positives, of_negatives = densities(distance)
        self.positives = of_positives * positives
        self.negatives = of_negatives * (positives / prevalence - positives)
        heavy = HEAVY / positives
        self.whole = counts(self.positives * heavy, self.negatives * heavy)
        alarms = np.cumsum((self.positives + self.negatives)[::-1])[::-1]
        self.threshold = FIRST + int(np.argmin(np.abs(alarms - positives)))

    def drawn(self, random: np.random.Generator, times: int = 1) -> BinCounts:
        """A sample, of so many days."""
        return counts(
            random.poisson(self.positives * times), random.poisson(self.negatives * times)
        )


def _holds(low: float, high: float, truth: float) -> bool:
    return bool(low <= truth <= high)


def of_differences(kind: float, prevalence: float, positives: int, samples: int) -> list[float]:
    """A weaker challenger with a day, and the champion with a week: share by metric."""
    random = np.random.default_rng(3)
    champion = Population(kind, prevalence, positives)
    challenger = Population(kind * WORSE, prevalence, positives)
    at = champion.threshold
    true = differences(champion.whole, challenger.whole, at)
    held = np.zeros(len(METRICS))
    for _ in range(samples):
        found = differences(champion.drawn(random, 7), challenger.drawn(random), at)
        held += [
            _holds(found[m].difference.low, found[m].difference.high, true[m].difference.value)
            for m in METRICS
        ]
    return list(held / samples)


def of_achievable_area(population: Population, samples: int) -> float:
    """By the method that model_quality takes."""
    random, true = np.random.default_rng(5), achievable_pr_area(population.whole)
    threshold, held = GRID.threshold(population.threshold), 0
    for number in range(samples):
        row = curve_quality(
            population.drawn(random),
            operating_threshold=threshold,
            identity=(str(number),),
            replicates=REPLICATES,
        )
        low, high = (row[f"achievable_pr_area_{end}"] for end in ("low", "high"))
        held += low is not None and _holds(float(low), float(str(high)), true)
    return held / samples


def of_weighted_recall(population: Population, samples: int) -> tuple[float, float]:
    """Most records above the threshold are labelled, few below it.

    Returns:
        Share of the samples with an interval that it holds in, and share of those without one.
    """
    random = np.random.default_rng(7)
    at = population.threshold
    true = float(recall(population.whole.confusion_at(np.array([at])))[0])
    held = lacking = 0
    for _ in range(samples):
        every = population.drawn(random)
        share = np.where(every.threshold_index >= at, LABELLED_ABOVE, LABELLED_BELOW)
        found, others = (
            random.binomial(part, share) for part in (every.positives, every.negatives)
        )
        unseen = every.records - found - others
        bins = BinCounts(GRID, every.threshold_index, found, others, unseen, every.score_sum)
        weighted = stratified_recall(label_strata(bins, at))
        held += _holds(weighted.low, weighted.high, true)
        lacking += math.isnan(weighted.low)
    return held / (samples - lacking) if lacking < samples else math.nan, lacking / samples


def of_bands(population: Population, samples: int) -> list[float]:
    """Precision of the next day against the band, by days of past errors, of each `PAST_DAYS`."""
    random, held = np.random.default_rng(9), np.zeros(len(PAST_DAYS))
    for _ in range(samples):
        errors: list[float] = []
        for estimate, seen in _estimated_days(population, random, max(PAST_DAYS) + 1):
            for place, days in enumerate(PAST_DAYS):
                if len(errors) == days:
                    held[place] += _holds(*error_band(estimate, np.array(errors)), seen)
            errors.append(estimate - seen)
    return list(held / samples)


def _estimated_days(
    population: Population, random: np.random.Generator, days: int
) -> Iterator[tuple[float, float]]:
    """Estimated precision of days in a row, from the seven before, and what labels show."""
    week = deque((population.drawn(random) for _ in range(7)), maxlen=7)
    for _ in range(days):
        today = population.drawn(random)
        rates = positives_by_past_rates(today, _sum(week))
        estimate = expected_performance(today, rates, population.threshold).precision
        seen = float(precision(today.confusion_at(np.array([population.threshold])))[0])
        yield estimate, seen
        week.append(today)


def _sum(days: deque[BinCounts]) -> BinCounts:
    whole = days[0]
    for day in list(days)[1:]:
        whole += day
    return whole


def rows(samples: int) -> Iterator[list[str]]:
    """One row for each population."""
    for kind, distance in DISTANCES.items():
        for prevalence in PREVALENCES:
            for positives in POSITIVES:
                population = Population(distance, prevalence, positives)
                weighted, lacking = of_weighted_recall(population, samples)
                shares = [
                    *of_differences(distance, prevalence, positives, samples),
                    of_achievable_area(population, samples),
                    weighted,
                    lacking,
                    *of_bands(population, samples // 2),
                ]
                texts = ("-" if math.isnan(share) else f"{share:.3f}" for share in shares)
                yield [kind, f"{prevalence:g}", str(positives), *texts]


def main(samples: int) -> None:
    """Print the table as Markdown."""
    heads = [
        *("model", "prevalence", "positives"),
        *(f"difference of {metric}" for metric in METRICS),
        *("achievable area", "weighted recall", "it lacks"),
        *(f"estimate after {days} days" for days in PAST_DAYS),
    ]
    print("| " + " | ".join(heads) + " |\n" + "| --- " * len(heads) + "|")
    for row in rows(samples):
        print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SAMPLES)
