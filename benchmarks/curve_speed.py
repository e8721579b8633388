"""A curve from counts beside the same curve from all scores by scikit-learn.

What belongs here: the calls, timed alternately in one process. What does not: the process they
run in (`experiment`).

    python -m benchmarks.curve_speed RECORDS

The input of each call is in memory before. CPU seconds are medians of `REPEATS` calls; memory is
what one more call allocates at most, by tracemalloc, which slows it and is not timed.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
import tracemalloc
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score

from benchmarks.capture_day import NEGATIVE_SHAPE, POSITIVE_SHAPE, PREVALENCE
from ml_insights.metrics.confusion import BinCounts
from ml_insights.metrics.curve_table import curve_table
from ml_insights.metrics.quality import curve_quality
from ml_insights.metrics.thresholds import ThresholdGrid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

REPEATS = 3
_OPERATING_THRESHOLD = 0.5


def scores_and_labels(records: int) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
    """Labelled scores with the distributions of the synthetic day, shape (records,) each."""
    random = np.random.default_rng(0)
    labels = (random.random(records) < PREVALENCE).astype(np.int8)
    uniform = random.random(records)
    positive, negative = uniform ** (1 / POSITIVE_SHAPE), 1 - uniform ** (1 / NEGATIVE_SHAPE)
    return np.where(labels == 1, positive, negative), labels


def compare(records: int) -> dict[str, Any]:
    """Cost of counting once, of everything published from counts, and of scikit-learn.

    Returns:
        `records`, occupied `bins`, scikit-learn's `average_precision` and the limits published for
        it, and for `counting`, `from_counts` and `scikit_learn` the CPU `_seconds` and the largest
        allocation in `_bytes`.
    """
    (scores, labels), grid = scores_and_labels(records), ThresholdGrid()
    bins = BinCounts.from_scores(grid, scores, labels)
    costs = _costs(
        {
            "counting": lambda: BinCounts.from_scores(grid, scores, labels),
            "from_counts": lambda: _published(bins),
            "scikit_learn": lambda: _scikit_learn(scores, labels),
        }
    )
    quality = curve_quality(bins, operating_threshold=_OPERATING_THRESHOLD)
    return {
        "records": records,
        "bins": bins.threshold_index.size,
        "average_precision": average_precision_score(labels, scores),
        "limit_low": quality["average_precision_limit_low"],
        "limit_high": quality["average_precision_limit_high"],
        **costs,
    }


def _published(bins: BinCounts) -> None:
    curve_table(bins, operating_threshold=_OPERATING_THRESHOLD)
    curve_quality(bins, operating_threshold=_OPERATING_THRESHOLD)


def _scikit_learn(scores: NDArray[np.float64], labels: NDArray[np.int8]) -> None:
    precision_recall_curve(labels, scores)
    average_precision_score(labels, scores)
    roc_auc_score(labels, scores)


def _costs(calls: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    seconds = defaultdict(list)
    for _ in range(REPEATS):
        for name, call in calls.items():
            started = time.process_time()
            call()
            seconds[name].append(time.process_time() - started)
    costs = {f"{name}_seconds": statistics.median(taken) for name, taken in seconds.items()}
    return {**costs, **{f"{name}_bytes": _allocated(call) for name, call in calls.items()}}


def _allocated(call: Callable[[], object]) -> float:
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


if __name__ == "__main__":
    print(json.dumps(compare(int(sys.argv[1]))))
