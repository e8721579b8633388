"""Events that several variants scored: every labelled pair once a slice, exact where it counts."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyspark.sql import SparkSession

from ml_insights.metrics.thresholds import ThresholdGrid
from ml_insights.spark.confusion_counts import slice_names
from ml_insights.spark.joint_counts import COARSER_BITS, count_pairs, pairs_of_slices
from ml_insights.spark.plain_counts import distinct_predictions, with_labels
from ml_insights_tests.spark.labelled import (
    counting_job,
    label,
    labels_frame,
    prediction,
    predictions_frame,
)

pytestmark = pytest.mark.spark
GRID = ThresholdGrid()
OPERATING = GRID.index_of(0.437)
VARIANTS = ("champion", "challenger", "shadow")
CROSSED = (("region", "sex"),)
SLICES = {
    7 * n - 5: slice_names({"region": region, "sex": sex}, CROSSED)
    for n, (region, sex) in enumerate((("EU", "F"), ("EU", "M"), ("US", "F")))
}
"""Slices by the number of the combination that a record has; one of them is below 0."""


def coarse(score: float) -> int:
    """Lowest grid threshold of the coarse bin of a score, one comparison at a time."""
    index = GRID.index_of(score)
    edges = {*range(0, GRID.size, 2**COARSER_BITS), OPERATING}
    return int(max(edge for edge in edges if edge <= index))


def test_pairs_are_those_of_comparing_every_event(spark: SparkSession, tmp_path: Path) -> None:
    random = np.random.default_rng(4)
    rows, labels, expected = [], [], Counter[tuple[Any, ...]]()
    for number in range(300):
        code = random.choice([1, 0, -1])
        scored = {
            variant: float(random.choice([random.random(), 0.437, 0.9999999]))
            for variant in VARIANTS
            if random.random() < 0.7
        }
        # Most events look the same to all variants, as a copied request does.
        own = dict.fromkeys(scored, int(random.choice([*SLICES])))
        if number % 5 == 0:
            own = {variant: int(random.choice([*SLICES])) for variant in scored}
        rows += [prediction(f"e{number}", s, variant=v, slice_id=own[v]) for v, s in scored.items()]
        if code >= 0:
            labels.append(label(f"e{number}", [int(code)]))
            for one, other in combinations(sorted(scored), 2):
                for name in SLICES[own[one]] if own[one] == own[other] else ["all"]:
                    pair = (name, one, other, coarse(scored[one]), coarse(scored[other]), int(code))
                    expected[pair] += 1
    # A repeated record counts once.
    rows.append(rows[0])
    job = counting_job(tmp_path)
    events = distinct_predictions(predictions_frame(spark, tmp_path, rows), GRID)
    labelled = with_labels(events, labels_frame(spark, tmp_path, labels), job)
    slices = spark.createDataFrame(
        [(number, name) for number, names in SLICES.items() for name in names],
        "slice_id bigint, slice string",
    )
    found: Counter[tuple[Any, ...]] = Counter()
    for row in pairs_of_slices(count_pairs(labelled, OPERATING), slices).collect():
        key = (row.slice, row.first_variant, row.second_variant, row.first_index, row.second_index)
        found[*key, 1] += row.positives
        found[*key, 0] += row.negatives
    assert +found == expected
    assert {key[0] for key in expected} == {name for names in SLICES.values() for name in names}


def test_counts_at_the_operating_threshold_are_exact(spark: SparkSession, tmp_path: Path) -> None:
    edge = GRID.threshold(OPERATING)
    below = float(np.nextafter(edge, 0))
    rows = [prediction("a", below, variant="x"), prediction("a", edge, variant="y")]
    events = distinct_predictions(predictions_frame(spark, tmp_path, rows), GRID)
    labels = labels_frame(spark, tmp_path, [label("a", [1])])
    (row,) = count_pairs(with_labels(events, labels, counting_job(tmp_path)), OPERATING).collect()
    assert row.first_index < OPERATING == row.second_index
    assert (row.positives, row.negatives) == (1, 0)
