"""Variants that score the same events: from the Spark step's rows to a verdict."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from ml_insights.day_counts import CurveCounts
from ml_insights.decisions.comparison_tables import JOINT_COUNTS
from ml_insights.decisions.comparisons import (
    SAME_EVENTS,
    VARIANTS,
    Rules,
    Traffic,
    variant_comparison_table,
)
from ml_insights.decisions.pairs import (
    Pair,
    joint_counts_added,
    joint_counts_of,
    joint_counts_table,
)
from ml_insights.metrics.confusion import BinCounts
from ml_insights.metrics.estimates import METRICS
from ml_insights.metrics.false_discovery import benjamini_hochberg
from ml_insights.metrics.paired import JointCounts, paired_differences
from ml_insights_tests.decisions.published import CHALLENGER, CHAMPION, GRID, HALF, drawn

RULES = Rules(HALF, relevant=0.005, min_label_coverage=0.9, min_positives=20, traffic_split={})
PAIR = Pair("1", "all", "challenger", "champion")


def spark_rows(seed: int = 1, events: int = 3000, slice_name: str = "all") -> pa.Table:
    """Rows as the Spark step writes them, in any order: the champion is noisier."""
    random = np.random.default_rng(seed)
    positive = random.random(events) < 0.3
    shared = random.normal(1.5 * positive, 1.0)
    scores = [1 / (1 + np.exp(0.5 - shared - random.normal(0, s, events))) for s in (0.1, 0.9)]
    rows = [
        {
            "class_label": "1",
            "slice": slice_name,
            "first_variant": "challenger",
            "second_variant": "champion",
            "first_index": GRID.index_of(float(one)),
            "second_index": GRID.index_of(float(other)),
            "positives": int(label),
            "negatives": int(not label),
        }
        for one, other, label in zip(*scores, positive, strict=True)
    ]
    return pa.Table.from_pylist(rows)


def test_rows_are_sorted_by_key_and_read_back() -> None:
    table = joint_counts_table(spark_rows())
    assert table.schema.names == JOINT_COUNTS.arrow_schema().names
    (found,) = joint_counts_of(table, GRID).items()
    assert found[0] == PAIR
    assert found[1].positives.sum() + found[1].negatives.sum() == 3000


def test_no_shared_event_is_an_empty_table_and_no_row() -> None:
    table = joint_counts_table(None)
    assert table.num_rows == 0
    assert joint_counts_of(table, GRID) == {}


def test_variants_are_compared_event_by_event_the_incumbent_first() -> None:
    joint = joint_counts_of(joint_counts_table(spark_rows()), GRID)
    counts = joint[PAIR]
    today = {CHALLENGER: counts.first(), CHAMPION: counts.second()}
    rows, otherwise = (
        variant_comparison_table(Traffic(today, shared), {}, RULES).to_pylist()
        for shared in (joint, None)
    )
    assert {row["comparison"] for row in rows} == {SAME_EVENTS}, "records that are not apart"
    paired, apart = ({row["metric"]: row for row in found} for found in (rows, otherwise))
    assert paired.keys() == set(METRICS)
    expected = paired_differences(counts.turned(), HALF)
    for metric, row in paired.items():
        assert (row["baseline_variant"], row["variant"]) == ("champion", "challenger")
        assert row["difference"] == expected[metric].difference.value
        wide = apart[metric]["difference_high"] - apart[metric]["difference_low"]
        assert row["difference_high"] - row["difference_low"] < wide
        assert (row["labels_needed"] or 0) <= (apart[metric]["labels_needed"] or 0)
    assert paired["average_precision"]["verdict"] == "better"


def test_a_pair_without_shared_labels_has_rows_that_say_so() -> None:
    today = {CHALLENGER: drawn(1), CHAMPION: drawn(2)}
    rows = variant_comparison_table(Traffic(today, {}), {}, RULES).to_pylist()
    paired = {row["metric"]: row for row in rows if row["comparison"] == SAME_EVENTS}
    assert paired.keys() == set(METRICS)
    for row in paired.values():
        assert (row["baseline_variant"], row["variant"]) == ("champion", "challenger")
        assert (row["verdict"], row["undefined_reason"]) == ("cannot_tell_yet", "no_shared_labels")
        assert (row["labels"], row["labels_needed"], row["difference"]) == (0, None, None)


SLICES = ("all", "region=EU", "region=US")


def sliced(slices: tuple[str, ...] = SLICES) -> tuple[CurveCounts, dict[Pair, JointCounts]]:
    """A day whose curves are margins of joint counts, other ones in every slice."""
    tables = [spark_rows(seed, 3000 // (seed + 1), name) for seed, name in enumerate(slices)]
    joint = joint_counts_of(joint_counts_table(pa.concat_tables(tables)), GRID)
    today = {}
    for pair, counts in joint.items():
        today[CHALLENGER._replace(slice=pair.slice)] = counts.first()
        today[CHAMPION._replace(slice=pair.slice)] = counts.second()
    return today, joint


def test_in_a_slice_variants_are_compared_by_the_events_of_the_slice() -> None:
    today, joint = sliced()
    rows = variant_comparison_table(Traffic(today, joint), {}, RULES).to_pylist()
    paired = [row for row in rows if row["comparison"] == SAME_EVENTS]
    assert len(paired) == len(SLICES) * len(METRICS)
    for row in paired:
        counts = joint[PAIR._replace(slice=row["slice"])].turned()
        first, second, expected, *_ = paired_differences(counts, HALF)[row["metric"]]
        assert (row["baseline_value"], row["value"]) == (first, second)
        assert row["p_value"] == expected.p_value
        assert row["labels"] == 2 * (counts.positives + counts.negatives).sum()
        assert row["undefined_reason"] is None


def test_slices_of_shared_events_are_one_family_of_tests() -> None:
    today, joint = sliced()
    rows = variant_comparison_table(Traffic(today, joint), {}, RULES).to_pylist()
    adjusted = benjamini_hochberg(np.array([row["p_value"] for row in rows]))
    assert [row["adjusted_p_value"] for row in rows] == pytest.approx(adjusted.tolist())
    assert {row["slice"] for row in rows} == set(SLICES)


def test_a_slice_without_shared_labels_says_so_and_leaves_the_others_as_they_are() -> None:
    today, joint = sliced()
    whole = {pair: counts for pair, counts in joint.items() if pair.slice != "region=EU"}
    rows = variant_comparison_table(Traffic(today, whole), {}, RULES).to_pylist()
    paired = [row for row in rows if row["comparison"] == SAME_EVENTS]
    reasons = {(row["slice"], row["undefined_reason"]) for row in paired}
    assert reasons == {
        ("all", None),
        ("region=EU", "no_shared_labels"),
        ("region=US", None),
    }
    assert {row["verdict"] for row in paired if row["slice"] == "region=EU"} == {"cannot_tell_yet"}


def test_a_comparison_on_shared_events_is_provisional_as_its_curves_are() -> None:
    today, joint = sliced()
    late = CHAMPION._replace(slice="region=EU")
    waiting = BinCounts.from_scores(GRID, [0.5] * 1000, [-1] * 1000)
    today[late] = today[late] + waiting
    rows = variant_comparison_table(Traffic(today, joint), {}, RULES).to_pylist()
    provisional = {row["slice"] for row in rows if row["provisional"]}
    assert provisional == {"region=EU"}


def test_variants_that_share_no_events_by_the_settings_have_no_such_row() -> None:
    today = {CHALLENGER: drawn(1), CHAMPION: drawn(2)}
    rows = variant_comparison_table(Traffic(today), {}, RULES).to_pylist()
    assert {row["comparison"] for row in rows} == {VARIANTS}


def test_days_of_shared_events_add_up() -> None:
    days = [joint_counts_table(spark_rows(seed)) for seed in (1, 2, 3)]
    added = joint_counts_added(days)
    assert added.schema.names == JOINT_COUNTS.arrow_schema().names
    (counts,) = joint_counts_of(added, GRID).values()
    own = [joint_counts_of(day, GRID)[PAIR] for day in days]
    for side in ("first", "second"):
        whole = sum((getattr(one, side)() for one in own[1:]), getattr(own[0], side)())
        assert np.array_equal(getattr(counts, side)().positives, whole.positives)
        assert np.array_equal(getattr(counts, side)().negatives, whole.negatives)
    today = {CHALLENGER: own[0].first(), CHAMPION: own[0].second()}
    week = {CHALLENGER: counts.first(), CHAMPION: counts.second()}
    rows = variant_comparison_table(
        Traffic(today, {PAIR: own[0]}), {}, RULES, {7: Traffic(week, {PAIR: counts}, days=3)}
    ).to_pylist()
    assert {row["comparison"] for row in rows} == {SAME_EVENTS, "same_events_7_days"}
    assert {row["baseline_days"] for row in rows} == {1, 3}


def test_turning_the_pair_turns_the_differences() -> None:
    counts = joint_counts_of(joint_counts_table(spark_rows(2)), GRID)[PAIR]
    assert isinstance(counts, JointCounts)
    there, back = (paired_differences(c, HALF) for c in (counts, counts.turned()))
    for metric in METRICS:
        assert there[metric].difference.value == -back[metric].difference.value
