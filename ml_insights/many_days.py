"""Running many days through Dagster from a terminal: two processes, each with a part of a day.

What belongs here: which part of a day runs where and when. What does not: running it
(`daily_runs`), which days (`complete_days`), what is printed (`run_commands`).

Spark counts a day in this process; from the counts on, a day needs Python alone, and has a second
process to itself. So one day is counted while the day before is published, and neither core waits.
The page shows all days, so it is written once, at the end, where the deployment has one.
"""

from __future__ import annotations

import logging
import os
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from functools import partial
from itertools import groupby
from multiprocessing import connection, get_context, parent_process
from typing import TYPE_CHECKING, NamedTuple

from ml_insights.assets.dashboard_page import DASHBOARD_PAGE
from ml_insights.contracts import CONFUSION_COUNTS, RAW_PREDICTIONS
from ml_insights.daily_runs import asset_names, dagster_instance, run_day
from ml_insights.definitions import build_definitions
from ml_insights.errors import MlInsightsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future
    from datetime import date
    from pathlib import Path

    import dagster as dg

    from ml_insights.settings import Settings

COUNTED = (RAW_PREDICTIONS.name, CONFUSION_COUNTS.name)
"""Assets that Spark computes; all others of a day follow from them."""


def run_days(
    settings: Settings,
    definitions: dg.Definitions,
    home: Path,
    endpoint: str,
    days: Sequence[date],
    *,
    recompute: bool = False,
    done: Callable[[date], None] = lambda _: None,
    found: Callable[[date, Sequence[str]], None] = lambda *_: None,
) -> dict[date, MlInsightsError]:
    """Compute days, in their order; one that fails stops none of the others.

    Args:
        settings: of the installation; the second process builds its own definitions of them.
        definitions: of the installation.
        home: folder of the Dagster instance that keeps the history.
        endpoint: whose days.
        days: partitions, ascending.
        recompute: read all captured lines again, also those of units that stand.
        done: called with each day that is published or has failed, from any thread.
        found: called with a day and what its checks found, once for each part of the day.

    Returns:
        Why days failed, ascending. A page that could not be written is a failure of its last day.

    Raises:
        MlInsightsError: the second process has ended without a word; the message has the reasons of
            days that had failed by then, too.
    """
    failed: dict[date, MlInsightsError] = {}
    publications: dict[date, Future[tuple[str, ...]]] = {}
    with (
        dagster_instance(home) as instance,
        ProcessPoolExecutor(1, get_context("spawn"), _begin, (settings, home)) as second,
    ):
        try:
            for day in days:
                try:
                    found(
                        day,
                        run_day(
                            definitions, instance, endpoint, day, only=COUNTED, recompute=recompute
                        ),
                    )
                except MlInsightsError as error:
                    failed[day] = error
                    done(day)
                else:
                    publications[day] = second.submit(_publish, endpoint, day)
                    publications[day].add_done_callback(partial(_tell, done, day))
            failed |= _failures(publications, found)
            if DASHBOARD_PAGE in asset_names(definitions, endpoint):
                stretches = _stretches([day for day in days if day not in failed])
                pages = {
                    last: second.submit(_write_page, endpoint, first, last)
                    for first, last in stretches
                }
                failed |= _failures(pages, found)
        except BrokenProcessPool as error:
            ended = (
                "the process that publishes what is counted has ended without a word: killed, or "
                "out of memory. Run the days again: what is counted stands."
            )
            raise MlInsightsError("\n".join([ended, *map(str, failed.values())])) from error
        finally:
            second.shutdown(cancel_futures=True)
    return dict(sorted(failed.items()))


def _tell(done: Callable[[date], None], day: date, _: Future[tuple[str, ...]]) -> None:
    done(day)


def _failures(
    parts: dict[date, Future[tuple[str, ...]]], found: Callable[[date, Sequence[str]], None]
) -> dict[date, MlInsightsError]:
    failed = {}
    for day, part in parts.items():
        try:
            found(day, part.result())
        except MlInsightsError as error:
            failed[day] = error
    return failed


def _stretches(days: Sequence[date]) -> Iterator[tuple[date, date]]:
    """First and last of each stretch of days that follow one another."""
    for _, stretch in groupby(enumerate(days), lambda at: at[1].toordinal() - at[0]):
        run = [day for _, day in stretch]
        yield run[0], run[-1]


class _Second(NamedTuple):
    """What the second process works with."""

    definitions: dg.Definitions
    instance: dg.DagsterInstance


_second: _Second


def _begin(settings: Settings, home: Path) -> None:
    """Make this process the second one, which ends with the first."""
    global _second  # noqa: PLW0603 (where a pool's process keeps what it begins with)
    threading.Thread(target=_end_with_the_first, daemon=True).start()
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    instance = ExitStack().enter_context(dagster_instance(home))
    _second = _Second(build_definitions(settings), instance)


def _end_with_the_first() -> None:
    if first := parent_process():
        connection.wait([first.sentinel])
        os._exit(1)


def _publish(endpoint: str, day: date) -> tuple[str, ...]:
    names = asset_names(_second.definitions, endpoint) - {*COUNTED, DASHBOARD_PAGE}
    return run_day(*_second, endpoint, day, only=sorted(names))


def _write_page(endpoint: str, first: date, last: date) -> tuple[str, ...]:
    return run_day(*_second, endpoint, first, to=last, only=[DASHBOARD_PAGE])
