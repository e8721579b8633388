"""Filling QuickSight's data sets with a published day, once for each content, rows checked.

What belongs here: which sets an endpoint has, when one must be ingested, and what was. What does
not: how (`ml_insights.aws.quicksight`).

What of a day has been ingested is written beside the tables (`quicksight_dataset/dt=<day>.json`):
a rerun with the same tables starts nothing, and a run that died while QuickSight worked takes its
ingestion up again. That counts only while the set holds what was ingested: after an ingestion of
the whole set that failed, whoever started it, the next publication of any day fills it anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ml_insights.aws.athena import ensure_workgroup
from ml_insights.aws.glue import ensure_tables
from ml_insights.aws.quicksight import grants
from ml_insights.aws.quicksight.data_set import (
    Ensured,
    athena_table,
    csv_table,
    ensure_data_set,
    ensure_lookback,
)
from ml_insights.aws.quicksight.data_source import (
    athena_parameters,
    ensure_data_source,
    manifest_parameters,
)
from ml_insights.aws.quicksight.ingestion import (
    ROWS_MISSING,
    Ingested,
    Mode,
    QuotaUsedUpError,
    follow,
    ingest,
    refuse_missing_rows,
    unfilled_by,
)
from ml_insights.aws.quicksight.shown_tables import DataSet
from ml_insights.aws.waiting import Pace
from ml_insights.aws_deployment import catalogue_of, catalogued_tables, workgroup_of
from ml_insights.contracts import TABLES
from ml_insights.decisions.money_tables import BUSINESS_VALUE, THRESHOLD_CHOICE
from ml_insights.decisions.tables import DECISION_TABLES
from ml_insights.errors import AwsError
from ml_insights.quicksight_view.csv_files import FOLDER, write_csv_files

if TYPE_CHECKING:
    from ml_insights.aws.quicksight.account import Account
    from ml_insights.lake import Lake
    from ml_insights.scope import EndpointScope

_CONNECT_SECONDS = 300
_MONEY = (BUSINESS_VALUE.name, THRESHOLD_CHOICE.name)
SHOWN = (
    "precision_recall",
    "model_quality",
    "record_balance",
    "variant_comparison",
    "business_value",
    "threshold_choice",
    "calibration_curve",
    "model_health",
    "insights",
)
"""Tables the dashboard draws from, as far as an endpoint has them."""


@dataclass(frozen=True)
class Filled:
    """A data set that shows the day.

    Attributes:
        version: of the day's table that it shows.
        ingestion_id: the ingestion that brought it.
        rows: rows that ingestion read.
        total: rows of the data set then.
        started: whether that was now.
    """

    version: str
    ingestion_id: str
    rows: int
    total: int
    started: bool


def data_sets_of(scope: EndpointScope) -> dict[str, DataSet]:
    """The data sets of an endpoint, by name: of the tables that it publishes."""
    tables = {**TABLES, **DECISION_TABLES}
    if scope.endpoint.business is None:
        tables = {name: one for name, one in tables.items() if name not in _MONEY}
    return {name: DataSet(tables[name]) for name in SHOWN if name in tables}


def lookback_days(scope: EndpointScope) -> int:
    """Days in which a published day may still be restated, with one to spare at both ends."""
    return scope.endpoint.label_delay_days + scope.endpoint.label_window_days + 2


def pace_of(scope: EndpointScope, seconds: float) -> Pace:
    """How QuickSight is asked about things that it is working on."""
    poll = scope.settings.quicksight.poll_seconds
    return Pace(deadline=seconds, interval=poll, longest=max(poll, 10.0))


def set_id(account: Account, scope: EndpointScope, data_set: DataSet) -> str:
    """Id of a data set: the same on every run."""
    return account.resource_id(scope.name, data_set.name)


def publish_data_sets(
    scope: EndpointScope,
    lake: Lake,
    account: Account,
    day: date,
    moment: datetime,
    *,
    report_rights: Callable[[str, grants.Changed], None],
) -> dict[str, Filled]:
    """Bring a published day into all data sets of the endpoint.

    Args:
        scope: the endpoint.
        lake: where its tables are.
        account: QuickSight.
        day: published in all shown tables.
        moment: the time, UTC.
        report_rights: is told of each source and set whose rights were not as wished, by id; also
            if another set fails.

    Returns:
        What each data set shows of the day, by name.

    Raises:
        MissingInputError: a table is not published for the day.
        QuotaUsedUpError: data sets must wait; it names them and says until when.
        AwsError: AWS refused; data sets that are not filled keep what they had.
        DeadlineExceededError: QuickSight did not finish.
    """
    data_sets = data_sets_of(scope)
    receipt = f"{FOLDER}/dt={day:%Y-%m-%d}.json"
    before = json.loads(lake.read_text(scope.name, receipt) or "{}")
    counted = f"{FOLDER}/rows.json"
    known = json.loads(lake.read_text(scope.name, counted) or "{}")
    rights: dict[str, grants.Changed] = {}
    with_athena = scope.settings.quicksight.source == "athena"
    source = _athena_source(scope, account, rights) if with_athena else ""
    filling = _Filling(scope, lake, account, day, moment, source, known, rights)
    with ThreadPoolExecutor(max_workers=len(data_sets)) as pool:
        futures = {
            name: pool.submit(filling.fill, data_set, before.get(name))
            for name, data_set in data_sets.items()
        }
    for name, changed in sorted(rights.items()):
        report_rights(name, changed)
    filled = {name: future.result() for name, future in futures.items() if not future.exception()}
    # A set that turned out to lack rows is not what its former receipt says.
    kept = {name: one for name, one in before.items() if not _lacks_rows(futures.get(name))}
    receipts = kept | {name: asdict(one) for name, one in filled.items()}
    if kept.keys() != before.keys() or any(one.started for one in filled.values()):
        lake.write_text(scope.name, receipt, json.dumps(receipts, indent=1))
        lake.write_text(scope.name, counted, json.dumps(known, sort_keys=True))
    _raise_first(list(futures.values()))
    return filled


def _lacks_rows(future: Future[Filled] | None) -> bool:
    error = future.exception() if future else None
    return isinstance(error, AwsError) and error.code == ROWS_MISSING


def _raise_first(futures: Sequence[Future[Filled]]) -> None:
    """The error of a set, if one has failed; of sets that only wait for their quota one of all."""
    errors = [error for future in futures if (error := future.exception())]
    for error in errors:
        if not isinstance(error, QuotaUsedUpError):
            raise error
    waiting = [error for error in errors if isinstance(error, QuotaUsedUpError)]
    if waiting:
        together = {name: free for error in waiting for name, free in error.waiting.items()}
        raise QuotaUsedUpError(together, waiting[0].quota) from waiting[0]


def _athena_source(
    scope: EndpointScope, account: Account, rights: dict[str, grants.Changed]
) -> str:
    """Workgroup, tables and data source; the ARN of the source."""
    settings = scope.settings
    workgroup = workgroup_of(settings)
    ensure_workgroup(workgroup)
    parameters = athena_parameters(workgroup.name, settings.quicksight.role)
    with ThreadPoolExecutor(max_workers=2) as pool:
        tables = pool.submit(ensure_tables, catalogue_of(settings), catalogued_tables())
        name = account.resource_id("athena")
        source = pool.submit(_source, scope, account, name, parameters, rights)
        tables.result()
        return source.result()


def _source(
    scope: EndpointScope,
    account: Account,
    name: str,
    parameters: Any,
    rights: dict[str, grants.Changed],
) -> str:
    arn = ensure_data_source(account, name, parameters, pace_of(scope, _CONNECT_SECONDS))
    owners = {account.principal(one): grants.OWN_DATA_SOURCE for one in _owners(scope)}
    if changed := grants.make_exact(account, grants.data_source(name), owners):
        rights[name] = changed
    return arn


def _owners(scope: EndpointScope) -> tuple[str, ...]:
    return scope.settings.quicksight.owners


@dataclass(frozen=True)
class _Filling:
    """Filling data sets with one day.

    `rows` holds, by data set, the rows of days as they were counted: of those that are no longer
    restated they are not counted again. `rights` takes what was given and taken away, by id of the
    source or set.
    """

    scope: EndpointScope
    lake: Lake
    account: Account
    day: date
    moment: datetime
    athena_source: str
    rows: dict[str, dict[str, int]]
    rights: dict[str, grants.Changed]

    def fill(self, data_set: DataSet, before: dict[str, Any] | None) -> Filled:
        """Make the data set, ingest the day where it is new, and check the rows."""
        version = self.lake.version(self.scope.name, data_set.table, self.day)
        days, ensured, mode = self._ensure(data_set)
        name = set_id(self.account, self.scope, data_set)
        owners = {self.account.principal(one): grants.OWN_DATA_SET for one in _owners(self.scope)}
        if changed := grants.make_exact(self.account, grants.data_set(name), owners):
            self.rights[name] = changed
        unfilled = None if ensured.ingestion_id else unfilled_by(self.account, name, self._pace)
        whole = bool(ensured.ingestion_id or unfilled)
        if before and before["version"] == version and not whole:
            return Filled(**{**before, "started": False})
        if whole:
            mode = "FULL_REFRESH"  # QuickSight's own of a new or changed set, or in place of it
        after = unfilled or (before["ingestion_id"] if before else "")
        content, total = _content(version, after), self._total(data_set, days)
        ingested = self._ingest(name, mode, ensured, content, total)
        if ingested.total != total:
            total = self._total(data_set, days, anew=True)
        if mode == "INCREMENTAL_REFRESH" and ingested.total != total:
            # Days that no ingestion has brought, as after a backfill, or that are gone.
            mode = "FULL_REFRESH"
            ingested = self._ingest(name, mode, ensured, content, total)
        refuse_missing_rows(
            name, ingested, mode, days=reversed(days), rows_of=self._rows_of(data_set),
            reaching=min([one for one in days if one >= self._restatable_from], default=self.day),
        )  # fmt: skip
        return Filled(version, ingested.ingestion_id, ingested.rows, ingested.total, started=True)

    def _total(self, data_set: DataSet, days: list[date], *, anew: bool = False) -> int:
        """Rows that the set is to have, those of all its days; `anew` counts old days again too."""
        count, known = self._rows_of(data_set), self.rows.get(data_set.name, {})
        rows = {}
        for day in days:
            fresh = anew or day >= self._restatable_from or day == self.day
            former = None if fresh else known.get(day.isoformat())
            rows[day.isoformat()] = count(day) if former is None else former
        self.rows[data_set.name] = rows
        return sum(rows.values())

    @property
    def _restatable_from(self) -> date:
        """The first day that an incremental refresh is certain to read."""
        return self.moment.date() - timedelta(days=lookback_days(self.scope) - 1)

    def _ensure(self, data_set: DataSet) -> tuple[list[date], Ensured, Mode]:
        """The data set as described; the days it covers, and how it is refreshed."""
        scope, name = self.scope, set_id(self.account, self.scope, data_set)
        if not self.athena_source:
            return self._ensure_csv(data_set, name)
        database = scope.settings.athena.database
        tables = athena_table(data_set, self.athena_source, database, scope.name)
        ensured = ensure_data_set(self.account, name, _title(scope, data_set), tables)
        ensure_lookback(self.account, name, lookback_days(scope))
        recent = self.day >= self._restatable_from
        mode: Mode = "INCREMENTAL_REFRESH" if recent else "FULL_REFRESH"
        return self.lake.days(scope.name, data_set.table), ensured, mode

    def _ensure_csv(self, data_set: DataSet, name: str) -> tuple[list[date], Ensured, Mode]:
        scope, settings = self.scope, self.scope.settings
        manifest = write_csv_files(self.lake, scope.name, data_set, settings.dashboard.days)
        bucket, _, prefix = self.lake.root.removeprefix("s3://").partition("/")
        key = f"{prefix}/{manifest.key}" if prefix else manifest.key
        parameters = manifest_parameters(bucket, key, settings.quicksight.role)
        arn = _source(scope, self.account, f"{name}-files", parameters, self.rights)
        tables = csv_table(data_set, arn)
        ensured = ensure_data_set(self.account, name, _title(scope, data_set), tables)
        return manifest.days, ensured, "FULL_REFRESH"

    def _ingest(
        self, name: str, mode: Mode, ensured: Ensured, content: str, total: int
    ) -> Ingested:
        settings = self.scope.settings.quicksight
        if ensured.ingestion_id:
            return follow(self.account, name, ensured.ingestion_id, self._pace)
        return ingest(
            self.account,
            name,
            f"{self.day:%Y-%m-%d}-{content}",
            mode,
            total=total,
            quota=settings.ingestions_per_day,
            now=self.moment,
            pace=self._pace,
        )

    @property
    def _pace(self) -> Pace:
        return pace_of(self.scope, self.scope.settings.quicksight.deadline_minutes * 60)

    def _rows_of(self, data_set: DataSet) -> Any:
        present = "display_rank" if data_set.drawn_rows_only else None
        return lambda day: self.lake.row_count(self.scope.name, data_set.table, day, present)


def _content(version: str, after: str) -> str:
    """Names a content after an ingestion: going back to an earlier content is a new name."""
    return hashlib.sha256(f"{version} after {after}".encode()).hexdigest()[:12]


def _title(scope: EndpointScope, data_set: DataSet) -> str:
    return f"{scope.name} {data_set.name}"
