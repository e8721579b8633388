"""Speed of the bootstrap, and its spread in groups beside that of every bin.

What belongs here: curves of different shape, CPU seconds, ratios of spreads. What does not: the
bootstrap (`ml_insights.metrics.bootstrap`).

    python -m benchmarks.bootstrap_spread
"""

from __future__ import annotations

import math
import time

import numpy as np

from ml_insights.metrics.arrays import ratio
from ml_insights.metrics.bootstrap import poisson_bootstrap, standard_error
from ml_insights.metrics.confusion import BinCounts
from ml_insights.metrics.influence import average_precision_influence, variance
from ml_insights.metrics.seeds import generator
from ml_insights.metrics.thresholds import ThresholdGrid

CURVES = {
    "rare, 0.1 %": (1_000_000, 0.001, 3.5, 1.5),
    "even": (1_000_000, 0.5, 1.4, 1.0),
    "wide scores": (1_000_000, 0.3, 4.0, 6.0),
    "well separated": (1_000_000, 0.02, 10.0, 2.0),
    "no signal": (200_000, 0.1, 0.0, 3.0),
}
"""Records, prevalence, distance of the means of the log-odds, their spread."""

REPLICATES, REFERENCE = 10_000, 1_500
METRICS = {
    "average_precision": "AP",
    "achievable_pr_area": "achievable",
    "best_f1": "best F1",
    "recall_at_precision_80": "recall at precision 80 %",
    "precision_at_recall_80": "precision at recall 80 %",
}


def curve(records: int, prevalence: float, distance: float, spread: float) -> BinCounts:
    """Counts of drawn records."""
    random = np.random.default_rng(3)
    label = random.random(records) < prevalence
    centre = np.where(label, distance / 2, -distance / 2)
    score = 1.0 / (1.0 + np.exp(-random.normal(centre, spread)))
    return BinCounts.from_scores(ThresholdGrid(), score, label.astype(np.int64))


def main() -> None:
    """Print the table as Markdown."""
    heads = [
        *("curve", "occupied bins", "with positives", "CPU s"),
        *(f"{name}: groups / every bin" for name in METRICS.values()),
        "influence / bootstrap",
    ]
    print("| " + " | ".join(heads) + " |\n" + "| --- " * len(heads) + "|")
    for name, shape in CURVES.items():
        bins = curve(*shape)
        began = time.process_time()
        few = poisson_bootstrap(bins, generator("few", name), REPLICATES)
        seconds = time.process_time() - began
        size = bins.threshold_index.size
        every = poisson_bootstrap(bins, generator("every", name), REFERENCE, groups=size)
        ratios = [
            float(ratio(standard_error(few[metric]), standard_error(every[metric])))
            for metric in METRICS
        ]
        error = math.sqrt(variance(average_precision_influence(bins), bins))
        ratios.append(error / standard_error(every["average_precision"]))
        cells = [name, f"{size:,}", f"{np.count_nonzero(bins.positives):,}", f"{seconds:.2f}"]
        print("| " + " | ".join([*cells, *(f"{ratio:.3f}" for ratio in ratios)]) + " |", flush=True)


if __name__ == "__main__":
    main()
