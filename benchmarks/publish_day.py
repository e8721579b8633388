"""How long a day of 100 curves takes to reach QuickSight, against the stand-in for AWS.

`python -m benchmarks.publish_day` prints the seconds of tables on S3, data sets and dashboard for a
first day, a second day, and the second day again, with all nine data sets. 20,000 of some two
million rows of precision_recall are drawn and go to QuickSight, and as many of business_value. Most
of the time is waiting: states move when they are asked for, and `poll_seconds` is the least time
between two questions.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import click
import pyarrow as pa
import pyarrow.compute as pc

from ml_insights.contracts import PRECISION_RECALL
from ml_insights_tests.aws import SERVICES
from ml_insights_tests.aws.server import StandIn
from ml_insights_tests.dashboard.synthetic import FIRST_DAY, Tables, build_tables
from ml_insights_tests.quicksight_view.publication import (
    ENDPOINT,
    REGION,
    Publication,
    contract_rows,
    open_publication,
    shown_decisions,
)

CURVES, POINTS, ROWS = 100, 200, 19_458
ROWS_OF = {"business_value": CURVES * POINTS, "variant_comparison": 15 * CURVES, "insights": 30}
"""Rows a day of tables that have not one or ten a curve."""
SLICES = ("all", *(f"region={number}" for number in range(CURVES // 2 - 1)))


@click.command()
@click.option("--poll-seconds", default=1.0, show_default=True, help="As in the settings.")
def main(poll_seconds: float) -> None:
    """Publish two days and print the seconds of each part."""
    tables = build_tables(days=2, slices=SLICES, points=POINTS)
    with StandIn(SERVICES) as aws, _environment(aws), tempfile.TemporaryDirectory() as folder:
        today = FIRST_DAY + timedelta(days=2)
        extra = f"deadline_minutes: 5\n  poll_seconds: {poll_seconds}"
        opened = open_publication(aws, Path(folder), today, extra, real_time=True)
        for number in (0, 1, 1):
            day = FIRST_DAY + timedelta(days=number)
            seconds = {
                "tables on S3": _timed(partial(_write, opened, tables, day)),
                "data sets": _timed(partial(opened.data_sets, day)),
                "dashboard": _timed(opened.dashboard),
            }
            published = sum(one.wall for name, one in seconds.items() if name != "tables on S3")
            shown = ", ".join(f"{name} {one}" for name, one in seconds.items())
            rows = opened.rows("precision_recall").num_rows
            print(f"{day}: {shown}; published in {published:.1f} s; {rows:,} points in QuickSight")


def _write(opened: Publication, tables: Tables, day: date) -> None:
    """All shown tables of the day, in full size, the rows that are not drawn too."""
    opened.write(tables, [day])
    for contract in shown_decisions(opened.scope):
        number = ROWS_OF.get(contract.name, 10 * CURVES)
        opened.lake.write(ENDPOINT, contract, day, contract_rows(contract, number, day.toordinal()))
    drawn = tables.curves.filter(pc.equal(tables.curves["dt"], pa.scalar(day)))
    drawn = drawn.drop_columns(["dt"])
    place = drawn.schema.get_field_index("display_rank")
    nulls = pa.nulls(drawn.num_rows, pa.int32())
    others = drawn.set_column(place, drawn.schema.field(place), nulls)
    rows = pa.concat_tables([drawn, *[others] * (ROWS // POINTS)])
    opened.lake.write(ENDPOINT, PRECISION_RECALL, day, rows)


@dataclass(frozen=True)
class _Seconds:
    """How long something took, and how much of it this process computed, the stand-in included."""

    wall: float
    computing: float

    def __str__(self) -> str:
        return f"{self.wall:.1f} s ({self.computing:.1f} s of a core)"


def _timed(work: Callable[[], object]) -> _Seconds:
    wall, computing = time.perf_counter(), time.process_time()
    work()
    return _Seconds(time.perf_counter() - wall, time.process_time() - computing)


@contextmanager
def _environment(aws: StandIn) -> Iterator[None]:
    """Credentials of the stand-in."""
    before = dict(os.environ)
    os.environ.update(aws.environment(REGION))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


if __name__ == "__main__":
    main()
