"""Commands that compute days through Dagster, and the one that opens its UI on what they did.

What belongs here: which days, progress, what the user is told. What does not: running days
(`many_days`), which of them need no run (`complete_days`).
"""

from __future__ import annotations

import logging
import os
import sys
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ml_insights.command_options import DAY, chosen_endpoint, settings_option
from ml_insights.errors import MlInsightsError
from ml_insights.settings import load_settings
from ml_insights.settings.section import is_s3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ml_insights.settings import Settings

_HOME = click.option(
    "--dagster-home",
    envvar="DAGSTER_HOME",
    type=click.Path(path_type=Path),
    help="Folder of the run history. [default: $DAGSTER_HOME, else dagster_home beside the lake, "
    "or here if that is on S3]",
)
_WORKSPACE = """\
load_from:
  - python_module: {module_name: ml_insights.definitions, location_name: ml_insights}
"""


@click.command()
@settings_option
@_HOME
@click.option("--endpoint", help="Endpoint to compute. [default: the only one of the settings]")
@click.option("--from", "first", type=DAY, help="First day, YYYY-MM-DD.")
@click.option("--to", "last", type=DAY, help="Last day. [default: the first day]")
@click.option("--again", is_flag=True, help="Compute days that are complete, too.")
@click.option("--recompute", is_flag=True, help="Read all captured lines again; means --again.")
def run(
    *,
    settings_file: Path | None,
    dagster_home: Path | None,
    endpoint: str | None,
    first: datetime | None,
    last: datetime | None,
    again: bool,
    recompute: bool,
) -> None:
    """Compute days of an endpoint through Dagster.

    Without days, all that have matured and are not complete: a day is complete when all of it is
    published, and was counted after its last labels could come.
    """
    settings = load_settings(settings_file)
    name = chosen_endpoint(settings, endpoint)
    start = first.date() if first else None
    end = last.date() if last else start
    run_days(
        settings,
        name,
        _home(settings, dagster_home),
        start,
        end,
        again=bool(again or recompute or end),
        recompute=recompute,
    )
    if settings.deployment == "local":
        click.echo(f"Dashboard page: {page_uri(settings, name)}")


@click.command()
@settings_option
@_HOME
@click.option("--port", type=click.IntRange(1, 65535), default=3000, show_default=True)
def ui(settings_file: Path | None, dagster_home: Path | None, port: int) -> None:
    """Open the Dagster UI on the settings and the run history that `run` uses."""
    from ml_insights.daily_runs import dagster_instance  # noqa: PLC0415 (starts slowly)

    home = _home(load_settings(settings_file), dagster_home)
    with dagster_instance(home):
        pass  # creates it where it is new, and settles the runs of dead processes
    workspace = home.absolute() / "workspace.yaml"
    workspace.write_text(_WORKSPACE)
    known = {"ML_INSIGHTS_SETTINGS": str(settings_file.absolute())} if settings_file else {}
    environment = {**os.environ, **known, "DAGSTER_HOME": str(home.absolute())}
    served = ("-w", str(workspace), "-h", "127.0.0.1", "-p", str(port))
    os.execve(sys.executable, [sys.executable, "-m", "dagster", "dev", *served], environment)  # noqa: S606 (no shell)


def page_uri(settings: Settings, endpoint: str) -> str:
    """Where a browser finds the page of a local lake."""
    return (Path(settings.lake) / endpoint / "dashboard_page" / "index.html").absolute().as_uri()


def _home(settings: Settings, wished: Path | None) -> Path:
    if wished is None and is_s3(settings.lake):
        return Path("dagster_home")
    return wished or Path(settings.lake).parent / "dagster_home"


def run_days(
    settings: Settings,
    endpoint: str,
    home: Path,
    first: date | None,
    last: date | None,
    *,
    again: bool = True,
    recompute: bool = False,
) -> None:
    """Compute days, oldest first, with a progress bar; a day that fails stops none of the others.

    Prints what checks found that stops nothing, and which days are left out or passed by.

    Args:
        settings: of the installation.
        endpoint: whose days.
        home: folder of the run history.
        first: day; None for the first there is.
        last: day; None for the last whose labels have matured.
        again: compute days that are complete, too, see `complete_days`.
        recompute: read all captured lines again.

    Raises:
        MlInsightsError: some day failed; the message has the reason of each.
    """
    from ml_insights import many_days  # noqa: PLC0415 (starts slowly)
    from ml_insights.complete_days import complete_days  # noqa: PLC0415
    from ml_insights.daily_runs import dagster_instance, partition_days  # noqa: PLC0415
    from ml_insights.definitions import build_definitions  # noqa: PLC0415

    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    definitions = build_definitions(settings)
    days = _chosen(partition_days(definitions, endpoint), endpoint, first, last)
    if not again:
        window = settings.endpoints[endpoint].label_window_days
        with dagster_instance(home) as instance:
            complete = {*complete_days(definitions, instance, endpoint, days, window)}
        if complete:
            passed = f"Passed by: {len(complete)} of {len(days)} days, which are complete."
            click.echo(f"{passed} To compute them again, name them or add --again.", err=True)
        days = [day for day in days if day not in complete]
        if not days:
            return
    findings: dict[date, list[str]] = {day: [] for day in days}
    try:
        with _progress(f"Computing {endpoint}", len(days)) as done:
            failed = many_days.run_days(
                settings,
                definitions,
                home,
                endpoint,
                days,
                recompute=recompute,
                done=done,
                found=lambda day, sentences: findings[day].extend(sentences),
            )
    finally:
        for day, sentences in findings.items():
            for sentence in sentences:
                click.echo(f"{day} {sentence}")
    if failed:
        count = f"{len(failed)} of {len(days)} days failed:\n" if len(days) > 1 else ""
        raise MlInsightsError(count + "\n".join(map(str, failed.values())))


def _chosen(
    matured: Sequence[date], endpoint: str, first: date | None, last: date | None
) -> list[date]:
    """Days of the range that can be computed; says which cannot, and refuses a range without."""
    days = [
        day for day in matured if (first is None or first <= day) and (last is None or day <= last)
    ]
    if not days:
        known = f"{matured[0]} to {matured[-1]}" if matured else "none yet"
        raise click.UsageError(
            f"{endpoint} has no computable day in that range. Computable are, from start_date to "
            f"label_delay_days before yesterday: {known}"
        )
    if left_out := _not_computable(first, last, days):
        click.echo(left_out, err=True)
    return days


def _not_computable(first: date | None, last: date | None, days: Sequence[date]) -> str:
    """Which ends of a range are left out, and why; "" if none is."""
    parts = []
    if first and first < days[0]:
        parts.append(f"{first} to {days[0] - timedelta(days=1)}, before start_date")
    if last and last > days[-1]:
        parts.append(f"{days[-1] + timedelta(days=1)} to {last}, whose labels have not matured")
    return f"Left out: {'; '.join(parts)}." if parts else ""


@contextmanager
def _progress(title: str, total: int) -> Iterator[Callable[[date], None]]:
    """A bar on stderr; what it yields takes it a day further."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(title, total=total)

        def done(day: date) -> None:
            progress.update(task, description=f"{title} {day}", advance=1)

        yield done
