"""Filling a data set: started once, followed to its end, and its rows compared with the lake's.

What belongs here: ingestions of one data set. What does not: which rows are published (callers
count them), and which data sets there are.

QuickSight answers COMPLETED also when it dropped rows, so its numbers are checked. Manual
ingestions have a quota in any 24 hours; scheduled ones and those of a new data set do not count.
Those of the last 24 hours are counted before another is started. Long, because starting, following
and judging must agree on what an earlier try has left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from ml_insights.aws.quicksight.account import EXISTS, Account
from ml_insights.aws.quicksight.fields import Json
from ml_insights.aws.waiting import Pace, States, wait
from ml_insights.errors import AwsError, AwsPermanentError, AwsTransientError

Mode = Literal["FULL_REFRESH", "INCREMENTAL_REFRESH"]

STATES = States(
    pending=("INITIALIZED", "QUEUED", "RUNNING"), terminal=("COMPLETED", "FAILED", "CANCELLED")
)
ROWS_MISSING = "RowsMissing"
"""Code of the error that a data set has other rows than the lake."""
_WHOLE = ("INITIAL_INGESTION", "EDIT", "FULL_REFRESH")
"""Types of ingestions that replace all rows."""
_QUOTA = "LimitExceededException"
_QUOTA_WINDOW = timedelta(hours=24)
_PASSING = frozenset(
    {
        "QUERY_TIMEOUT",
        "CONNECTION_FAILURE",
        "INTERNAL_SERVICE_ERROR",
        "INGESTION_SUPERSEDED",
        "REFRESH_SUPPRESSED_BY_EDIT",
        "DATA_SOURCE_CONNECTION_FAILED",
        "SOURCE_API_LIMIT_EXCEEDED_FAILURE",
        "SOURCE_RESOURCE_LIMIT_EXCEEDED",
        "UNRESOLVABLE_HOST",
    }
)
"""Reasons of failed ingestions that pass by themselves."""


@dataclass(frozen=True)
class Ingested:
    """An ingestion that completed and dropped nothing.

    Attributes:
        ingestion_id: its id.
        rows: rows it read.
        total: rows of the data set since.
    """

    ingestion_id: str
    rows: int
    total: int


class QuotaUsedUpError(AwsPermanentError):
    """Data sets must wait, because their manual ingestions of 24 hours are used up.

    Attributes:
        waiting: when the next ingestion of each may start, UTC; None where it is not known.
    """

    def __init__(self, waiting: Mapping[str, datetime | None], quota: int) -> None:
        """Say which sets wait, and until when."""
        times = "; ".join(
            f"{name} may start again at {free:%Y-%m-%d %H:%M} UTC" if free else f"{name} later"
            for name, free in sorted(waiting.items())
        )
        super().__init__(
            f"QuickSight ingests a data set {quota} times in 24 hours "
            f"(`quicksight.ingestions_per_day`), and these wait: {times}. What is published stays, "
            "and any later ingestion carries it: after a backfill it is enough to materialize "
            "quicksight_dataset for its last day.",
            code=_QUOTA,
        )
        self.waiting = dict(waiting)
        self.quota = quota


def ingest(
    account: Account,
    set_id: str,
    name: str,
    mode: Mode,
    *,
    total: int,
    quota: int,
    now: datetime,
    pace: Pace,
) -> Ingested:
    """Start an ingestion and follow it; one that runs or has filled the set is taken up.

    Args:
        account: where.
        set_id: the data set.
        name: stands for the content: the same content has the same name. After a try that failed,
            dropped rows or left the set with other rows than `total`, the next gets a number more.
        mode: whole data set, or the days of its look-back window.
        total: rows that the set is to have then.
        quota: manual ingestions that the account may start in 24 hours.
        now: the time, UTC.
        pace: deadline and pauses.

    Raises:
        QuotaUsedUpError: no further ingestion may start now.
        AwsPermanentError: the ingestion failed for good or dropped rows.
        AwsTransientError: it failed for a reason that passes.
        DeadlineExceededError: it did not end; it has been cancelled.
    """
    earlier = _earlier(account, set_id)
    for number in range(1, quota + 1):
        ingestion_id = f"{name}-{number}"
        free = _free_at(earlier, quota, now)
        if free and ingestion_id not in {one["IngestionId"] for one in earlier}:
            raise QuotaUsedUpError({set_id: free}, quota)
        try:
            _start(account, set_id, ingestion_id, mode)
        except AwsError as error:
            if error.code == _QUOTA:
                raise QuotaUsedUpError({set_id: free}, quota) from error
            if error.code != EXISTS:
                raise
            if _in_vain(_describe(account, set_id, ingestion_id), total):
                continue
        return follow(account, set_id, ingestion_id, pace)
    raise AwsPermanentError(
        f"all {quota} ingestions {name} of data set {set_id} failed. Look at the last one in "
        "QuickSight; new data of the day gets a name of its own.",
        code="IngestionFailed",
    )


def follow(account: Account, set_id: str, ingestion_id: str, pace: Pace) -> Ingested:
    """Wait for an ingestion and judge it; see `ingest` for what it raises."""
    described = _ended(account, set_id, ingestion_id, pace)
    _refuse_failed(set_id, ingestion_id, described)
    rows = described.get("RowInfo", {})
    if dropped := rows.get("RowsDropped", 0):
        raise AwsPermanentError(
            f"ingestion {ingestion_id} of data set {set_id} completed but dropped {dropped} of "
            f"{dropped + rows.get('RowsIngested', 0)} rows: their values do not fit the column "
            "types of the data set. The rows that fit are shown. Compare the table's columns with "
            "its contract, then publish the day again.",
            code="RowsDropped",
        )
    return Ingested(ingestion_id, rows.get("RowsIngested", 0), rows.get("TotalRowsInDataset", 0))


def unfilled_by(account: Account, set_id: str, pace: Pace) -> str | None:
    """The last ingestion of the whole data set, if it did not bring all rows.

    QuickSight starts one by itself when a set is made or changed. Until a full one succeeds the set
    may have no rows, or those of before the change. One that still runs is waited for.

    Args:
        account: where.
        set_id: the data set.
        pace: deadline and pauses.

    Returns:
        Id of the ingestion that failed, was cancelled or dropped rows; None if all is well.

    Raises:
        AwsError: a call failed.
        DeadlineExceededError: the ingestion did not end; it has been cancelled.
    """
    whole = [one for one in _earlier(account, set_id) if one.get("RequestType") in _WHOLE]
    if not whole:
        return None
    last = max(whole, key=lambda one: one["CreatedTime"])
    if _state(last) in STATES.pending:
        last = _ended(account, set_id, str(last["IngestionId"]), pace)
    dropped = last.get("RowInfo", {}).get("RowsDropped", 0)
    return str(last["IngestionId"]) if _state(last) != "COMPLETED" or dropped else None


def refuse_missing_rows(
    set_id: str,
    ingested: Ingested,
    mode: Mode,
    *,
    days: Iterable[date],
    rows_of: Callable[[date], int],
    reaching: date,
) -> None:
    """Compare what was ingested with what is published.

    A full refresh must have read the rows of all days. How far back an incremental one reads,
    QuickSight decides (at least its window, more after a pause), but it must be whole days.

    Args:
        set_id: the data set.
        ingested: what QuickSight says.
        mode: how it was filled.
        days: published days, newest first.
        rows_of: published rows of a day.
        reaching: the oldest day that an incremental refresh must have read.

    Raises:
        AwsTransientError: the numbers differ, as when a day was published meanwhile.
    """
    expected, found = 0, False
    for day in days:
        if mode == "INCREMENTAL_REFRESH" and expected > ingested.rows:
            break
        expected += rows_of(day)
        if mode == "INCREMENTAL_REFRESH" and day <= reaching and expected == ingested.rows:
            found = True
            break
    if mode == "FULL_REFRESH":
        found = expected == ingested.rows == ingested.total
    if not found:
        raise AwsTransientError(
            f"ingestion {ingested.ingestion_id} of data set {set_id} ({mode}) read "
            f"{ingested.rows} rows and the set has {ingested.total}, but the lake has {expected} "
            "for these days. If a day was published or deleted meanwhile, run again; else compare "
            "the Glue table's location and partition projection with the lake.",
            code=ROWS_MISSING,
        )


def _earlier(account: Account, set_id: str) -> list[Json]:
    return list(account.pages("list_ingestions", "Ingestions", set_id, DataSetId=set_id))


def _free_at(earlier: Iterable[Json], quota: int, now: datetime) -> datetime | None:
    """When the next manual ingestion may start; None if one may start now."""
    recent = sorted(
        one["CreatedTime"]
        for one in earlier
        if one.get("RequestSource") == "MANUAL"
        and one.get("RequestType") in ("INCREMENTAL_REFRESH", "FULL_REFRESH")
        and one["CreatedTime"] > now - _QUOTA_WINDOW
    )
    return recent[-quota] + _QUOTA_WINDOW if len(recent) >= quota else None


def _start(account: Account, set_id: str, ingestion_id: str, mode: Mode) -> None:
    account.call(
        "create_ingestion",
        f"{set_id}/{ingestion_id}",
        DataSetId=set_id,
        IngestionId=ingestion_id,
        IngestionType=mode,
    )


def _in_vain(described: Json, total: int) -> bool:
    """Whether an earlier try has ended without filling the set."""
    rows = described.get("RowInfo", {})
    filled = not rows.get("RowsDropped", 0) and rows.get("TotalRowsInDataset", 0) == total
    return _state(described) in STATES.terminal and not (
        _state(described) == "COMPLETED" and filled
    )


def _refuse_failed(set_id: str, ingestion_id: str, described: Json) -> None:
    if _state(described) == "COMPLETED":
        return
    found = described.get("ErrorInfo", {})
    kind = str(found.get("Type", _state(described)))
    text = (
        f"ingestion {ingestion_id} of data set {set_id} is {_state(described)}: {kind}: "
        f"{found.get('Message', 'no message')}. The rows of before are still shown."
    )
    if kind in _PASSING:
        raise AwsTransientError(f"{text} Run again.", code=kind)
    raise AwsPermanentError(
        f"{text} Check the table in Athena and what QuickSight's role may read, then run again.",
        code=kind,
    )


def _ended(account: Account, set_id: str, ingestion_id: str, pace: Pace) -> Json:
    """The ingestion once it has ended, well or not; at the deadline it is cancelled."""
    named = {"DataSetId": set_id, "IngestionId": ingestion_id}
    return wait(
        f"ingestion {ingestion_id} of data set {set_id}",
        lambda: _describe(account, set_id, ingestion_id),
        _state,
        states=STATES,
        pace=pace,
        cancel=lambda: _cancel(account, named),
        clock=account.clock,
    )


def _describe(account: Account, set_id: str, ingestion_id: str) -> Json:
    described: Json = account.call(
        "describe_ingestion",
        f"{set_id}/{ingestion_id}",
        DataSetId=set_id,
        IngestionId=ingestion_id,
    )["Ingestion"]
    return described


def _cancel(account: Account, named: dict[str, str]) -> None:
    account.call("cancel_ingestion", "/".join(named.values()), **named)


def _state(described: Json) -> str:
    return str(described["IngestionStatus"])
