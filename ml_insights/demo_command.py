"""The command `demo`: a history whose truth is known, computed and compared with it.

What belongs here: options, words, the order of things. What does not: the history and the
comparison (`demo`), computing days (`run_commands`).
"""

from __future__ import annotations

import os
from pathlib import Path

import click
from rich.console import Console

from ml_insights.run_commands import page_uri, run_days
from ml_insights.settings import load_settings

_DEMO = Path("data/demo")


@click.command()
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
    console.print(f"Dashboard page: {page_uri(settings, written.endpoint)}", soft_wrap=True)
    command = f"ml-insights ui --settings {written.settings_file}"
    opens = "make ui" if folder == _DEMO else command
    console.print(
        f"Dagster UI on this history: {opens}, then http://127.0.0.1:3000", soft_wrap=True
    )
