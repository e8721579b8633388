"""Counts that were published, added up over days and variants, beside counting every record."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import reduce
from operator import add

import numpy as np
from numpy.typing import NDArray

from ml_insights.contracts import CONFUSION_COUNTS
from ml_insights.metrics.confusion import BinCounts
from ml_insights.metrics.thresholds import ThresholdGrid
from ml_insights.result_tables import Curve, curves_of
from ml_insights_tests.installation import Installation


def published_curves(
    installation: Installation, endpoint: str, days: Iterable[date]
) -> dict[tuple[date, Curve], BinCounts]:
    """Every published curve of the days."""
    grid = installation.settings.grid
    return {
        (day, curve): bins
        for day in days
        for curve, bins in curves_of(installation.lake.read(endpoint, CONFUSION_COUNTS, day), grid)
    }


def total(curves: Iterable[BinCounts]) -> BinCounts:
    """Counts of several disjoint curves together."""
    return reduce(add, curves)


def assert_counts_equal_comparing_every_record(
    bins: BinCounts, score: NDArray[np.float64], label: NDArray[np.int64]
) -> None:
    """At every threshold of the grid, all four cells; sorted scores are compared as they are."""
    thresholds = np.array(ThresholdGrid().thresholds())
    counts = bins.confusion_at(np.arange(thresholds.size))
    positives, negatives = np.sort(score[label == 1]), np.sort(score[label == 0])
    below = {
        "false_negatives": np.searchsorted(positives, thresholds, side="left"),
        "true_negatives": np.searchsorted(negatives, thresholds, side="left"),
    }
    expected = {
        **below,
        "true_positives": positives.size - below["false_negatives"],
        "false_positives": negatives.size - below["true_negatives"],
    }
    for cell, count in expected.items():
        np.testing.assert_array_equal(getattr(counts, cell), count, err_msg=cell)
