"""An installation on the stand-in for AWS with published days, and its QuickSight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ml_insights.aws.athena import ensure_workgroup
from ml_insights.aws.clients import AwsSession
from ml_insights.aws.quicksight.account import Account
from ml_insights.aws.quicksight.data_set import athena_table, ensure_data_set
from ml_insights.aws.quicksight.data_source import athena_parameters, ensure_data_source
from ml_insights.aws.quicksight.grants import Changed
from ml_insights.aws.waiting import Clock
from ml_insights.aws_deployment import lake_of, workgroup_of
from ml_insights.columns import Table
from ml_insights.contracts import MODEL_QUALITY, PRECISION_RECALL, RECORD_BALANCE
from ml_insights.lake import Lake
from ml_insights.quicksight_view.dashboard import View, publish_dashboard
from ml_insights.quicksight_view.data_sets import (
    Filled,
    data_sets_of,
    pace_of,
    publish_data_sets,
    set_id,
)
from ml_insights.scope import EndpointScope
from ml_insights.settings import load_settings
from ml_insights_tests.aws.clock import FakeTime
from ml_insights_tests.aws.server import StandIn
from ml_insights_tests.aws.service import ACCOUNT_ID
from ml_insights_tests.dashboard.synthetic import FIRST_DAY, Tables

REGION = "eu-central-1"
BUCKET = "results"
ENDPOINT = "fraud-1"
DASHBOARD = f"ml-insights-{ENDPOINT}"
CURVES_SET = f"ml-insights-{ENDPOINT}-precision_recall"
QUALITY_SET = f"ml-insights-{ENDPOINT}-model_quality"
SETTINGS = f"""\
deployment: aws
aws: {{region: {REGION}, endpoint_url: "URL", account_id: "{ACCOUNT_ID}"}}
spark: {{runner: local}}
lake: s3://{BUCKET}/lake
quicksight:
  owners: [user/ann]
  readers: [bob, eve]
  EXTRA
endpoints:
  {ENDPOINT}:
    data_capture: s3://captures/x
    ground_truth: s3://captures/labels
    start_date: 2026-11-01
    score: {{content_type: text/csv, index: 0}}
    positive_label: "1"
    operating_threshold: 0.5
    label_window_days: 3
    business: {{currency: EUR, true_positive: 90, false_positive: -10, false_negative: -100,
      true_negative: 0}}
"""
"""An installation with owners and readers; `URL` and `EXTRA` are filled in."""


@dataclass
class Publication:
    """What a test publishes with.

    Attributes:
        aws: the stand-in.
        scope: the endpoint.
        lake: where its tables are.
        account: QuickSight, with a clock that tests move.
        today: the day on which everything runs.
        file: the settings file.
        rights: what the last publication of data sets gave and took away, by id.
    """

    aws: StandIn
    scope: EndpointScope
    lake: Lake
    account: Account
    today: date
    file: Path
    rights: dict[str, Changed] = field(default_factory=dict)

    @property
    def service(self) -> Any:
        """QuickSight's state."""
        return self.aws.service("quicksight", REGION)

    def write(self, tables: Tables, days: Sequence[date], only: Table | None = None) -> None:
        """Publish days of the shown tables on the lake, or of one of them."""
        synthetic = {
            MODEL_QUALITY: tables.quality,
            PRECISION_RECALL: tables.curves,
            RECORD_BALANCE: tables.balance,
        }
        shown = [one.table for one in data_sets_of(self.scope).values()]
        for contract in [only] if only else shown:
            for day in days:
                if contract in synthetic:
                    table = synthetic[contract]
                    rows = table.filter(pc.equal(table["dt"], pa.scalar(day))).drop_columns(["dt"])
                else:
                    seed = day.toordinal() + tables.quality.num_rows
                    rows = contract_rows(contract, 12, seed)
                self.lake.write(ENDPOINT, contract, day, rows)

    def data_sets(self, day: date) -> dict[str, Filled]:
        """Publish a day to the data sets."""
        moment = datetime(self.today.year, self.today.month, self.today.day, 6, 30, tzinfo=UTC)
        self.rights.clear()
        report = self.rights.__setitem__
        return publish_data_sets(
            self.scope, self.lake, self.account, day, moment, report_rights=report
        )

    def empty_sets(self) -> None:
        """The data sets as they are published, but for their rows."""
        workgroup = workgroup_of(self.scope.settings)
        ensure_workgroup(workgroup)
        parameters = athena_parameters(workgroup.name)
        name = self.account.resource_id("athena")
        source = ensure_data_source(self.account, name, parameters, pace_of(self.scope, 60))
        for one in data_sets_of(self.scope).values():
            tables = athena_table(one, source, "ml_insights", ENDPOINT)
            ensure_data_set(self.account, set_id(self.account, self.scope, one), one.name, tables)

    def dashboard(self) -> View:
        """Publish the dashboard."""
        return publish_dashboard(self.scope, self.lake, self.account)

    def rows(self, table: str) -> pa.Table:
        """What a data set holds."""
        rows: pa.Table = self.service.rows[f"ml-insights-{ENDPOINT}-{table}"]
        return rows


def shown_decisions(scope: EndpointScope) -> list[Table]:
    """The shown tables that the synthetic ones do not have."""
    own = (MODEL_QUALITY, PRECISION_RECALL, RECORD_BALANCE)
    return [one.table for one in data_sets_of(scope).values() if one.table not in own]


def contract_rows(contract: Table, number: int, seed: int) -> pa.Table:
    """Rows that keep a contract, with every column filled and every nullable one NULL at times."""
    random = np.random.default_rng(seed)
    made: dict[str, list[Any]] = {}
    for column in contract.columns:
        values = _VALUES[column.type](random, number)
        if column.name in _NAMES:
            values = [_NAMES[column.name][n % 2] for n in range(number)]
        if column.nullable:
            values = [None if n % 5 == 4 else value for n, value in enumerate(values)]
        made[column.name] = values
    return pa.table(made, schema=contract.arrow_schema())


_NAMES = {
    "variant": ("champion", "challenger"), "class_label": ("fraud", "fraud"),
    "slice": ("all", "region=EU"), "currency": ("EUR", "EUR"),
}  # fmt: skip
_VALUES: dict[str, Any] = {
    "binary": lambda random, number: [random.bytes(8) for _ in range(number)],
    "boolean": lambda random, number: random.random(number) > 0.5,
    "date": lambda random, number: [FIRST_DAY] * number,
    "float64": lambda random, number: random.random(number),
    "int32": lambda random, number: random.integers(1, 99, number),
    "int64": lambda random, number: random.integers(1, 10**12, number),
    "string": lambda random, number: [f'text "{n}", with a comma' for n in range(number)],
    "strings": lambda random, number: [["a", None, "b"][: n % 4] for n in range(number)],
    "timestamp": lambda random, number: [datetime(2026, 11, 9, tzinfo=UTC)] * number,
}


def days_of(number: int) -> list[date]:
    """The first days of the synthetic tables."""
    return [FIRST_DAY + timedelta(days=n) for n in range(number)]


def open_publication(
    aws: StandIn, folder: Path, today: date, extra: str = "", *, real_time: bool = False
) -> Publication:
    """An empty installation; users exist, nothing else does. Waiting takes no time by default."""
    file = folder / "ml_insights.yaml"
    file.write_text(
        SETTINGS.replace("URL", aws.url).replace(
            "EXTRA", extra or "poll_seconds: 0.1\n  deadline_minutes: 1"
        )
    )
    settings = load_settings(file, environ={})
    location = {"LocationConstraint": REGION}
    aws.client("s3", REGION).create_bucket(Bucket=BUCKET, CreateBucketConfiguration=location)
    for name in ("ann", "bob", "eve", "mallory"):
        aws.client("quicksight", REGION).register_user(
            AwsAccountId=ACCOUNT_ID, Namespace="default", IdentityType="QUICKSIGHT",
            UserName=name, Email=f"{name}@example.com", UserRole="READER",
        )  # fmt: skip
    session = AwsSession(REGION, aws.url)
    account = Account(session, ACCOUNT_ID, clock=Clock() if real_time else FakeTime().clock)
    moment = datetime(today.year, today.month, today.day, 6, 30, tzinfo=UTC)
    aws.account.clock.advance(moment - aws.account.clock.now())
    aws.calls.clear()
    scope = EndpointScope(ENDPOINT, settings.endpoints[ENDPOINT], settings)
    return Publication(aws, scope, lake_of(settings), account, today, file)


def assert_shown_as_published(publication: Publication, days: int) -> None:
    """Every data set holds as many rows as the lake has of the days."""
    for table in (PRECISION_RECALL, MODEL_QUALITY):
        published = publication.lake.read_days(ENDPOINT, table, days_of(days))
        held = publication.rows(table.name)
        assert held.num_rows == published.num_rows - (
            published["display_rank"].null_count if table is PRECISION_RECALL else 0
        )
