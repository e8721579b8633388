"""False alarms of the paired comparison in slices that share few labelled events, by simulation.

What belongs here: pairs of equally good models on slices of given size, how often their difference
is called more than chance, and how far in the tail that a day's many tests need. What does not: the
comparison (`ml_insights.metrics.paired`).

    python -m benchmarks.paired_rates

Both models see the same signal, and each has a noise of its own. Takes some minutes on one core.
"""

from __future__ import annotations

import numpy as np

from ml_insights.metrics.binning import bin_scores
from ml_insights.metrics.estimates import METRICS
from ml_insights.metrics.paired import JointCounts, paired_differences
from ml_insights.metrics.thresholds import ThresholdGrid

GRID = ThresholdGrid()
SAMPLES = 2000
RATES = (0.05, 0.001)
SIZES = ((5, 0.5), (8, 0.1), (10, 0.5), (20, 0.1), (50, 0.1))
"""Positives of the slice, and their share."""
ONE_SIDED = ((5, 10), (6, 10), (5, 20), (6, 20), (10, 20), (5, 100), (10, 100))
"""Positives that one model alone finds, of all."""
NOISES = (0.4, 1.5)
"""Spread of each model's own noise, beside a signal of spread 1."""


def drawn(
    random: np.random.Generator, positives: int, prevalence: float, noise: float
) -> JointCounts:
    """Labelled events that two equally good models scored."""
    size = round(positives / prevalence)
    label = random.random(size) < prevalence
    signal = random.normal(np.where(label, 1.0, -1.0), 1.0)
    scores = (1 / (1 + np.exp(-signal - random.normal(0, noise, size))) for _ in range(2))
    first, second = (bin_scores(GRID, score) for score in scores)
    return JointCounts(GRID, first, second, label.astype(np.int64), (~label).astype(np.int64))


def p_values(positives: int, prevalence: float, noise: float) -> np.ndarray:
    """Of every sample and metric, shape (samples, metrics); NaN where nothing is claimed."""
    random, half = np.random.default_rng(29), GRID.index_of(0.5)
    return np.array(
        [
            [found[metric].difference.p_value for metric in METRICS]
            for found in (
                paired_differences(drawn(random, positives, prevalence, noise), half)
                for _ in range(SAMPLES)
            )
        ]
    )


def one_sided(found_more: int, positives: int) -> tuple[float, float]:
    """P-values of recall where one model finds all positives and the other misses some of them.

    Returns:
        The published one, and McNemar's exact one: all of so many coins fell on one side.
    """
    half = GRID.index_of(0.5)
    first, second = (np.array([half - 1, half, half - 1]), np.array([half, half, half - 1]))
    counts = (np.array([found_more, positives - found_more, 0]), np.array([0, 0, 100]))
    found = paired_differences(JointCounts(GRID, first, second, *counts), half)
    return found["recall"].difference.p_value, 2 * 0.5**found_more


def print_one_sided() -> None:
    """Print a second table: how many times too small a p-value is if all differ one way."""
    print("\n| positives | found by one alone | p-value | exact | exact / p-value |")
    print("| ---: " * 5 + "|")
    for found_more, positives in ONE_SIDED:
        published, exact = one_sided(found_more, positives)
        cells = f"{published:.5f} | {exact:.5f} | {exact / published:.1f}"
        print(f"| {positives} | {found_more} | {cells} |")


def main() -> None:
    """Print the table as Markdown: share of samples below each rate, in multiples of it."""
    heads = [f"{metric}, p < {rate:g}" for metric in METRICS for rate in RATES]
    print("| positives | share | own noise | " + " | ".join(heads) + " |")
    print("| ---: " * (3 + len(heads)) + "|")
    for positives, prevalence in SIZES:
        for noise in NOISES:
            found = p_values(positives, prevalence, noise)
            cells = [f"{(of < rate).mean() / rate:.1f}" for of in found.T for rate in RATES]
            row = " | ".join(cells)
            print(f"| {positives} | {prevalence} | {noise} | {row} |", flush=True)


if __name__ == "__main__":
    main()
    print_one_sided()
