"""The command line `ml-insights`: each command reads settings, calls one function, prints.

What belongs here: the group of all commands, and the one about settings alone. What does not: the
other commands, which stand by what they do in `run_commands`, `demo_command`, `reading_commands`,
`cluster_commands` and `publication_commands`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.console import Console

from ml_insights import __version__
from ml_insights.cluster_commands import package, plan
from ml_insights.command_options import settings_option
from ml_insights.demo_command import demo
from ml_insights.errors import MlInsightsError
from ml_insights.publication_commands import embed_url, iam_policy, migrate, query
from ml_insights.reading_commands import curve, dashboard
from ml_insights.run_commands import run, ui
from ml_insights.settings import load_settings

if TYPE_CHECKING:
    from pathlib import Path


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


for _command in (
    *(run, ui, demo),
    *(dashboard, curve),
    *(plan, package),
    *(query, migrate, iam_policy, embed_url),
):
    main.add_command(_command)


if __name__ == "__main__":
    main()
