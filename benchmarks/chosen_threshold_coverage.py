"""How often intervals of numbers at thresholds that the records choose hold the population's value.

What belongs here: the simulation. What does not: the method (`ml_insights.metrics.best_points`).

    python -m benchmarks.chosen_threshold_coverage > coverage.md

Populations are those of `interval_coverage` on finer groups, so that their curves hardly step. The
columns of a number: share of samples whose interval holds the population's value, of those in which
it is defined; and, if some samples lack it, their share. Takes about ten minutes on one core.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.interval_coverage import DISTANCES, HEAVY, counts, densities
from ml_insights.metrics.best_points import best_points
from ml_insights.metrics.bootstrap import poisson_bootstrap

if TYPE_CHECKING:
    from ml_insights.metrics.confusion import BinCounts

GROUPS, SAMPLES, REPLICATES = 3000, 300, 400
PREVALENCES = (1e-3, 1e-2, 0.1, 0.5)
POSITIVES = (20, 50, 100, 200, 1000)
NAMES = (
    "best_f1",
    *(f"recall_at_precision_{level}" for level in (50, 80, 95)),
    *(f"precision_at_recall_{level}" for level in (50, 80, 95)),
)


def coverage(distance: float, prevalence: float, positives: int) -> dict[str, str]:
    """Of each number: the population's value, how often its interval holds it or is lacking."""
    of_positives, of_negatives = densities(distance, GROUPS)
    negatives = positives / prevalence - positives
    whole = counts(of_positives * HEAVY, of_negatives * HEAVY * (1 - prevalence) / prevalence)
    true = _row(whole, np.random.default_rng(0), 2)
    random = np.random.default_rng(17)
    held, defined = dict.fromkeys(NAMES, 0), dict.fromkeys(NAMES, 0)
    for _ in range(SAMPLES):
        bins = counts(
            random.poisson(of_positives * positives), random.poisson(of_negatives * negatives)
        )
        row = _row(bins, random, REPLICATES)
        for name in NAMES:
            if not np.isnan(row[name]):
                defined[name] += 1
                # What no threshold of the population reaches has recall 0, as acting on nothing.
                value = np.nan_to_num(true[name])
                held[name] += bool(row[f"{name}_low"] <= value <= row[f"{name}_high"])
    return {name: _said(true[name], held[name], defined[name]) for name in NAMES}


def _row(bins: BinCounts, random: np.random.Generator, replicates: int) -> dict[str, float]:
    return best_points(bins, poisson_bootstrap(bins, random, replicates))


def _said(value: float, held: int, defined: int) -> str:
    lacking = f" ({1 - defined / SAMPLES:.2f} lack)" if defined < SAMPLES else ""
    return f"{np.nan_to_num(value):.3f}: {held / defined:.3f}{lacking}" if defined else "lacking"


def main() -> None:
    """Print the table as Markdown."""
    print("| model | prevalence | positives | " + " | ".join(NAMES) + " |")
    print("| --- " * (3 + len(NAMES)) + "|")
    for kind, distance in DISTANCES.items():
        for prevalence in PREVALENCES:
            for positives in POSITIVES:
                found = coverage(distance, prevalence, positives)
                values = " | ".join(found.values())
                print(f"| {kind} | {prevalence:g} | {positives} | {values} |", flush=True)


if __name__ == "__main__":
    main()
