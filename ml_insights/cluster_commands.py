"""Commands about clusters: `ml-insights plan` and `ml-insights package`.

What belongs here: their options and what they print. What does not: all other commands (`cli`), and
anything another program could want (`sizing`, `cluster_archive`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from ml_insights.cluster_archive import build_archive
from ml_insights.sizing.measured import load_measured
from ml_insights.sizing.plan import Workload, make_plan
from ml_insights.sizing.prices import load_prices
from ml_insights.sizing.quantities import BYTES, NUMBERS, SECONDS, quantity
from ml_insights.sizing.report import Rows, assumptions, summary

if TYPE_CHECKING:
    from collections.abc import Mapping


class _Quantity(click.ParamType[float]):
    """A number with a unit."""

    def __init__(self, name: str, units: Mapping[str, float]) -> None:
        self.name, self._units = name, dict(units)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, float):
            return value
        try:
            return quantity(str(value), self._units)
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.command()
@click.option(
    "--bytes", "size", type=_Quantity("size", BYTES), required=True, help="Captured a day: 150TB."
)
@click.option(
    "--objects", type=_Quantity("number", NUMBERS), required=True, help="Captured a day: 1.1M."
)
@click.option(
    "--deadline", type=_Quantity("time", SECONDS), required=True, help="For both steps: 3h, 45m."
)
@click.option(
    "--curves", type=click.IntRange(min=1), default=1, help="Variants x classes x slices."
)
@click.option(
    "--prefixes",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Hour folders that are read at once: S3 allows a rate of requests to each.",
)
@click.option(
    "--prices",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Price table. [default: the one of the package]",
)
def plan(prices: Path | None, size: float, **day: Any) -> None:
    """Say what a day needs and costs: cores, cluster, requests, memory, dollars."""
    table, measured = load_prices(prices), load_measured()
    made = make_plan(Workload(bytes=size, **day), measured, table)
    _print("Measured and assumed", assumptions(measured, table))
    _print("A day needs", summary(made, table))


@click.command()
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("dist"),
    show_default=True,
    help="Folder for the archive and its program.",
)
def package(folder: Path) -> None:
    """Build what goes to a Spark cluster. Runs do this by themselves and upload it once."""
    built = build_archive()
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (
        (built.archive_name, built.archive),
        (built.program_name, built.program),
    ):
        (folder / name).write_bytes(content)
        click.echo(f"{folder / name} ({len(content):,} bytes)")


def _print(title: str, rows: Rows) -> None:
    table = Table(title=title, title_justify="left", show_header=False, box=None)
    for row in rows:
        table.add_row(*row)
    Console(highlight=False).print(table)
