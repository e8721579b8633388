"""The facts about a captured day are the sums over the units of its manifest."""

from __future__ import annotations

from typing import Any

import pytest

from ml_insights.capture_counts import CaptureCounts
from ml_insights.errors import BadInputError


def counted(
    lines: int = 10,
    *,
    predictions: int = 10,
    lines_rejected: dict[str, int] | None = None,
    predictions_rejected: dict[str, int] | None = None,
) -> dict[str, Any]:
    """What a manifest says of a variant in a unit."""
    bad_lines, bad_predictions = lines_rejected or {}, predictions_rejected or {}
    return {
        "lines_read": lines,
        "records_accepted": lines - sum(bad_lines.values()),
        "predictions_in_records": predictions,
        "raw_predictions": predictions - sum(bad_predictions.values()),
        "rejected_line": bad_lines,
        "rejected_prediction": bad_predictions,
    }


def unit(
    hours: str, newest: str | None = "2026-10-01T01:00:00Z", **variants: Any
) -> dict[str, Any]:
    return {
        "path": f"unit={hours}/run=1",
        "hours": dict.fromkeys(hours.split("-"), "fingerprint"),
        "files": 2,
        "bytes": 100,
        "newest": newest,
        "variants": variants,
    }


def counts_of(*units: dict[str, Any]) -> CaptureCounts:
    return CaptureCounts.from_manifest({"units": list(units)})


def test_units_add_up_by_variant_and_reason() -> None:
    counts = counts_of(
        unit("00-01", a=counted(10, lines_rejected={"not_utf8": 1, "empty_line": 2})),
        unit("23", a=counted(5, predictions=7, lines_rejected={"not_utf8": 3}), b=counted(4)),
    )
    assert (counts.files, counts.bytes, counts.hours) == (4, 200, (0, 1, 23))
    assert counts.variants["a"] == {
        "lines_read": 15,
        "records_accepted": 9,
        "predictions_in_records": 17,
        "raw_predictions": 17,
    }
    assert counts.variants["b"]["lines_read"] == 4
    assert counts.reasons["a"]["rejected_line"] == {"not_utf8": 4, "empty_line": 2}
    assert not counts.reasons["b"]["rejected_line"]
    assert counts.total("lines_read") == 19


def test_the_newest_object_is_that_of_all_units() -> None:
    late, early = "2026-10-02T00:00:00Z", "2026-10-01T01:00:00Z"
    counts = counts_of(unit("00", early, a=counted()), unit("01", late, a=counted()))
    assert counts.newest == late
    assert counts.observation() == {
        "files": 4,
        "bytes": 200,
        "hours": 2,
        "newest": late,
        "skipped": {},
    }


def test_units_without_a_line_have_no_newest_object_and_do_not_disturb() -> None:
    empty = counted(0, predictions=0)
    both_empty = counts_of(unit("00", None, a=empty), unit("01", None, a=empty))
    assert not both_empty.newest
    assert both_empty.rejected_share == 0
    one = counts_of(unit("00", None, a=empty), unit("01", "2026-10-01T01:00:00Z", a=counted()))
    assert one.newest == "2026-10-01T01:00:00Z"


def test_rejected_records_are_listed_most_frequent_first() -> None:
    counts = counts_of(
        unit("00", a=counted(lines_rejected={"not_utf8": 1, "no_output": 3})),
        unit("01", b=counted(predictions_rejected={"score_nan": 5, "score_above_1": 1})),
    )
    assert list(counts.rejected.items())[:2] == [("score_nan", 5), ("no_output", 3)]
    assert counts.rejected.total() == 10


@pytest.mark.parametrize(
    ("variants", "share"),
    [
        ({"a": counted(10, lines_rejected={"not_utf8": 2})}, 0.2),
        ({"a": counted(10, predictions=100, predictions_rejected={"score_nan": 30})}, 0.3),
        # Shares are of all variants together.
        ({"a": counted(10, lines_rejected={"not_utf8": 4}), "b": counted(30)}, 0.1),
        ({"a": counted(0, predictions=0)}, 0.0),
    ],
)
def test_the_rejected_share_is_the_larger_of_lines_and_predictions(
    variants: dict[str, Any], share: float
) -> None:
    assert counts_of(unit("00", **variants)).rejected_share == share


def test_a_day_is_refused_above_the_limit_only_and_with_its_reasons() -> None:
    reasons = {"malformed_json": 2, "not_utf8": 1}
    counts = counts_of(unit("00", a=counted(100, lines_rejected=reasons)))
    counts.refuse_above(0.03)
    with pytest.raises(BadInputError) as caught:
        counts.refuse_above(0.029)
    message = str(caught.value)
    assert "3.00% of the day's records are rejected" in message
    assert "max_rejected_share = 2.90%" in message
    assert "the line is not exactly one JSON object: 2, the line is not valid UTF-8: 1" in message
    assert "quarantine" in message
    assert not caught.value.retryable
