"""Asset checks, each named as the invariant that holds when it passes.

What belongs here: reading what was published and saying whether an invariant holds, with the
observed numbers. What does not: computing anything that is published. A check blocks where the next
asset would publish a wrong number; it warns where the number is right but says little.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from math import isnan
from typing import Any

import dagster as dg
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ml_insights.assets.days import WEEK, counts_before, counts_of_day
from ml_insights.assets.declaration import failures, key
from ml_insights.assets.inputs import not_read, others_said
from ml_insights.assets.raw_predictions import captured_counts
from ml_insights.balance import remainders
from ml_insights.columns import Table
from ml_insights.contracts import (
    ALL_RECORDS,
    CONFUSION_COUNTS,
    MODEL_QUALITY,
    QUARANTINE,
    RAW_PREDICTIONS,
    RECORD_BALANCE,
)
from ml_insights.day_counts import closed_days, other_meanings
from ml_insights.decisions.regressions import RECALL, found_regressions
from ml_insights.decisions.tables import WINDOW_QUALITY
from ml_insights.decisions.traffic import records_of, strayed
from ml_insights.errors import MissingInputError
from ml_insights.lake import Lake
from ml_insights.metrics.comparison import STANDARDISED
from ml_insights.metrics.differences import Difference
from ml_insights.partitions import daily_partitions, day_of
from ml_insights.resources import LakeResource
from ml_insights.scope import EndpointScope

_UNUSED_LABELS = (
    *("missing", "illegal", "ambiguous", "wrong_length", "conflicting"),
    "not_of_the_day",
)

Verdict = tuple[bool, str, dict[str, Any]]
Invariant = Callable[[EndpointScope, Lake, date], Verdict]


def endpoint_checks(scope: EndpointScope) -> list[dg.AssetChecksDefinition]:
    """All checks of one endpoint, in the order of the flow."""
    return [
        _check(scope, RAW_PREDICTIONS, every_hour_has_captures),
        _check(scope, RAW_PREDICTIONS, rejected_share_is_within_limit, blocking=True),
        _check(scope, RAW_PREDICTIONS, no_variant_is_rejected_above_the_limit),
        _check(scope, CONFUSION_COUNTS, labels_lie_where_they_are_read),
        _check(scope, CONFUSION_COUNTS, labels_are_of_known_classes),
        _check(scope, CONFUSION_COUNTS, counts_do_not_increase_with_threshold, blocking=True),
        _check(scope, RECORD_BALANCE, every_account_adds_up_to_zero, blocking=True),
        _check(scope, RECORD_BALANCE, traffic_is_split_as_configured),
        _check(scope, RECORD_BALANCE, labels_name_one_prediction),
        _check(scope, RECORD_BALANCE, days_before_count_the_same),
        _check(scope, MODEL_QUALITY, positives_are_enough),
        _check(scope, MODEL_QUALITY, label_coverage_is_reached),
        _check(
            scope,
            MODEL_QUALITY,
            no_share_fell_beyond_doubt,
            severity=dg.AssetCheckSeverity[scope.endpoint.regression_severity.upper()],
        ),
    ]


def _check(
    scope: EndpointScope,
    table: Table,
    invariant: Invariant,
    *,
    blocking: bool = False,
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.WARN,
) -> dg.AssetChecksDefinition:
    if blocking:
        severity = dg.AssetCheckSeverity.ERROR

    @dg.asset_check(
        asset=key(scope, table.name),
        name=invariant.__name__,
        description=invariant.__doc__,
        blocking=blocking,
    )
    def check(context: dg.AssetCheckExecutionContext, lake: LakeResource) -> dg.AssetCheckResult:
        with failures():
            day = _day(context, scope)
            passed, finding, observed = invariant(scope, lake.lake, day)
        return dg.AssetCheckResult(
            passed=passed,
            severity=severity,
            description=finding,
            metadata={"day": day.isoformat(), **observed},
        )

    return check


def _day(context: dg.AssetCheckExecutionContext, scope: EndpointScope) -> date:
    """The run's day; a check that is run alone has none and takes the newest."""
    if context.op_execution_context.has_partition_key:
        return day_of(context.op_execution_context.partition_key)
    newest = daily_partitions(scope.endpoint).get_last_partition_key()
    if newest is None:
        raise MissingInputError(f"{scope.name} has no day yet whose labels have matured")
    return day_of(newest)


def every_hour_has_captures(scope: EndpointScope, lake: Lake, day: date) -> Verdict:
    """Every hour of the day has captured objects that are read, and no variant pauses."""
    counts = captured_counts(scope, lake, day)
    missing = [hour for hour in range(24) if hour not in counts.hours]
    misplaced, hidden = (not_read(counts.skipped, kind) for kind in ("misplaced", "hidden"))
    hours = (
        f"no capture in the hours {_hours(missing)} (UTC): no traffic, or capture stopped "
        "(SageMaker drops captures at high disk use)"
        if missing
        else "all 24 hours have captures"
    )
    # A variant may be deployed or withdrawn in the middle of a day, but not pause.
    gaps = {who: _gaps(own, missing) for who, own in counts.hours_of_variants.items()}
    paused = [f"none of {who} in {_hours(found)}" for who, found in gaps.items() if found]
    place = f" below {scope.capture_root}" if misplaced or hidden else ""
    finding = "; ".join(part for part in (hours, *paused, misplaced, hidden) if part) + place
    observed = {"hours present": len(counts.hours), "hours missing": _hours(missing)}
    observed |= {f"{who}: hours present": len(own) for who, own in counts.hours_of_variants.items()}
    return not missing and not paused and not misplaced, finding, observed


def _gaps(present: Sequence[int], known: Sequence[int]) -> list[int]:
    """Hours between the first and the last of a variant that it lacks, but for known ones."""
    between = range(present[0], present[-1]) if present else ()
    return [hour for hour in between if hour not in present and hour not in known]


def _hours(hours: Sequence[int]) -> str:
    return ", ".join(f"{hour:02}" for hour in hours)


def rejected_share_is_within_limit(scope: EndpointScope, lake: Lake, day: date) -> Verdict:
    """The rejected share of lines, and of predictions, is within `max_rejected_share`."""
    counts, limit = captured_counts(scope, lake, day), scope.endpoint.max_rejected_share
    reasons = ", ".join(f"{reason}: {count}" for reason, count in counts.rejected.items())
    passed = counts.rejected_share <= limit
    finding = f"{counts.rejected_share:.3%} rejected, limit {limit:.3%} ({reasons or 'none'})"
    if not passed:
        finding += f"; samples are in {lake.partition(scope.name, QUARANTINE.name, day)}"
    observed = {"rejected share": counts.rejected_share, **counts.rejected}
    return passed, finding, observed


def no_variant_is_rejected_above_the_limit(scope: EndpointScope, lake: Lake, day: date) -> Verdict:
    """Of no variant alone is a larger share rejected than `max_rejected_share`."""
    counts, limit = captured_counts(scope, lake, day), scope.endpoint.max_rejected_share
    above = [f"{who} {share:.3%}" for who, share in counts.rejected_shares.items() if share > limit]
    finding = (
        f"above {limit:.3%}: {', '.join(above)}; samples are in "
        f"{lake.partition(scope.name, QUARANTINE.name, day)}"
        if above
        else f"at most {limit:.3%} of each"
    )
    observed = {f"{who}: rejected share": share for who, share in counts.rejected_shares.items()}
    return not above, finding, observed


def labels_lie_where_they_are_read(scope: EndpointScope, lake: Lake, day: date) -> Verdict:
    """No object lies beside the folders of days that labels are read from."""
    found = lake.notes(scope.name, CONFUSION_COUNTS, day)["report"]["ground_truth"]
    # A day of an earlier version says nothing about it.
    skipped = found.get("skipped", {})
    misplaced, hidden = (not_read(skipped, kind) for kind in ("misplaced", "hidden"))
    told = "; ".join(part for part in (misplaced, hidden) if part)
    finding = f"{told} below {scope.ground_truth_root}" if told else "every object is read"
    return not misplaced, finding, {"files": found["files"]}


def labels_are_of_known_classes(scope: EndpointScope, lake: Lake, day: date) -> Verdict:
    """Labels are those that the settings name; if the negative one is not, it is one text."""
    report = lake.notes(scope.name, CONFUSION_COUNTS, day)["report"]
    said = others_said(report)
    if not said:
        return True, "every label is one that the settings name", {}
    others = report["other_labels"]
    labels = sum(others["texts"].values()) + others["more"]
    observed = {"labels that settings do not name": labels}
    if scope.endpoint.classes or scope.endpoint.negative_label:
        return False, f"labels that the settings do not name are not used: {said}", observed
    if len(others["texts"]) == 1:
        return True, f"labels that are not positive say the same: {said}", observed
    finding = (
        f"labels of several texts count as negatives: {said}. If one of them alone means "
        "negative, name it as negative_label"
    )
    return False, finding, observed


def counts_do_not_increase_with_threshold(scope: EndpointScope, lake: Lake, day: date) -> Verdict:
    """Along each curve, true and false positives do not increase and totals stay the same."""
    rows = lake.read(scope.name, CONFUSION_COUNTS, day)
    cells = {
        name: rows[name].to_numpy()
        for name in ("true_positives", "false_positives", "false_negatives", "true_negatives")
    }
    same_curve = np.ones(max(rows.num_rows - 1, 0), dtype=bool)
    for name in ("variant", "class_label", "slice"):
        values = rows[name].to_numpy(zero_copy_only=False)
        same_curve &= values[1:] == values[:-1]
    falls = (np.diff(cells["true_positives"]) <= 0) & (np.diff(cells["false_positives"]) <= 0)
    totals = (np.diff(cells["true_positives"] + cells["false_negatives"]) == 0) & (
        np.diff(cells["false_positives"] + cells["true_negatives"]) == 0
    )
    broken = int(np.count_nonzero(same_curve & ~(falls & totals)))
    finding = f"{broken} of {rows.num_rows} thresholds break the order" if broken else "holds"
    return not broken, finding, {"thresholds": rows.num_rows, "thresholds out of order": broken}


def every_account_adds_up_to_zero(scope: EndpointScope, lake: Lake, day: date) -> Verdict:
    """Every account of the record balance adds up to zero: no record is lost or counted twice."""
    left = remainders(lake.read(scope.name, RECORD_BALANCE, day))
    found = ", ".join(
        f"{account} {variant or ''}: {rest:+}" for (account, variant), rest in left.items()
    )
    finding = (
        f"records are lost (+) or counted twice (-): {found}" if left else "all accounts close"
    )
    return not left, finding, {"accounts that do not close": len(left)}


def traffic_is_split_as_configured(scope: EndpointScope, lake: Lake, day: date) -> Verdict:
    """Each variant answered its share of the day's requests, as `traffic_split` says.

    A share farther off than chance (p below 0.001 over all variants) means records that are missing
    or astray, and differences between variants that cannot be trusted.
    """
    records = records_of(lake.read(scope.name, RECORD_BALANCE, day))
    shares = scope.comparison_rules.traffic_split
    total = sum(records.values())
    astray = strayed(records, shares)
    finding = "; ".join(
        f"{found.variant} answered {found.records:,} of {total:,} requests, "
        f"{100 * found.expected:.3g} % are configured"
        for found in astray
    )
    nothing = f"{len(shares)} variants" if shares else "no `traffic_split` is configured"
    return not astray, finding or nothing, {f"{name}: requests": n for name, n in records.items()}


def labels_name_one_prediction(scope: EndpointScope, lake: Lake, day: date) -> Verdict:
    """No label's event is shared by predictions that say different things."""
    rows = lake.read(scope.name, RECORD_BALANCE, day)
    chosen = pc.and_(pc.equal(rows["account"], "labels"), pc.equal(rows["item"], "ambiguous"))
    shared = -(pc.sum(rows.filter(chosen)["records"]).as_py() or 0)
    finding = (
        f"{shared} labels are for an inferenceId that several predictions of one variant share; "
        "they are not used. Let callers send a new InferenceId with each request, or none"
        if shared
        else "every label names one prediction"
    )
    return not shared, finding, {"ambiguous labels": shared}


def days_before_count_the_same(scope: EndpointScope, lake: Lake, day: date) -> Verdict:
    """Counts of the 28 days up to the day mean the same, so that they add up in its windows."""
    one, most = timedelta(days=1), max(WINDOW_QUALITY)
    own = lake.notes(scope.name, CONFUSION_COUNTS, day)["report"].get("meaning", {})
    before = closed_days(lake, scope.name, day - (most - 1) * one, day - one)
    others = other_meanings({**before, day: own})
    named = ", ".join(f"{other} ({different})" for other, different in list(others.items())[:3])
    finding = (
        f"settings changed: {len(others)} of the days before are in no window of this day, such "
        f"as {named}. Materialize raw_predictions and confusion_counts of days that the settings "
        "of today hold for as well"
        if others
        else "all days before may be used"
    )
    return not others, finding, {"days left out": len(others)}


def positives_are_enough(scope: EndpointScope, lake: Lake, day: date) -> Verdict:
    """Every variant has at least `min_positives` labelled positives."""
    rows, least = _all_records(scope, lake, day), scope.endpoint.min_positives
    positives = {_who(scope, row): row["positives"] for row in rows}
    positives |= dict.fromkeys(captured_counts(scope, lake, day).without_predictions, 0)
    few = [f"{who} has {count}" for who, count in positives.items() if count < least]
    finding = f"fewer than {least} positives: {', '.join(few)}" if few else f"at least {least}"
    return not few, finding, {f"{who}: positives": count for who, count in positives.items()}


def label_coverage_is_reached(scope: EndpointScope, lake: Lake, day: date) -> Verdict:
    """Every variant has labels for at least `min_label_coverage` of its records."""
    rows, least = _all_records(scope, lake, day), scope.endpoint.min_label_coverage
    coverage = {_who(scope, row): row["label_coverage"] or 0.0 for row in rows}
    coverage |= dict.fromkeys(captured_counts(scope, lake, day).without_predictions, 0.0)
    low = [f"{who} {share:.1%}" for who, share in coverage.items() if share < least]
    finding = (
        f"below {least:.1%}, the day is provisional: {', '.join(low)}. "
        f"{_labels_found(scope, lake, day)}"
        if low
        else "reached"
    )
    return not low, finding, {f"{who}: label coverage": share for who, share in coverage.items()}


def no_share_fell_beyond_doubt(scope: EndpointScope, lake: Lake, day: date) -> Verdict:
    """Recall, and precision at equal prevalence, fell nowhere against the 7 days before.

    Exact tests that stay valid when looked at every day: any false alarm of an endpoint happens
    in at most one month of twenty, over all its variants and slices.
    """
    week = counts_before(scope, lake, day, WEEK)
    today = counts_of_day(scope, lake, day)
    fallen, tests = found_regressions(
        today,
        week.counts,
        scope.threshold_index,
        scope.endpoint.smallest_relevant_difference,
        looks=scope.looks_a_day,
    )
    finding = "; ".join(
        f"{found.curve.variant} {found.curve.slice}: {_GATED_WORDS[found.metric]} "
        f"{_points(found.difference)}{_waiting(scope, today[found.curve].label_coverage)}"
        for found in fallen[:10]
    )
    more = f"; and {len(fallen) - 10} more" if len(fallen) > 10 else ""
    nothing = f"none of {tests} shares" if tests else "no days before to compare with"
    observed = {"tests": tests, "regressions": len(fallen), "days before": week.days}
    return not fallen, f"{finding}{more}" or nothing, observed


_GATED_WORDS = {RECALL: "recall", STANDARDISED: "precision at equal prevalence"}


def _points(change: Difference) -> str:
    interval = f" [{100 * change.low:+.1f}, {100 * change.high:+.1f}]"
    return f"{100 * change.value:+.1f} points{'' if isnan(change.low) else interval}"


def _waiting(scope: EndpointScope, coverage: float) -> str:
    if coverage >= scope.endpoint.min_label_coverage:
        return ""
    return f" (provisional, labels of {100 * coverage:.0f} %)"


def _all_records(scope: EndpointScope, lake: Lake, day: date) -> list[dict[str, Any]]:
    rows: pa.Table = lake.read(scope.name, MODEL_QUALITY, day)
    found: list[dict[str, Any]] = rows.filter(pc.equal(rows["slice"], ALL_RECORDS)).to_pylist()
    return found


def _who(scope: EndpointScope, row: dict[str, Any]) -> str:
    several = bool(scope.endpoint.classes)
    return f"{row['variant']} {row['class_label']}" if several else str(row["variant"])


def _labels_found(scope: EndpointScope, lake: Lake, day: date) -> str:
    """Where labels were looked for, what was read there, and why it was of no use."""
    report = lake.notes(scope.name, CONFUSION_COUNTS, day)["report"]
    files, lines = report["ground_truth"]["files"], Counter(report["label_lines"])
    last = day + timedelta(days=scope.endpoint.label_window_days)
    place = f"{scope.ground_truth_root}/yyyy/mm/dd of {day} to {last}"
    if not files:
        return f"No file is in {place}: have labels arrived, and is ground_truth right?"
    read, accepted = lines.pop("label_lines_read"), lines.pop("label_records", 0)
    lost = {f"rejected as {reason}": count for reason, count in lines.items()}
    lost |= {name.replace("_", " "): report["labels"].get(name, 0) for name in _UNUSED_LABELS}
    reasons = ", ".join(f"{count} {reason}" for reason, count in lost.items() if count)
    return (
        f"Read {files} files, {read} lines, {accepted} of them label records, in {place}; "
        f"not used: {reasons or 'none'}"
    )
