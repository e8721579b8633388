"""The accounts of a day close when nothing is lost, and name what is left when something is."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_insights.balance import record_balance_table, remainders
from ml_insights.capture_counts import CaptureCounts
from ml_insights.contracts import ACCOUNTS, RECORD_BALANCE
from ml_insights.errors import ContractError

LABELS: dict[str, Any] = {
    "label_lines": {"label_lines_read": 12, "label_records": 10, "not_utf8": 2},
    "labels": {
        "labels_read": 10,
        "superseded": 1,
        "conflicting": 0,
        "not_of_the_day": 2,
        "wrong_length": 1,
        "missing": 1,
        "illegal": 0,
        "used": 5,
    },
    "labelled": {"a": 4},
    "labels_collected": {"collected": 7, "known": 6},
    "earlier_days_missing": 0,
}


def captured(
    variant: str = "a", *, rows: int = 6, lines: dict[str, int], predictions: dict[str, int]
) -> CaptureCounts:
    """Nine lines; the accepted ones hold a prediction each, of which `rows` scores are written."""
    accepted = 9 - sum(lines.values())
    numbers = {
        "lines_read": 9,
        "records_accepted": accepted,
        "predictions_in_records": accepted,
        "raw_predictions": rows,
    }
    reasons = {"rejected_line": Counter(lines), "rejected_prediction": Counter(predictions)}
    return CaptureCounts(1, 1, (0,), "", {variant: Counter(numbers)}, {variant: reasons})


def counts(*bins: tuple[int, int, int], variant: str = "a", slice_: str = "all") -> pa.Table:
    """Bins of one curve: positives, negatives and unlabelled records."""
    names = ("bin_positives", "bin_negatives", "bin_unlabelled")
    rows = [dict(zip(names, found, strict=True)) for found in bins]
    return pa.Table.from_pylist([{"variant": variant, "slice": slice_, **row} for row in rows])


def report(duplicates: dict[str, int], **changes: dict[str, int]) -> dict[str, Any]:
    return {**LABELS, **changes, "duplicates": duplicates}


GOOD_DAY = captured(lines={"empty_line": 2}, predictions={"score_nan": 1})
NOTHING_COUNTED = {("scores", "a"): 5, ("labelled_scores", "a"): 4}
GOOD_COUNTS = counts((1, 2, 0), (1, 0, 1))


def balance(**changes: Any) -> pa.Table:
    arguments = {
        "captured": GOOD_DAY,
        "counts": GOOD_COUNTS,
        "report": report({"a": 1}),
        "classes": 1,
        **changes,
    }
    return record_balance_table(**arguments)


def test_labels_that_reach_no_bin_or_several_are_noticed() -> None:
    lost = balance(counts=counts((0, 2, 1), (1, 0, 1)))
    assert remainders(lost) == {("labelled_scores", "a"): 1}
    doubled = balance(counts=counts((2, 2, 0), (1, 0, 0)))
    assert remainders(doubled) == {("labelled_scores", "a"): -1}
    unread = balance(report=report({"a": 1}, labels={**LABELS["labels"], "labels_read": 11}))
    assert remainders(unread) == {("labels", None): 1}


def test_every_account_closes_when_nothing_is_lost() -> None:
    table = balance()
    assert remainders(table) == {}
    assert set(table["account"].to_pylist()) == set(ACCOUNTS)


def test_what_came_in_is_positive_and_stands_before_where_it_went() -> None:
    rows = [tuple(row.values()) for row in balance().to_pylist()]
    assert rows[:3] == [
        ("capture_lines", "a", "lines_read", 9),
        ("capture_lines", "a", "empty_line", -2),
        ("capture_lines", "a", "records_accepted", -7),
    ]
    assert ("predictions", "a", "score_nan", -1) in rows
    assert ("scores", "a", "duplicates", -1) in rows
    assert ("labels_collected", None, "orphan_labels", -1) in rows


def test_items_without_a_record_are_left_out() -> None:
    items = balance()["item"].to_pylist()
    assert "conflicting" not in items
    assert "illegal" not in items


def test_rows_keep_the_contract_and_their_key_is_unique() -> None:
    table = balance()
    assert table.schema.equals(RECORD_BALANCE.arrow_schema())
    keys = list(zip(*(table[name].to_pylist() for name in RECORD_BALANCE.key), strict=True))
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({"counts": counts((1, 2, 0), (1, 0, 0))}, {("scores", "a"): 1}),
        ({"counts": counts((1, 2, 0), (1, 0, 2))}, {("scores", "a"): -1}),
        ({"counts": counts((9, 9, 9), variant="b")}, NOTHING_COUNTED),
        ({"counts": GOOD_COUNTS.slice(0, 0)}, NOTHING_COUNTED),
        ({"report": report({})}, {("scores", "a"): 1}),
        (
            {"captured": captured(lines={"empty_line": 2}, predictions={})},
            {("predictions", "a"): 1},
        ),
        (
            {"report": report({"a": 1}, labels={**LABELS["labels"], "used": 4})},
            {("labels", None): 1},
        ),
        (
            {"report": report({"a": 1}, label_lines={**LABELS["label_lines"], "not_utf8": 1})},
            {("label_lines", None): 1},
        ),
        (
            {"report": report({"a": 1}, labels_collected={"collected": 7, "known": 9})},
            {("labels_collected", None): -2},
        ),
    ],
    ids=[
        "a record is not counted",
        "a record is counted twice",
        "a variant is not counted",
        "nothing is counted",
        "duplicates are not reported",
        "a prediction is not written",
        "a label is lost",
        "a label line is lost",
        "more labels are found than were collected",
    ],
)
def test_a_loss_leaves_a_remainder_in_its_account(
    changes: dict[str, Any], left: dict[tuple[str, str | None], int]
) -> None:
    assert remainders(balance(**changes)) == left


def test_records_are_taken_from_the_slice_of_all_records_only() -> None:
    sliced = pa.concat_tables([GOOD_COUNTS, counts((1, 1, 1), slice_="region=EU")])
    assert balance(counts=sliced).equals(balance())


def test_variants_have_accounts_of_their_own() -> None:
    both = CaptureCounts(
        2,
        2,
        (0,),
        "",
        {"a": GOOD_DAY.variants["a"], "b": GOOD_DAY.variants["a"]},
        {"a": GOOD_DAY.reasons["a"], "b": GOOD_DAY.reasons["a"]},
    )
    # One variant has a record too many, the other one too few: they must not cancel out.
    table = balance(
        captured=both,
        counts=pa.concat_tables([counts((2, 2, 2)), counts((2, 2, 0), variant="b")]),
        report=report({"a": 1, "b": 1}, labelled={"a": 4, "b": 4}),
    )
    assert remainders(table) == {("scores", "a"): -1, ("scores", "b"): 1}


def test_a_prediction_of_several_classes_is_one_prediction_and_several_scores() -> None:
    table = balance(
        captured=captured(rows=18, lines={"empty_line": 2}, predictions={"score_nan": 1}),
        counts=counts((6, 9, 0)),
        report=report({"a": 3}, labelled={"a": 15}),
        classes=3,
    )
    assert remainders(table) == {}
    items = {row["item"]: row["records"] for row in table.to_pylist()}
    assert (items["predictions_scored"], items["raw_predictions"]) == (-6, 18)


def test_a_prediction_without_one_of_its_classes_is_an_error() -> None:
    with pytest.raises(ContractError, match=r"variant a has 17 rows .* its 3 classes"):
        balance(captured=captured(rows=17, lines={}, predictions={}), classes=3)


def test_no_label_is_called_an_orphan_while_days_before_are_not_published() -> None:
    table = balance(report={**LABELS, "duplicates": {"a": 0}, "earlier_days_missing": 1})
    items = [row["item"] for row in table.to_pylist() if row["account"] == "labels_collected"]
    assert "not_found_in_published_days" in items
    assert "orphan_labels" not in items


def test_a_day_without_labels_closes() -> None:
    nothing = {
        "label_lines": {"label_lines_read": 0},
        "labels": dict.fromkeys(LABELS["labels"], 0),
        "labelled": {"a": 0},
        "labels_collected": {"collected": 0, "known": 0},
        "earlier_days_missing": 0,
        "duplicates": {"a": 0},
    }
    assert remainders(balance(counts=counts((0, 0, 6)), report=nothing)) == {}


@given(
    st.lists(
        st.tuples(st.sampled_from(["scores", "labels"]), st.sampled_from(["a", None])), max_size=8
    ),
    st.data(),
)
def test_remainders_are_the_sums_that_are_not_zero(
    accounts: list[tuple[str, str | None]], data: st.DataObject
) -> None:
    numbers = [data.draw(st.integers(-3, 3)) for _ in accounts]
    rows = [
        {"account": account, "variant": variant, "item": str(n), "records": number}
        for n, ((account, variant), number) in enumerate(zip(accounts, numbers, strict=True))
    ]
    table = pa.Table.from_pylist(rows, schema=RECORD_BALANCE.arrow_schema())
    for key in set(accounts):
        total = sum(number for own, number in zip(accounts, numbers, strict=True) if own == key)
        assert remainders(table).get(key, 0) == total
    assert 0 not in remainders(table).values()
