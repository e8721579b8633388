"""What commands ask alike: the settings file, and which endpoint.

What belongs here: options of more than one module of commands. What does not: commands.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ml_insights.settings import Settings

DAY = click.DateTime(["%Y-%m-%d"])

settings_option = click.option(
    "--settings",
    "settings_file",
    type=click.Path(path_type=Path),
    help="Settings file. [default: $ML_INSIGHTS_SETTINGS, else ml_insights.yaml]",
)


def chosen_endpoint(settings: Settings, wished: str | None) -> str:
    """The endpoint that was asked for, or the only one there is.

    Raises:
        click.UsageError: there are several, or it is none of the settings.
    """
    names = list(settings.endpoints)
    if wished is None and len(names) == 1:
        return names[0]
    if wished not in settings.endpoints:
        raise click.UsageError(f"--endpoint must be one of: {', '.join(names)}")
    return str(wished)
