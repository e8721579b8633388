"""Commands that answer from published days: the page, and the curve of any window.

What belongs here: options and words. What does not: computing days (`run_commands`), the answers
(`curve_query`, `assets.dashboard_page`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.console import Console

from ml_insights.command_options import DAY, chosen_endpoint, settings_option
from ml_insights.settings import load_settings

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


@click.command()
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


@click.command()
@settings_option
@click.option("--endpoint", help="Endpoint of the curve. [default: the only one of the settings]")
@click.option("--from", "first", type=DAY, required=True, help="First day, YYYY-MM-DD.")
@click.option("--to", "last", type=DAY, help="Last day. [default: the first day]")
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
        words_beside,
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
    for words in words_beside(answer):
        click.echo(words, err=True)
    if points:
        click.echo(answer_csv(answer), nl=False)
        return
    Console(highlight=False).print(answer_table(answer))
