"""The command line `ml-insights`: each command reads settings, calls one function, prints.

What belongs here: options, progress, words. What does not: anything another program could want.
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

from ml_insights import __version__
from ml_insights.cluster_commands import package, plan
from ml_insights.command_options import chosen_endpoint, settings_option
from ml_insights.errors import MlInsightsError
from ml_insights.publication_commands import embed_url, iam_policy, migrate, query
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
_DEMO = Path("data/demo")
_DAY = click.DateTime(["%Y-%m-%d"])
_WORKSPACE = """\
load_from:
  - python_module: {module_name: ml_insights.definitions, location_name: ml_insights}
"""


class _Commands(click.Group):
    """Errors of this package are messages for the user, not traces."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except MlInsightsError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ml-insights")
def main() -> None:
    """Daily precision-recall curves for Amazon SageMaker endpoints."""


main.add_command(plan)
main.add_command(package)
for _command in (query, migrate, iam_policy, embed_url):
    main.add_command(_command)


@main.command("check-config")
@settings_option
def check_config(settings_file: Path | None) -> None:
    """Validate the settings and say what they mean."""
    settings = load_settings(settings_file)
    console = Console(highlight=False)
    console.print(f"The settings are valid. Deployment {settings.deployment}, lake {settings.lake}")
    for name, endpoint in settings.endpoints.items():
        counted = settings.operating_grid_threshold(name)
        exact = "exactly there" if counted == endpoint.operating_threshold else f"at {counted!r}"
        console.print(
            f"{name}: from {endpoint.start_date}, labels after {endpoint.label_delay_days} to "
            f"{endpoint.label_window_days} days; operating threshold "
            f"{endpoint.operating_threshold}, counted {exact}"
        )


@main.command()
@settings_option
@_HOME
@click.option("--endpoint", help="Endpoint to compute. [default: the only one of the settings]")
@click.option("--from", "first", type=_DAY, help="First day, YYYY-MM-DD.")
@click.option("--to", "last", type=_DAY, help="Last day. [default: the first day]")
@click.option("--recompute", is_flag=True, help="Read all captured lines again.")
def run(
    *,
    settings_file: Path | None,
    dagster_home: Path | None,
    endpoint: str | None,
    first: datetime | None,
    last: datetime | None,
    recompute: bool,
) -> None:
    """Compute days of an endpoint through Dagster; without days, all that have matured."""
    settings = load_settings(settings_file)
    name = chosen_endpoint(settings, endpoint)
    start = first.date() if first else None
    end = last.date() if last else start
    run_days(settings, name, _home(settings, dagster_home), start, end, recompute=recompute)
    if settings.deployment == "local":
        click.echo(f"Dashboard page: {_page(settings, name)}")


@main.command()
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


@main.command()
@settings_option
@click.option("--endpoint", help="Endpoint of the page. [default: the only one of the settings]")
def dashboard(settings_file: Path | None, endpoint: str | None) -> None:
    """Write the dashboard page again from the published days."""
    from ml_insights.assets.dashboard_page import publish_page  # noqa: PLC0415 (starts slowly)
    from ml_insights.aws_deployment import lake_of  # noqa: PLC0415
    from ml_insights.scope import EndpointScope  # noqa: PLC0415

    settings = load_settings(settings_file)
    name = chosen_endpoint(settings, endpoint)
    scope = EndpointScope(name, settings.endpoints[name], settings)
    uri, days = publish_page(scope, lake_of(settings))
    click.echo(f"{uri} ({days} days)")


@main.command()
@settings_option
@click.option("--endpoint", help="Endpoint of the curve. [default: the only one of the settings]")
@click.option("--from", "first", type=_DAY, required=True, help="First day, YYYY-MM-DD.")
@click.option("--to", "last", type=_DAY, help="Last day. [default: the first day]")
@click.option(
    "--slice", "slices", multiple=True, help="Slice, such as region=EU; repeatable. [default: all]"
)
@click.option("--variant", "variants", multiple=True, help="Repeatable. [default: all variants]")
@click.option("--together", is_flag=True, help="Add the chosen variants and slices up.")
@click.option("--csv", "points", is_flag=True, help="Print every threshold as CSV instead.")
def curve(
    settings_file: Path | None,
    endpoint: str | None,
    first: datetime,
    last: datetime | None,
    *,
    slices: tuple[str, ...],
    variants: tuple[str, ...],
    together: bool,
    points: bool,
) -> None:
    """The curve of any window of published days, from their counts."""
    from ml_insights.aws_deployment import lake_of  # noqa: PLC0415
    from ml_insights.contracts import ALL_RECORDS  # noqa: PLC0415
    from ml_insights.curve_query import curve_answer  # noqa: PLC0415 (starts slowly)
    from ml_insights.curve_words import (  # noqa: PLC0415
        answer_csv,
        answer_table,
        left_out_words,
    )
    from ml_insights.scope import EndpointScope  # noqa: PLC0415

    settings = load_settings(settings_file)
    name = chosen_endpoint(settings, endpoint)
    answer = curve_answer(
        EndpointScope(name, settings.endpoints[name], settings),
        lake_of(settings),
        first.date(),
        (last or first).date(),
        slices=slices or (ALL_RECORDS,),
        variants=variants,
        together=together,
    )
    if left_out := left_out_words(answer):
        click.echo(left_out, err=True)
    if points:
        click.echo(answer_csv(answer), nl=False)
        return
    Console(highlight=False).print(answer_table(answer))


@main.command()
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=_DEMO,
    show_default=True,
    help="Where the demo's captures, labels, lake and history go.",
)
@click.option(
    "--days",
    type=click.IntRange(min=1),
    default=14,
    show_default=True,
    help="Days of captured traffic.",
)
@click.option(
    "--predictions",
    type=click.IntRange(min=100),
    default=6_000,
    show_default=True,
    help="Predictions of a variant a day.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=2026,
    show_default=True,
    help="Seed of everything random.",
)
def demo(folder: Path, days: int, predictions: int, seed: int) -> None:
    """Write a history in SageMaker's form, compute every day, compare with the truth."""
    from ml_insights.aws_deployment import lake_of  # noqa: PLC0415
    from ml_insights.demo import write_demo  # noqa: PLC0415 (starts slowly)
    from ml_insights.demo.comparison import WIDTH, comparison_table  # noqa: PLC0415

    console = Console(highlight=False)
    with console.status(f"Writing {days} days of captures and labels to {folder}"):
        written = write_demo(
            folder,
            seed=seed,
            days=days,
            predictions_per_day=predictions,
            processes=os.cpu_count() or 1,
        )
    settings = load_settings(written.settings_file, environ={})
    home = (folder / "dagster_home").absolute()
    all_days = written.scenario.all_days()
    run_days(settings, written.endpoint, home, all_days[0], all_days[-1])
    wide = console if console.width >= WIDTH else Console(highlight=False, width=WIDTH)
    wide.print(comparison_table(written, lake_of(settings)))
    console.print(f"Dashboard page: {_page(settings, written.endpoint)}", soft_wrap=True)
    command = f"ml-insights ui --settings {written.settings_file}"
    opens = "make ui" if folder == _DEMO else command
    console.print(
        f"Dagster UI on this history: {opens}, then http://127.0.0.1:3000", soft_wrap=True
    )


def _page(settings: Settings, endpoint: str) -> str:
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
    recompute: bool = False,
) -> None:
    """Compute days, oldest first, with a progress bar; a day that fails stops none of the others.

    Prints what checks found that stops nothing.

    Raises:
        MlInsightsError: some day failed; the message has the reason of each.
    """
    from ml_insights import many_days  # noqa: PLC0415 (starts slowly)
    from ml_insights.daily_runs import partition_days  # noqa: PLC0415
    from ml_insights.definitions import build_definitions  # noqa: PLC0415

    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    definitions = build_definitions(settings)
    matured = partition_days(definitions, endpoint)
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


if __name__ == "__main__":
    main()
